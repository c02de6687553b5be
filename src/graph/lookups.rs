//! Lookups as an observer and a tracer see them: what was asked, how it was answered, how long it took.

use crate::engine::{Reached, Translation, Verdict};
use crate::error::Result;
use crate::observe::{Answered, LookupSeen, Observer, Span, Verb};

/// Asks, and tells the observer, if there is one, how it was answered. A failure is not told.
#[inline]
pub(crate) fn observed<T>(
    observer: Option<&dyn Observer>,
    verb: Verb,
    ask: impl FnOnce() -> Result<T>,
    answered: impl FnOnce(&T) -> Answered,
) -> Result<T> {
    let _span = Span::lookup(verb.name());
    match observer {
        None => ask(),
        Some(observer) => told(observer, verb, ask, answered),
    }
}

#[inline(never)]
fn told<T>(
    observer: &dyn Observer,
    verb: Verb,
    ask: impl FnOnce() -> Result<T>,
    answered: impl FnOnce(&T) -> Answered,
) -> Result<T> {
    let begun = observer.clock();
    let answer = ask()?;
    let took = begun.and_then(|begun| Some(observer.clock()?.saturating_sub(begun)));
    observer.looked_up(&LookupSeen::new(verb, answered(&answer), took));
    Ok(answer)
}

/// Counts translations.
pub(crate) fn of_translations<'a>(answers: impl IntoIterator<Item = &'a Translation>) -> Answered {
    let mut answered = Answered::default();
    for answer in answers {
        *match answer {
            Translation::Found(_) => &mut answered.found,
            Translation::Provisional(_) => &mut answered.provisional,
            Translation::Pending { .. } => &mut answered.pending,
            Translation::Absent { .. } => &mut answered.absent,
            Translation::Unknown => &mut answered.unknown,
        } += 1;
    }
    answered
}

/// Counts an answer that is a yes or a no.
pub(crate) fn of_found(is_found: bool) -> Answered {
    let mut answered = Answered::default();
    *(if is_found { &mut answered.found } else { &mut answered.unknown }) += 1;
    answered
}

/// Counts a verdict.
pub(crate) fn of_verdict(verdict: Verdict) -> Answered {
    of_found(matches!(verdict, Verdict::SameEntity | Verdict::SamePerson))
}

/// Counts what a number led to.
pub(crate) fn of_reached(reached: &Reached) -> Answered {
    of_found(matches!(reached, Reached::Entity(_)))
}
