//! The numbers that stand for operations, strengths and relations.
//!
//! On disk: never reuse, never renumber; a new meaning takes a new number.

use crate::codec::bytes::What;
use crate::model::Strength;

/// The version of the payload.
pub(super) const VERSION: u8 = 1;

pub(super) const LINK: u8 = 1;
pub(super) const SUPERSEDE: u8 = 2;
pub(super) const RETRACT_PAIR: u8 = 3;
pub(super) const RETRACT_SOURCE: u8 = 4;
pub(super) const RETRACT_EVENT: u8 = 5;
pub(super) const RETRACT_BATCH: u8 = 6;
pub(super) const UNRETRACT_PAIR: u8 = 7;
pub(super) const UNRETRACT_SOURCE: u8 = 8;
pub(super) const UNRETRACT_EVENT: u8 = 9;
pub(super) const UNRETRACT_BATCH: u8 = 10;
pub(super) const BAN: u8 = 11;
pub(super) const UNBAN: u8 = 12;
pub(super) const BLOCK: u8 = 13;
pub(super) const UNBLOCK: u8 = 14;
pub(super) const RESTRICT: u8 = 15;
pub(super) const UNRESTRICT: u8 = 16;
pub(super) const RELATE: u8 = 17;
pub(super) const UNRELATE: u8 = 18;
pub(super) const ABSENT: u8 = 19;
pub(super) const ERASURE: u8 = 20;
pub(super) const OPEN_ACCOUNT: u8 = 21;
pub(super) const APP: u8 = 22;
pub(super) const CORP: u8 = 23;
pub(super) const PROVIDER: u8 = 24;
pub(super) const KIND: u8 = 25;
pub(super) const RULES: u8 = 26;
pub(super) const MARK: u8 = 27;
pub(super) const UNDO: u8 = 28;

pub(super) const RELATION_CUSTOM: u8 = 0;
pub(super) const RELATION_FOLLOWS: u8 = 1;
pub(super) const RELATION_MEMBER_OF: u8 = 2;
pub(super) const RELATION_SUBSCRIBES: u8 = 3;
pub(super) const RELATION_WORKS_IN: u8 = 4;
pub(super) const RELATION_USES_ACCOUNT: u8 = 5;

pub(super) const RULE_NUMBER: u8 = 0;
pub(super) const RULE_TEXT: u8 = 1;
pub(super) const RULE_LIST: u8 = 2;

/// The number of a strength.
pub(super) fn of_strength(strength: Strength) -> u8 {
    match strength {
        Strength::Hint => 1,
        Strength::Provisional => 2,
        Strength::Business => 3,
        Strength::Confirmed => 4,
        Strength::Platform => 5,
        Strength::Asserted => 6,
    }
}

/// The strength of a number.
pub(super) fn strength(tag: u8) -> Result<Strength, What> {
    Strength::ALL.into_iter().find(|s| of_strength(*s) == tag).ok_or("an unknown strength")
}
