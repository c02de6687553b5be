//! What each table is measured over: records, the sorted pairs, questions whose keys exist and questions whose do not.

use std::io;
use std::path::PathBuf;
use std::time::Instant;

use crate::backing::Backing;
use crate::build::Pair;
use crate::check::Check;
use crate::ids::{self, IDS_PER_ACCOUNT, Query};
use crate::record;

/// Questions of each sort; more than the caches hold records of.
const QUERIES: u64 = 2_000_000;

/// The kinds of memory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pages {
    /// A mapped file.
    Small,
    /// Anonymous memory that asks for huge pages.
    Huge,
}

/// A file's worth of accounts.
pub struct World {
    /// (hash, location), sorted.
    pub pairs: Vec<Pair>,
    /// The records in a mapped file.
    small: Backing,
    /// The records in huge pages.
    huge: Backing,
    /// Questions whose keys exist.
    pub present: Vec<Query>,
    /// Questions whose keys do not.
    pub absent: Vec<Query>,
}

/// A fresh name for a file of this process.
fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("index_forms-{}-{name}", std::process::id()))
}

/// Copies bytes into memory of the kind.
pub fn place(pages: Pages, bytes: &[u8]) -> io::Result<Backing> {
    match pages {
        Pages::Small => Backing::mapped(&scratch("form"), bytes),
        Pages::Huge => Backing::huge(bytes),
    }
}

impl World {
    /// Makes `n` ids, records at multiples of `align` bytes.
    pub fn new<C: Check>(n: u64, align: usize) -> io::Result<World> {
        let accounts = n / IDS_PER_ACCOUNT;
        let began = Instant::now();
        let (records, locations) = record::write::<C>(accounts, align);
        let mut pairs: Vec<Pair> = (0..n)
            .map(|i| {
                let (account, slot) = (i / IDS_PER_ACCOUNT, i % IDS_PER_ACCOUNT);
                (ids::query(account, slot).hash(), locations[account as usize])
            })
            .collect();
        let made = began.elapsed();
        let began = Instant::now();
        pairs.sort_unstable();
        println!(
            "\n## {} ids: {accounts} records of {:.0} bytes at multiples of {align}, {}\nmade in {:.1} s, sorted in {:.1} s",
            n,
            records.len() as f64 / accounts as f64,
            C::NAME,
            made.as_secs_f64(),
            began.elapsed().as_secs_f64()
        );
        let questions = |from: u64, salt: u64| -> Vec<Query> {
            (0..QUERIES)
                .map(|i| {
                    let random = ids::mix(i ^ salt);
                    ids::query(from + random % accounts, (random >> 40) % IDS_PER_ACCOUNT)
                })
                .collect()
        };
        Ok(World {
            small: Backing::mapped(&scratch("records"), &records)?,
            huge: Backing::huge(&records)?,
            present: questions(0, 0xa5a5_0000_0000),
            absent: questions(accounts, 0x5a5a_0000_0000),
            pairs,
        })
    }

    /// The records in memory of the kind.
    pub fn records(&self, pages: Pages) -> &[u8] {
        match pages {
            Pages::Small => self.small.bytes(),
            Pages::Huge => self.huge.bytes(),
        }
    }
}
