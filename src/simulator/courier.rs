//! Carries what is pushed to callback URLs over HTTP, as the platforms do: three tries, five seconds each.
//!
//! # Invariants
//!   C1 nothing is sent but to this machine, and redirects are not followed.
//!   C2 a round tries each letter once; what failed is tried again by the next, until it had its tries.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

use ureq::Agent;
use ureq::http::Uri;

use crate::error::{AnswerError, CallFailure, Error, Result};
use crate::simulator::fault::Misbehaviour;
use crate::simulator::push::{Mode, Post, Push, Target, Writing};
use crate::simulator::server::Simulator;

/// How often an event is pushed until its URL answers with 200 (wechat reference 5.1).
const TRIES_MAX: u32 = 3;
/// How long its URL has to answer.
const TRY_MS_MAX: u64 = 5_000;
/// Longest answer that is read of what a URL says when it is asked whose it is.
const ECHO_BYTES_MAX: u64 = 4_096;

/// An event that is on its way.
struct Letter {
    push: Push,
    tries: u32,
}

/// What became of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Delivered {
    /// Pushes that were answered with 200.
    pub accepted: u64,
    /// Pushes that were not, and are made again by the next round.
    pub failed: u64,
    /// Events that are pushed no more, since all tries failed.
    pub given_up: u64,
    /// Events that got lost by the table of faults, or that nobody named a URL for.
    pub lost: u64,
}

/// Pushes the events of a simulator to callback URLs. Where the simulator's table of faults has lines of the path
/// [`Fault::PUSH`](crate::simulator::Fault::PUSH), events get lost, come twice, or after later ones.
///
/// ```
/// use std::sync::Arc;
/// use idweave::simulator::{Courier, Plan, Simulator, Target};
/// let simulator = Simulator::new(Plan::default(), Arc::new(|| 1_750_000_000_000));
/// // Nobody listens there: three tries, and the event is gone.
/// let mut courier = Courier::new(&simulator, [(Target::Corp, "http://127.0.0.1:9/corp")])?;
/// simulator.take_pushes();
/// simulator.add_contact(3, 1, "summer", 0);
/// assert_eq!((courier.round().failed, courier.round().failed, courier.round().given_up), (1, 1, 1));
/// # Ok::<(), idweave::Error>(())
/// ```
pub struct Courier {
    simulator: Simulator,
    agent: Agent,
    urls: BTreeMap<Target, (String, Writing)>,
    letters: VecDeque<Letter>,
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier").field("waiting", &self.letters.len()).finish_non_exhaustive()
    }
}

impl Courier {
    /// Carries to these URLs, of this machine; events for others get lost.
    ///
    /// # Errors
    /// `Call` with [`CallFailure::ForeignAddress`]: a URL that is not `http://` and an address of this machine.
    pub fn new<U: Into<String>>(
        simulator: &Simulator,
        urls: impl IntoIterator<Item = (Target, U)>,
    ) -> Result<Courier> {
        let urls = urls.into_iter().map(|(target, url)| (target, (url.into(), Writing::default())));
        let urls: BTreeMap<Target, (String, Writing)> = urls.collect();
        if !urls.values().all(|(url, _)| is_here(url)) {
            return Err(Error::Call { api: "the callback URL", failure: CallFailure::ForeignAddress });
        }
        let config = Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_millis(TRY_MS_MAX)))
            .proxy(None);
        let agent = config.build().into();
        Ok(Courier { simulator: simulator.clone(), agent, urls, letters: VecDeque::new() })
    }

    /// Writes to the URL of a target in another way than encrypted XML.
    ///
    /// # Errors
    /// [`AnswerError::BadOption`]: another mode than [`Mode::Safe`] for a URL that is not an app's, or there is no such URL.
    pub fn write(&mut self, target: &Target, writing: Writing) -> Result<()> {
        if writing.mode != Mode::Safe && !matches!(target, Target::App(_)) {
            let expected = "safe, where it is not an app's";
            return Err(AnswerError::BadOption { option: "mode", expected }.into());
        }
        match self.urls.get_mut(target) {
            Some((_, known)) => {
                *known = writing;
                Ok(())
            }
            None => Err(AnswerError::BadOption { option: "target", expected: "one with a URL" }.into()),
        }
    }

    /// Asks each URL whether it is its owner's, as the platforms do when it is set up: the targets whose URLs did not answer
    /// what they had to.
    pub fn check(&self) -> Vec<Target> {
        let wrong = self.urls.iter().filter(|(target, (url, _))| !self.proves_itself(target, url));
        wrong.map(|(target, _)| target.clone()).collect()
    }

    fn proves_itself(&self, target: &Target, url: &str) -> bool {
        let Ok(check) = self.simulator.check_of(target) else { return false };
        let mut get = self.agent.get(url);
        for (name, value) in &check.query {
            get = get.query(name, value);
        }
        let Ok(mut answer) = get.call() else { return false };
        let body = answer.body_mut().with_config().limit(ECHO_BYTES_MAX).read_to_vec();
        answer.status().as_u16() == 200 && body.is_ok_and(|body| body == check.echo.as_bytes())
    }

    /// Pushes what happened since the last round and what failed before, each once and in order; returns when all were
    /// answered or had their five seconds.
    pub fn round(&mut self) -> Delivered {
        let mut delivered = Delivered::default();
        self.collect(&mut delivered);
        for _ in 0..self.letters.len() {
            let Some(mut letter) = self.letters.pop_front() else { break };
            letter.tries += 1;
            if self.post(&letter.push) {
                delivered.accepted += 1;
            } else if letter.tries < TRIES_MAX {
                delivered.failed += 1;
                self.letters.push_back(letter);
            } else {
                delivered.given_up += 1;
            }
        }
        delivered
    }

    /// Takes what happened, and lets go wrong what the table of faults says.
    fn collect(&mut self, delivered: &mut Delivered) {
        let mut late = Vec::new();
        for push in self.simulator.take_pushes() {
            let letter = |push: &Push| Letter { push: push.clone(), tries: 0 };
            match self.simulator.with(|world| world.faults.strike_push()) {
                _ if !self.urls.contains_key(&push.target) => delivered.lost += 1,
                Some(Misbehaviour::Lost) => delivered.lost += 1,
                Some(Misbehaviour::Twice) => self.letters.extend([letter(&push), letter(&push)]),
                Some(Misbehaviour::Late) => late.push(letter(&push)),
                _ => self.letters.push_back(letter(&push)),
            }
        }
        self.letters.extend(late);
    }

    /// Whether the URL of a push took it.
    fn post(&self, push: &Push) -> bool {
        let Some((url, writing)) = self.urls.get(&push.target) else { return false };
        let written = push.written(&self.simulator.topology(), *writing);
        let Ok(Post { query, body }) = written else { return false };
        let content_type = if writing.is_json { "application/json" } else { "text/xml" };
        let mut post = self.agent.post(url).content_type(content_type);
        for (name, value) in &query {
            post = post.query(name, value);
        }
        post.send(body.as_slice()).is_ok_and(|answer| answer.status().as_u16() == 200)
    }
}

fn is_here(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let is_plain = uri.scheme_str() == Some("http") && uri.query().is_none();
    is_plain && uri.host().is_some_and(|host| matches!(host, "127.0.0.1" | "[::1]" | "localhost"))
}
