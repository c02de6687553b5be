//! Taking a link back: what was said of it no longer counts, and its entity is put together again from the
//! evidence that is left.

use anyhow::{Context, Result};

use crate::kv::job::{members_of, place_of, put_entity, put_place, share_a_space};
use crate::kv::rows::{ACCEPTED, Evidence, Member, REJECTED, RETRACTED, id_key};
use crate::kv::seam::{Table, WriteRows};

fn evidences(rows: &impl WriteRows, prefix: &[u8]) -> Result<Vec<Evidence>> {
    rows.edges(prefix)?.iter().map(|(key, value)| Evidence::decode(key, value)).collect()
}

/// A rejected evidence becomes another: it then stands at one place only, under (low, high).
fn put_no_longer_rejected(rows: &mut impl WriteRows, evidence: &Evidence, status: u8) -> Result<()> {
    let (one, other) = (Evidence { status, ..evidence.clone() }, evidence.turned(&[]));
    let (stays, goes) = if one.from < one.to { (one, other) } else { (Evidence { status, ..other }, one) };
    rows.delete(Table::Edges, &goes.key())?;
    rows.put(Table::Edges, &stays.key(), &stays.value())
}

/// Evidence between the two, up to `at`, is kept and does not count any more.
pub fn retract(rows: &mut impl WriteRows, a: &[u8], b: &[u8], at: i64) -> Result<()> {
    let a = place_of(rows, a)?.context("an end of the link")?;
    let b = place_of(rows, b)?.context("an end of the link")?;
    let (low, high) = (a.node.min(b.node), a.node.max(b.node));
    let prefix = [low.to_be_bytes(), high.to_be_bytes()].concat();
    for evidence in evidences(rows, &prefix)? {
        if evidence.at <= at && evidence.status != RETRACTED {
            put_no_longer_rejected(rows, &evidence, RETRACTED)?;
        }
    }
    if a.entity == b.entity { settle(rows, a.entity) } else { Ok(()) }
}

/// Puts an entity together again; then rejected links of its ids are tried once more, in order of rank.
fn settle(rows: &mut impl WriteRows, entity: u32) -> Result<()> {
    let before = members_of(rows, entity)?;
    let mut counting = Vec::new();
    for member in &before {
        counting.extend(evidences(rows, &member.node.to_be_bytes())?);
    }
    counting.retain(|evidence| evidence.status != RETRACTED);
    counting.sort_by_key(Evidence::rank);
    let mut parts: Vec<Vec<Member>> = before.iter().map(|member| vec![member.clone()]).collect();
    for evidence in &counting {
        join(&mut parts, evidence);
    }
    if parts.len() == 1 {
        return Ok(());
    }
    rows.delete(Table::Entities, &entity.to_be_bytes())?;
    for part in &parts {
        let number = part.iter().map(|member| member.node).min().context("a part has members")?;
        put_entity(rows, number, part)?;
        for member in part {
            put_place(rows, member, number)?;
        }
    }
    for evidence in counting.iter().filter(|evidence| evidence.status == REJECTED) {
        let near = before.iter().find(|member| member.node == evidence.from).context("a member's link")?;
        try_again(rows, evidence, near)?;
    }
    Ok(())
}

/// Unites the parts of an edge's ends, if both are here and nothing stands against it.
fn join(parts: &mut Vec<Vec<Member>>, evidence: &Evidence) {
    let part_of = |node: u32| parts.iter().position(|part| part.iter().any(|member| member.node == node));
    let (Some(one), Some(other)) = (part_of(evidence.from), part_of(evidence.to)) else { return };
    if one == other || share_a_space(&parts[one], &parts[other]) {
        return;
    }
    let moved = parts.remove(one.max(other));
    parts[one.min(other)].extend(moved);
}

/// A rejected link of `near`: does it hold now?
fn try_again(rows: &mut impl WriteRows, evidence: &Evidence, near: &Member) -> Result<()> {
    let stays = place_of(rows, &id_key(near.space, &near.value))?.context("an end of the link")?.entity;
    let goes = place_of(rows, &evidence.far)?.context("an end of the link")?.entity;
    if stays == goes {
        return Ok(());
    }
    let (mut kept, moved) = (members_of(rows, stays)?, members_of(rows, goes)?);
    if share_a_space(&kept, &moved) {
        return Ok(());
    }
    for member in &moved {
        put_place(rows, member, stays)?;
    }
    kept.extend(moved);
    rows.delete(Table::Entities, &goes.to_be_bytes())?;
    put_entity(rows, stays, &kept)?;
    put_no_longer_rejected(rows, evidence, ACCEPTED)
}
