//! The simulator as an object, and as a server on loopback.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::http::{Delivery, Limits, Request, Response, Running, Served, Server};
use crate::simulator::call::{Caller, Errcode, error};
use crate::simulator::driven::driven;
use crate::simulator::fault::{Fault, Misbehaviour};
use crate::simulator::limit::Violation;
use crate::simulator::plan::{Plan, Topology};
use crate::simulator::push::{Push, Target, UrlCheck};
use crate::simulator::routes::{paths, route};
use crate::simulator::world::World;

/// Longest body of a call.
const BODY_BYTES_MAX: usize = 1 << 20;
const CONNECTIONS_MAX: usize = 64;
/// The parameters that carry tokens.
const TOKENS: [&str; 4] =
    ["access_token", "suite_access_token", "provider_access_token", "component_access_token"];
/// Where an answer is cut that breaks off.
const CUT_AT: usize = 20;

/// Tells the simulator the time, in milliseconds since 1970.
pub type Clock = dyn Fn() -> i64 + Send + Sync;

struct Shared {
    world: Mutex<World>,
    clock: Arc<Clock>,
}

/// The simulated platforms. Clones are the same one.
#[derive(Clone)]
pub struct Simulator {
    shared: Arc<Shared>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").finish_non_exhaustive()
    }
}

/// A simulator that listens. Dropping it stops it.
pub struct Serving {
    running: Running,
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving").field("addr", &self.addr()).finish()
    }
}

impl Serving {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.running.addr()
    }

    /// The base address of clients: the platform's host follows as the first part of the path.
    pub fn base(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// Stops listening.
    pub fn stop(self) {
        self.running.stop();
    }
}

/// An answer before it is written.
struct Written {
    body: Vec<u8>,
    status: u16,
    delivery: Delivery,
    /// Whose call is in flight until it is written.
    flying: Option<Caller>,
}

impl Simulator {
    /// A world of a plan; `clock` says what time it is there.
    pub fn new(plan: Plan, clock: Arc<Clock>) -> Simulator {
        let shared = Shared { world: Mutex::new(World::of(plan)), clock };
        Simulator { shared: Arc::new(shared) }
    }

    /// Answers calls on an address from now on; port 0 takes a free one.
    ///
    /// # Errors
    /// `Network`: the address is taken, or there are no threads.
    pub fn serve(&self, addr: SocketAddr) -> Result<Serving> {
        let limits =
            Limits { body_bytes_max: BODY_BYTES_MAX, connections_max: CONNECTIONS_MAX, ..Limits::default() };
        let simulator = self.clone();
        let handler = move |request: Request| {
            let query = request.query.into_iter().collect();
            let written = simulator.answer(&request.method, &request.path, &query, &request.body);
            let flight = written.flying.map(|caller| simulator.flight(caller));
            let response = Response {
                status: written.status,
                content_type: "application/json; encoding=utf-8",
                body: written.body,
                delivery: written.delivery,
            };
            Served { response, until_written: Box::new(flight) }
        };
        Ok(Serving { running: Server::bind(addr, limits)?.serve(Arc::new(handler))? })
    }

    /// The names of all there is.
    pub fn topology(&self) -> Topology {
        self.with(|world| world.topology.clone())
    }

    /// How many calls of each path were made.
    pub fn calls(&self) -> BTreeMap<&'static str, u64> {
        self.with(|world| world.calls.clone())
    }

    /// The calls that went beyond a limit.
    pub fn violations(&self) -> Vec<Violation> {
        self.with(|world| world.limits.violations.clone())
    }

    /// From now on, calls go wrong as this table says.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.with(|world| world.faults.set(faults));
    }

    /// The events that were pushed since this was asked last, in order.
    pub fn take_pushes(&self) -> Vec<Push> {
        self.with(|world| std::mem::take(&mut world.pushes))
    }

    /// The question whether a callback URL is its owner's, as the platforms ask it when the URL is set up.
    ///
    /// # Errors
    /// None that the simulator's own keys give.
    pub fn check_of(&self, target: &Target) -> Result<UrlCheck> {
        self.with(|world| {
            world.serial += 1;
            UrlCheck::new(&world.topology, target, (world.now_s(), world.serial, world.plan.seed))
        })
    }

    /// The paths that are answered, with their hosts.
    pub fn paths() -> Vec<(&'static str, &'static str)> {
        paths().collect()
    }

    /// The world, at the time that it is.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.shared.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.now_ms = (self.shared.clock)();
        act(&mut world)
    }

    fn answer(&self, method: &str, path: &str, query: &BTreeMap<String, String>, body: &[u8]) -> Written {
        let whole = |body: Vec<u8>| Written { body, status: 200, delivery: Delivery::Whole, flying: None };
        if let Some(verb) = path.strip_prefix("/simulator/") {
            return match driven(self, verb, body) {
                Some(answer) => whole(answer.to_string().into_bytes()),
                None => Written { status: 404, ..whole(Vec::new()) },
            };
        }
        let (host, path) = match path.trim_start_matches('/').split_once('/') {
            Some((host, rest)) => (host, format!("/{rest}")),
            None => return Written { status: 404, ..whole(Vec::new()) },
        };
        let Some(route) = route(host, &path) else {
            return Written { status: 404, ..whole(Vec::new()) };
        };
        self.with(|world| {
            let struck = world.faults.strike(route.path);
            match struck {
                Some(Misbehaviour::Errcode(errcode)) => {
                    *world.calls.entry(route.path).or_default() += 1;
                    return whole(error(host, Errcode(errcode), world.serial).to_string().into_bytes());
                }
                Some(Misbehaviour::Status(status)) => {
                    return Written { status, ..whole(b"<html>bad gateway</html>".to_vec()) };
                }
                Some(Misbehaviour::DeadToken) => {
                    TOKENS.iter().filter_map(|name| query.get(*name)).for_each(|token| world.revoke(token));
                }
                _ => {}
            }
            let (flying, answer) = world.answer(route, method, query, body);
            let answer = answer.unwrap_or_else(|errcode| error(host, errcode, world.serial));
            written(answer.to_string().into_bytes(), struck, flying)
        })
    }
}

fn written(body: Vec<u8>, struck: Option<Misbehaviour>, flying: Option<Caller>) -> Written {
    let half = body.get(..body.len() / 2).unwrap_or_default().to_vec();
    let (body, delivery) = match struck {
        Some(Misbehaviour::Html) => (b"<!DOCTYPE html><html></html>".to_vec(), Delivery::Whole),
        Some(Misbehaviour::Half) => (half, Delivery::Whole),
        Some(Misbehaviour::Cut) => (body, Delivery::CutAfter(CUT_AT)),
        Some(Misbehaviour::HangUp) => (body, Delivery::HangUp),
        Some(Misbehaviour::Slow { bytes, pause_ms }) => (body, Delivery::Slow { bytes, pause_ms }),
        _ => (body, Delivery::Whole),
    };
    Written { body, status: 200, delivery, flying }
}
