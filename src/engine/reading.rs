//! Small questions that several verbs ask of a record.

use crate::engine::answer::{EdgeDump, EvidenceInfo};
use crate::model::Id;
use crate::records::{Edge, Evidence, Node};
use crate::store::Source;

/// Whether an id may be answered.
pub(crate) fn restricted_free(node: &Node) -> bool {
    !node.restricted
}

/// Whether an id may be answered, wherever it shows up.
pub(crate) fn may_answer(source: &impl Source, id: &Id) -> bool {
    let node = source.number_of(id).and_then(|number| source.node(number));
    node.is_none_or(restricted_free)
}

/// A dumped edge as it may be answered: restricted ids are in no conflict.
pub(crate) fn answerable_edge(source: &impl Source, mut edge: EdgeDump) -> EdgeDump {
    if let Some(conflict) = &mut edge.conflict {
        conflict.ids.retain(|id| may_answer(source, id));
    }
    edge
}

/// The evidence of an edge, for people to look at.
pub(crate) fn evidence_of(
    source: &impl Source,
    edge: &Edge,
    stands: impl Fn(&Evidence) -> bool,
) -> Vec<EvidenceInfo> {
    let rules = source.rules();
    let info = |evidence: &Evidence| {
        let name = source.text(evidence.source);
        // Evidence that was undone is shown as it was told.
        let counting = evidence.said(source.undone());
        let said = counting.unwrap_or_else(|| evidence.whole());
        EvidenceInfo {
            source: name.to_owned(),
            strength: said.stated.unwrap_or_else(|| rules.strength_of(name)),
            observed_at: evidence.observed_at,
            batch: evidence.batch.map(|batch| source.text(batch).to_owned()),
            event: evidence.event.as_deref().map(str::to_owned),
            expires_at: said.expires_at,
            recorded_seq: said.recorded_seq,
            stands: stands(evidence),
            undone: counting.is_none(),
        }
    };
    let mut evidence: Vec<EvidenceInfo> = edge.evidence.iter().map(info).collect();
    evidence.sort_by(|x, y| (x.observed_at, &x.source).cmp(&(y.observed_at, &y.source)));
    evidence
}
