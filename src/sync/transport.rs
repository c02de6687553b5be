//! The one file that sends calls: https to the platforms, or to an address that the caller gave in their place.
//!
//! # Invariants
//!   T1 nothing is sent but to the two hosts of the platforms by https, and to the base address a caller gave; that may be
//!      plain http on this machine only. Redirects are not followed.
//!   T2 no error, log line or Debug output holds a URL, a body or a header: tokens travel in queries. The client traces all
//!      three to whoever logs at that level, so nothing is sent while a logger would take it.

use std::fmt;
use std::time::Duration;

use ureq::Agent;
use ureq::http::Uri;
use zeroize::Zeroizing;

use crate::error::{CallFailure, Error, Result};
use crate::sync::api::{Endpoint, Method, Request};

/// Longest answer, in bytes.
const ANSWER_BYTES_MAX: u64 = 16 << 20;
const CONNECT_MS_MAX: u64 = 5_000;
const CALL_MS_MAX: u64 = 30_000;
/// The modules of the client whose traces hold URLs and bodies.
const TRACES: [&str; 3] = ["ureq::run", "ureq::util", "ureq_proto::util"];

/// Sends calls. Give your own for a gateway that does more than forward.
pub trait Transport: Send + Sync {
    /// Sends a call with its token; the body of the answer, whatever its status.
    ///
    /// # Errors
    /// [`CallFailure::Unreachable`]: nothing, or not all of an answer, came back: trying again may help. Others end
    /// the run.
    fn send(&self, request: &Request, token: Option<&str>) -> Result<Vec<u8>, CallFailure>;
}

/// Sends them over the network.
pub struct HttpTransport {
    agent: Agent,
    /// Where calls go instead of the platforms: without a slash at its end.
    base: Option<String>,
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").field("has_base", &self.base.is_some()).finish_non_exhaustive()
    }
}

/// How calls are sent.
#[derive(Debug, Clone, Default)]
pub struct HttpOptions {
    /// Send calls here, with the host's name as the first part of the path, instead of to the platforms: the simulator,
    /// a private gateway. Plain http is taken for this machine only.
    pub base: Option<String>,
    /// Go through the proxy that the environment names (`HTTPS_PROXY`, `NO_PROXY`); otherwise there is none.
    pub use_proxy: bool,
}

impl HttpTransport {
    /// Prepares to send; nothing is connected yet.
    ///
    /// # Errors
    /// `Call` with [`CallFailure::ForeignAddress`]: the base is no https address, and no http address of this machine.
    pub fn new(options: &HttpOptions) -> Result<HttpTransport> {
        let base = options.base.as_deref().map(base_of).transpose()?;
        let is_plain = base.as_deref().is_some_and(|base| base.starts_with("http://"));
        let mut config = Agent::config_builder()
            .https_only(!is_plain)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_millis(CONNECT_MS_MAX)))
            .timeout_global(Some(Duration::from_millis(CALL_MS_MAX)))
            .user_agent(concat!("idweave/", env!("CARGO_PKG_VERSION")));
        if !options.use_proxy {
            config = config.proxy(None);
        }
        Ok(HttpTransport { agent: config.build().into(), base })
    }

    fn url(&self, endpoint: &Endpoint, path_and_query: &str) -> Zeroizing<String> {
        let host = endpoint.host.name();
        Zeroizing::new(match &self.base {
            Some(base) => format!("{base}/{host}{path_and_query}"),
            None => format!("https://{host}{path_and_query}"),
        })
    }
}

/// Whether a logger would be given the client's traces (T2).
fn is_traced() -> bool {
    TRACES.iter().any(|target| log::log_enabled!(target: *target, log::Level::Trace))
}

fn base_of(base: &str) -> Result<String> {
    let foreign = || Error::Call { api: "the base address", failure: CallFailure::ForeignAddress };
    let uri: Uri = base.parse().map_err(|_| foreign())?;
    let host = uri.host().unwrap_or_default();
    let is_here = matches!(host, "127.0.0.1" | "[::1]" | "localhost");
    let is_good = match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => is_here,
        _ => false,
    };
    let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    if !is_good || has_user || uri.query().is_some() {
        return Err(foreign());
    }
    Ok(base.trim_end_matches('/').to_owned())
}

impl Transport for HttpTransport {
    fn send(&self, request: &Request, token: Option<&str>) -> Result<Vec<u8>, CallFailure> {
        if is_traced() {
            return Err(CallFailure::Traced);
        }
        let path_and_query = request.path_and_query(token);
        let url = self.url(request.endpoint, &path_and_query);
        // The client's own errors may hold the URL: only that it failed goes on.
        let answered = match request.method() {
            Method::Get => self.agent.get(url.as_str()).call(),
            Method::Post => {
                let post = self.agent.post(url.as_str()).content_type("application/json; charset=utf-8");
                post.send(request.body().unwrap_or("{}"))
            }
        };
        let mut answer = answered.map_err(|_| CallFailure::Unreachable)?;
        // The platforms answer 200, whatever happened: anything else comes from something between.
        if answer.status().as_u16() != 200 {
            return Err(CallFailure::Unreachable);
        }
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        body.map_err(|_| CallFailure::Unreachable)
    }
}
