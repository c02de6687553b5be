//! The mix of a real application: of 1,000 operations, 600 look an external_userid up, 150 look up a batch of
//! 50 to 1,000 of them, 100 an openid, 80 the contacts of a unionid; 50 write a link, 10 unite two entities,
//! 10 take a link back. Every write is a durable commit; every read sees the writes before it.

use std::collections::BTreeSet;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::data::{Id, Random, Space};
use crate::physical::median;
use crate::report::{Figure, Work};
use crate::session::Session;
use crate::store::{Lookup, Store};
use crate::writes::halves;

/// Operations of a round.
const OPERATIONS: u64 = 1_000;

/// Time of a round, and what it was spent on.
#[derive(Default)]
struct Spent {
    read_ns: f64,
    ids_read: u64,
    write_ns: f64,
    writes: u64,
}

struct Mix<'a, S> {
    session: &'a mut Session,
    store: &'a mut S,
    random: Random,
    /// Accounts in two halves.
    apart: Vec<u64>,
    /// Accounts whose fifth id was taken back.
    divided: BTreeSet<u64>,
    spent: Spent,
}

pub fn mix<S: Store>(session: &mut Session, store: &mut S) -> Result<()> {
    let rounds = session.plan.rounds;
    let apart = halves(session, store, rounds * OPERATIONS / 25)?;
    let random = Random::new(session.world.seed ^ 3);
    let mut mix = Mix { session, store, random, apart, divided: BTreeSet::new(), spent: Spent::default() };
    let (mut all, mut reads, mut writes) = (Vec::new(), Vec::new(), Vec::new());
    let (mut ids_read, mut writes_done) = (0, 0);
    for _ in 0..rounds {
        mix.spent = Spent::default();
        for _ in 0..OPERATIONS {
            mix.operation()?;
        }
        let spent = &mix.spent;
        all.push((spent.read_ns + spent.write_ns) / OPERATIONS as f64);
        reads.push(spent.read_ns / spent.ids_read as f64);
        writes.push(spent.write_ns / spent.writes as f64);
        ids_read += spent.ids_read;
        writes_done += spent.writes;
    }
    mix.check_divided()?;
    let figures = &mut session.figures;
    figures.insert(Work::Mix, Figure::bare(median(&mut all), rounds * OPERATIONS));
    figures.insert(Work::MixRead, Figure::bare(median(&mut reads), ids_read));
    figures.insert(Work::MixWrite, Figure::bare(median(&mut writes), writes_done));
    Ok(())
}

impl<S: Store> Mix<'_, S> {
    fn operation(&mut self) -> Result<()> {
        match self.random.below(1_000) {
            0..600 => self.look_up(3, 0),
            600..750 => self.look_up_many(),
            750..850 => self.look_up(1, 3),
            850..930 => self.look_up(0, 3),
            930..980 => self.write_link(),
            980..990 => self.write_union(),
            _ => self.take_back(),
        }
    }

    fn known_account(&mut self) -> u64 {
        self.random.below(self.session.world.accounts)
    }

    fn look_up(&mut self, from: u64, to: u64) -> Result<()> {
        let account = self.known_account();
        let key = self.store.key(&self.session.world.id(account, from))?;
        let truth = self.session.world.id(account, to);
        let begun = Instant::now();
        let answer = self.store.reader()?.translate(&key, truth.space)?;
        self.spent.read_ns += begun.elapsed().as_nanos() as f64;
        self.spent.ids_read += 1;
        self.session.check("a look-up of the mix", &S::values(&answer), &[&truth.value]);
        Ok(())
    }

    fn look_up_many(&mut self) -> Result<()> {
        let count = 50 + self.random.below(951);
        let accounts: Vec<u64> = (0..count).map(|_| self.known_account()).collect();
        let world = self.session.world;
        let asked: Result<Vec<S::Key>> =
            accounts.iter().map(|account| self.store.key(&world.id(*account, 3))).collect();
        let (asked, mut answers) = (asked?, Vec::new());
        let begun = Instant::now();
        self.store.reader()?.translate_many(&asked, Space::Unionid, &mut answers)?;
        self.spent.read_ns += begun.elapsed().as_nanos() as f64;
        self.spent.ids_read += count;
        for (account, answer) in accounts.into_iter().zip(&answers) {
            let truth = world.id(account, 0).value;
            self.session.check("a batch of the mix", &S::values(answer), &[&truth]);
        }
        Ok(())
    }

    fn write(&mut self, act: impl FnOnce(&mut S) -> Result<u64>) -> Result<()> {
        let begun = Instant::now();
        let new = act(self.store)?;
        self.spent.write_ns += begun.elapsed().as_nanos() as f64;
        self.spent.writes += 1;
        self.session.wrong_count("new facts of a write of the mix", new, 1);
        Ok(())
    }

    fn write_link(&mut self) -> Result<()> {
        let account = self.session.account();
        let fact = self.session.link(account, 0);
        let commit = self.store.prepare(std::slice::from_ref(&fact))?;
        self.write(|store| store.ingest(&commit))?;
        self.expect("a link of the mix", &fact.a, Space::Unionid, &[&fact.b.value])
    }

    fn write_union(&mut self) -> Result<()> {
        let account = self.apart.pop().context("enough accounts in halves")?;
        let fact = self.session.link(account, 2);
        let commit = self.store.prepare(std::slice::from_ref(&fact))?;
        self.write(|store| store.ingest(&commit))?;
        let openid = self.session.world.id(account, 2);
        self.expect("a union of the mix", &openid, Space::External, &[&fact.a.value])
    }

    fn take_back(&mut self) -> Result<()> {
        let mut account = self.known_account();
        while !self.divided.insert(account) {
            account = self.known_account();
        }
        let link = self.session.link(account, 3);
        self.write(|store| store.retract(&link.a, &link.b, link.at).map(|()| 1))
    }

    fn expect(&mut self, what: &str, asked: &Id, target: Space, truth: &[&str]) -> Result<()> {
        let found = self.store.reader()?.translate(&self.store.key(asked)?, target)?;
        self.session.check(what, &S::values(&found), truth);
        Ok(())
    }

    /// What was taken back stays so, and the rest of its entity stays whole.
    fn check_divided(&mut self) -> Result<()> {
        for account in self.divided.clone() {
            let [unionid, openid, external, fifth] = [0, 1, 3, 4].map(|n| self.session.world.id(account, n));
            self.expect("an id taken back", &fifth, Space::Unionid, &[])?;
            self.expect("what it was taken from", &unionid, fifth.space, &[])?;
            self.expect("what it was taken from", &openid, Space::External, &[&external.value])?;
        }
        Ok(())
    }
}
