//! Everything a graph answers, in words: what two states that are the same cannot differ in.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use idweave::error::Result;
use idweave::model::{Direction, RelationKind, When};
use idweave::{
    Answers, AskAgain, Contact, EdgeDump, Entity, EntityDump, EntityId, Fact, Id, KindScope, Op, Reached,
    Read, RelationInterval, Time,
};

use crate::support::generate::NOW;
use crate::support::show::show;

/// 2025-06-01: pending ids of the streams live and die around it.
const MIDDLE: Time = Time::from_ms(1_748_736_000_000);

/// The answer to one question: a word, or one for each item of a walk.
pub(crate) type Answer = Vec<Result<String>>;

/// What is asked.
pub(crate) struct Questions {
    ids: Vec<Id>,
    pairs: Vec<(Id, Id)>,
    spaces: Vec<KindScope>,
    kinds: Vec<RelationKind>,
    views: Vec<String>,
    marks: Vec<String>,
}

impl Questions {
    /// About everything that the facts name, and an id that nothing names.
    pub(crate) fn about(facts: &[Fact]) -> Questions {
        let mut ids: BTreeSet<Id> = facts.iter().flat_map(|fact| fact.op.ids()).cloned().collect();
        ids.insert("openid:nowhere:nobody".parse().unwrap());
        let ids: Vec<Id> = ids.into_iter().collect();
        let spaces: BTreeSet<KindScope> = ids.iter().filter_map(|id| id.kind_scope().ok()).collect();
        let views = ids.iter().filter(|id| id.kind().name() == "userid").map(|id| id.scope().to_owned());
        let (mut kinds, mut marks) = (BTreeSet::new(), BTreeSet::new());
        let mut pairs = BTreeSet::new();
        for fact in facts {
            match &fact.op {
                Op::Relate { kind, .. } | Op::Unrelate { kind, .. } => {
                    kinds.insert(RelationKind::parse(&kind.to_string()).unwrap());
                }
                Op::Mark { key, .. } => {
                    marks.insert(key.clone());
                }
                Op::Link { a, b, .. } | Op::Ban { a, b, .. } => {
                    pairs.insert((a.clone(), b.clone()));
                }
                _ => {}
            }
        }
        Questions {
            views: views.collect::<BTreeSet<_>>().into_iter().collect(),
            kinds: kinds.into_iter().collect(),
            marks: marks.into_iter().collect(),
            pairs: pairs.into_iter().collect(),
            spaces: spaces.into_iter().collect(),
            ids,
        }
    }

    /// And about the relations of one more id.
    pub(crate) fn add(&mut self, id: Id, kind: RelationKind) {
        self.ids.push(id);
        if !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
    }

    /// The short list: every entity, edge and fact, the marks, the figures.
    pub(crate) fn scans(&self, read: &impl Read) -> Vec<Answer> {
        let mut answers: Vec<Answer> = self.of_scans().iter().map(|question| question.ask(read)).collect();
        // Facts come in the order in which they are stored.
        answers.iter_mut().for_each(|answer| answer.sort_by_key(|item| item.as_ref().ok().cloned()));
        answers
    }

    /// All of it: the scans, and every verb about everything.
    pub(crate) fn all(&self, read: &impl Read) -> Vec<Answer> {
        let mut answers = self.scans(read);
        answers.extend(self.lookups().iter().map(|question| question.ask(read)));
        answers
    }

    /// What the short list asks.
    pub(crate) fn of_scans(&self) -> Vec<Question<'_>> {
        let scans = [Question::Entities, Question::Edges, Question::Facts, Question::Stats];
        scans.into_iter().chain(self.marks.iter().map(|key| Question::Mark(key))).collect()
    }

    /// Every verb about everything.
    pub(crate) fn lookups(&self) -> Vec<Question<'_>> {
        let mut questions = vec![Question::Conflicts];
        questions.extend((0..self.ids.len() as u64 + 2).map(|number| Question::Entity(EntityId(number))));
        for id in &self.ids {
            questions.extend([Question::Resolve(id), Question::Person(id), Question::Suggestions(id)]);
            questions.push(Question::Surroundings(id));
            questions.extend([Question::Around(id, usize::MAX), Question::Around(id, 1)]);
            for kind in &self.kinds {
                let both = [Direction::Out, Direction::In];
                let each = both.map(|direction| (id, kind, direction));
                questions.extend(each.map(|of| Question::Neighbors(of, When::Ever)));
                questions.extend(each.map(|of| Question::Neighbors(of, When::Open)));
                questions.extend(each.map(|of| Question::Count(of, When::Ever)));
            }
            questions.extend(self.views.iter().map(|view| Question::Contacts(id, view)));
        }
        for space in &self.spaces {
            questions.extend(self.ids.iter().map(|id| Question::Translate(id, space)));
            questions.push(Question::TranslateMany(&self.ids, space));
            questions.extend([Question::Unresolved(space), Question::IdsIn(space)]);
        }
        questions
            .extend(self.pairs.iter().flat_map(|(a, b)| [Question::Same(a, b), Question::Explain(a, b)]));
        questions
    }
}

