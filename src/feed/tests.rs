//! Records survive their bytes; damage is told; files follow each other.

use proptest::prelude::{Just, Strategy, any, prop};
use proptest::{prop_assert, prop_assert_eq, prop_assume, prop_oneof, proptest};

use crate::feed::record::{put_changes, take_changes};
use crate::feed::{
    Changes, ConflictChange, EntityIds, MergedEntity, PersonChange, RekeyedEntity, SplitEntity,
};
use crate::model::{EntityId, PersonId};
use crate::resolve::{EdgeKind, Reason};

fn numbers() -> impl Strategy<Value = Vec<u32>> {
    proptest::collection::btree_set(any::<u32>(), 0..5).prop_map(|set| set.into_iter().collect())
}

fn entity() -> impl Strategy<Value = EntityId> {
    any::<u32>().prop_map(|number| EntityId(u64::from(number)))
}

fn entity_ids() -> impl Strategy<Value = EntityIds<u32>> {
    (entity(), numbers()).prop_map(|(entity, ids)| EntityIds { entity, ids })
}

fn conflict() -> impl Strategy<Value = ConflictChange<u32>> {
    let kind = prop_oneof![Just(EdgeKind::Same), Just(EdgeKind::Supersede)];
    let reason = prop_oneof![
        Just(Reason::Cardinality),
        Just(Reason::Cycle),
        Just(Reason::Size),
        Just(Reason::Oversize)
    ];
    (any::<u32>(), any::<u32>(), kind, reason).prop_map(|(a, b, kind, reason)| ConflictChange {
        a,
        b,
        kind,
        reason,
    })
}

fn list<T: std::fmt::Debug>(item: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    proptest::collection::vec(item, 0..3)
}

fn changes() -> impl Strategy<Value = Changes<u32>> {
    let merged = (entity(), numbers(), numbers()).prop_map(|(entity, from, ids)| MergedEntity {
        entity,
        from: from.into_iter().map(|number| EntityId(u64::from(number))).collect(),
        ids,
    });
    let split = (entity(), list(entity_ids())).prop_map(|(entity, into)| SplitEntity { entity, into });
    let rekeyed = (entity(), entity(), numbers()).prop_map(|(from, to, ids)| RekeyedEntity { from, to, ids });
    let person = (entity(), entity(), proptest::option::of(entity())).prop_map(|(entity, person, was)| {
        PersonChange { entity, person: PersonId(person.0), was: was.map(|was| PersonId(was.0)) }
    });
    let entities = (list(entity_ids()), list(entity_ids()), list(merged), list(split), list(rekeyed));
    let ids = (numbers(), numbers(), numbers());
    (entities, ids, list(person), list(conflict()), list(conflict())).prop_map(
        |(
            (created, grown, merged, split, rekeyed),
            (superseded, revived, erased),
            persons,
            opened,
            closed,
        )| {
            Changes {
                created,
                grown,
                merged,
                split,
                rekeyed,
                superseded,
                revived,
                erased,
                persons,
                opened,
                closed,
            }
        },
    )
}

proptest! {
    #[test]
    fn changes_survive_their_bytes(changes in changes()) {
        prop_assert_eq!(take_changes(&put_changes(&changes)), Ok(changes));
    }

    #[test]
    fn a_part_of_the_bytes_is_refused(changes in changes(), cut in any::<prop::sample::Index>()) {
        let bytes = put_changes(&changes);
        prop_assume!(bytes.len() > 1);
        let part = &bytes[..1 + cut.index(bytes.len() - 1)];
        prop_assert!(part.len() == bytes.len() || take_changes(part).is_err());
    }

    #[test]
    fn any_bytes_are_changes_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        drop(take_changes(&bytes));
    }
}
