//! Work that threads share: numbered tasks, each done once by whoever comes to it.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::error::{Error, Result};

/// Does the tasks `0..tasks` in so many threads, the caller's among them, each with something of its own that `begin` makes; and
/// what all of them have made then. The first error ends it.
pub(super) fn share<T: Send>(
    threads: NonZeroUsize,
    tasks: usize,
    begin: impl Fn() -> T + Sync,
    work: impl Fn(&mut T, usize) -> Result<()> + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let run = || {
        let mut own = begin();
        loop {
            let task = next.fetch_add(1, Ordering::Relaxed);
            if task >= tasks {
                return Ok(own);
            }
            if let Err(error) = work(&mut own, task) {
                next.store(tasks, Ordering::Relaxed);
                return Err(error);
            }
        }
    };
    let others = threads.get().min(tasks.max(1)) - 1;
    let all: Vec<Result<T>> = thread::scope(|scope| {
        let others: Vec<_> = (0..others).map(|_| scope.spawn(run)).collect();
        let own = run();
        let joined = others.into_iter().map(|other| {
            other.join().unwrap_or(Err(Error::Internal { what: "a thread that measures panicked" }))
        });
        joined.chain([own]).collect()
    });
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::share;
    use crate::error::{Error, Result};

    #[test]
    fn every_task_is_done_once_whatever_the_number_of_threads() {
        for threads in [1, 2, 7].map(|count| NonZeroUsize::new(count).unwrap()) {
            for tasks in [0, 1, 5, 100] {
                let note = |done: &mut Vec<usize>, task| -> Result<()> {
                    done.push(task);
                    Ok(())
                };
                let mut done = share(threads, tasks, Vec::new, note).unwrap().concat();
                done.sort_unstable();
                assert_eq!(done, (0..tasks).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn an_error_comes_out() {
        let two = NonZeroUsize::new(2).unwrap();
        let fail = |_: &mut (), task| if task == 3 { Err(Error::ViewExpired) } else { Ok(()) };
        assert!(matches!(share(two, 10, || (), fail), Err(Error::ViewExpired)));
    }
}
