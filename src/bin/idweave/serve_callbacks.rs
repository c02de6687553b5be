//! `serve-callbacks`: answers the platforms' callbacks, keeps them durably, and makes facts of them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use idweave::sync::callback::{Call, Inbox, InboxOptions, Item, Receiver, Stage, serve};
use idweave::sync::client::Platform;
use idweave::sync::live::{Due, Source};
use idweave::{Graph, Time};
use serde_json::json;

use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure, say};
use crate::moment;
use crate::output::{Out, count};
use crate::serve_config;
use crate::stop::stop_asked_for;
use crate::sync;
use crate::sync_config;

/// How often a stop is looked for.
const TURN: Duration = Duration::from_millis(100);
/// Calls that are due are looked for every so many turns.
const FOLLOW_EVERY: u32 = 10;
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
    /// Make the calls that events make due: a TOML file of [[caller]] tables, named like the callbacks
    #[arg(long, value_name = "FILE", requires = "db")]
    calls: Option<PathBuf>,
    /// Call this address in place of the platforms: a simulator, a private gateway
    #[arg(long, value_name = "URL", requires = "calls")]
    base: Option<String>,
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
    let due = match &args.calls {
        Some(config) => Some(due_of(config, args.base.as_deref(), &by_name, common, stop.clone())?),
        None => None,
    };
    let expires = due.is_none();
    let mut worker =
        Worker { inbox: &inbox, receivers: by_name, held: Vec::new(), expired_at: None, expires };
    let worked = match &graph {
        Some(graph) => std::thread::scope(|scope| {
            // Calls may wait for the platform; what comes in does not.
            let (inbox, stop) = (&*inbox, &*stop);
            let calling = due.map(|due| scope.spawn(move || follow(due, inbox, graph, stop)));
            let worked = worker.work(graph, &*clock, stop, common, out);
            stop.store(true, Ordering::Relaxed);
            let called = calling.map_or(Ok(()), |calling| {
                calling.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            worked.and(called)
        }),
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
    /// Whether nobody else looks after calls that are due.
    expires: bool,
}

/// Who makes the calls that are due.
type Calls = (Due, Platform);

fn due_of(
    config: &Path,
    base: Option<&str>,
    receivers: &BTreeMap<String, Arc<Receiver>>,
    common: &Common,
    stop: Arc<AtomicBool>,
) -> Result<Calls, Failure> {
    let settings = sync_config::read(config)?;
    let sources: BTreeMap<String, Source> = settings.sources()?.into_iter().collect();
    for name in receivers.keys().filter(|name| !sources.contains_key(*name)) {
        say(&format!("warning: nobody calls for {name}: no [[caller]] has its name"));
    }
    let platform = sync::platform_of(base, &settings, common, stop)?;
    Ok((Due::new(receivers.clone(), sources), platform))
}

/// Makes calls as they become due. What it cannot go on from stops the server: nobody would look after what comes in.
fn follow(calls: Calls, inbox: &Inbox, graph: &Graph, stop: &AtomicBool) -> Result<(), Failure> {
    let followed = follow_until(calls, inbox, graph, stop);
    stop.store(true, Ordering::Relaxed);
    followed
}

fn follow_until(
    (mut due, platform): Calls,
    inbox: &Inbox,
    graph: &Graph,
    stop: &AtomicBool,
) -> Result<(), Failure> {
    while !stop.load(Ordering::Relaxed) {
        let followed = due.follow(inbox, graph, &platform)?;
        if followed.done + followed.expired > 0 {
            let (recorded, known) = (followed.recorded, followed.known);
            say(&format!("calls for {} events: {recorded} new facts, {known} known", followed.done));
        }
        if followed.stopped > 0 {
            let stopped = followed.stopped;
            say(&format!(
                "{stopped} calls are not made: whoever they were for authorises the caller no longer"
            ));
        }
        for error in &followed.failed {
            say(&format!("warning: {error}"));
        }
        for call in &followed.told {
            say(&format!("somebody should look: {}", told(call)));
        }
        for _ in 0..FOLLOW_EVERY {
            if !stop.load(Ordering::Relaxed) {
                std::thread::sleep(TURN);
            }
        }
    }
    Ok(())
}

/// What an operator is told, without ids of users.
fn told(call: &Call) -> String {
    match call {
        Call::StopCorp { suite, corp } => format!("{corp} authorises {suite} no longer"),
        Call::StopAuthorizer { authorizer } => format!("{authorizer} authorises the platform no longer"),
        Call::ReadAuthInfo { suite, corp } => format!("{corp} lets {suite} see other things"),
        Call::ReadSharedApps { corp } => format!("{corp} shares an app with others than before"),
        Call::ConvertGeneration { corp } => {
            format!("{corp} agreed to the upgrade of its ids: run the job generation")
        }
        _ => "an event that the settings do not cover".to_owned(),
    }
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
            if self.expires {
                self.expire(clock())?;
            }
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
