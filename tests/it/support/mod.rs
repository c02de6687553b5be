//! What several tests share: the oracle, the generator of fact streams, shrinking and showing of streams,
//! the simulated disk, and bytes as text.

pub(crate) mod generate;
pub(crate) mod hex;
pub(crate) mod homes;
pub(crate) mod oracle;
pub(crate) mod say;
pub(crate) mod show;
pub(crate) mod shrink;
pub(crate) mod sim_disk;
#[cfg(feature = "kv")]
pub(crate) mod sim_store;
