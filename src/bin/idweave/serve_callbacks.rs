//! `serve-callbacks`: answers the platforms' callbacks, keeps them durably, and makes facts of them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use idweave::sync::callback::{Inbox, InboxOptions, Item, Receiver, Stage, serve};
use idweave::{Graph, Time};
use serde_json::json;

use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure, say};
use crate::moment;
use crate::output::{Out, count};
use crate::serve_config;

/// How often a stop is looked for.
const TURN: Duration = Duration::from_millis(100);
/// How often calls that nobody made are looked through, in milliseconds.
const EXPIRE_EVERY_MS: i64 = 3_600_000;

#[derive(Debug, Args)]
pub(crate) struct ServeCallbacksArgs {
    /// Which URLs there are: a TOML file of [[callback]] tables
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Where to listen; port 0 takes a free one and says which
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where accepted callbacks wait; made if it is not there
    #[arg(long, value_name = "DIR")]
    inbox: PathBuf,
    /// Listen on an address that others reach: a reverse proxy stands before it, and ends TLS
    #[arg(long)]
    behind_proxy: bool,
}

pub(crate) fn run(args: &ServeCallbacksArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    if !args.listen.ip().is_loopback() && !args.behind_proxy {
        return Err(Failure::Usage(
            "--listen: others reach this address, and callbacks come without TLS here; listen on loopback, or say \
             --behind-proxy"
                .to_owned(),
        ));
    }
    let stop = stop_asked_for()?;
    let fixed = moment::given(common)?;
    let clock = Arc::new(move || fixed.unwrap_or_else(moment::clock));
    let receivers = serve_config::read(&args.config)?;
    let by_name = receivers.values().map(|receiver| (receiver.name().to_owned(), receiver.clone()));
    let by_name: BTreeMap<String, Arc<Receiver>> = by_name.collect();
    let inbox = Arc::new(Inbox::open(&args.inbox, InboxOptions::default())?);
    if inbox.damaged() > 0 {
        say(&format!("warning: {} set aside in the inbox", count(inbox.damaged(), "damaged file")));
    }
    let graph = common.db.is_some().then(|| database::open(common)).transpose()?;
    let listening = serve(args.listen, receivers, inbox.clone(), clock.clone())?;
    let addr = listening.addr().to_string();
    if common.json {
        out.json(&json!({ "listening": addr }))?;
    } else {
        out.line(&format!("listening on {addr}"))?;
    }
    out.flush()?;
    let mut worker = Worker { inbox: &inbox, receivers: by_name, held: Vec::new(), expired_at: None };
    let worked = match &graph {
        Some(graph) => worker.work(graph, &*clock, &stop, common, out),
        None => {
            while !stop.load(Ordering::Relaxed) {
                std::thread::sleep(TURN);
            }
            Ok(())
        }
    };
    // Answered first, closed then: what came in meanwhile is in the inbox.
    listening.stop();
    let closed = graph.map_or(Ok(()), Graph::close);
    worked?;
    closed?;
    let (new, due) = (inbox.len(Stage::New), inbox.len(Stage::Due));
    say(&format!("stopped; {new} to be read, {due} with calls to make"));
    Ok(Done::Yes)
}

/// Makes facts of what comes in.
struct Worker<'a> {
    inbox: &'a Inbox,
    receivers: BTreeMap<String, Arc<Receiver>>,
    /// Of URLs that the settings no longer name: they wait for settings that do.
    held: Vec<Item>,
    expired_at: Option<Time>,
}

impl Worker<'_> {
    fn work(
        &mut self,
        graph: &Graph,
        clock: &(dyn Fn() -> Time + Send + Sync),
        stop: &AtomicBool,
        common: &Common,
        out: &mut Out,
    ) -> Result<(), Failure> {
        while !stop.load(Ordering::Relaxed) {
            self.expire(clock())?;
            if !self.inbox.wait(TURN) {
                continue;
            }
            while let Some(item) = self.inbox.take(Stage::New)? {
                self.apply(item, graph, clock(), common, out)?;
                if stop.load(Ordering::Relaxed) {
                    break;
                }
            }
            out.flush()?;
        }
        Ok(())
    }

    fn apply(
        &mut self,
        item: Item,
        graph: &Graph,
        now: Time,
        common: &Common,
        out: &mut Out,
    ) -> Result<(), Failure> {
        let Some(receiver) = self.receivers.get(item.receiver()) else {
            say("warning: a queued callback is of a URL that the settings no longer name; it waits");
            self.held.push(item);
            return Ok(());
        };
        let applied = self.inbox.apply(item, receiver, graph, now)?;
        let name = receiver.name();
        if common.json {
            out.json(&json!({
                "callback": name,
                "recorded": applied.recorded,
                "known": applied.known,
                "refused": applied.refused,
                "calls": applied.follow_ups,
            }))?;
            return Ok(());
        }
        let (facts, calls) = (count(applied.recorded, "new fact"), count(applied.follow_ups, "call"));
        let refused =
            if applied.refused > 0 { format!(", {} refused", applied.refused) } else { String::new() };
        out.line(&format!("{name}: {facts}, {} known{refused}, {calls} to make", applied.known))?;
        Ok(())
    }

    /// Lets go of what nobody made calls for in time.
    fn expire(&mut self, now: Time) -> Result<(), Failure> {
        if self.expired_at.is_some_and(|last| now.since(last) < EXPIRE_EVERY_MS) {
            return Ok(());
        }
        self.expired_at = Some(now);
        let mut kept = Vec::new();
        while let Some(item) = self.inbox.take(Stage::Due)? {
            let receiver = self.receivers.get(item.receiver());
            let work = receiver.map(|receiver| receiver.work(&item)).transpose()?;
            match work {
                Some(work) if work.follow_ups.iter().all(|due| due.until <= now) => self.inbox.done(item)?,
                _ => kept.push(item),
            }
        }
        kept.into_iter().for_each(|item| self.inbox.put_back(item));
        Ok(())
    }
}

/// Becomes true when the process is asked to end.
#[cfg(unix)]
fn stop_asked_for() -> Result<Arc<AtomicBool>, Failure> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // Asked twice, it ends at once: what was answered is in the inbox.
        signal_hook::flag::register_conditional_shutdown(signal, 130, stop.clone())
            .map_err(Failure::Output)?;
        signal_hook::flag::register(signal, stop.clone()).map_err(Failure::Output)?;
    }
    Ok(stop)
}

/// There are no signals: ending the process is safe at any moment.
#[cfg(not(unix))]
fn stop_asked_for() -> Result<Arc<AtomicBool>, Failure> {
    Ok(Arc::new(AtomicBool::new(false)))
}
