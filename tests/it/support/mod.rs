//! What the integration tests share.

pub(crate) mod sim_disk;
