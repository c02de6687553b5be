//! The phases that read: translations of random ids, one by one and in batches, in turns with bare random
//! reads over as many bytes as idweave's database has.

use std::time::Instant;

use anyhow::Result;

use crate::data::{IDS_PER_ACCOUNT, Id, Random};
use crate::physical::{Buffer, median};
use crate::report::{Figure, Work};
use crate::session::Session;
use crate::store::{Lookup, Store};

/// Translations of a round.
const LOOKUPS: u64 = 20_000;
/// Batches of a round, and ids of a batch.
const BATCHES: u64 = 20;
const BATCH_IDS: u64 = 1_000;
/// Bare reads before a round.
const BARE_READS: u64 = 400_000;
/// Most translations before anything is timed.
const WARM_MAX: u64 = 1_000_000;

/// What the machine's memory took.
pub struct Physical {
    pub dependent_ns: f64,
    pub independent_ns: f64,
}

/// Two different ids of one random account.
fn pair(session: &Session, random: &mut Random) -> (Id, Id) {
    let account = random.below(session.world.accounts);
    let one = random.below(IDS_PER_ACCOUNT);
    let other = (one + 1 + random.below(IDS_PER_ACCOUNT - 1)) % IDS_PER_ACCOUNT;
    (session.world.id(account, one), session.world.id(account, other))
}

/// Questions before anything is timed, so that caches hold what they can.
pub fn warm<S: Store>(session: &mut Session, store: &S) -> Result<()> {
    let mut random = Random::new(session.world.seed ^ 1);
    let reader = store.reader()?;
    for _ in 0..session.world.accounts.min(WARM_MAX) {
        let (asked, other) = pair(session, &mut random);
        let found = reader.translate(&store.key(&asked)?, other.space)?;
        session.check("a translation", &S::values(&found), &[&other.value]);
    }
    Ok(())
}

pub fn rounds<S: Store>(session: &mut Session, store: &S, buffer_bytes: u64) -> Result<Physical> {
    let mut buffer = Buffer::new(buffer_bytes, session.world.seed)?;
    session.say(&format!("asking, against bare reads over {} MB", buffer.len() / 1_000_000));
    let mut random = Random::new(session.world.seed ^ 2);
    let (mut dependent, mut independent) = (Vec::new(), Vec::new());
    let (mut lookups, mut batches) = (Vec::new(), Vec::new());
    for round in 0..session.plan.rounds {
        dependent.push(buffer.dependent_ns(BARE_READS));
        lookups.push(one_by_one(session, store, &mut random)?);
        independent.push(buffer.independent_ns(BARE_READS, session.world.seed ^ round));
        batches.push(in_batches(session, store, &mut random)?);
    }
    let count = session.plan.rounds;
    let (dependent_ns, independent_ns) = (median(&mut dependent), median(&mut independent));
    let lookup = Figure { ns: median(&mut lookups), baseline_ns: Some(dependent_ns), count: count * LOOKUPS };
    let ns = median(&mut batches);
    let batch = Figure { ns, baseline_ns: Some(independent_ns), count: count * BATCHES * BATCH_IDS };
    session.figures.insert(Work::Lookup, lookup);
    session.figures.insert(Work::Batch, batch);
    Ok(Physical { dependent_ns, independent_ns })
}

fn one_by_one<S: Store>(session: &mut Session, store: &S, random: &mut Random) -> Result<f64> {
    let mut asked = Vec::new();
    let mut truth = Vec::new();
    for _ in 0..LOOKUPS {
        let (one, other) = pair(session, random);
        asked.push(store.key(&one)?);
        truth.push(other);
    }
    let reader = store.reader()?;
    let mut answers = Vec::with_capacity(asked.len());
    let begun = Instant::now();
    for (key, other) in asked.iter().zip(&truth) {
        answers.push(reader.translate(key, other.space)?);
    }
    let took = begun.elapsed();
    for (answer, other) in answers.iter().zip(&truth) {
        session.check("a translation", &S::values(answer), &[&other.value]);
    }
    Ok(took.as_nanos() as f64 / LOOKUPS as f64)
}

fn in_batches<S: Store>(session: &mut Session, store: &S, random: &mut Random) -> Result<f64> {
    let mut busy = 0;
    for _ in 0..BATCHES {
        // The fifth id is of two kinds; the first four are of one each.
        let target = random.below(4);
        let (mut asked, mut truth) = (Vec::new(), Vec::new());
        for _ in 0..BATCH_IDS {
            let account = random.below(session.world.accounts);
            let from = (target + 1 + random.below(3)) % 4;
            asked.push(store.key(&session.world.id(account, from))?);
            truth.push(session.world.id(account, target));
        }
        let reader = store.reader()?;
        let mut answers = Vec::with_capacity(asked.len());
        let begun = Instant::now();
        reader.translate_many(&asked, truth[0].space, &mut answers)?;
        busy += begun.elapsed().as_nanos();
        session.wrong_count("answers of a batch", answers.len() as u64, BATCH_IDS);
        for (answer, other) in answers.iter().zip(&truth) {
            session.check("a translation in a batch", &S::values(answer), &[&other.value]);
        }
    }
    Ok(busy as f64 / (BATCHES * BATCH_IDS) as f64)
}
