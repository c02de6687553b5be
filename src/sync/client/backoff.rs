//! How long to wait before a call is tried again: longer each time, and for nobody as long as for another.

/// Tries of a call that meets a platform that is busy or out of reach.
pub(crate) const TRIES_MAX: u32 = 4;
/// The longest first wait, in milliseconds.
const FIRST_MS: u64 = 1_000;
/// The longest wait, in milliseconds.
const WAIT_MS_MAX: u64 = 30_000;

/// Full jitter: somewhere between nothing and a bound that doubles with each try, chosen by a random number.
pub(crate) fn wait_ms(tries: u32, random: u64) -> u64 {
    let bound = FIRST_MS.saturating_mul(1 << tries.min(16)).min(WAIT_MS_MAX);
    random % (bound + 1)
}

/// A random number; 0 where the system has none, which is a wait too.
pub(crate) fn random() -> u64 {
    getrandom::u64().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_reach_all_of_it() {
        for (tries, bound) in [(0, 1_000), (1, 2_000), (4, 16_000), (5, 30_000), (60, 30_000)] {
            assert_eq!((wait_ms(tries, bound), wait_ms(tries, bound + 1)), (bound, 0));
            assert!((0..10_000).all(|random| wait_ms(tries, random * 7_919) <= bound));
        }
    }
}
