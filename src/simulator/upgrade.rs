//! The upgrade of a corp's ids to the provider's (wechat reference 3.2, 13.5 to 13.7, 23 E): whose values an app of the
//! provider is answered with, which it may ask with, how long conversions answer, and the calls that end it.
//!
//! # Readings
//!   a conversion that is forbidden is refused with 48002, as any call without permission: the reference names no errcode.
//!   What an app of an upgraded corp asks with an old value is refused as a value of another scope is: 40096, 60111, 40013.

use serde_json::{Value, json};

use crate::simulator::call::{Answer, Call, Caller, Errcode, ok, refused};
use crate::simulator::server::Simulator;
use crate::simulator::world::World;

/// Ids that are upgraded together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// Userids and the corpid: type 1.
    Users,
    /// External userids, and with them tags: type 3.
    Externals,
}

/// How far an app of the provider is with a sort of ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The corp authorised it before there was an upgrade: it is answered with the corp's own values, and may ask with both.
    Old,
    /// The corp authorised it since: it is answered with the provider's values, and converts what it hears of others.
    New,
    /// The provider has said that all is converted: the provider's values only.
    Finished,
}

/// How far one app is.
#[derive(Debug, Clone, Copy)]
struct Stages {
    users: Stage,
    externals: Stage,
}

impl Stages {
    fn of(&mut self, sort: Sort) -> &mut Stage {
        match sort {
            Sort::Users => &mut self.users,
            Sort::Externals => &mut self.externals,
        }
    }
}

/// How far the apps are that the provider has at the corp.
pub(super) struct Upgrade {
    suite: Stages,
    developed: Stages,
}

impl Upgrade {
    /// Of a corp that authorised the provider before there was an upgrade, or since.
    pub(super) fn of(is_before: bool) -> Upgrade {
        let stage = if is_before { Stage::Old } else { Stage::New };
        let stages = Stages { users: stage, externals: stage };
        Upgrade { suite: stages, developed: stages }
    }
}

impl World {
    /// How far a caller is with a sort of ids; `None` where it has the corp's own for ever.
    pub(super) fn stage(&self, caller: Caller, sort: Sort) -> Option<Stage> {
        let stages = match caller {
            Caller::Developed => self.provided.upgrade.developed,
            _ if caller.is_provider() => self.provided.upgrade.suite,
            _ => return None,
        };
        Some(match sort {
            Sort::Users => stages.users,
            Sort::Externals => stages.externals,
        })
    }

    /// Whether a caller is answered with the corp's own values.
    pub(super) fn has_own(&self, caller: Caller, sort: Sort) -> bool {
        matches!(self.stage(caller, sort), None | Some(Stage::Old))
    }

    /// Whether a caller may ask with the provider's values.
    pub(super) fn takes_provided(&self, caller: Caller, sort: Sort) -> bool {
        self.stage(caller, sort).is_some()
    }

    /// Refuses conversions of external userids to those who have finished them.
    pub(super) fn may_convert(&self, caller: Caller) -> Result<(), Errcode> {
        match self.stage(caller, Sort::Externals) {
            None | Some(Stage::Finished) => refused(48002),
            Some(Stage::Old | Stage::New) => Ok(()),
        }
    }

    /// The corpid, as a caller sees it.
    pub(super) fn corpid(&self, caller: Caller) -> &str {
        if self.has_own(caller, Sort::Users) { &self.topology.corp } else { &self.topology.open_corp }
    }

    /// Whether a text is the corpid in the mouth of one of the provider's apps.
    pub(super) fn is_corpid(&self, caller: Caller, text: &str) -> bool {
        text == self.topology.open_corp || text == self.corpid(caller)
    }

    fn finish(&mut self, agent: Option<&Value>, sorts: &[Sort]) -> Result<(), Errcode> {
        let named = agent.map(|agent| agent.as_str().map_or_else(|| agent.to_string(), str::to_owned));
        let stages = match named {
            None => &mut self.provided.upgrade.suite,
            Some(agent) if agent == self.topology.developed_agent => &mut self.provided.upgrade.developed,
            Some(_) => return refused(40056),
        };
        sorts.iter().for_each(|sort| *stages.of(*sort) = Stage::Finished);
        Ok(())
    }

    /// Of all third-party apps of the provider, or of the one that it develops for the corp.
    pub(super) fn finish_upgrade(&mut self, call: &Call<'_>) -> Answer {
        self.is_finisher(call)?;
        let types = call.body.get("openid_type").and_then(Value::as_array);
        let sorts = types.into_iter().flatten().map(|sort| match sort.as_i64() {
            Some(1) => Ok(Sort::Users),
            Some(3) => Ok(Sort::Externals),
            _ => refused(40058),
        });
        let sorts = sorts.collect::<Result<Vec<Sort>, Errcode>>()?;
        if sorts.is_empty() {
            return refused(40058);
        }
        self.finish(call.body.get("agentid"), &sorts)?;
        Ok(ok(json!({})))
    }

    /// The older form: external userids of third-party apps.
    pub(super) fn finish_externals(&mut self, call: &Call<'_>) -> Answer {
        self.is_finisher(call)?;
        self.finish(None, &[Sort::Externals])?;
        Ok(ok(json!({})))
    }

    fn is_finisher(&self, call: &Call<'_>) -> Result<(), Errcode> {
        if call.caller != Caller::Provider {
            return refused(48002);
        }
        let names = &self.topology;
        if [&names.corp, &names.open_corp].iter().any(|corp| *corp == call.text("corpid")) {
            Ok(())
        } else {
            refused(40013)
        }
    }
}

impl Simulator {
    /// The corp's administrator agrees to the upgrade of its external userids: an event is pushed to the suite. The switch
    /// itself is the provider's call `finish_openid_migration`.
    pub fn agree_to_upgrade(&self) {
        self.with(World::push_agreed);
    }
}
