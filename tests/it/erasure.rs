//! Erasure that holds in files: what is gone, what comes back, and what the receipts say.

mod world;

/// Bytes of erased ids, in every file and in every form.
mod bytes;
/// Crashes and failing calls in the checkpoint that rewrites.
mod crash;
/// Receipts, the audit trail, exports of subjects, restrictions.
mod receipts;
/// Ids that are kept and not answered.
mod restricted;
