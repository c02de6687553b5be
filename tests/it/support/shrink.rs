//! Shrinks a failing stream by leaving out facts, ever smaller runs of them, until none can be left out.

use std::panic::{AssertUnwindSafe, catch_unwind};

use idweave::Fact;

use super::show::show_all;

/// Times the check may be run while shrinking.
const CHECK_COUNT_MAX: usize = 4000;

/// The smallest part of a failing stream found that still fails, with its failure.
///
/// The failure may change on the way: any failure of the same check is worth reading.
pub(crate) fn shrink(
    facts: &[Fact],
    failure: String,
    mut check: impl FnMut(&[Fact]) -> Result<(), String>,
) -> (Vec<Fact>, String) {
    let mut kept = facts.to_vec();
    let mut failure = failure;
    let mut run = kept.len().div_ceil(2).max(1);
    let mut count = 0;
    loop {
        let mut start = 0;
        let mut has_shrunk = false;
        while start < kept.len() && count < CHECK_COUNT_MAX {
            let end = (start + run).min(kept.len());
            let fewer: Vec<Fact> = kept
                .iter()
                .enumerate()
                .filter(|(i, _)| *i < start || *i >= end)
                .map(|(_, f)| f.clone())
                .collect();
            count += 1;
            match check(&fewer) {
                Ok(()) => start = end,
                Err(message) => {
                    kept = fewer;
                    failure = message;
                    has_shrunk = true;
                }
            }
        }
        if count >= CHECK_COUNT_MAX || (run == 1 && !has_shrunk) {
            return (kept, failure);
        }
        run = if has_shrunk { run.min(kept.len()).max(1) } else { run.div_ceil(2) };
    }
}

/// Runs a check on a stream; a failure (a panic too) is shrunk and told with the facts that show it.
pub(crate) fn hold(
    law: &str,
    seed: u64,
    facts: &[Fact],
    check: impl Fn(&[Fact]) -> Result<(), String>,
) -> Result<(), String> {
    let guarded = |facts: &[Fact]| match catch_unwind(AssertUnwindSafe(|| check(facts))) {
        Ok(result) => result,
        Err(panic) => Err(panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
            .unwrap_or_else(|| "a panic".to_owned())),
    };
    let Err(failure) = guarded(facts) else { return Ok(()) };
    let (kept, failure) = shrink(facts, failure, guarded);
    Err(format!(
        "the law \"{law}\" does not hold (IDWEAVE_SEED={seed}), shrunk from {} facts to {}:\n{}\n{failure}",
        facts.len(),
        kept.len(),
        show_all(&kept)
    ))
}
