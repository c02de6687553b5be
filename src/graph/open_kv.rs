//! Opening and creating a database that a key-value store keeps.

use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::graph::feed::Feed;
use crate::graph::handle::Graph;
use crate::graph::open::{Replayed, Replaying, begin_state, feed_of};
use crate::graph::options::{HomeKind, Options, Recovery, random_secret, random_uuid};
#[cfg(feature = "sled")]
use crate::kv::SledStore;
use crate::kv::{Rows, Store};
use crate::kvlog::{KvFrame, KvLog, KvOpening, segment_prefix, store_in};
use crate::model::Time;
use crate::segment::Segment;
use crate::store::{Home, KvHome, State};

/// The store that keeps the database in a directory: that of the options, or one this build has.
fn store_of(options: &Options, dir: &Path) -> Result<Arc<dyn Store>> {
    if let HomeKind::Kv(store) = &options.home {
        return Ok(store.clone());
    }
    let name = store_in(&*options.vfs, dir)?;
    match name.as_str() {
        #[cfg(feature = "sled")]
        "sled" => Ok(Arc::new(SledStore::default())),
        _ => Err(Error::Home(
            "a store keeps it that this build does not have: give it as an option, or build with its feature",
        )),
    }
}

pub(super) fn open(options: Options, dir: &Path) -> Result<Graph> {
    let store = store_of(&options, dir)?;
    let opening = KvOpening::begin(options.vfs.clone(), dir, store)?;
    let uuid = opening.uuid();
    let segments = open_segments(&opening, uuid)?;
    let state = begin_state(segments.clone(), uuid, opening.covered_seq())?;
    let feed = feed_of(&options, dir, uuid, opening.covered_seq())?;
    let mut replaying = Replaying::begin(state, feed);
    let rows = opening.rows().clone();
    let visit = &mut |frame: &KvFrame, secret: &[u8; 32]| {
        replaying.visit(&Replayed {
            seq: frame.seq,
            recorded_at: Time::from_ms(frame.recorded_at),
            payload: &frame.payload,
            secret,
            damaged: Box::new(|what| rows.corrupt(what)),
        })
    };
    let (log, last_seq) = opening.replay(visit)?;
    let (mut state, mut feed) = replaying.finish()?;
    state.seq = state.seq.max(last_seq);
    if let Feed::Files(files) = &mut feed {
        files.forget_after(state.seq)?;
    }
    let place = feed.place(&options.vfs, dir, uuid);
    let home: Box<dyn Home> = Box::new(KvHome::new(log, &segments));
    Ok(Graph::start(state, home, (feed, place), options, Recovery::Clean))
}

/// The segments that count, the newest first.
fn open_segments(opening: &KvOpening, uuid: [u8; 16]) -> Result<Vec<Arc<Segment>>> {
    let rows: &Rows = opening.rows();
    let open = |(number, bytes): (u64, u64)| {
        let segment = Segment::open_rows(rows.clone(), segment_prefix(number))?;
        let found = (segment.name().uuid, segment.name().number, segment.bytes());
        if found != (uuid, number, bytes) {
            return Err(rows.corrupt("this is not the segment that counts"));
        }
        Ok(Arc::new(segment))
    };
    opening.segments().into_iter().map(open).collect()
}

pub(super) fn create(options: Options, dir: &Path, store: Arc<dyn Store>) -> Result<Graph> {
    let identity = (random_uuid()?, random_secret()?);
    let log = KvLog::create(options.vfs.clone(), dir, store, identity, |_| Ok(None))?;
    let feed = feed_of(&options, dir, identity.0, 0)?;
    let place = feed.place(&options.vfs, dir, identity.0);
    let home: Box<dyn Home> = Box::new(KvHome::new(log, &[]));
    Ok(Graph::start(State::seeded(identity.0), home, (feed, place), options, Recovery::Clean))
}
