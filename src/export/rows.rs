//! The rows of each table: what a scan gives, as values in the order of the columns.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::engine::{
    EdgeInFull, EntityMembers, EvidenceInfo, Membership, NumberedId, PersonSize, Read, RelationSpell,
};
use crate::error::{Error, Result};
use crate::export::batch::Value;
use crate::export::privacy::{FreeText, Privacy, is_private};
use crate::model::{Id, Kind, Time};

/// Times of commits that are remembered.
const TIMES_MAX: usize = 1 << 16;

/// What decides how rows are told.
pub(in crate::export) struct Telling<'o> {
    pub(in crate::export) privacy: &'o Privacy,
    /// Restricted ids, and what touches them, are told.
    pub(in crate::export) restricted: bool,
    /// Private attributes are told, where any are.
    pub(in crate::export) private: bool,
}

/// A kind and a scope, told.
fn space<'i>(telling: &Telling<'_>, kind: &'i Kind, scope: &'i str) -> Result<(&'i str, Cow<'i, str>)> {
    Ok((kind.name(), telling.privacy.scope(kind, scope)?))
}

fn space_of<'i>(telling: &Telling<'_>, id: &'i Id) -> Result<(&'i str, Cow<'i, str>)> {
    space(telling, id.kind(), id.scope())
}

/// The ids of an entity that are told.
pub(in crate::export) fn told_ids<'e>(
    telling: &Telling<'_>,
    entity: &'e EntityMembers,
) -> impl Iterator<Item = &'e NumberedId> + use<'e> {
    let restricted = telling.restricted;
    entity.ids.iter().filter(move |id| restricted || !id.restricted)
}