/// One question.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Question<'q> {
    Entities,
    Edges,
    Facts,
    Stats,
    Mark(&'q str),
    Conflicts,
    Entity(EntityId),
    Resolve(&'q Id),
    Person(&'q Id),
    Suggestions(&'q Id),
    Surroundings(&'q Id),
    Around(&'q Id, usize),
    Neighbors((&'q Id, &'q RelationKind, Direction), When),
    Count((&'q Id, &'q RelationKind, Direction), When),
    Contacts(&'q Id, &'q str),
    Translate(&'q Id, &'q KindScope),
    TranslateMany(&'q [Id], &'q KindScope),
    Unresolved(&'q KindScope),
    IdsIn(&'q KindScope),
    Same(&'q Id, &'q Id),
    Explain(&'q Id, &'q Id),
}

impl Question<'_> {
    /// The whole answer.
    pub(crate) fn ask(&self, read: &impl Read) -> Answer {
        self.items(read).collect()
    }

    /// The answer, item by item.
    pub(crate) fn items<'a>(&'a self, read: &'a impl Read) -> Box<dyn Iterator<Item = Result<String>> + 'a> {
        let one = match *self {
            Question::Entities => return listed(read.entities(), |found| dumped(&found)),
            Question::Edges => return listed(read.edges(), edge),
            Question::Facts => return listed(read.facts(), |fact| show(&fact)),
            Question::Conflicts => return listed(read.conflicts(), |found| format!("{found:?}")),
            Question::IdsIn(space) => return listed(read.ids_in(space), |id| id.to_string()),
            Question::Neighbors((id, kind, direction), when) => {
                return listed(read.neighbors(id, kind, direction, when), |found| interval(&found));
            }
            Question::Count((id, kind, direction), when) => {
                read.count_neighbors(id, kind, direction, when).map(|count| count.to_string())
            }
            Question::Stats => read.stats().map(|stats| format!("{stats:?}")),
            Question::Mark(key) => read.mark(key).map(|value| format!("{value:?}")),
            Question::Entity(number) => read.entity(number).map(reached),
            Question::Resolve(id) => {
                read.resolve(id).map(|found| found.as_ref().map_or(String::new(), entity))
            }
            Question::Person(id) => read.person(id).map(|found| {
                found.map_or(String::new(), |person| person.entities.iter().map(entity).collect())
            }),
            Question::Suggestions(id) => read.suggestions(id).map(|found| format!("{found:?}")),
            Question::Around(id, most) => read.edges_around(id, most).map(|found| format!("{found:?}")),
            Question::Surroundings(id) => read.surroundings(id, NOW).map(|found| format!("{found:?}")),
            Question::Contacts(id, view) => read.contacts_of(id, view).map(contacts),
            Question::Translate(id, space) => {
                read.translate(id, space, NOW).map(|translation| format!("{id} {space}: {translation:?}"))
            }
            Question::TranslateMany(ids, space) => {
                let mut out = Vec::new();
                let done = read.translate_many(ids, space, NOW, &mut out);
                done.map(|()| format!("{out:?}"))
            }
            Question::Unresolved(space) => {
                let asked = AskAgain { within_ms: 400 * Time::DAY_MS, ..AskAgain::at(MIDDLE) };
                read.unresolved(space, &asked).map(|found| format!("{found:?}"))
            }
            Question::Same(a, b) => read.same(a, b).map(|verdict| format!("{verdict:?}")),
            Question::Explain(a, b) => read.explain(a, b).map(|explanation| format!("{explanation:?}")),
        };
        Box::new(std::iter::once(one))
    }
}

fn listed<'a, T: 'a>(
    items: Answers<'a, T>,
    say: impl Fn(T) -> String + 'a,
) -> Box<dyn Iterator<Item = Result<String>> + 'a> {
    Box::new(items.map(move |item| item.map(&say)))
}

fn dumped(entity: &EntityDump) -> String {
    let words = |ids: &[Id]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let (number, person) = (entity.entity, entity.person);
    format!("{number} {person} {} | {}", words(&entity.ids), words(&entity.superseded))
}

fn reached(reached: Reached) -> String {
    match reached {
        Reached::Entity(found) => entity(&found),
        other => format!("{other:?}"),
    }
}

fn contacts(found: Vec<Contact>) -> String {
    found.iter().map(|c| format!("{c:?} {:?} {:?};", c.until, c.attrs)).collect()
}

fn edge(edge: EdgeDump) -> String {
    format!("{} {} {edge:?}", edge.a, edge.b)
}

fn entity(entity: &Entity) -> String {
    let mut text = format!("{} {} {:?}:", entity.entity, entity.person, entity.class);
    for member in &entity.members {
        assert!(write!(text, " {} {} {}", member.id, member.superseded, member.blocked).is_ok());
    }
    format!("{text} {:?}", entity.conflicts)
}

fn interval(found: &RelationInterval) -> String {
    format!("{} {} {} {:?} {:?}", found.from, found.to, found.since, found.until, found.attrs)
}

/// Answers that must all be there, as one text.
pub(crate) fn text(answers: Vec<Answer>) -> String {
    let mut text = String::new();
    for answer in answers {
        for item in answer {
            text += &item.unwrap();
            text.push('\n');
        }
        text += "--\n";
    }
    text
}
