//! The facts of one body while they are being built, record by record.
//!
//! # Invariants
//!   D1 every fact has passed `model::validate`.
//!   D2 a record gives all of its facts or none: a refused one leaves nothing behind.
//!   D3 a missing or wrong option is the caller's error and ends the body; a bad record of a list is listed
//!      and the others go on.

use std::collections::BTreeMap;

use crate::error::{AnswerError, Error};
use crate::model::{Fact, Id, Op, RelationKind, Selector, Strength, Time, validate};
use crate::wechat::ingest::{Ingest, Note, Place, Refusal};
use crate::wechat::json::Json;
use crate::wechat::options::{IngestOptions, Opt};

/// Most records in one list of a body; WeChat's longest (`user/get`) has 10,000.
const LIST_LEN_MAX: usize = 100_000;

/// The facts of one body so far.
pub(crate) struct Draft<'o> {
    options: &'o IngestOptions,
    ingest: Ingest,
}

impl<'o> Draft<'o> {
    pub(crate) fn new(options: &'o IngestOptions) -> Draft<'o> {
        Draft { options, ingest: Ingest::default() }
    }

    pub(crate) fn options(&self) -> &'o IngestOptions {
        self.options
    }

    pub(crate) fn finish(self) -> Ingest {
        self.ingest
    }

    /// A body that is one record: what is wrong with it is wrong with the body.
    pub(crate) fn one<T>(
        &mut self,
        read: impl FnOnce(&mut Record<'o>) -> Result<T, AnswerError>,
    ) -> Result<T, Error> {
        let mut record = Record::new(self.options, Place { list: "", item: 0 });
        let value = read(&mut record)?;
        self.take(record);
        Ok(value)
    }

    /// The records of a list.
    pub(crate) fn each(
        &mut self,
        list: &'static str,
        items: &[Json],
        mut read: impl FnMut(&mut Record<'o>, &Json) -> Result<(), AnswerError>,
    ) -> Result<(), Error> {
        if items.len() > LIST_LEN_MAX {
            return Err(Error::TooLarge { what: "a list of the body", limit: LIST_LEN_MAX as u64 });
        }
        for (item, value) in items.iter().enumerate() {
            let mut record = Record::new(self.options, Place { list, item });
            match read(&mut record, value) {
                Ok(()) => self.take(record),
                Err(error @ (AnswerError::OptionMissing(_) | AnswerError::BadOption { .. })) => {
                    return Err(error.into());
                }
                Err(error) => {
                    self.ingest.records += 1;
                    self.ingest.refused.push(Refusal { place: record.place, error });
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, record: Record<'o>) {
        self.ingest.records += 1;
        if record.facts.is_empty() && record.notes.is_empty() && record.refused.is_none() {
            self.ingest.notes.push(Note::NothingAsserted { place: record.place });
        }
        self.ingest.facts.extend(record.facts);
        self.ingest.notes.extend(record.notes);
        self.ingest.refused.extend(record.refused.map(|error| Refusal { place: record.place, error }));
    }
}

/// One record: an answer, an item of its list, an event.
pub(crate) struct Record<'o> {
    options: &'o IngestOptions,
    place: Place,
    platform_time: Option<Time>,
    facts: Vec<Fact>,
    notes: Vec<Note>,
    refused: Option<AnswerError>,
}

impl<'o> Record<'o> {
    fn new(options: &'o IngestOptions, place: Place) -> Record<'o> {
        Record { options, place, platform_time: None, facts: Vec::new(), notes: Vec::new(), refused: None }
    }

    pub(crate) fn options(&self) -> &'o IngestOptions {
        self.options
    }

    /// Where the record stands in its body.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// The time the body itself gives, for callers that gave none.
    pub(crate) fn set_platform_time(&mut self, time: Option<Time>) {
        self.platform_time = time;
    }

    /// When it was observed: `--at`, or the time the body carries.
    pub(crate) fn at(&self) -> Result<Time, AnswerError> {
        self.options.observed_at().or(self.platform_time).ok_or(AnswerError::OptionMissing("--at"))
    }

    /// Adds a fact (D1). Retractions carry no batch: for them it would be the selector.
    pub(crate) fn push(&mut self, at: Time, op: Op) -> Result<(), AnswerError> {
        let batch = match op {
            Op::Retract(_) | Op::Unretract(_) => None,
            _ => self.options.get(Opt::Batch).map(str::to_owned),
        };
        let fact = Fact { at, batch, op };
        validate(&fact).map_err(AnswerError::Fact)?;
        self.facts.push(fact);
        Ok(())
    }

    /// The two ids name the same thing.
    pub(crate) fn link(&mut self, a: Id, b: Id, source: &str) -> Result<(), AnswerError> {
        self.link_in_event(a, b, source, None)
    }

    /// As [`Record::link`], as part of one happening.
    pub(crate) fn link_in_event(
        &mut self,
        a: Id,
        b: Id,
        source: &str,
        event: Option<&str>,
    ) -> Result<(), AnswerError> {
        let (source, event) = (source.to_owned(), event.map(str::to_owned));
        self.push(self.at()?, Op::Link { a, b, source, strength: None, event, expires_at: None })
    }

    /// `old` is dead, `new` took its place.
    pub(crate) fn supersede(
        &mut self,
        old: Id,
        new: Id,
        source: &str,
        strength: Option<Strength>,
    ) -> Result<(), AnswerError> {
        let source = source.to_owned();
        self.push(self.at()?, Op::Supersede { old, new, source, strength, event: None })
    }

    /// A relation was open at `at`.
    pub(crate) fn relate(&mut self, at: Time, relation: Relation<'_>) -> Result<(), AnswerError> {
        let Relation { kind, from, to, source, attrs } = relation;
        let attrs = attrs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        self.push(at, Op::Relate { kind, from, to, source: source.to_owned(), attrs })
    }

    /// A relation was closed at `at`; attributes say nothing here.
    pub(crate) fn unrelate(&mut self, at: Time, relation: Relation<'_>) -> Result<(), AnswerError> {
        let Relation { kind, from, to, source, .. } = relation;
        self.push(at, Op::Unrelate { kind, from, to, source: source.to_owned() })
    }

    /// What was once said of exactly this pair by this source does not count.
    pub(crate) fn retract_pair(&mut self, a: Id, b: Id, source: &str) -> Result<(), AnswerError> {
        self.push(self.at()?, Op::Retract(Selector::Pair { a, b, source: Some(source.to_owned()) }))
    }

    /// Tells the caller something that is no fact.
    pub(crate) fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// Counts the record as refused and keeps what it pushed so far.
    pub(crate) fn refuse(&mut self, error: AnswerError) {
        self.refused = Some(error);
    }
}

/// A relation to open or close.
pub(crate) struct Relation<'a> {
    pub(crate) kind: RelationKind,
    pub(crate) from: Id,
    pub(crate) to: Id,
    pub(crate) source: &'a str,
    pub(crate) attrs: BTreeMap<&'static str, Option<String>>,
}

impl<'a> Relation<'a> {
    /// A relation without attributes.
    pub(crate) fn new(kind: RelationKind, from: Id, to: Id, source: &'a str) -> Relation<'a> {
        Relation { kind, from, to, source, attrs: BTreeMap::new() }
    }

    /// One more attribute, if it has a value.
    pub(crate) fn attr(mut self, name: &'static str, value: Option<String>) -> Relation<'a> {
        self.attrs.insert(name, value);
        self
    }
}
