//! What facts do, what follows from them, and the verbs that answer: one file each.
//!
//! Writing: `door` lets a fact in, `apply` does what it says, `settle` resolves the neighbourhood again.
//! Reading: `Read` is the list of verbs; each verb is a file.

mod all_relations;
mod answer;
mod apply;
mod around;
mod assess;
mod attend;
mod audit;
mod change;
mod check;
mod conflicts;
mod contacts;
mod decisions;
mod difference;
mod door;
mod dump;
mod edges_in_full;
mod erase;
mod explain;
mod facts;
mod ids_in;
mod marks;
mod members;
mod merge;
mod neighbors;
mod past;
mod read;
mod reading;
mod relations;
mod resolve;
mod retract;
mod rules;
mod settings;
mod settle;
mod settle_persons;
mod sides;
mod subject;
mod suggestions;
mod surroundings;
mod tell;
mod tomb;
mod translate;
mod undo;
mod unresolved;
mod walk;

pub use all_relations::RelationSpell;
pub use answer::{
    Contact, EdgeAround, EdgeDump, EdgesAround, Entity, EntityDump, EvidenceInfo, Explanation, HistoryStep,
    Member, MoreEdges, Person, Reached, RelationInterval, Stats, Step, Suggestion, Translation, Verdict,
};
pub use attend::Settling;
pub use audit::{Audited, AuditedAct, IdMac};
pub use check::Finding;
pub use conflicts::{Act, ConflictSide, Held, OpenConflict, Severity};
pub use decisions::{Decision, Ruling};
pub use difference::ChangedId;
pub use edges_in_full::EdgeInFull;
pub use members::{EntityMembers, EntitySize, NumberedId, PersonSize};
pub use past::Membership;
pub use read::{Answers, Read};
pub use rules::RuleVersion;
pub use subject::{Subject, SubjectFact, SubjectId};
pub use unresolved::{AskAgain, Lack, Unresolved};

pub(crate) use apply::{apply, replay};
pub(crate) use attend::Attend;
pub(crate) use change::{Change, Door, Erased};
pub(crate) use check::check;
pub(crate) use difference::{changes_of, difference, named};
pub(crate) use past::{Depth, Horizon, PastState, RelationOfToday, Seen};
pub(crate) use relations::counting;
pub(crate) use settings::restore_settings;
pub(crate) use settle::{settle, settle_attended};
pub(crate) use undo::undo;
pub(crate) use walk::{all_pairs, binds, entity_members, live_pairs};

/// The verbs of reading, as functions on a source.
pub(crate) mod verbs {
    pub(crate) use crate::engine::all_relations::{relations, relations_from};
    pub(crate) use crate::engine::around::edges_around;
    pub(crate) use crate::engine::audit::audits;
    pub(crate) use crate::engine::conflicts::{conflicts, conflicts_from};
    pub(crate) use crate::engine::contacts::{contacts_of, contacts_of_entity};
    pub(crate) use crate::engine::dump::{
        count_from, dump_edges, dump_edges_from, dump_entities, dump_entity, stats,
    };
    pub(crate) use crate::engine::edges_in_full::{edges_in_full, edges_in_full_from};
    pub(crate) use crate::engine::explain::explain;
    pub(crate) use crate::engine::facts::{all_facts, flatten, past_facts};
    pub(crate) use crate::engine::ids_in::{id_of_space, ids_in, numbers_in};
    pub(crate) use crate::engine::members::{members, members_of, person_of, persons};
    pub(crate) use crate::engine::merge::facts_of_other;
    pub(crate) use crate::engine::neighbors::{count_told, neighbors, related_forms};
    pub(crate) use crate::engine::past::{history, memberships};
    pub(crate) use crate::engine::resolve::{answerable, entity, number_now, person_around, resolve, same};
    pub(crate) use crate::engine::rules::{rule_versions, rules_of};
    pub(crate) use crate::engine::subject::export_subject;
    pub(crate) use crate::engine::suggestions::suggestions;
    pub(crate) use crate::engine::surroundings::{issuers, surroundings};
    pub(crate) use crate::engine::translate::{canonical, translate};
    pub(crate) use crate::engine::unresolved::{in_order_of_worth, unresolved, unresolved_at};
}
