//! `simulate`: WeChat and WeCom on loopback.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;
use idweave::simulator::{Plan, Simulator};
use serde_json::json;

use crate::cli::Common;
use crate::exit::{Done, Failure, say};
use crate::moment;
use crate::output::Out;
use crate::stop::stop_asked_for;

/// How often a stop is looked for.
const TURN: Duration = Duration::from_millis(50);

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
    let serving = simulator.serve(args.listen)?;
    if common.json {
        out.json(&json!({ "base": serving.base() }))?;
    } else {
        out.line(&format!("listening: --base {}", serving.base()))?;
        out.line("its names and secrets: POST /simulator/topology")?;
    }
    out.flush()?;
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(TURN);
    }
    serving.stop();
    let calls: u64 = simulator.calls().values().sum();
    say(&format!("answered {calls} calls; {} went beyond a limit", simulator.violations().len()));
    Ok(Done::Yes)
}
