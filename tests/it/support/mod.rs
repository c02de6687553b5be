//! What several tests share: the oracle, the generator of fact streams, shrinking and showing of streams, and
//! the simulated disk.

pub(crate) mod generate;
pub(crate) mod oracle;
pub(crate) mod say;
pub(crate) mod show;
pub(crate) mod shrink;
pub(crate) mod sim_disk;
