//! What each operation does to the state: one arm a verb, each in its own file.

use crate::codec::Entry;
use crate::engine::audit::note_restriction;
use crate::engine::change::Change;
use crate::engine::door::admit;
use crate::engine::{erase, relations, retract, settings, sides, tell, undo};
use crate::error::Result;
use crate::model::{Fact, Op};
use crate::records::Direct;

/// Lets a fact in and applies it. `false`: it was known already, and nothing is written.
///
/// # Errors
/// The fact was refused (nothing changed), or a limit of the store is reached (the change is broken).
pub(crate) fn apply(change: &mut Change, fact: &Fact) -> Result<bool> {
    let fact = match admit(change, fact) {
        Ok(fact) => fact,
        Err(refused) => return change.checked().and(Err(refused)),
    };
    let applied = apply_admitted(change, fact);
    change.checked()?;
    change.state.shed();
    change.broken |= applied.is_err();
    applied
}

fn apply_admitted(change: &mut Change, fact: Fact) -> Result<bool> {
    if let Op::Erase { id, reach, sticky, .. } = &fact.op {
        return erase::erase(change, id, *reach, fact.at, *sticky);
    }
    if change.door.refresh_ms > 0 && tell::is_refreshed(change, &fact) {
        return Ok(false);
    }
    if !perform(change, &fact)? {
        return Ok(false);
    }
    note_restriction(change, &fact)?;
    let aliases = settings::alias_links(change, fact.at)?;
    change.entries.push(Entry::Fact(fact));
    for link in aliases {
        if perform(change, &link)? {
            change.entries.push(Entry::Fact(link));
        }
    }
    Ok(true)
}

/// Applies an entry of the journal: it was accepted once and is not checked again.
///
/// # Errors
/// A limit of the store is reached.
pub(crate) fn replay(change: &mut Change, entry: Entry) -> Result<()> {
    match entry {
        Entry::Fact(fact) => {
            if perform(change, &fact)? {
                note_restriction(change, &fact)?;
            }
        }
        Entry::Erase(erasure) => erase::replay(change, &erasure)?,
        Entry::Undo { seq } => undo::replay_undo(change, seq)?,
    }
    change.checked()
}

/// Applies an accepted fact other than an erasure; whether it changed anything.
pub(crate) fn perform(change: &mut Change, fact: &Fact) -> Result<bool> {
    match &fact.op {
        Op::Link { a, b, source, strength, event, expires_at } => {
            let told = tell::Told {
                source,
                stated: *strength,
                event: event.as_deref(),
                expires_at: *expires_at,
                at: fact.at,
                batch: fact.batch.as_deref(),
            };
            tell::tell(change, a, b, Direct::Same, &told)
        }
        Op::Supersede { old, new, source, strength, event } => {
            let told = tell::Told {
                source,
                stated: *strength,
                event: event.as_deref(),
                expires_at: None,
                at: fact.at,
                batch: fact.batch.as_deref(),
            };
            tell::tell(change, old, new, Direct::AToB, &told)
        }
        Op::Retract(selector) => retract::retract(change, selector, fact.at, false),
        Op::Unretract(selector) => retract::retract(change, selector, fact.at, true),
        Op::Relate { .. } | Op::Unrelate { .. } => relations::relate(change, fact),
        Op::Ban { .. }
        | Op::Unban { .. }
        | Op::Block { .. }
        | Op::Unblock { .. }
        | Op::Restrict { .. }
        | Op::Unrestrict { .. }
        | Op::Absent { .. } => sides::tell_side(change, fact),
        Op::Erase { .. } => Ok(false),
        Op::OpenAccount { .. }
        | Op::App { .. }
        | Op::Corp { .. }
        | Op::Provider { .. }
        | Op::Kind { .. }
        | Op::Rules { .. }
        | Op::Mark { .. } => settings::set(change, fact),
    }
}
