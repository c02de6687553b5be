//! ban, block, restrict and their lifting, and absent: records beside the graph.

use crate::engine::change::Change;
use crate::engine::tell::{name_node, node_for};
use crate::error::Result;
use crate::model::{Fact, Id, Op};
use crate::records::{AbsentTold, Side, SideKey, ToggleOp, forbids};
use crate::store::{Draft, Source};

/// The two ids of a ban in order of text.
fn ban_key(a: &Id, b: &Id) -> SideKey {
    if a < b { SideKey::Ban(a.clone(), b.clone()) } else { SideKey::Ban(b.clone(), a.clone()) }
}

/// Applies a toggle or an absent; `false` if it was known.
pub(crate) fn tell_side(change: &mut Change, fact: &Fact) -> Result<bool> {
    let no_actor = "";
    let (key, forbids, reason, actor) = match &fact.op {
        Op::Ban { a, b, reason, actor } => (ban_key(a, b), true, reason.as_str(), actor.as_str()),
        Op::Unban { a, b, actor } => (ban_key(a, b), false, "", actor.as_str()),
        Op::Block { id, reason, actor } => {
            (SideKey::Block(id.clone()), true, reason.as_str(), actor.as_str())
        }
        Op::Unblock { id, actor } => (SideKey::Block(id.clone()), false, "", actor.as_str()),
        Op::Restrict { id, reason } => (SideKey::Restrict(id.clone()), true, reason.as_str(), no_actor),
        Op::Unrestrict { id } => (SideKey::Restrict(id.clone()), false, "", no_actor),
        _ => return tell_absent(change, fact),
    };
    let batch = fact.batch.as_deref().map(|batch| change.state.intern(batch)).transpose()?;
    let op = ToggleOp {
        at: fact.at,
        forbids,
        batch,
        reason: reason.into(),
        actor: actor.into(),
        recorded_seq: change.seq,
    };
    ensure_side(&mut change.state, &key, |key| Side::Toggle(key, Vec::new()));
    let known_to = change.known_to(change.seq);
    let Some(Side::Toggle(_, ops)) = change.state.side_mut(&key) else { return Ok(false) };
    let again = |known: &ToggleOp| {
        ToggleOp { recorded_seq: known.recorded_seq, ..op.clone() } == *known
            && known_to.from(known.recorded_seq)
    };
    if ops.iter().any(again) {
        return Ok(false);
    }
    ops.push(op);
    change.state.delta.bytes += size_of::<ToggleOp>() + reason.len() + actor.len();
    if let Some(batch) = batch {
        change.state.note_toggle(batch, &key);
    }
    if forbids {
        // In the order the fact names them: that is the order of their numbers.
        for id in fact.op.ids() {
            let node = node_for(&mut change.state, id)?;
            name_node(&mut change.state, node);
        }
    }
    refresh_toggle(change, &key);
    Ok(true)
}

fn tell_absent(change: &mut Change, fact: &Fact) -> Result<bool> {
    let Op::Absent { id, target, source } = &fact.op else { return Ok(false) };
    let known_to = change.known_to(change.seq);
    let state = &mut change.state;
    let told = AbsentTold {
        at: fact.at,
        source: state.intern(source)?,
        batch: fact.batch.as_deref().map(|batch| state.intern(batch)).transpose()?,
        recorded_seq: change.seq,
    };
    let key = SideKey::Absent(id.clone(), target.clone());
    ensure_side(state, &key, |key| Side::Absent(key, Vec::new()));
    let Some(Side::Absent(_, known)) = state.side_mut(&key) else { return Ok(false) };
    let again = |known: &AbsentTold| {
        (known.at, known.source, known.batch) == (told.at, told.source, told.batch)
            && known_to.from(known.recorded_seq)
    };
    if known.iter().any(again) {
        return Ok(false);
    }
    known.push(told);
    state.delta.bytes += size_of::<AbsentTold>();
    Ok(true)
}

/// Makes the side record of a key if it is new.
pub(crate) fn ensure_side(state: &mut Draft, key: &SideKey, new: impl FnOnce(SideKey) -> Side) {
    if state.side(key).is_none() {
        state.create_side(new(key.clone()));
    }
}

/// Brings the flags of nodes in line with a toggle (after an operation, a batch retraction, or an undo).
pub(crate) fn refresh_toggle(change: &mut Change, key: &SideKey) {
    let Some(Side::Toggle(key, ops)) = change.state.side(key) else { return };
    // A batch retraction takes bans and blocks, never a restriction.
    let stays = matches!(key, SideKey::Restrict(_));
    let told = ops.iter().filter(|op| change.state.counts(op.recorded_seq));
    let counting = told.filter(|op| stays || !change.state.batch_is_retracted(op.batch));
    let (key, forbidden) = (key.clone(), forbids(counting));
    let state = &mut change.state;
    match &key {
        SideKey::Ban(x, y) => {
            let (Some(x), Some(y)) = (state.number_of(x), state.number_of(y)) else { return };
            for (node, other) in [(x, y), (y, x)] {
                let Some(bans) = state.node_mut(node).map(|node| &mut node.bans) else { return };
                match (bans.binary_search(&other), forbidden) {
                    (Err(at), true) => bans.insert(at, other),
                    (Ok(at), false) => {
                        bans.remove(at);
                    }
                    _ => return,
                }
                change.dirty.families.insert(node);
                change.dirty.persons.insert(node);
            }
        }
        SideKey::Block(id) => {
            let Some(node) = state.number_of(id) else { return };
            if let Some(record) = state.node_mut(node)
                && record.blocked != forbidden
            {
                record.blocked = forbidden;
                change.dirty.blocks.insert(node);
            }
        }
        SideKey::Restrict(id) => {
            let Some(node) = state.number_of(id) else { return };
            if let Some(record) = state.node_mut(node) {
                record.restricted = forbidden;
            }
        }
        _ => {}
    }
}
