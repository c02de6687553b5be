//! What was bound to what at a time (design sections 2 and 3.1).

use idweave::{Fact, Op, Time};

use super::normal_key;

/// One statement, in the order that decides: the greatest of those not after t is in force.
/// `None` = bound to nothing, the smallest text.
type Statement = (Time, Time, Option<String>);

/// What something was bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Bound {
    Unknown,
    ToNone,
    To(String),
}

/// Every statement about bindings, each with the key it is about.
#[derive(Default)]
pub(crate) struct Bindings {
    apps: Vec<(String, Statement)>,
    corps: Vec<(String, Statement)>,
}

impl Bindings {
    pub(crate) fn of(facts: &[&Fact]) -> Bindings {
        let mut bindings = Bindings::default();
        for fact in facts {
            match &fact.op {
                Op::App { appid, open_account, from, .. } => {
                    let to = open_account.as_deref().map(normal_key);
                    bindings.apps.push((normal_key(appid), (*from, fact.at, to)));
                }
                Op::Corp { key, bound_appid: Some(appid), from, .. } => {
                    let to = appid.as_deref().map(normal_key);
                    bindings.corps.push((normal_key(key), (from.unwrap_or(fact.at), fact.at, to)));
                }
                _ => {}
            }
        }
        bindings
    }

    /// The open account of an app at `t`.
    pub(crate) fn open_account(&self, appid: &str, t: Time) -> Bound {
        in_force(&self.apps, appid, t)
    }

    /// The app bound to a corp's customer contact at `t`.
    pub(crate) fn bound_app(&self, corp: &str, t: Time) -> Bound {
        in_force(&self.corps, corp, t)
    }
}

fn in_force(statements: &[(String, Statement)], key: &str, t: Time) -> Bound {
    let fitting = statements.iter().filter(|(of, (from, _, _))| of == key && *from <= t);
    match fitting.map(|(_, statement)| statement).max() {
        None => Bound::Unknown,
        Some((_, _, None)) => Bound::ToNone,
        Some((_, _, Some(to))) => Bound::To(to.clone()),
    }
}
