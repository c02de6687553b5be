//! The phases that write: bulk ingest, known facts again, single commits, uniting entities. Bare appends of
//! as many bytes as idweave's journal takes are timed in turns with them.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::data::{Fact, Source, Space};
use crate::physical::median;
use crate::report::{Figure, Work};
use crate::session::Session;
use crate::store::{Lookup, Store};

/// Facts of a commit.
pub const COMMIT_FACTS: u64 = 1_000;
/// A bare append is timed after every so many commits.
const APPEND_EVERY: u64 = 4;
/// Commits after which idweave's run knows how many bytes a commit takes.
const FIRST_COMMITS: u64 = 16;
/// Known commits told again.
const KNOWN_COMMITS: u64 = 50;
/// Durable single-fact commits, and how many go before them.
const SINGLES: u64 = 500;
const FIRST_SINGLES: u64 = 64;
/// Pairs of entities to unite.
const MERGES: u64 = 20_000;

fn timed<S: Store>(store: &mut S, facts: &[Fact]) -> Result<(Duration, u64)> {
    let commit = store.prepare(facts)?;
    let begun = Instant::now();
    let new = store.ingest(&commit)?;
    Ok((begun.elapsed(), new))
}

/// Where the last tenth of the stream ended.
struct Tenth {
    next: u64,
    busy: Duration,
    done: u64,
}

/// The whole stream. Returns the bytes that a commit added to the files.
pub fn ingest<S: Store>(session: &mut Session, store: &mut S) -> Result<u64> {
    let (world, facts) = (session.world, session.world.facts());
    let empty = session.disk_bytes()?;
    let mut append_bytes = session.plan.sizes.map(|sizes| sizes.append);
    let (mut busy, mut bare) = (Duration::ZERO, Vec::new());
    let (mut tenth, mut last) = (Tenth { next: 1, busy, done: 0 }, Figure::bare(f64::NAN, 0));
    let commits = facts.div_ceil(COMMIT_FACTS);
    for commit in 0..commits {
        let first = commit * COMMIT_FACTS;
        let part: Vec<Fact> =
            (first..(first + COMMIT_FACTS).min(facts)).map(|place| world.fact(place)).collect();
        let (took, new) = timed(store, &part)?;
        busy += took;
        session.wrong_count("new facts of a commit", new, part.len() as u64);
        if commit == FIRST_COMMITS && append_bytes.is_none() {
            append_bytes = Some((session.disk_bytes()? - empty) / (commit + 1));
        }
        if let Some(bytes) = append_bytes.filter(|_| commit.is_multiple_of(APPEND_EVERY)) {
            bare.push(session.append.once(bytes)?.as_nanos() as f64);
        }
        if commit + 1 == commits * tenth.next / 10 {
            let done = first + part.len() as u64;
            last = Figure::bare(
                (busy - tenth.busy).as_nanos() as f64 / (done - tenth.done) as f64,
                done - tenth.done,
            );
            session.say(&format!("{done} of {facts} facts, the last at {:.0}/s", 1e9 / last.ns));
            tenth = Tenth { next: tenth.next + 1, busy, done };
        }
    }
    session.figures.insert(Work::IngestLast, last);
    let baseline = (!bare.is_empty()).then(|| median(&mut bare) / COMMIT_FACTS as f64);
    let figure = Figure { ns: busy.as_nanos() as f64 / facts as f64, baseline_ns: baseline, count: facts };
    session.figures.insert(Work::Ingest, figure);
    Ok((session.disk_bytes()? - empty) / commits)
}

