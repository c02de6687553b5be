//! 3.3 Strength: what an edge's counting evidences are worth together, and when that began.

use crate::model::{Strength, Time};
use crate::resolve::verdict::EdgeKind;

/// One counting evidence, as far as strength is concerned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Voice<'a> {
    /// The source's number.
    pub(crate) source: u32,
    /// The sender's key of the happening.
    pub(crate) event: Option<&'a str>,
    /// Its strength, stated or by the rules.
    pub(crate) strength: Strength,
    /// When it was observed.
    pub(crate) observed_at: Time,
}

/// Strength of an edge and the time that ranks it among equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EdgeForce {
    /// The edge's strength.
    pub(crate) strength: Strength,
    /// The smallest `observed_at` among the evidences of that strength.
    pub(crate) since: Time,
}

/// The strength of an edge with at least one counting evidence; `None` without any.
pub(crate) fn edge_force(kind: EdgeKind, touches_phone: bool, voices: &[Voice<'_>]) -> Option<EdgeForce> {
    let greatest = voices.iter().map(|voice| voice.strength).max()?;
    let earliest = voices.iter().map(|voice| voice.observed_at).min()?;
    if touches_phone {
        return Some(EdgeForce { strength: Strength::Hint, since: earliest });
    }
    let strength = match kind {
        EdgeKind::Supersede => greatest.max(Strength::Business),
        EdgeKind::Same => greatest,
    };
    let of_that = voices.iter().filter(|voice| voice.strength == strength);
    // A supersede edge lifted to business may have no evidence of that strength: then all of it speaks.
    let since = of_that.map(|voice| voice.observed_at).min().unwrap_or(earliest);
    let confirmed = strength == Strength::Provisional && is_confirmed(voices);
    Some(EdgeForce { strength: if confirmed { Strength::Confirmed } else { strength }, since })
}

/// A second login: provisional evidences of two sources, or two, not of one event, 24 hours apart.
fn is_confirmed(voices: &[Voice<'_>]) -> bool {
    let provisional = || voices.iter().filter(|voice| voice.strength == Strength::Provisional);
    let Some(first) = provisional().min_by_key(|voice| voice.observed_at) else { return false };
    let Some(last) = provisional().max_by_key(|voice| voice.observed_at) else { return false };
    if provisional().any(|voice| voice.source != first.source) {
        return true;
    }
    // One source: the widest pair that is not of one event has the first or the last in it.
    let one_event = |x: &Voice<'_>, y: &Voice<'_>| x.event.is_some() && x.event == y.event;
    let apart = |x: &Voice<'_>, y: &Voice<'_>| {
        !one_event(x, y) && x.observed_at.since(y.observed_at).saturating_abs() >= Time::DAY_MS
    };
    provisional().any(|voice| apart(voice, first) || apart(voice, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = Time::DAY_MS;

    fn voice(source: u32, event: Option<&'static str>, at: i64) -> Voice<'static> {
        Voice { source, event, strength: Strength::Provisional, observed_at: Time::from_ms(at) }
    }

    fn strength(voices: &[Voice<'_>]) -> Strength {
        edge_force(EdgeKind::Same, false, voices).unwrap().strength
    }

    #[test]
    fn a_second_login_a_day_later_confirms_and_one_millisecond_less_does_not() {
        assert_eq!(strength(&[voice(1, None, 0), voice(1, None, DAY)]), Strength::Confirmed);
        assert_eq!(strength(&[voice(1, None, 0), voice(1, None, DAY - 1)]), Strength::Provisional);
    }

    #[test]
    fn two_sources_confirm_at_once_but_one_event_never_confirms_itself() {
        assert_eq!(strength(&[voice(1, Some("e"), 0), voice(2, Some("e"), 0)]), Strength::Confirmed);
        assert_eq!(strength(&[voice(1, Some("e"), 0), voice(1, Some("e"), 2 * DAY)]), Strength::Provisional);
        assert_eq!(
            strength(&[voice(1, Some("e"), 0), voice(1, Some("f"), DAY), voice(1, Some("e"), DAY + 5)]),
            Strength::Confirmed
        );
    }

    #[test]
    fn a_supersede_edge_is_at_least_business_and_a_phone_edge_is_always_a_hint() {
        let weak = [voice(1, None, 7)];
        let lifted = edge_force(EdgeKind::Supersede, false, &weak).unwrap();
        assert_eq!(lifted, EdgeForce { strength: Strength::Business, since: Time::from_ms(7) });
        assert_eq!(edge_force(EdgeKind::Same, true, &weak).unwrap().strength, Strength::Hint);
        assert_eq!(edge_force(EdgeKind::Same, false, &[]), None);
    }
}
