//! The audit trail: which erasures and restrictions were done, without a name of anybody.

use std::sync::Arc;

use crate::codec::Erasure;
use crate::engine::change::Change;
use crate::engine::tomb::mac_of;
use crate::error::Result;
use crate::model::{Fact, Op, Reach, Time};
use crate::records::{Act, Audit};
use crate::store::{Lens, State};

/// What stands for an id where no id may stand: its HMAC-SHA-256 under the secret of the database. Who has an id and the
/// database can tell whether they belong together; from the HMAC alone nobody learns the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdMac(pub [u8; 32]);

impl std::fmt::Display for IdMac {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What was done to ids at somebody's request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditedAct {
    /// They were erased.
    Erased {
        /// The id alone was asked for, or its entity.
        reach: Reach,
        /// Facts that are newer do not count either.
        sticky: bool,
    },
    /// The id is kept and not answered since.
    Restricted,
    /// It is answered again.
    Unrestricted,
}

/// An entry of the audit trail. It holds no identifier, and no reason, which might hold one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Audited {
    /// The commit.
    pub seq: u64,
    /// When it was recorded.
    pub recorded_at: Time,
    /// The time of the fact that asked for it.
    pub at: Time,
    /// What was done.
    pub act: AuditedAct,
    /// To which ids.
    pub ids: Vec<IdMac>,
}

impl Audited {
    /// Whether it is an erasure.
    pub fn is_erasure(&self) -> bool {
        matches!(self.act, AuditedAct::Erased { .. })
    }
}

/// Puts an erasure on record.
pub(crate) fn note_erasure(change: &mut Change, erasure: &Erasure) -> Result<()> {
    let act = Act::Erased { sticky: erasure.sticky, entity: erasure.entity };
    note(change, erasure.at, act, erasure.ids.iter().map(|id| id.mac).collect())
}

/// Puts a restriction or its lifting on record; other facts are none.
pub(crate) fn note_restriction(change: &mut Change, fact: &Fact) -> Result<()> {
    let (act, id) = match &fact.op {
        Op::Restrict { id, .. } => (Act::Restricted, id),
        Op::Unrestrict { id } => (Act::Unrestricted, id),
        _ => return Ok(()),
    };
    let mac = mac_of(&change.secret, id);
    note(change, fact.at, act, vec![mac])
}

fn note(change: &mut Change, at: Time, act: Act, macs: Vec<[u8; 32]>) -> Result<()> {
    let (seq, place) = (change.seq, change.audited);
    change.audited += 1;
    change.state.note_audit(Audit { seq, place, at, act, macs })
}

/// The audit trail.
pub(crate) fn audits(lens: &Lens<&State>) -> Result<Vec<Audited>> {
    let told = |audit: &Arc<Audit>| Audited {
        seq: audit.seq,
        recorded_at: lens.commit_time(audit.seq).unwrap_or_default(),
        at: audit.at,
        act: match audit.act {
            Act::Erased { sticky, entity } => {
                AuditedAct::Erased { reach: if entity { Reach::Entity } else { Reach::Id }, sticky }
            }
            Act::Restricted => AuditedAct::Restricted,
            Act::Unrestricted => AuditedAct::Unrestricted,
        },
        ids: audit.macs.iter().map(|mac| IdMac(*mac)).collect(),
    };
    Ok(lens.audits()?.iter().map(told).collect())
}
