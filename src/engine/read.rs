//! The one trait that views (and published snapshots) answer through.

use crate::engine::all_relations::RelationSpell;
use crate::engine::answer::{
    Contact, EdgeDump, EdgesAround, Entity, EntityDump, Explanation, HistoryStep, Person, Reached,
    RelationInterval, Stats, Suggestion, Translation, Verdict,
};
use crate::engine::audit::Audited;
use crate::engine::conflicts::OpenConflict;
use crate::engine::edges_in_full::EdgeInFull;
use crate::engine::members::{EntityMembers, PersonSize};
use crate::engine::past::Membership;
use crate::engine::rules::RuleVersion;
use crate::engine::subject::Subject;
use crate::engine::unresolved::{AskAgain, Unresolved};
use crate::error::Result;
use crate::model::{
    Direction, EntityId, Fact, Id, KindScope, Reach, RelationKind, Rules, Surroundings, Time, When,
};

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

    /// The edges of every id of an id's entity, accepted and rejected, with their evidence; none if the id is not known.
    /// Of those that lead out of the entity, no more than `most` for each id and each kind and scope at the other ends are
    /// looked at, whatever a hub has; the rest is counted.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn edges_around(&self, id: &Id, most: usize) -> Result<EdgesAround>;

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

    /// How the entity of an id came to be: the commits that changed it, the oldest first, each with the facts that did.
    /// What was erased is not in it.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn history(&self, id: &Id) -> Result<Vec<HistoryStep>>;

    /// The intervals of an id's relations of one kind and direction, in order of the other ends' numbers. It is a
    /// stream: an id may have millions, of which none is read before it is asked for, and none is held afterwards.
    /// After an error it ends.
    fn neighbors<'a>(
        &'a self,
        id: &Id,
        kind: &'a RelationKind,
        direction: Direction,
        when: When,
    ) -> Answers<'a, RelationInterval>;

    /// How many ids are related to an id.
    ///
    /// For [`When::Ever`] it is the length of a list, at no cost whatever that is: the ids that were ever told of as
    /// related, those whose facts are all retracted by now and those that may not be answered too, those that were
    /// erased not. For [`When::Open`] and [`When::At`] it is what [`Read::neighbors`] gives, counted one by one: a
    /// retraction of a batch or a source changes how many relations are open without looking at them, so that no
    /// number is kept.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn count_neighbors(&self, id: &Id, kind: &RelationKind, direction: Direction, when: When) -> Result<u64>;

    /// Whose contact the id's entity is, or was, in a view (`CORP` or `CORP@VIEWER`): since when and by which way;
    /// open ones first.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn contacts_of(&self, id: &Id, view: &str) -> Result<Vec<Contact>>;

    /// The same of the entity that now holds a number ever handed out; nobody's contact if there is none.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn contacts_of_entity(&self, entity: EntityId, view: &str) -> Result<Vec<Contact>>;

    /// What should be asked again of a space of pending ids, openids or external_userids, the most worthwhile first:
    /// pending ids that die soon without a contact, ids without a unionid. Only the ids of the space are looked at;
    /// other kinds of ids have nothing to ask.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn unresolved(&self, space: &KindScope, asked: &AskAgain) -> Result<Vec<Unresolved>>;

    /// Every id of a kind and scope, in order of first appearance, superseded and blocked ones too. Only the ids of the space
    /// are looked at, and no more of them are held than one.
    ///
    /// ```
    /// use idweave::model::Placeholders;
    /// use idweave::{Graph, KindScope, Read, Time, ndjson};
    /// # fn main() -> idweave::Result<()> {
    /// let graph = Graph::options().in_memory()?;
    /// let link = r#"{"op":"link","a":"userid:ww1:li","b":"userid:ww1@prov:wo1","source":"work.idconvert","at":"2025-01-01T00:00:00Z"}"#;
    /// graph.write(Time::from_ms(1_767_225_600_000), |tx| {
    ///     tx.apply(&ndjson::parse(link, 1, &Placeholders::default())?).map(drop)
    /// })?;
    /// let employees: KindScope = "userid:ww1".parse()?;
    /// let view = graph.view();
    /// let ids = view.ids_in(&employees).collect::<idweave::Result<Vec<_>>>()?;
    /// assert_eq!(ids.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    fn ids_in(&self, space: &KindScope) -> Answers<'_, Id>;

    /// What is known around an id: its entity, what that is in, negative answers, and who issues ids as it is at `now`.
    /// An id that is not known stands alone.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn surroundings(&self, id: &Id, now: Time) -> Result<Surroundings>;

    /// Every entity, in order of their numbers.
    fn entities(&self) -> Answers<'_, EntityDump>;

    /// Every edge with evidence that is not retracted, in order of first appearance.
    fn edges(&self) -> Answers<'_, EdgeDump>;

    /// Every entity with all of its ids and their numbers, in order of the entities' numbers: for those who take a graph
    /// elsewhere. Like the other scans it holds restricted ids, and says so.
    fn members(&self) -> Answers<'_, EntityMembers>;

    /// Every person with its entities, in order of the persons' numbers.
    fn persons(&self) -> Answers<'_, PersonSize>;

    /// Every edge with all of its evidence, retracted ones too, in the order of [`Read::edges`].
    fn edges_in_full(&self) -> Answers<'_, EdgeInFull>;

    /// Every interval of every relation, in order of the numbers of where they begin.
    fn relations(&self) -> Answers<'_, RelationSpell>;

    /// Which entity held each id, from which commit to which. Those of an entity of today stand together, in order of
    /// the ids' numbers, then of time; what they say is what [`Read::history`] says of each id. Not of a graph as it was
    /// observed until some moment.
    fn memberships(&self) -> Answers<'_, Membership>;

    /// The last commit it shows; 0 = an empty graph.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn last_commit(&self) -> Result<u64>;

    /// When a commit was recorded; `None` if there is none of that number.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn commit_time(&self, seq: u64) -> Result<Option<Time>>;

    /// Edges in conflict with what is known (cardinality, cycles, sizes), each with both sides' evidence, how grave it
    /// is and what would close it, in the order of [`Read::edges`]. Those that touch a restricted id are left out.
    fn conflicts(&self) -> Answers<'_, OpenConflict>;

    /// Every accepted fact that was not erased; told again they give an equal graph. What was undone is told with the batch
    /// `undone.SEQ`, of the commit that told it, as far as it brings ids; and a retraction of that batch.
    fn facts(&self) -> Answers<'_, Fact>;

    /// The rules in force.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn rules(&self) -> Result<Rules>;

    /// Every value that rules and kinds were given, by name, then in order of their times.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn rule_versions(&self) -> Result<Vec<RuleVersion>>;

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
