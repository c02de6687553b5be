//! Facts: the operations of design section 5, as values.
//!
//! # Invariants
//!   F1 a `Fact` is plain data; `validate` says whether it keeps the rules of the format.
//!   F2 Debug shows the operation and its ids' kinds, never values, events, reasons or attributes.

use std::collections::BTreeMap;
use std::fmt;

use crate::model::id::Id;
use crate::model::kind::PerScope;
use crate::model::relation::RelationKind;
use crate::model::rules::RuleValue;
use crate::model::scope::KindScope;
use crate::model::strength::Strength;
use crate::model::time::Time;

/// One fact: an operation, when it was observed, and the batch it came with.
#[derive(Clone, PartialEq, Eq)]
pub struct Fact {
    /// When it was observed (valid time).
    pub at: Time,
    /// The sync run or import file it came with. A batch retraction takes it as its selector instead.
    pub batch: Option<String>,
    /// What it says.
    pub op: Op,
}

/// What a fact says.
#[derive(Clone, PartialEq, Eq)]
pub enum Op {
    /// Two ids name the same thing.
    Link {
        /// One end.
        a: Id,
        /// The other end.
        b: Id,
        /// Who says so, `family.name`.
        source: String,
        /// Stated strength; without one the source decides.
        strength: Option<Strength>,
        /// The sender's key of one happening.
        event: Option<String>,
        /// When a pending id dies.
        expires_at: Option<Time>,
    },
    /// `old` is dead, `new` took its place.
    Supersede {
        /// The dead id.
        old: Id,
        /// Its successor.
        new: Id,
        /// Who says so.
        source: String,
        /// Stated strength.
        strength: Option<Strength>,
        /// The sender's key of one happening.
        event: Option<String>,
    },
    /// What the selector takes does not count, whenever it arrives.
    Retract(Selector),
    /// Lifts retractions with the same selector whose `at` is not later.
    Unretract(Selector),
    /// The two are not the same, whatever evidence says.
    Ban {
        /// One end.
        a: Id,
        /// The other end.
        b: Id,
        /// Why.
        reason: String,
        /// Who decided.
        actor: String,
    },
    /// Lifts a ban.
    Unban {
        /// One end.
        a: Id,
        /// The other end.
        b: Id,
        /// Who decided.
        actor: String,
    },
    /// The id binds nothing: a shared device, a test account.
    Block {
        /// The id.
        id: Id,
        /// Why.
        reason: String,
        /// Who decided.
        actor: String,
    },
    /// Lifts a block.
    Unblock {
        /// The id.
        id: Id,
        /// Who decided.
        actor: String,
    },
    /// The id is kept but not answered.
    Restrict {
        /// The id.
        id: Id,
        /// Why.
        reason: String,
    },
    /// Lifts a restriction.
    Unrestrict {
        /// The id.
        id: Id,
    },
    /// Opens a relation.
    Relate {
        /// Its kind.
        kind: RelationKind,
        /// From whom.
        from: Id,
        /// To whom.
        to: Id,
        /// Who says so.
        source: String,
        /// Attributes known at that moment.
        attrs: BTreeMap<String, String>,
    },
    /// Closes a relation.
    Unrelate {
        /// Its kind.
        kind: RelationKind,
        /// From whom.
        from: Id,
        /// To whom.
        to: Id,
        /// Who says so.
        source: String,
    },
    /// The platform was asked and has no such id.
    Absent {
        /// The id that was asked for.
        id: Id,
        /// What was asked.
        target: KindScope,
        /// Who answered.
        source: String,
    },
    /// Removes an id, or everything of its entity.
    Erase {
        /// The id.
        id: Id,
        /// How far it reaches.
        reach: Reach,
        /// Why.
        reason: String,
        /// Later facts are refused too.
        sticky: bool,
    },
    /// An open-platform account.
    OpenAccount {
        /// Its key.
        key: String,
        /// The legal subject.
        subject: Option<String>,
    },
    /// An app and the open account it is bound to from a time on.
    App {
        /// The appid.
        appid: String,
        /// Its type, free text.
        app_type: Option<String>,
        /// The legal subject.
        subject: Option<String>,
        /// The open account; `None` = not bound.
        open_account: Option<String>,
        /// From when on.
        from: Time,
    },
    /// A corp, the apps bound to it from a time on, and its aliases.
    Corp {
        /// Its key.
        key: String,
        /// The legal subject.
        subject: Option<String>,
        /// The app bound to customer contact; `Some(None)` = not bound.
        bound_appid: Option<Option<String>>,
        /// The app bound to customer service.
        kf_bound_appid: Option<Option<String>>,
        /// From when on; `at` where not given.
        from: Option<Time>,
        /// Other names of the corp (open_corpids).
        aliases: Vec<String>,
    },
    /// A service provider.
    Provider {
        /// Its key.
        key: String,
        /// The legal subject.
        subject: Option<String>,
    },
    /// Declares a custom kind.
    Kind {
        /// `custom.NAME`.
        name: String,
        /// How many an entity may hold in one scope.
        per_scope: PerScope,
    },
    /// Sets rules.
    Rules {
        /// Rule names and values.
        set: BTreeMap<String, RuleValue>,
    },
    /// An application's own cursor.
    Mark {
        /// Its key.
        key: String,
        /// Its value.
        value: String,
    },
}

