//! Being asked to end: signals.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::exit::Failure;

/// Becomes true when the process is asked to end.
#[cfg(unix)]
pub(crate) fn stop_asked_for() -> Result<Arc<AtomicBool>, Failure> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // Asked twice, it ends at once: what was answered is in the inbox.
        signal_hook::flag::register_conditional_shutdown(signal, 130, stop.clone())
            .map_err(Failure::Output)?;
        signal_hook::flag::register(signal, stop.clone()).map_err(Failure::Output)?;
    }
    Ok(stop)
}

/// There are no signals: ending the process is safe at any moment.
#[cfg(not(unix))]
pub(crate) fn stop_asked_for() -> Result<Arc<AtomicBool>, Failure> {
    Ok(Arc::new(AtomicBool::new(false)))
}
