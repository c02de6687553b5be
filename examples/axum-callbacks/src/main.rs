//! Callbacks answered by axum: the receiver and the inbox of idweave inside somebody else's server.
//!
//! ```sh
//! CALLBACK_TOKEN=... CALLBACK_KEY=... cargo run -- wxAPPID ./inbox ./graph
//! ```
//!
//! GET and POST of `/wechat/callback` are the platform's; a thread makes facts of what was accepted. What is accepted is
//! on disk before it is answered, so the process may end at any moment.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::StatusCode;
use axum::routing::get;
use idweave::sync::callback::{AppMode, Inbox, InboxOptions, Product, Receiver, Reply, Stage};
use idweave::wechat::{CallbackKey, IngestOptions, Opt};
use idweave::{Graph, Time};

/// What the handlers share.
#[derive(Clone)]
struct Site {
    receiver: Arc<Receiver>,
    inbox: Arc<Inbox>,
}

fn now() -> Time {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_ms(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

/// The parameters of a query, percent-decoded. Not by axum's own extractor: that reads forms, where a `+` is a space, and
/// the base64 of an `echostr` would not survive it.
fn parameters(query: Option<&str>) -> Vec<(String, String)> {
    let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(n, v)| (decoded(n), decoded(v)))
        .collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let digit = |byte: Option<u8>| char::from(byte.unwrap_or(b'?')).to_digit(16);
        plain.push(match byte {
            b'%' => match (digit(bytes.next()), digit(bytes.next())) {
                (Some(high), Some(low)) => u8::try_from(high << 4 | low).unwrap_or(b'?'),
                // Not an escape: the signature will not hold.
                _ => b'?',
            },
            _ => byte,
        });
    }
    String::from_utf8_lossy(&plain).into_owned()
}

fn answer(reply: Reply) -> (StatusCode, Vec<u8>) {
    (StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), reply.body)
}

/// The platform checks that the URL is ours.
async fn check(State(site): State<Site>, RawQuery(query): RawQuery) -> (StatusCode, Vec<u8>) {
    answer(site.receiver.get(&parameters(query.as_deref())))
}

/// The platform pushes an event. The inbox writes and flushes a file, which no thread of the runtime should wait for.
async fn push(State(site): State<Site>, RawQuery(query): RawQuery, body: Bytes) -> (StatusCode, Vec<u8>) {
    let query = parameters(query.as_deref());
    let posted = tokio::task::spawn_blocking(move || site.inbox.post(&site.receiver, &query, &body, now()));
    posted.await.map_or((StatusCode::SERVICE_UNAVAILABLE, Vec::new()), answer)
}

/// Makes facts of what was accepted, until it is told to stop. Calls that become due wait in `Stage::Due`.
fn work(site: &Site, graph: &Graph, stop: &AtomicBool) -> idweave::Result<()> {
    while !stop.load(Ordering::Relaxed) {
        if !site.inbox.wait(Duration::from_millis(200)) {
            continue;
        }
        while let Some(item) = site.inbox.take(Stage::New)? {
            let applied = site.inbox.apply(item, &site.receiver, graph, now())?;
            println!("{} new facts, {} calls to make", applied.recorded, applied.follow_ups);
        }
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(appid), Some(inbox), Some(graph)) = (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("usage: idweave-axum-callbacks APPID INBOX-DIR GRAPH-DIR".into());
    };
    let key = CallbackKey::new(&std::env::var("CALLBACK_TOKEN")?, &std::env::var("CALLBACK_KEY")?)?;
    let options = IngestOptions::new().with(Opt::Appid, &appid);
    let receiver = Receiver::new("app", Product::App(AppMode::Encrypted), vec![key], &[&appid], options)?;
    let inbox = Inbox::open(inbox, InboxOptions::default())?;
    let site = Site { receiver: Arc::new(receiver), inbox: Arc::new(inbox) };

    let stop = Arc::new(AtomicBool::new(false));
    let worker = std::thread::spawn({
        let (site, stop) = (site.clone(), stop.clone());
        move || {
            let graph = Graph::options().create_if_missing(true).open(graph)?;
            work(&site, &graph, &stop)?;
            graph.close()
        }
    });

    let routes = Router::new()
        .route("/wechat/callback", get(check).post(push))
        .layer(DefaultBodyLimit::max(64 * 1024))
        .with_state(site);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("listening on {}", listener.local_addr()?);
    let ended = async { drop(tokio::signal::ctrl_c().await) };
    axum::serve(listener, routes).with_graceful_shutdown(ended).await?;
    stop.store(true, Ordering::Relaxed);
    worker.join().map_err(|_| "the worker panicked")??;
    Ok(())
}