/// A row of `ids`.
pub(in crate::export) fn id_row(
    telling: &Telling<'_>,
    entity: &EntityMembers,
    id: &NumberedId,
    push: impl FnOnce(&[Value<'_>]) -> Result<()>,
) -> Result<()> {
    let (kind, scope) = space_of(telling, &id.id)?;
    let value = telling.privacy.value(&id.id)?;
    push(&[
        Value::Number(id.number),
        Value::Name(kind),
        Value::Name(&scope),
        Value::Text(&value),
        Value::Name(entity.class.name()),
        Value::Number(entity.entity.0),
        Value::Number(entity.person.0),
        Value::Flag(id.superseded),
        Value::Flag(id.blocked),
        Value::Flag(id.restricted),
        Value::moment_or_nothing(id.valid_to),
    ])
}

/// A row of `entities`; none if all of its ids are left out.
pub(in crate::export) fn entity_row(
    telling: &Telling<'_>,
    entity: &EntityMembers,
    push: impl FnOnce(&[Value<'_>]) -> Result<()>,
) -> Result<()> {
    let (mut ids, mut superseded, mut spaces) = (0, 0, BTreeSet::new());
    for id in told_ids(telling, entity) {
        ids += 1;
        superseded += u64::from(id.superseded);
        spaces.insert(id.id.space());
    }
    if ids == 0 {
        return Ok(());
    }
    push(&[
        Value::Number(entity.entity.0),
        Value::Name(entity.class.name()),
        Value::Number(entity.person.0),
        Value::Count(ids),
        Value::Count(superseded),
        Value::Count(spaces.len() as u64),
    ])
}

/// A row of `persons`; none if all of its ids are left out.
pub(in crate::export) fn person_row(
    telling: &Telling<'_>,
    person: &PersonSize,
    push: impl FnOnce(&[Value<'_>]) -> Result<()>,
) -> Result<()> {
    let told = |ids: u64, restricted: u64| if telling.restricted { ids + restricted } else { ids };
    let sizes = person.entities.iter().map(|size| told(size.ids, size.restricted));
    let sizes: Vec<u64> = sizes.filter(|ids| *ids > 0).collect();
    if sizes.is_empty() {
        return Ok(());
    }
    push(&[
        Value::Number(person.person.0),
        Value::Name(person.class.name()),
        Value::Count(sizes.len() as u64),
        Value::Count(sizes.iter().sum()),
    ])
}

/// A row of `edges`.
pub(in crate::export) fn edge_row(
    telling: &Telling<'_>,
    number: u64,
    edge: &EdgeInFull,
    push: impl FnOnce(&[Value<'_>]) -> Result<()>,
) -> Result<()> {
    let dumped = &edge.edge;
    let ((a_kind, a_scope), (b_kind, b_scope)) =
        (space_of(telling, &dumped.a)?, space_of(telling, &dumped.b)?);
    let stands = |name: &'static str| (!edge.retracted).then_some(name);
    let status = if edge.retracted { "retracted" } else { dumped.status.name() };
    let reason = dumped.status.reason().and_then(|reason| stands(reason.name()));
    let conflict = dumped.conflict.as_ref().filter(|_| !edge.retracted);
    let conflict = conflict.map(|conflict| space(telling, conflict.space.kind(), conflict.space.scope()));
    let conflict = conflict.transpose()?;
    push(&[
        Value::Number(number),
        Value::Number(edge.ends.0),
        Value::Name(a_kind),
        Value::Name(&a_scope),
        Value::Number(edge.ends.1),
        Value::Name(b_kind),
        Value::Name(&b_scope),
        Value::Name(dumped.kind.name()),
        Value::Name(status),
        Value::name_or_nothing(reason),
        Value::name_or_nothing(stands(dumped.level.name())),
        Value::name_or_nothing(stands(dumped.strength.name())),
        Value::Count(dumped.evidence as u64),
        Value::Count(edge.evidence.len() as u64),
        Value::name_or_nothing(conflict.as_ref().map(|(kind, _)| *kind)),
        Value::name_or_nothing(conflict.as_ref().map(|(_, scope)| &**scope)),
    ])
}

/// A row of `evidence`.
pub(in crate::export) fn evidence_row(
    telling: &Telling<'_>,
    (number, edge): (u64, &EdgeInFull),
    evidence: &EvidenceInfo,
    recorded_at: Time,
    push: impl FnOnce(&[Value<'_>]) -> Result<()>,
) -> Result<()> {
    let source = telling.privacy.source(&evidence.source)?;
    let batch = telling.privacy.some_text(FreeText::Batch, evidence.batch.as_deref())?;
    let event = telling.privacy.some_text(FreeText::Event, evidence.event.as_deref())?;
    push(&[
        Value::Number(number),
        Value::Number(edge.ends.0),
        Value::Number(edge.ends.1),
        Value::Name(edge.edge.kind.name()),
        Value::Name(&source),
        Value::Name(evidence.strength.name()),
        Value::Moment(evidence.observed_at),
        Value::moment_or_nothing(evidence.expires_at),
        Value::name_or_nothing(batch.as_deref()),
        Value::text_or_nothing(event.as_deref()),
        Value::Number(evidence.recorded_seq),
        Value::Moment(recorded_at),
        Value::Flag(evidence.stands),
        Value::Flag(evidence.undone),
    ])
}

/// A row of `relations`.
pub(in crate::export) fn relation_row(
    telling: &Telling<'_>,
    spell: &RelationSpell,
    push: impl FnOnce(&[Value<'_>]) -> Result<()>,
) -> Result<()> {
    let interval = &spell.interval;
    let (from_kind, from_scope) = space_of(telling, &interval.from)?;
    let (to_kind, to_scope) = space_of(telling, &interval.to)?;
    let attribute = |name: &str| interval.attrs.get(name).map(String::as_str);
    let way = attribute("add_way").map(|way| telling.privacy.way(way)).transpose()?;
    let state = telling.privacy.some_text(FreeText::State, attribute("state"))?;
    let others = other_attributes(telling, &interval.attrs)?;
    push(&[
        Value::Name(spell.kind.name()),
        Value::Number(spell.ends.0),
        Value::Name(from_kind),
        Value::Name(&from_scope),
        Value::Number(spell.ends.1),
        Value::Name(to_kind),
        Value::Name(&to_scope),
        Value::Moment(interval.since),
        Value::moment_or_nothing(interval.until),
        Value::name_or_nothing(way.as_deref()),
        Value::text_or_nothing(state.as_deref()),
        Value::text_or_nothing(others.as_deref()),
    ])
}

/// The attributes that have no column of their own, as a JSON object.
fn other_attributes(telling: &Telling<'_>, attrs: &BTreeMap<String, String>) -> Result<Option<String>> {
    if telling.privacy.is_keyed() {
        return Ok(None);
    }
    let is_told = |name: &str| !matches!(name, "add_way" | "state") && (telling.private || !is_private(name));
    let told: BTreeMap<&String, &String> = attrs.iter().filter(|(name, _)| is_told(name)).collect();
    if told.is_empty() {
        return Ok(None);
    }
    let text = serde_json::to_string(&told);
    text.map(Some).map_err(|_| Error::Internal { what: "attributes are no JSON" })
}

/// A row of `history`.
pub(in crate::export) fn history_row(
    telling: &Telling<'_>,
    membership: &Membership,
    push: impl FnOnce(&[Value<'_>]) -> Result<()>,
) -> Result<()> {
    let (kind, scope) = space_of(telling, &membership.id)?;
    push(&[
        Value::Number(membership.number),
        Value::Name(kind),
        Value::Name(&scope),
        Value::Number(membership.entity.0),
        Value::Number(membership.from_seq),
        Value::Moment(membership.from),
        Value::number_or_nothing(membership.until_seq),
        Value::moment_or_nothing(membership.until),
    ])
}

/// When commits were recorded, some of them remembered.
pub(in crate::export) struct Times<'r> {
    read: &'r dyn Read,
    known: BTreeMap<u64, Time>,
}

impl<'r> Times<'r> {
    pub(in crate::export) fn of(read: &'r dyn Read) -> Times<'r> {
        Times { read, known: BTreeMap::new() }
    }

    pub(in crate::export) fn at(&mut self, seq: u64) -> Result<Time> {
        if let Some(time) = self.known.get(&seq) {
            return Ok(*time);
        }
        if self.known.len() >= TIMES_MAX {
            self.known.clear();
        }
        let time = self.read.commit_time(seq)?.unwrap_or_default();
        self.known.insert(seq, time);
        Ok(time)
    }
}