/// Facts of the stream's beginning once more: nothing is new.
pub fn known<S: Store>(session: &mut Session, store: &mut S) -> Result<()> {
    let (world, mut each) = (session.world, Vec::new());
    let commits = KNOWN_COMMITS.min(world.facts() / COMMIT_FACTS);
    for commit in 0..commits {
        let part: Vec<Fact> =
            (0..COMMIT_FACTS).map(|place| world.fact(commit * COMMIT_FACTS + place)).collect();
        let (took, new) = timed(store, &part)?;
        each.push(took.as_nanos() as f64 / COMMIT_FACTS as f64);
        session.wrong_count("new facts of a known commit", new, 0);
    }
    session.figures.insert(Work::Known, Figure::bare(median(&mut each), commits * COMMIT_FACTS));
    Ok(())
}

/// Commits of one fact, of accounts not seen before. Returns the bytes that one added to the files.
pub fn single<S: Store>(session: &mut Session, store: &mut S) -> Result<u64> {
    let before = session.disk_bytes()?;
    let first = session.account();
    for _ in 1..FIRST_SINGLES {
        session.account();
    }
    for account in first..first + FIRST_SINGLES {
        let fact = session.link(account, 0);
        timed(store, &[fact])?;
    }
    let grown = (session.disk_bytes()?.saturating_sub(before)) / FIRST_SINGLES;
    let bytes = session.plan.sizes.map_or(grown.max(1), |sizes| sizes.single_append);
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..SINGLES {
        let account = session.account();
        let fact = session.link(account, 0);
        let (took, new) = timed(store, std::slice::from_ref(&fact))?;
        session.wrong_count("new facts of a single commit", new, 1);
        ours.push(took.as_nanos() as f64);
        bare.push(session.append.once(bytes)?.as_nanos() as f64);
        let found = store.reader()?.translate(&store.key(&fact.a)?, Space::Unionid)?;
        session.check("a single fact", &S::values(&found), &[&fact.b.value]);
    }
    let figure = Figure { ns: median(&mut ours), baseline_ns: Some(median(&mut bare)), count: SINGLES };
    session.figures.insert(Work::Single, figure);
    Ok(bytes)
}

/// Accounts in two halves, of three ids and of two, that one more link will unite.
pub fn halves<S: Store>(session: &mut Session, store: &mut S, count: u64) -> Result<Vec<u64>> {
    let accounts: Vec<u64> = (0..count).map(|_| session.account()).collect();
    let mut facts = Vec::new();
    for account in &accounts {
        let (one, two) = (session.link(*account, 0), session.link(*account, 1));
        let (external, fifth) = (session.world.id(*account, 3), session.world.id(*account, 4));
        let moment = session.moment();
        facts.extend([one, two, session.world.say(external, fifth, Source::Contact, moment)]);
    }
    for part in facts.chunks(COMMIT_FACTS as usize) {
        timed(store, part)?;
    }
    Ok(accounts)
}

/// Links that unite two entities each.
pub fn merge<S: Store>(session: &mut Session, store: &mut S, append_bytes: u64) -> Result<()> {
    let accounts = halves(session, store, MERGES.min(session.world.accounts))?;
    let (mut busy, mut bare) = (Duration::ZERO, Vec::new());
    for part in accounts.chunks(COMMIT_FACTS as usize) {
        let facts: Vec<Fact> = part.iter().map(|account| session.link(*account, 2)).collect();
        let (took, new) = timed(store, &facts)?;
        busy += took;
        session.wrong_count("new facts that unite", new, facts.len() as u64);
        bare.push(session.append.once(append_bytes)?.as_nanos() as f64 / COMMIT_FACTS as f64);
    }
    let count = accounts.len() as u64;
    let baseline = Some(median(&mut bare));
    let figure = Figure { ns: busy.as_nanos() as f64 / count as f64, baseline_ns: baseline, count };
    session.figures.insert(Work::Merge, figure);
    for account in accounts.into_iter().step_by(7) {
        let [openid, fifth, external] = [1, 4, 3].map(|n| session.world.id(account, n));
        for asked in [openid, fifth] {
            let found = store.reader()?.translate(&store.key(&asked)?, Space::External)?;
            session.check("an entity united", &S::values(&found), &[&external.value]);
        }
    }
    Ok(())
}
