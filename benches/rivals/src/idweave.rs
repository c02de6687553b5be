//! The job on idweave, by its public API.

use std::path::Path;

use anyhow::{Result, bail};
use idweave::model::Selector;
use idweave::{Fact, Graph, Id, KindScope, Op, Outcome, Read, Time, Translation, View};

use crate::data::{self, NOW_MS, Space};
use crate::store::{Lookup, Sizing, Store};

const NOW: Time = Time::from_ms(NOW_MS);

pub struct Idweave {
    graph: Graph,
    spaces: Vec<KindScope>,
}

/// A view, and the spaces as idweave names them.
pub struct Reader<'a> {
    view: View,
    spaces: &'a [KindScope],
}

fn id(spaces: &[KindScope], id: &data::Id) -> Result<Id> {
    Ok(Id::in_space(&spaces[id.space as usize], &id.value)?)
}

impl Idweave {
    fn write(&self, facts: &[Fact]) -> Result<u64> {
        let mut new = 0;
        self.graph.write(NOW, |tx| {
            for fact in facts {
                new += u64::from(tx.apply(fact)? == Outcome::Recorded);
            }
            Ok(())
        })?;
        Ok(new)
    }
}

impl Store for Idweave {
    type Key = Id;
    type Commit = Vec<Fact>;
    type Answer = Translation;
    type Reader<'a> = Reader<'a>;

    fn open(dir: &Path, _sizing: Sizing) -> Result<Idweave> {
        let graph = Graph::options().create_if_missing(true).open(dir)?;
        let spaces = Space::ALL.iter().map(|space| space.text().parse()).collect::<Result<_, _>>()?;
        Ok(Idweave { graph, spaces })
    }

    fn key(&self, asked: &data::Id) -> Result<Id> {
        id(&self.spaces, asked)
    }

    fn prepare(&self, facts: &[data::Fact]) -> Result<Vec<Fact>> {
        let prepared = facts.iter().map(|fact| {
            let op = Op::Link {
                a: id(&self.spaces, &fact.a)?,
                b: id(&self.spaces, &fact.b)?,
                source: fact.source.text().to_owned(),
                strength: None,
                event: None,
                expires_at: None,
            };
            Ok(Fact { at: Time::from_ms(fact.at), batch: Some(format!("sync-{}", fact.batch)), op })
        });
        prepared.collect()
    }

    fn ingest(&mut self, commit: &Vec<Fact>) -> Result<u64> {
        self.write(commit)
    }

    fn retract(&mut self, a: &data::Id, b: &data::Id, at: i64) -> Result<()> {
        let pair = Selector::Pair { a: id(&self.spaces, a)?, b: id(&self.spaces, b)?, source: None };
        let fact = Fact { at: Time::from_ms(at), batch: None, op: Op::Retract(pair) };
        if self.write(&[fact])? != 1 {
            bail!("the retraction was known");
        }
        Ok(())
    }

    fn reader(&self) -> Result<Reader<'_>> {
        Ok(Reader { view: self.graph.view(), spaces: &self.spaces })
    }

    fn values(answer: &Translation) -> Vec<String> {
        match answer {
            Translation::Found(ids) => ids.iter().map(|id| id.value().to_owned()).collect(),
            _ => Vec::new(),
        }
    }

    fn settle(&mut self) -> Result<()> {
        self.graph.checkpoint()?;
        Ok(())
    }

    fn reopen(self, dir: &Path, sizing: Sizing) -> Result<Idweave> {
        self.graph.close()?;
        Idweave::open(dir, sizing)
    }
}

impl Lookup for Reader<'_> {
    type Key = Id;
    type Answer = Translation;

    fn translate(&self, key: &Id, target: Space) -> Result<Translation> {
        Ok(self.view.translate(key, &self.spaces[target as usize], NOW)?)
    }

    fn translate_many(&self, keys: &[Id], target: Space, out: &mut Vec<Translation>) -> Result<()> {
        Ok(self.view.translate_many(keys, &self.spaces[target as usize], NOW, out)?)
    }
}
