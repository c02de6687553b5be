//! `simulate`: WeChat and WeCom on loopback.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;
use idweave::simulator::{Courier, Fault, Mode, Plan, Simulator, Target, Topology, Writing};
use serde_json::json;

use crate::cli::Common;
use crate::exit::{Done, Failure, say};
use crate::lines::read_body;
use crate::moment;
use crate::output::Out;
use crate::stop::stop_asked_for;

/// How often a stop is looked for.
const TURN: Duration = Duration::from_millis(50);
/// What failed to be pushed is pushed again so many turns later.
const PUSH_EVERY: u32 = 20;
/// Longest table of faults, in bytes.
const FAULTS_LEN_MAX: u64 = 1 << 20;

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// Where to listen; port 0 takes a free one and says which
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// What all names, ids and times are drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// WeChat accounts there are
    #[arg(long, default_value_t = 1_000)]
    accounts: u32,
    /// Followers of the official account: the first accounts
    #[arg(long, default_value_t = 600)]
    followers: u32,
    /// Employees of the corp
    #[arg(long, default_value_t = 12)]
    employees: u32,
    /// Customers of the corp: the last accounts
    #[arg(long, default_value_t = 500)]
    customers: u32,
    /// Customer groups
    #[arg(long, default_value_t = 4)]
    groups: u32,
    /// Push events to a callback URL of this machine: app=URL (the official account), corp=, suite= or platform=.
    /// Behind the target, with commas: json (in place of XML); plain or compatible (of the app, in place of encrypted)
    #[arg(long, value_name = "TARGET[,FORM]=URL", value_parser = push_of)]
    push: Vec<(PushTarget, Writing, String)>,
    /// Calls of one app that WeCom answers at a time; more are refused with 45033
    #[arg(long, value_name = "CALLS", default_value_t = u32::MAX, hide_default_value = true)]
    in_flight: u32,
    /// The corp authorised the provider before ids were upgraded: its apps see the corp's own ids until
    /// finish_openid_migration is called
    #[arg(long)]
    before_upgrade: bool,
    /// What goes wrong: a JSON array of {"path":P,"when":W,"what":M}, see the documentation of `simulator::Fault`
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
}

/// Whose callback URL.
#[derive(Debug, Clone, Copy)]
enum PushTarget {
    App,
    Corp,
    Suite,
    Platform,
}

fn push_of(text: &str) -> Result<(PushTarget, Writing, String), String> {
    let (how, url) = text.split_once('=').ok_or("say TARGET=URL")?;
    let (name, forms) = how.split_once(',').unwrap_or((how, ""));
    let target = match name {
        "app" => PushTarget::App,
        "corp" => PushTarget::Corp,
        "suite" => PushTarget::Suite,
        "platform" => PushTarget::Platform,
        _ => return Err("the target is app, corp, suite or platform".to_owned()),
    };
    let mut writing = Writing::default();
    for form in forms.split(',').filter(|form| !form.is_empty()) {
        match (form, target) {
            ("json", _) => writing.is_json = true,
            ("plain", PushTarget::App) => writing.mode = Mode::Plain,
            ("compatible", PushTarget::App) => writing.mode = Mode::Compatible,
            ("plain" | "compatible", _) => return Err("only an app is written to in the clear".to_owned()),
            _ => return Err("behind the target stand json, plain or compatible".to_owned()),
        }
    }
    Ok((target, writing, url.to_owned()))
}

impl PushTarget {
    fn of(self, names: &Topology) -> Target {
        match self {
            PushTarget::App => Target::App(names.official.clone()),
            PushTarget::Corp => Target::Corp,
            PushTarget::Suite => Target::Suite,
            PushTarget::Platform => Target::Component,
        }
    }
}