/// What a retraction takes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Selector {
    /// Evidence (of one source) on the edges between two ids, observed at or before the retraction's `at`.
    Pair {
        /// One end.
        a: Id,
        /// The other end.
        b: Id,
        /// Only of this source.
        source: Option<String>,
    },
    /// What a source said in an interval.
    Source {
        /// The source.
        source: String,
        /// Only on edges touching this kind and scope.
        scope: Option<KindScope>,
        /// From this moment on.
        from: Option<Time>,
        /// Up to and including this moment.
        to: Time,
    },
    /// One happening.
    Event {
        /// The source.
        source: String,
        /// The sender's key of the happening.
        event: String,
    },
    /// A batch.
    Batch(String),
}

/// How far an erasure reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// The id alone.
    Id,
    /// Every id of its entity at that moment.
    Entity,
}

impl Op {
    /// The operation's name in NDJSON.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Link { .. } => "link",
            Op::Supersede { .. } => "supersede",
            Op::Retract(_) => "retract",
            Op::Unretract(_) => "unretract",
            Op::Ban { .. } => "ban",
            Op::Unban { .. } => "unban",
            Op::Block { .. } => "block",
            Op::Unblock { .. } => "unblock",
            Op::Restrict { .. } => "restrict",
            Op::Unrestrict { .. } => "unrestrict",
            Op::Relate { .. } => "relate",
            Op::Unrelate { .. } => "unrelate",
            Op::Absent { .. } => "absent",
            Op::Erase { .. } => "erase",
            Op::OpenAccount { .. } => "open_account",
            Op::App { .. } => "app",
            Op::Corp { .. } => "corp",
            Op::Provider { .. } => "provider",
            Op::Kind { .. } => "kind",
            Op::Rules { .. } => "rules",
            Op::Mark { .. } => "mark",
        }
    }

    /// The ids the operation names, in the order they are numbered.
    pub fn ids(&self) -> Vec<&Id> {
        match self {
            Op::Link { a, b, .. } | Op::Ban { a, b, .. } | Op::Unban { a, b, .. } => vec![a, b],
            Op::Supersede { old, new, .. } => vec![old, new],
            Op::Retract(Selector::Pair { a, b, .. }) | Op::Unretract(Selector::Pair { a, b, .. }) => {
                vec![a, b]
            }
            Op::Block { id, .. }
            | Op::Unblock { id, .. }
            | Op::Restrict { id, .. }
            | Op::Unrestrict { id }
            | Op::Absent { id, .. }
            | Op::Erase { id, .. } => vec![id],
            Op::Relate { from, to, .. } | Op::Unrelate { from, to, .. } => vec![from, to],
            Op::Retract(_)
            | Op::Unretract(_)
            | Op::OpenAccount { .. }
            | Op::App { .. }
            | Op::Corp { .. }
            | Op::Provider { .. }
            | Op::Kind { .. }
            | Op::Rules { .. }
            | Op::Mark { .. } => Vec::new(),
        }
    }

    /// The ids the operation names, for replacing them by their key form.
    pub(crate) fn ids_mut(&mut self) -> Vec<&mut Id> {
        match self {
            Op::Link { a, b, .. } | Op::Ban { a, b, .. } | Op::Unban { a, b, .. } => vec![a, b],
            Op::Supersede { old, new, .. } => vec![old, new],
            Op::Retract(Selector::Pair { a, b, .. }) | Op::Unretract(Selector::Pair { a, b, .. }) => {
                vec![a, b]
            }
            Op::Block { id, .. }
            | Op::Unblock { id, .. }
            | Op::Restrict { id, .. }
            | Op::Unrestrict { id }
            | Op::Absent { id, .. }
            | Op::Erase { id, .. } => vec![id],
            Op::Relate { from, to, .. } | Op::Unrelate { from, to, .. } => vec![from, to],
            _ => Vec::new(),
        }
    }

    /// Whether an id named by this operation exists because of it (design section 5).
    pub fn brings_ids(&self) -> bool {
        matches!(
            self,
            Op::Link { .. }
                | Op::Supersede { .. }
                | Op::Ban { .. }
                | Op::Block { .. }
                | Op::Restrict { .. }
                | Op::Relate { .. }
                | Op::Unrelate { .. }
        )
    }
}

impl fmt::Debug for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}", self.op, self.at)
    }
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?}", self.name(), self.ids())
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selector::Pair { a, b, .. } => write!(f, "pair {a:?} {b:?}"),
            Selector::Source { source, .. } => write!(f, "source {source}"),
            Selector::Event { source, .. } => write!(f, "event of {source}"),
            Selector::Batch(_) => f.write_str("batch"),
        }
    }
}
