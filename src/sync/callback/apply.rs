//! From an item of the inbox to facts in a graph and calls to make.
//!
//! # Order
//!   facts durable in the graph, then the file goes, or waits for its calls. Killed in between, the item comes again, and its
//!   facts are known already: they carry the platform's time and their source, never ours.

use crate::error::{AnswerError, Error, Result};
use crate::graph::{Durability, Graph, Outcome, carry_out};
use crate::model::{Fact, Time};
use crate::sync::callback::follow_up::{FollowUp, follow_ups};
use crate::sync::callback::inbox::{Inbox, Item};
use crate::sync::callback::receiver::{Product, Receiver};
use crate::wechat::{self, Event, Ingest, IngestOptions, Note, Opt};

/// What an item says.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Work {
    /// What is known by it. What its notes ask of the graph comes on top ([`Inbox::apply`]).
    pub facts: Vec<Fact>,
    /// What else the parser tells.
    pub notes: Vec<Note>,
    /// The calls that are due now.
    pub follow_ups: Vec<FollowUp>,
    /// What was wrong with it: field and rule, never a value. The rest holds all the same.
    pub refused: Vec<AnswerError>,
}

/// What became of an item.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// Facts that are new.
    pub recorded: usize,
    /// Facts that were known.
    pub known: usize,
    /// Facts that the graph refused, and parts of the event that gave none because something is wrong with them.
    pub refused: usize,
    /// Calls that are due. The item waits for them in [`crate::sync::callback::Stage::Due`]; without any it is done.
    pub follow_ups: usize,
}

impl Receiver {
    /// Reads an item of this URL: always the same from the same item.
    ///
    /// # Errors
    /// [`AnswerError::OptionMissing`] and [`AnswerError::BadOption`]: the receiver's options do not fit its events.
    pub fn work(&self, item: &Item) -> Result<Work> {
        let mut work = Work::default();
        let event = match Event::parse_any(item.body()) {
            Ok(event) => event,
            Err(error) => {
                work.refused.push(error);
                return Ok(work);
            }
        };
        let Some(options) = self.options_of(&event, item) else {
            work.refused.push(AnswerError::ForeignApp("ToUserName"));
            return Ok(work);
        };
        match self.ingest(item.body(), &options) {
            Ok(Ingest { facts, notes, refused, .. }) => {
                work.facts = facts;
                work.notes = notes;
                work.refused.extend(refused.into_iter().map(|refusal| refusal.error));
            }
            Err(error) => work.refused.push(bad_event(error, &options)?),
        }
        match follow_ups(self.product(), &options, &event, &work.notes, item.received_at()) {
            Ok(found) => work.follow_ups = found,
            Err(error) => work.refused.push(bad_event(error.into(), &options)?),
        }
        Ok(work)
    }

    /// The options of one event: its app or corp where the URL is not of one, its arrival where it has no time. None if it
    /// is an app that nobody told of.
    fn options_of(&self, event: &Event, item: &Item) -> Option<IngestOptions> {
        let mut options = self.options().clone();
        if matches!(self.product(), Product::App(_)) && options.get(Opt::Appid).is_none() {
            options.set(Opt::Appid, self.app_of(event.text("ToUserName").ok()??)?);
        }
        let names_corp = match self.product() {
            Product::Corp | Product::Suite => options.get(Opt::Corp).is_none(),
            Product::App(_) | Product::Platform => false,
        };
        if names_corp {
            // Commands of a suite name the corp, if they are about one; its data callbacks are written to it.
            let is_command = matches!(event.text("SuiteId"), Ok(Some(_)));
            let corp = match self.product() {
                Product::Suite if is_command => event.text("AuthCorpId"),
                _ => event.either("AuthCorpId", "ToUserName"),
            };
            corp.ok().flatten().into_iter().for_each(|corp| options.set(Opt::Corp, corp));
        }
        if !matches!(event.time(), Ok(Some(_))) {
            options.set_at(item.received_at());
        }
        Some(options)
    }

    fn ingest(&self, body: &[u8], options: &IngestOptions) -> Result<Ingest> {
        match self.product() {
            Product::App(_) => wechat::parse("event.mp", body, options),
            // Tickets and the like are no corp's.
            Product::Corp | Product::Suite if options.get(Opt::Corp).is_none() => Ok(Ingest::default()),
            Product::Corp | Product::Suite => wechat::parse("event.work", body, options),
            Product::Platform => wechat::parse("event.open", body, options),
        }
    }
}

/// What is wrong with the event; what is wrong with us is an error.
fn bad_event(error: Error, options: &IngestOptions) -> Result<AnswerError> {
    match error {
        // It is the event that names the corp or the app, and it does not.
        Error::Answer(error @ AnswerError::OptionMissing(option))
            if [Opt::Corp, Opt::Appid].iter().any(|of| of.flag() == option && options.get(*of).is_none()) =>
        {
            Ok(error)
        }
        Error::Answer(AnswerError::OptionMissing(_) | AnswerError::BadOption { .. }) => Err(error),
        Error::Answer(error) => Ok(error),
        error => Err(error),
    }
}

impl Inbox {
    /// Makes facts of an item, durably, and then lets it go, or keeps it for its calls. Safe to repeat.
    ///
    /// # Errors
    /// `Io`, `Poisoned` and the like from the graph or the inbox; options of the receiver that do not fit. The item is
    /// back in the queue then, or comes again when the inbox is opened.
    pub fn apply(&self, item: Item, receiver: &Receiver, graph: &Graph, now: Time) -> Result<Applied> {
        match tell(&item, receiver, graph, now) {
            Ok(applied) if applied.follow_ups > 0 => self.keep_due(item).map(|()| applied),
            Ok(applied) => self.done(item).map(|()| applied),
            Err(error) => {
                self.put_back(item);
                Err(error)
            }
        }
    }
}

fn tell(item: &Item, receiver: &Receiver, graph: &Graph, now: Time) -> Result<Applied> {
    let mut work = receiver.work(item)?;
    work.facts.extend(carry_out(&work.notes, &graph.view())?);
    let mut applied = Applied { refused: work.refused.len(), ..Applied::default() };
    applied.follow_ups = work.follow_ups.iter().filter(|follow_up| follow_up.until > now).count();
    if work.facts.is_empty() {
        return Ok(applied);
    }
    let committed = graph.write_with(now, Durability::Sync, |tx| {
        for fact in &work.facts {
            match tx.apply(fact) {
                Ok(Outcome::Recorded) => applied.recorded += 1,
                Ok(Outcome::AlreadyKnown) => applied.known += 1,
                Err(error) if error.is_refusal() => applied.refused += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    });
    committed.map(|_| applied)
}
