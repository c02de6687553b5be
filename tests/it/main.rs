//! The one integration-test binary.

// The simulated disk.
#[cfg(test)]
mod support;

// The simulated disk itself: what was flushed is certain, all else is not.
#[cfg(test)]
mod sim_disk;
// The real files.
#[cfg(test)]
mod vfs;
