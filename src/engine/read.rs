//! The one trait that views (and published snapshots) answer through.

use crate::engine::answer::{
    Contact, EdgeDump, Entity, EntityDump, EntityId, Explanation, Person, Reached, RelationInterval, Stats,
    Suggestion, Translation, Verdict,
};
use crate::engine::audit::Audited;
use crate::engine::subject::Subject;
use crate::error::Result;
use crate::model::{Direction, Fact, Id, KindScope, Reach, RelationKind, Time};

/// A stream of answers; each item can fail where its bytes are damaged.
pub type Answers<'a, T> = Box<dyn Iterator<Item = Result<T>> + 'a>;

/// The verbs of reading. Restricted ids are kept but not answered; an alias of a corp in a scope means the
/// corp's key.
pub trait Read {
    /// Who is this: the entity of an id, or `None` if the id is not known.
    ///
    /// # Errors
    /// Damaged bytes only, here and below.
    fn resolve(&self, id: &Id) -> Result<Option<Entity>>;

    /// The id's counterpart in another kind and scope, at the time `now` (only pending ids look at it).
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn translate(&self, id: &Id, target: &KindScope, now: Time) -> Result<Translation>;

    /// `translate` for many ids: `out` gets one answer an id, in their order, after what it holds.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn translate_many(
        &self,
        ids: &[Id],
        target: &KindScope,
        now: Time,
        out: &mut Vec<Translation>,
    ) -> Result<()>;

    /// Whether two ids are the same.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn same(&self, a: &Id, b: &Id) -> Result<Verdict>;

    /// By which chain of evidence two ids are the same, or what stands between them.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn explain(&self, a: &Id, b: &Id) -> Result<Explanation>;

    /// The entity that now holds a number ever handed out.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn entity(&self, entity: EntityId) -> Result<Reached>;

    /// The person an id belongs to.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn person(&self, id: &Id) -> Result<Option<Person>>;

    /// Persons the id may belong to, which nobody has confirmed.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn suggestions(&self, id: &Id) -> Result<Vec<Suggestion>>;

    /// The intervals of an id's relations of one kind and direction.
    fn neighbors<'a>(
        &'a self,
        id: &Id,
        kind: &'a RelationKind,
        direction: Direction,
    ) -> Answers<'a, RelationInterval>;

    /// Whose contact the id's entity is, or was, in a view (`CORP` or `CORP@VIEWER`): open ones first.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn contacts_of(&self, id: &Id, view: &str) -> Result<Vec<Contact>>;

    /// Every entity, in order of their numbers.
    fn entities(&self) -> Answers<'_, EntityDump>;

    /// Every edge with evidence that is not retracted, in order of first appearance.
    fn edges(&self) -> Answers<'_, EdgeDump>;

    /// Edges in conflict with what is known: cardinality, cycles, sizes.
    fn conflicts(&self) -> Answers<'_, EdgeDump>;

    /// Every accepted fact that was not erased; told again they give an equal graph.
    fn facts(&self) -> Answers<'_, Fact>;

    /// An application's own cursor, as the last `mark` left it.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn mark(&self, key: &str) -> Result<Option<String>>;

    /// Everything that is held about an id, or about every id of its entity: for its owner, by way of the operator. Also of
    /// ids that are restricted. `None` if no fact names it.
    ///
    /// # Errors
    /// See [`Read::resolve`]. A past has no exports.
    fn export_subject(&self, id: &Id, reach: Reach) -> Result<Option<Subject>>;

    /// The erasures and restrictions so far, in order, without identifiers.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn audits(&self) -> Result<Vec<Audited>>;

    /// Figures about the graph, counted by a scan.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn stats(&self) -> Result<Stats>;
}
