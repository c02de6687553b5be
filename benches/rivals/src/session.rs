//! One store's run: what was said so far, what was checked, and the order of the phases.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail, ensure};

use crate::data::{Fact, World};
use crate::physical::{Append, Memory, memory};
use crate::report::{Figure, Report, Work};
use crate::store::{Sizing, Store, disk_bytes};
use crate::{mixed, reads, writes};

/// Wrong answers that are shown.
const SHOWN: u64 = 5;

/// What a run is told.
#[derive(Debug, Clone)]
pub struct Plan {
    pub store: String,
    pub world: World,
    pub dir: PathBuf,
    pub rounds: u64,
    pub sizing: Sizing,
    /// Bytes of the buffer and of the appends of the physical baseline; none for idweave, which sets them.
    pub sizes: Option<Sizes>,
}

/// Sizes that idweave's run gives to the others.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub buffer: u64,
    pub append: u64,
    pub single_append: u64,
}

/// The state of a run.
pub struct Session {
    pub plan: Plan,
    pub world: World,
    pub append: Append,
    pub figures: BTreeMap<Work, Figure>,
    next_moment: u64,
    next_account: u64,
    checked: u64,
    wrong: u64,
}

impl Session {
    fn new(plan: Plan) -> Result<Session> {
        std::fs::create_dir_all(plan.dir.join("db"))?;
        let append = Append::new(&plan.dir.join("append"))?;
        let (world, figures) = (plan.world, BTreeMap::new());
        let (next_moment, next_account) = (world.facts(), world.accounts);
        Ok(Session { plan, world, append, figures, next_moment, next_account, checked: 0, wrong: 0 })
    }

    /// A moment after everything that was said.
    pub fn moment(&mut self) -> u64 {
        self.next_moment += 1;
        self.next_moment - 1
    }

    /// An account that nothing was said of.
    pub fn account(&mut self) -> u64 {
        self.next_account += 1;
        self.next_account - 1
    }

    /// The `n`th link of an account, said now.
    pub fn link(&mut self, account: u64, n: u64) -> Fact {
        let moment = self.moment();
        self.world.link(account, n, moment)
    }

    /// Holds an answer against the truth.
    pub fn check(&mut self, what: &str, found: &[String], expected: &[&str]) {
        self.checked += 1;
        if found != expected {
            self.wrong += 1;
            if self.wrong <= SHOWN {
                eprintln!("{}: {what}: found {found:?}, the truth is {expected:?}", self.plan.store);
            }
        }
    }

    pub fn wrong_count(&mut self, what: &str, found: u64, expected: u64) {
        self.check(what, &[found.to_string()], &[&expected.to_string()]);
    }

    pub fn disk_bytes(&self) -> Result<u64> {
        disk_bytes(&self.plan.dir.join("db"))
    }

    pub fn say(&self, text: &str) {
        eprintln!("{:>10}: {text}", self.plan.store);
    }
}

/// All phases on one store; fails if any answer was wrong.
pub fn run<S: Store>(plan: Plan) -> Result<Report> {
    let mut session = Session::new(plan)?;
    let db = session.plan.dir.join("db");
    let sizing = session.plan.sizing;
    let mut store = S::open(&db, sizing)?;
    let append_bytes = writes::ingest(&mut session, &mut store)?;
    let memory_after_ingest = memory()?;
    writes::known(&mut session, &mut store)?;
    let single_append_bytes = writes::single(&mut session, &mut store)?;

    let begun = Instant::now();
    store.settle()?;
    session.figures.insert(Work::Settle, Figure::bare(begun.elapsed().as_nanos() as f64, 1));
    let begun = Instant::now();
    let mut store = store.reopen(&db, sizing)?;
    session.figures.insert(Work::Open, Figure::bare(begun.elapsed().as_nanos() as f64, 1));

    reads::warm(&mut session, &store)?;
    let (memory_after_lookups, disk_bytes) = (memory()?, session.disk_bytes()?);
    let sizes = session.plan.sizes.unwrap_or(Sizes {
        buffer: disk_bytes,
        append: append_bytes,
        single_append: single_append_bytes,
    });
    let reads = reads::rounds(&mut session, &store, sizes.buffer)?;
    writes::merge(&mut session, &mut store, sizes.append)?;
    mixed::mix(&mut session, &mut store)?;

    if session.wrong > 0 {
        bail!("{} of {} answers were wrong", session.wrong, session.checked);
    }
    ensure!(session.checked > 0, "nothing was checked");
    report(session, sizes, disk_bytes, [memory_after_ingest, memory_after_lookups], reads)
}

fn report(
    session: Session,
    sizes: Sizes,
    disk_bytes: u64,
    [memory_after_ingest, memory_after_lookups]: [Memory; 2],
    reads: reads::Physical,
) -> Result<Report> {
    Ok(Report {
        store: session.plan.store,
        figures: session.figures,
        disk_bytes,
        memory_after_ingest,
        memory_after_lookups,
        answers_checked: session.checked,
        dependent_read_ns: reads.dependent_ns,
        independent_read_ns: reads.independent_ns,
        buffer_bytes: sizes.buffer,
        append_bytes: sizes.append,
        single_append_bytes: sizes.single_append,
    })
}
