//! What people decided about ids, for people to look at: bans and blocks and their lifting, with who and why.

use std::fmt;

use crate::engine::reading::may_answer;
use crate::model::{Id, Time};
use crate::records::{Side, SideKey, ToggleOp, forbids};
use crate::store::Source;

/// What somebody decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ruling {
    /// Two ids are not the same.
    Ban,
    /// A ban is lifted.
    Unban,
    /// An id binds nothing.
    Block,
    /// A block is lifted.
    Unblock,
}

impl Ruling {
    /// The name in facts and answers.
    pub fn name(self) -> &'static str {
        match self {
            Ruling::Ban => "ban",
            Ruling::Unban => "unban",
            Ruling::Block => "block",
            Ruling::Unblock => "unblock",
        }
    }
}

/// A decision of somebody. Debug does not show who decided and why: people write names there.
#[derive(Clone, PartialEq, Eq)]
pub struct Decision {
    /// What was decided.
    pub ruling: Ruling,
    /// About whom.
    pub id: Id,
    /// And, of bans, about whom else.
    pub other: Option<Id>,
    /// Who decided.
    pub actor: String,
    /// Why; of what is lifted nothing is said.
    pub reason: Option<String>,
    /// When.
    pub at: Time,
    /// The commit that brought it.
    pub recorded_seq: u64,
    /// It forbids, and nothing newer or retracted says otherwise.
    pub in_force: bool,
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Decision");
        shown.field("ruling", &self.ruling).field("id", &self.id).field("other", &self.other);
        shown.field("at", &self.at).field("recorded_seq", &self.recorded_seq);
        shown.field("in_force", &self.in_force).finish()
    }
}

/// Everything that was decided about the two of a pair, in order of time.
pub(crate) fn about_pair(source: &impl Source, a: &Id, b: &Id) -> Vec<Decision> {
    let key = if a < b { SideKey::Ban(a.clone(), b.clone()) } else { SideKey::Ban(b.clone(), a.clone()) };
    decisions(source, &key, (Ruling::Ban, Ruling::Unban))
}

/// Whatever was decided about an id alone, in order of time.
pub(crate) fn about_id(source: &impl Source, id: &Id) -> Vec<Decision> {
    decisions(source, &SideKey::Block(id.clone()), (Ruling::Block, Ruling::Unblock))
}

fn decisions(source: &impl Source, key: &SideKey, (forbidden, lifted): (Ruling, Ruling)) -> Vec<Decision> {
    let Some(Side::Toggle(key, ops)) = source.side(key) else { return Vec::new() };
    let ids = key.ids();
    let Some(id) = ids.first().filter(|_| ids.iter().all(|id| may_answer(source, id))) else {
        return Vec::new();
    };
    let counts_now = |op: &ToggleOp| source.counts(op.recorded_seq) && !source.batch_is_retracted(op.batch);
    let counts = || ops.iter().filter(|op| counts_now(op));
    let latest = counts().map(|op| op.at).max();
    let is_forbidden = forbids(counts());
    let mut decisions: Vec<Decision> = ops
        .iter()
        .map(|op| Decision {
            ruling: if op.forbids { forbidden } else { lifted },
            id: (*id).clone(),
            other: ids.get(1).map(|other| (*other).clone()),
            actor: op.actor.to_string(),
            reason: op.forbids.then(|| op.reason.to_string()),
            at: op.at,
            recorded_seq: op.recorded_seq,
            in_force: is_forbidden && op.forbids && latest == Some(op.at) && counts_now(op),
        })
        .collect();
    decisions
        .sort_by(|x, y| (x.at, x.ruling, &x.actor, &x.reason).cmp(&(y.at, y.ruling, &y.actor, &y.reason)));
    decisions
}
