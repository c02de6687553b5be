//! Damage under a pass: a typed error or the right answer.

use std::num::NonZeroUsize;

use idweave::analytics::{Analysis, Analyze, Measuring};
use idweave::{Error, Snapshot};

use super::told_to_both;
use crate::support::generate::{Flavour, NOW, Random, stream};

/// One byte in so many is damaged.
const STEP: usize = 23;

fn analyzed(path: &std::path::Path) -> Result<Analysis, Error> {
    let two = NonZeroUsize::new(2).unwrap();
    Snapshot::open(path)?.analyze(&Measuring::at(NOW).threads(two))
}

#[test]
fn a_flipped_bit_is_told_or_changes_no_measure() {
    let place = tempfile::tempdir().unwrap();
    let (right, wrong) = (place.path().join("right"), place.path().join("wrong"));
    let mut random = Random::new(5);
    let (graph, _, _) = told_to_both(&stream(5, Flavour::Kept, 250), &mut random).unwrap();
    graph.snapshot(&right).unwrap();
    let (expected, bytes) = (analyzed(&right).unwrap(), std::fs::read(&right).unwrap());
    let mut told = 0;
    for at in (0..bytes.len()).step_by(STEP) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << random.below(8);
        std::fs::write(&wrong, &damaged).unwrap();
        match analyzed(&wrong) {
            Ok(found) => assert_eq!(found, expected, "byte {at}"),
            Err(Error::Corrupt { .. } | Error::FormatVersion { .. }) => told += 1,
            Err(error) => panic!("byte {at}: {error:?}"),
        }
    }
    // The indexes are not read by a pass; records and rows are.
    assert!(told > bytes.len() / STEP / 4, "{told} of {} were told", bytes.len() / STEP);
}
