//! What a commit changed about identities, or would: as JSON and for people.

use idweave::{ChangedId, Changes, ConflictChange, EntityIds};
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output::Out;

/// An id, or the number of one that is erased or may not be answered.
fn id_value(id: &ChangedId) -> Value {
    match &id.id {
        Some(id) => json!(id.to_string()),
        None if id.restricted => json!({"restricted": id.number}),
        None => json!({"erased": id.number}),
    }
}

fn id_text(id: &ChangedId) -> String {
    let why = if id.restricted { "restricted" } else { "erased" };
    id.id.as_ref().map_or_else(|| format!("({why} id {})", id.number), ToString::to_string)
}

fn ids_value(ids: &[ChangedId]) -> Value {
    ids.iter().map(id_value).collect()
}

fn entity_value(entity: &EntityIds<ChangedId>) -> Value {
    json!({"entity": entity.entity.0, "ids": ids_value(&entity.ids)})
}

fn conflict_value(conflict: &ConflictChange<ChangedId>) -> Value {
    let (a, b) = (id_value(&conflict.a), id_value(&conflict.b));
    json!({"a": a, "b": b, "kind": conflict.kind.name(), "reason": conflict.reason.name()})
}

/// The changes as one object: every key is there, a list each.
pub(crate) fn value(changes: &Changes<ChangedId>) -> Value {
    let entities = |list: &[EntityIds<ChangedId>]| list.iter().map(entity_value).collect::<Value>();
    let merged = changes.merged.iter().map(|merged| {
        let from: Vec<u64> = merged.from.iter().map(|entity| entity.0).collect();
        json!({"entity": merged.entity.0, "from": from, "ids": ids_value(&merged.ids)})
    });
    let split =
        changes.split.iter().map(|split| json!({"entity": split.entity.0, "into": entities(&split.into)}));
    let rekeyed = changes
        .rekeyed
        .iter()
        .map(|rekeyed| json!({"from": rekeyed.from.0, "to": rekeyed.to.0, "ids": ids_value(&rekeyed.ids)}));
    let persons = changes.persons.iter().map(|person| {
        let was = person.was.map(|was| was.0);
        json!({"entity": person.entity.0, "person": person.person.0, "was": was})
    });
    let conflicts = |list: &[ConflictChange<ChangedId>]| list.iter().map(conflict_value).collect::<Value>();
    json!({
        "created": entities(&changes.created),
        "grown": entities(&changes.grown),
        "merged": merged.collect::<Value>(),
        "split": split.collect::<Value>(),
        "rekeyed": rekeyed.collect::<Value>(),
        "superseded": ids_value(&changes.superseded),
        "revived": ids_value(&changes.revived),
        "erased": changes.erased.iter().map(|id| json!(id.number)).collect::<Value>(),
        "persons": persons.collect::<Value>(),
        "conflicts_opened": conflicts(&changes.opened),
        "conflicts_closed": conflicts(&changes.closed),
    })
}

/// The changes as lines for people.
pub(crate) fn show(changes: &Changes<ChangedId>, out: &mut Out) -> Result<(), Failure> {
    if changes.is_empty() {
        return Ok(out.line("no identity changes")?);
    }
    let texts = |ids: &[ChangedId]| ids.iter().map(id_text).collect::<Vec<_>>().join(", ");
    for created in &changes.created {
        out.line(&format!("created entity {}: {}", created.entity, texts(&created.ids)))?;
    }
    for grown in &changes.grown {
        out.line(&format!("entity {} has new ids: {}", grown.entity, texts(&grown.ids)))?;
    }
    for merged in &changes.merged {
        let from: Vec<String> = merged.from.iter().map(ToString::to_string).collect();
        let (entity, from, ids) = (merged.entity, from.join(", "), texts(&merged.ids));
        out.line(&format!("merged entities {from} into {entity}; it takes in {ids}"))?;
    }
    for split in &changes.split {
        let into = split.into.iter().map(|part| match &part.ids[..] {
            [] => format!("{} (what stays)", part.entity),
            ids => format!("{} ({})", part.entity, texts(ids)),
        });
        out.line(&format!("split entity {} into {}", split.entity, into.collect::<Vec<_>>().join(", ")))?;
    }
    for rekeyed in &changes.rekeyed {
        out.line(&format!("entity {} is {} now: {}", rekeyed.from, rekeyed.to, texts(&rekeyed.ids)))?;
    }
    for (what, ids) in [("superseded", &changes.superseded), ("no longer superseded", &changes.revived)] {
        ids.iter().try_for_each(|id| out.line(&format!("{what}: {}", id_text(id))))?;
    }
    if !changes.erased.is_empty() {
        out.line(&format!("gone: {}", texts(&changes.erased)))?;
    }
    for person in &changes.persons {
        let was = person.was.map_or_else(String::new, |was| format!(", was of {was}"));
        out.line(&format!("entity {} is of person {}{was}", person.entity, person.person))?;
    }
    for (what, conflicts) in [("opened", &changes.opened), ("closed", &changes.closed)] {
        for conflict in conflicts {
            let (a, b) = (id_text(&conflict.a), id_text(&conflict.b));
            out.line(&format!("conflict {what}: {a} and {b}: {}", conflict.reason.explanation()))?;
        }
    }
    Ok(())
}
