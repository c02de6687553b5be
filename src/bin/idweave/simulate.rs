//! `simulate`: WeChat and WeCom on loopback.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;
use idweave::simulator::{Courier, Fault, Plan, Simulator, Target, Topology};
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
    /// Push events to a callback URL of this machine: app=URL (the official account), corp=, suite= or platform=
    #[arg(long, value_name = "TARGET=URL", value_parser = push_of)]
    push: Vec<(PushTarget, String)>,
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

fn push_of(text: &str) -> Result<(PushTarget, String), String> {
    let (name, url) = text.split_once('=').ok_or("say TARGET=URL")?;
    let target = match name {
        "app" => PushTarget::App,
        "corp" => PushTarget::Corp,
        "suite" => PushTarget::Suite,
        "platform" => PushTarget::Platform,
        _ => return Err("the target is app, corp, suite or platform".to_owned()),
    };
    Ok((target, url.to_owned()))
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
    plan.visible = args.employees;
    plan.start_ms = fixed.unwrap_or_else(moment::clock).ms();
    let clock = Arc::new(move || fixed.unwrap_or_else(moment::clock).ms());
    let simulator = Simulator::new(plan, clock);
    if let Some(path) = &args.faults {
        simulator.set_faults(faults(path)?);
    }
    let names = simulator.topology();
    let urls = args.push.iter().map(|(target, url)| (target.of(&names), url.clone()));
    let mut courier = if args.push.is_empty() { None } else { Some(Courier::new(&simulator, urls)?) };
    let serving = simulator.serve(args.listen)?;
    if common.json {
        out.json(&json!({ "base": serving.base() }))?;
    } else {
        out.line(&format!("listening: --base {}", serving.base()))?;
        out.line("its names and secrets: POST /simulator/topology")?;
    }
    out.flush()?;
    let mut turns: u32 = 0;
    while !stop.load(Ordering::Relaxed) {
        if let Some(courier) = courier.as_mut().filter(|_| turns.is_multiple_of(PUSH_EVERY)) {
            let delivered = courier.round();
            if delivered.given_up + delivered.lost > 0 {
                say(&format!("{} pushes given up, {} lost", delivered.given_up, delivered.lost));
            }
        }
        turns = turns.wrapping_add(1);
        std::thread::sleep(TURN);
    }
    serving.stop();
    let calls: u64 = simulator.calls().values().sum();
    say(&format!("answered {calls} calls; {} went beyond a limit", simulator.violations().len()));
    Ok(Done::Yes)
}

fn faults(path: &std::path::Path) -> Result<Vec<Fault>, Failure> {
    let text = read_body(path, FAULTS_LEN_MAX)?;
    serde_json::from_slice(&text).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}