pub(crate) fn run(args: &SimulateArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    if !args.listen.ip().is_loopback() {
        return Err(Failure::Usage("--listen: a simulator listens on loopback only".to_owned()));
    }
    let stop = stop_asked_for()?;
    let fixed = moment::given(common)?;
    let mut plan = Plan::default();
    (plan.seed, plan.accounts, plan.followers) = (args.seed, args.accounts, args.followers);
    (plan.employees, plan.customers, plan.groups) = (args.employees, args.customers, args.groups);
    (plan.visible, plan.is_before_upgrade) = (args.employees, args.before_upgrade);
    plan.in_flight_max = args.in_flight;
    plan.start_ms = fixed.unwrap_or_else(moment::clock).ms();
    let clock = Arc::new(move || fixed.unwrap_or_else(moment::clock).ms());
    let simulator = Simulator::new(plan, clock);
    if let Some(path) = &args.faults {
        simulator.set_faults(faults(path)?);
    }
    let mut courier = courier(args, &simulator)?;
    let serving = simulator.serve(args.listen)?;
    if common.json {
        out.json(&json!({ "base": serving.base() }))?;
    } else {
        out.line(&format!("listening: --base {}", serving.base()))?;
        out.line("its names and secrets: POST /simulator/topology")?;
    }
    out.flush()?;
    for target in courier.as_ref().map(Courier::check).unwrap_or_default() {
        say(&format!("the URL of {} did not prove itself: it is pushed to all the same", name_of(&target)));
    }
    let mut turns: u32 = 0;
    while !stop.load(Ordering::Relaxed) {
        if turns.is_multiple_of(PUSH_EVERY) {
            turn(&simulator, courier.as_mut()).into_iter().for_each(|said| say(&said));
        }
        turns = turns.wrapping_add(1);
        std::thread::sleep(TURN);
    }
    serving.stop();
    let calls: u64 = simulator.calls().values().sum();
    say(&format!("answered {calls} calls; {} went beyond a limit", simulator.violations().len()));
    Ok(Done::Yes)
}

/// Who carries what is pushed, and how; nobody if there is nowhere to carry it.
fn courier(args: &SimulateArgs, simulator: &Simulator) -> Result<Option<Courier>, Failure> {
    if args.push.is_empty() {
        return Ok(None);
    }
    let names = simulator.topology();
    let urls = args.push.iter().map(|(target, _, url)| (target.of(&names), url.clone()));
    let mut courier = Courier::new(simulator, urls)?;
    for (target, writing, _) in &args.push {
        courier.write(&target.of(&names), *writing)?;
    }
    Ok(Some(courier))
}

fn name_of(target: &Target) -> &'static str {
    match target {
        Target::App(_) => "the app",
        Target::Corp => "the corp",
        Target::Suite => "the suite",
        _ => "the platform",
    }
}

/// What comes by itself as time goes by, and what happened, is pushed. What there is to say of it.
fn turn(simulator: &Simulator, courier: Option<&mut Courier>) -> Option<String> {
    simulator.tick();
    let Some(courier) = courier else {
        // Nobody is told of it.
        drop(simulator.take_pushes());
        return None;
    };
    let delivered = courier.round();
    let is_worth_it = delivered.given_up + delivered.lost > 0;
    is_worth_it.then(|| format!("{} pushes given up, {} lost", delivered.given_up, delivered.lost))
}

fn faults(path: &std::path::Path) -> Result<Vec<Fault>, Failure> {
    let text = read_body(path, FAULTS_LEN_MAX)?;
    serde_json::from_slice(&text).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;

    use super::*;

    #[test]
    fn a_target_is_written_to_in_the_form_that_stands_behind_it() {
        let written =
            |text: &str| push_of(text).map(|(_, writing, url)| (writing.mode, writing.is_json, url));
        let url = "http://127.0.0.1:1/a?b=c".to_owned();
        assert_eq!(written(&format!("corp={url}")), Ok((Mode::Safe, false, url.clone())));
        assert_eq!(written(&format!("suite,json={url}")), Ok((Mode::Safe, true, url.clone())));
        assert_eq!(written(&format!("app,plain,json={url}")), Ok((Mode::Plain, true, url.clone())));
        assert_eq!(written(&format!("app,compatible={url}")), Ok((Mode::Compatible, false, url)));
        for wrong in ["corp", "shop=u", "corp,plain=u", "platform,compatible=u", "app,yaml=u"] {
            assert!(push_of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_turn_brings_new_tickets_every_ten_minutes() {
        let plan = Plan::default();
        let time = Arc::new(AtomicI64::new(plan.start_ms));
        let clock = time.clone();
        let simulator = Simulator::new(plan, Arc::new(move || clock.load(Ordering::SeqCst)));
        let mut courier = Courier::new(&simulator, [(Target::Suite, "http://127.0.0.1:9/")]).unwrap();
        let pass = |ms| time.fetch_add(ms, Ordering::SeqCst);
        simulator.take_pushes();
        pass(599_999);
        assert_eq!(turn(&simulator, Some(&mut courier)), None);
        pass(1);
        // The suite's ticket is on its way, to where nobody listens; the platform's has no URL.
        assert_eq!(turn(&simulator, Some(&mut courier)).as_deref(), Some("0 pushes given up, 1 lost"));
        assert_eq!(turn(&simulator, Some(&mut courier)), None);
        assert_eq!(turn(&simulator, Some(&mut courier)).as_deref(), Some("1 pushes given up, 0 lost"));
        pass(600_000);
        assert_eq!(turn(&simulator, None), None);
        assert!(
            !simulator.tick() && simulator.take_pushes().is_empty(),
            "nobody is told, and nothing is kept"
        );
    }
}
