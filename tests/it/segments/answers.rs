//! Everything a graph answers, in words: what two states that are the same cannot differ in.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use idweave::error::Result;
use idweave::model::{Direction, RelationKind};
use idweave::{
    Answers, EdgeDump, Entity, EntityId, Fact, Id, KindScope, Op, Reached, Read, RelationInterval,
};

use crate::support::generate::NOW;
use crate::support::show::show;

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
        let mut answers = vec![
            listed(read.entities(), |entity| {
                let words = |ids: &[Id]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                let (number, person) = (entity.entity, entity.person);
                format!("{number} {person} {} | {}", words(&entity.ids), words(&entity.superseded))
            }),
            listed(read.edges(), edge),
            listed(read.facts(), |fact| show(&fact)),
            vec![read.stats().map(|stats| format!("{stats:?}"))],
        ];
        answers.extend(self.marks.iter().map(|key| vec![read.mark(key).map(|value| format!("{value:?}"))]));
        // Facts come in the order in which they are stored.
        answers.iter_mut().for_each(|answer| answer.sort_by_key(|item| item.as_ref().ok().cloned()));
        answers
    }

    /// All of it: the scans, and every verb about everything.
    pub(crate) fn all(&self, read: &impl Read) -> Vec<Answer> {
        let mut answers = self.scans(read);
        answers.push(listed(read.conflicts(), edge));
        for number in 0..self.ids.len() as u64 + 2 {
            answers.push(vec![read.entity(EntityId(number)).map(|reached| match reached {
                Reached::Entity(found) => entity(&found),
                other => format!("{other:?}"),
            })]);
        }
        for id in &self.ids {
            answers.push(vec![read.resolve(id).map(|found| found.as_ref().map_or(String::new(), entity))]);
            answers.push(vec![read.person(id).map(|found| {
                found.map_or(String::new(), |person| person.entities.iter().map(entity).collect::<String>())
            })]);
            answers.push(vec![read.suggestions(id).map(|found| format!("{found:?}"))]);
            for kind in &self.kinds {
                for direction in [Direction::Out, Direction::In] {
                    answers.push(listed(read.neighbors(id, kind, direction), |found| interval(&found)));
                }
            }
            for view in &self.views {
                let told = |found: Vec<idweave::Contact>| {
                    found.iter().map(|c| format!("{c:?} {:?} {:?};", c.until, c.attrs)).collect::<String>()
                };
                answers.push(vec![read.contacts_of(id, view).map(told)]);
            }
        }
        for space in &self.spaces {
            answers.extend(self.ids.iter().map(|id| {
                vec![
                    read.translate(id, space, NOW)
                        .map(|translation| format!("{id} {space}: {translation:?}")),
                ]
            }));
            let mut out = Vec::new();
            let done = read.translate_many(&self.ids, space, NOW, &mut out);
            answers.push(vec![done.map(|()| format!("{out:?}"))]);
        }
        for (a, b) in &self.pairs {
            answers.push(vec![read.same(a, b).map(|verdict| format!("{verdict:?}"))]);
            answers.push(vec![read.explain(a, b).map(|explanation| format!("{explanation:?}"))]);
        }
        answers
    }
}

fn listed<T>(items: Answers<'_, T>, say: impl Fn(T) -> String) -> Answer {
    items.map(|item| item.map(&say)).collect()
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
