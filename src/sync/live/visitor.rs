//! A visitor of a mini program or service account, and who he is in a corp (wechat reference 13.1, 23 C).

use crate::engine::{Read, Translation};
use crate::error::Result;
use crate::graph::{Graph, Outcome};
use crate::model::{Id, Kind};
use crate::sync::api::{Request, UNIONID_TO_EXTERNAL};
use crate::sync::client::{Credential, Platform};
use crate::wechat::{self, IngestOptions, Opt};

use serde_json::json;

/// A visitor, by the ids of his login, and the corp where he may be a customer. `Debug` shows no id.
#[derive(Clone, Copy)]
pub struct Visitor<'v> {
    /// The app he visits.
    pub appid: &'v str,
    /// His openid there.
    pub openid: &'v str,
    /// The open-platform account of the app.
    pub open_account: &'v str,
    /// His unionid of it.
    pub unionid: &'v str,
    /// The corp, as the provider sees it.
    pub corp: &'v str,
    /// The provider.
    pub viewer: &'v str,
    /// Whether the app is the provider's own, not the corp's.
    pub is_of_provider: bool,
}

impl std::fmt::Debug for Visitor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Visitor").field("is_of_provider", &self.is_of_provider).finish_non_exhaustive()
    }
}

/// What became of a question about a visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Visited {
    /// The graph knew: his external_userid, or a pending id that still lives. Nobody was asked.
    Known,
    /// The platform was asked: so many facts are new.
    Asked {
        /// Facts that are new.
        recorded: u64,
    },
}

/// Asks who a visitor is in a corp, unless the graph knows it. Repeated lookups are not allowed, and a pending id needs none
/// before it dies.
///
/// # Errors
/// `Call`; the graph's; ids that are none.
pub fn ask_visitor(
    visitor: &Visitor<'_>,
    caller: &Credential,
    graph: &Graph,
    platform: &Platform,
) -> Result<Visited> {
    let now = platform.now();
    let options = IngestOptions::at(now)
        .with(Opt::Corp, visitor.corp)
        .with(Opt::Viewer, visitor.viewer)
        .with(Opt::OpenAccount, visitor.open_account)
        .with(Opt::Unionid, visitor.unionid)
        .with(Opt::Appid, visitor.appid)
        .with(Opt::Openid, visitor.openid);
    let unionid: Id = options.id(&options.space(Kind::Unionid, Opt::OpenAccount)?, Opt::Unionid)?;
    let externals = options.view_space(Kind::ExternalUserid)?;
    match graph.view().translate(&unionid, &externals, now)? {
        Translation::Found(_) | Translation::Pending { .. } => return Ok(Visited::Known),
        _ => {}
    }
    let body = json!({
        "unionid": visitor.unionid, "openid": visitor.openid,
        "subject_type": i32::from(visitor.is_of_provider),
    });
    let request = Request::post(&UNIONID_TO_EXTERNAL, &body);
    // What a provider asks about the visitors of its own app counts for the provider, whichever corp it asks of.
    let request = if visitor.is_of_provider { request.counted_for(visitor.viewer) } else { request };
    let body = platform.call(caller, &request)?;
    let ingest = wechat::parse("work.unionid_to_external", &body, &options)?;
    let mut recorded = 0;
    graph.write(now, |tx| {
        for fact in &ingest.facts {
            match tx.apply(fact) {
                Ok(Outcome::Recorded) => recorded += 1,
                Ok(Outcome::AlreadyKnown) => {}
                Err(error) if error.is_refusal() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    })?;
    Ok(Visited::Asked { recorded })
}
