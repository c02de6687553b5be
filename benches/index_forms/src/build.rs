//! Builds the forms from (hash, location) pairs sorted by hash, as a checkpoint would have them.

use ptr_hash::{DefaultPtrHash, PtrHashParams};

use crate::form::{home, other};
use crate::ids::mix;
use crate::line::{LINE, Layout};

/// A key's hash and where its record is.
pub type Pair = (u64, u32);

/// Lines that hold `keys` keys at `load` of their entries.
pub fn lines_for<L: Layout>(keys: usize, load: f64) -> usize {
    (keys as f64 / (L::ENTRIES as f64 * load)).ceil() as usize
}

/// (a1): one pass over the pairs, lines written in order. Keys at home go first, then those that wait, oldest first.
/// What waits after the last home line goes to further lines.
pub fn next<L: Layout>(pairs: &[Pair], lines: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity((lines + 64) * LINE);
    let mut waiting: Vec<Pair> = Vec::new();
    let mut pairs = pairs.iter().copied().peekable();
    let mut at = 0;
    while at < lines || !waiting.is_empty() {
        let mut line = [0; LINE];
        let mut used = 0;
        let mut late = Vec::new();
        while let Some(pair) = pairs.next_if(|pair| home(pair.0, lines) == at) {
            if used < L::ENTRIES {
                L::put(&mut line, used, pair.0, pair.1);
                used += 1;
            } else {
                late.push(pair);
            }
        }
        let room = (L::ENTRIES - used).min(waiting.len());
        for pair in waiting.drain(..room) {
            L::put(&mut line, used, pair.0, pair.1);
            used += 1;
        }
        waiting.append(&mut late);
        for pair in &waiting {
            L::overflow(&mut line, pair.0);
        }
        L::seal(&mut line);
        bytes.extend_from_slice(&line);
        at += 1;
    }
    bytes
}

/// (a2): at home while there is room, else the other line; a full other line gives up an entry that goes to its own
/// other line, and so on. `None` if a key found no place in 10,000 moves.
pub fn choice<L: Layout>(pairs: &[Pair], lines: usize) -> Option<Vec<u8>> {
    const EMPTY: u32 = u32::MAX;
    const MOVES_MAX: u64 = 10_000;
    let mut slots = vec![EMPTY; lines * L::ENTRIES];
    let free = |slots: &[u32], at: usize| {
        (at * L::ENTRIES..(at + 1) * L::ENTRIES).find(|slot| slots[*slot] == EMPTY)
    };
    let mut late = Vec::new();
    for (i, pair) in pairs.iter().enumerate() {
        match free(&slots, home(pair.0, lines)) {
            Some(slot) => slots[slot] = i as u32,
            None => late.push(i as u32),
        }
    }
    for key in late {
        let mut key = key;
        let mut at = other(pairs[key as usize].0, lines);
        let mut moves = 0;
        while moves < MOVES_MAX {
            if let Some(slot) = free(&slots, at) {
                slots[slot] = key;
                break;
            }
            let victim = at * L::ENTRIES + mix(u64::from(key) ^ moves << 32) as usize % L::ENTRIES;
            std::mem::swap(&mut key, &mut slots[victim]);
            let hash = pairs[key as usize].0;
            at = if at == home(hash, lines) { other(hash, lines) } else { home(hash, lines) };
            moves += 1;
        }
        if moves == MOVES_MAX {
            return None;
        }
    }
    let mut bytes = vec![0; lines * LINE];
    let table = bytes.as_chunks_mut::<LINE>().0;
    for (slot, key) in slots.iter().enumerate().filter(|(_, key)| **key != EMPTY) {
        let (hash, location) = pairs[*key as usize];
        let at = slot / L::ENTRIES;
        L::put(&mut table[at], slot % L::ENTRIES, hash, location);
        let first = home(hash, lines);
        if first != at {
            L::overflow(&mut table[first], hash);
        }
    }
    table.iter_mut().for_each(L::seal);
    Some(bytes)
}

/// (b): the function and its slot table. `None` if the library found no function.
pub fn perfect<L: Layout>(pairs: &[Pair]) -> Option<(DefaultPtrHash, Vec<u8>)> {
    let hashes: Vec<u64> = pairs.iter().map(|pair| pair.0).collect();
    let function = <DefaultPtrHash>::try_new(&hashes, PtrHashParams::default())?;
    let mut bytes = vec![0; pairs.len().div_ceil(L::ENTRIES) * LINE];
    let table = bytes.as_chunks_mut::<LINE>().0;
    for (hash, location) in pairs {
        let slot = function.index(hash);
        L::put(&mut table[slot / L::ENTRIES], slot % L::ENTRIES, *hash, *location);
    }
    table.iter_mut().for_each(L::seal);
    Some((function, bytes))
}
