//! A form of index: where a hash leads, and in which order its lines are read. The three forms are here; how each is
//! built is in `build.rs`.

use std::marker::PhantomData;

use ptr_hash::DefaultPtrHash;

use crate::backing::prefetch;
use crate::line::{LINE, Layout};
use crate::record::Corrupt;

/// Where the first line of a lookup is; made from the hash before any line is read.
#[derive(Clone, Copy, Default)]
pub struct Plan {
    /// The key's hash.
    pub hash: u64,
    /// Line or slot.
    pub at: usize,
}

/// A form over bytes that live elsewhere.
pub trait Form: Sync {
    /// The first step of a lookup.
    fn plan(&self, hash: u64) -> Plan;
    /// Asks for the first line.
    fn prefetch(&self, plan: Plan);
    /// Offers each candidate location to `accept` until it answers; `read` counts the lines read.
    fn find<T>(
        &self,
        plan: Plan,
        read: &mut u64,
        accept: impl FnMut(u32) -> Result<Option<T>, Corrupt>,
    ) -> Result<Option<T>, Corrupt>;
}

/// The line of a hash among `lines`, in the order of hashes.
#[inline(always)]
pub fn home(hash: u64, lines: usize) -> usize {
    ((u128::from(hash) * lines as u128) >> 64) as usize
}

/// The other line of a hash.
#[inline(always)]
pub fn other(hash: u64, lines: usize) -> usize {
    home(hash.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(21), lines)
}

#[inline(always)]
fn line(bytes: &[u8], at: usize) -> Result<&[u8; LINE], Corrupt> {
    bytes.as_chunks().0.get(at).ok_or(Corrupt)
}

/// Offers the entries of a line.
#[inline(always)]
fn offer<L: Layout, T>(
    line: &[u8; LINE],
    hash: u64,
    accept: &mut impl FnMut(u32) -> Result<Option<T>, Corrupt>,
) -> Result<Option<T>, Corrupt> {
    if !L::verify(line) {
        return Err(Corrupt);
    }
    let mut mask = L::matches(line, hash);
    while mask != 0 {
        let location = L::location(line, mask.trailing_zeros() as usize);
        if location != 0
            && let Some(answer) = accept(location)?
        {
            return Ok(Some(answer));
        }
        mask &= mask - 1;
    }
    Ok(None)
}

/// (a1): a key that finds no room goes to the next line.
pub struct Next<'a, L> {
    bytes: &'a [u8],
    lines: usize,
    layout: PhantomData<L>,
}

impl<'a, L: Layout> Next<'a, L> {
    /// A form over `bytes`, of `lines` home lines and what follows them.
    pub fn new(bytes: &'a [u8], lines: usize) -> Self {
        Next { bytes, lines, layout: PhantomData }
    }
}

impl<L: Layout> Form for Next<'_, L> {
    #[inline(always)]
    fn plan(&self, hash: u64) -> Plan {
        Plan { hash, at: home(hash, self.lines) }
    }
    #[inline(always)]
    fn prefetch(&self, plan: Plan) {
        prefetch(self.bytes, plan.at * LINE);
    }
    #[inline(always)]
    fn find<T>(
        &self,
        plan: Plan,
        read: &mut u64,
        mut accept: impl FnMut(u32) -> Result<Option<T>, Corrupt>,
    ) -> Result<Option<T>, Corrupt> {
        let mut at = plan.at;
        loop {
            let line = line(self.bytes, at)?;
            *read += 1;
            if let Some(answer) = offer::<L, T>(line, plan.hash, &mut accept)? {
                return Ok(Some(answer));
            }
            if !L::overflowed(line, plan.hash) {
                return Ok(None);
            }
            at += 1;
        }
    }
}

/// (a2): a key that finds no room goes to one other line, far away.
pub struct Choice<'a, L> {
    bytes: &'a [u8],
    lines: usize,
    layout: PhantomData<L>,
}

impl<'a, L: Layout> Choice<'a, L> {
    /// A form over `bytes`, of `lines` lines.
    pub fn new(bytes: &'a [u8], lines: usize) -> Self {
        Choice { bytes, lines, layout: PhantomData }
    }
}

impl<L: Layout> Form for Choice<'_, L> {
    #[inline(always)]
    fn plan(&self, hash: u64) -> Plan {
        Plan { hash, at: home(hash, self.lines) }
    }
    #[inline(always)]
    fn prefetch(&self, plan: Plan) {
        prefetch(self.bytes, plan.at * LINE);
    }
    #[inline(always)]
    fn find<T>(
        &self,
        plan: Plan,
        read: &mut u64,
        mut accept: impl FnMut(u32) -> Result<Option<T>, Corrupt>,
    ) -> Result<Option<T>, Corrupt> {
        let first = line(self.bytes, plan.at)?;
        *read += 1;
        if let Some(answer) = offer::<L, T>(first, plan.hash, &mut accept)? {
            return Ok(Some(answer));
        }
        if !L::overflowed(first, plan.hash) {
            return Ok(None);
        }
        *read += 1;
        offer::<L, T>(line(self.bytes, other(plan.hash, self.lines))?, plan.hash, &mut accept)
    }
}

/// (b): a minimal perfect hash leads to a slot. Its own bytes (the pilots) have no checksums: this library gives none.
pub struct Perfect<'a, L> {
    bytes: &'a [u8],
    function: &'a DefaultPtrHash,
    layout: PhantomData<L>,
}

impl<'a, L: Layout> Perfect<'a, L> {
    /// A form over a slot table and its function.
    pub fn new(bytes: &'a [u8], function: &'a DefaultPtrHash) -> Self {
        Perfect { bytes, function, layout: PhantomData }
    }
}

impl<L: Layout> Form for Perfect<'_, L> {
    #[inline(always)]
    fn plan(&self, hash: u64) -> Plan {
        Plan { hash, at: self.function.index(&hash) }
    }
    #[inline(always)]
    fn prefetch(&self, plan: Plan) {
        prefetch(self.bytes, plan.at / L::ENTRIES * LINE);
    }
    #[inline(always)]
    fn find<T>(
        &self,
        plan: Plan,
        read: &mut u64,
        mut accept: impl FnMut(u32) -> Result<Option<T>, Corrupt>,
    ) -> Result<Option<T>, Corrupt> {
        let line = line(self.bytes, plan.at / L::ENTRIES)?;
        let slot = plan.at % L::ENTRIES;
        *read += 1;
        if !L::verify(line) {
            return Err(Corrupt);
        }
        if L::matches(line, plan.hash) >> slot & 1 == 0 {
            return Ok(None);
        }
        match L::location(line, slot) {
            0 => Ok(None),
            location => accept(location),
        }
    }
}
