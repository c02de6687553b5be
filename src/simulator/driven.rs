//! The simulator driven from outside, over HTTP: what people do, and the truth that answers are scored by.

use serde_json::{Value, json};

use crate::simulator::call::text;
use crate::simulator::front::Authorization;
use crate::simulator::server::Simulator;
use crate::simulator::world::{CORP, DOWNSTREAM, OFFICIAL};

/// What a driver sends.
struct Asked(Value);

impl Asked {
    fn word(&self, name: &str) -> &str {
        text(&self.0, name)
    }

    fn number<N: TryFrom<u64>>(&self, name: &str) -> Option<N> {
        self.0.get(name).and_then(Value::as_u64).and_then(|number| N::try_from(number).ok())
    }

    fn is(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }
}

/// Does what `POST /simulator/VERB` asks; `None` if there is no such verb, or its object lacks something.
pub(super) fn driven(simulator: &Simulator, verb: &str, body: &[u8]) -> Option<Value> {
    let asked = Asked(serde_json::from_slice(body).unwrap_or(Value::Null));
    if happened(simulator, verb, &asked).is_some() {
        return Some(json!({"done": true}));
    }
    Some(match verb {
        "topology" => topology(simulator),
        "calls" => json!(simulator.calls()),
        "violations" => json!(simulator.violations().len()),
        "login" => json!({"code": simulator.login(asked.word("appid"), asked.number("account")?)?}),
        "visit" => {
            let authorization = match asked.word("scope") {
                "snsapi_base" => Authorization::Silent,
                "snapshot" => Authorization::Snapshot,
                "snapshot_real" => Authorization::SnapshotWithRealIds,
                "snapshot_late" => Authorization::SnapshotFlaggedLate,
                _ => Authorization::Consent,
            };
            let code = simulator.visit(asked.word("appid"), asked.number("account")?, authorization)?;
            json!({"code": code})
        }
        "authorize_suite" => json!({"auth_code": simulator.authorize_suite()}),
        "authorize_component" => {
            json!({"authorization_code": simulator.authorize_component(asked.word("appid"))?})
        }
        "owner" => {
            let (kind, scope, value) = (asked.word("kind"), asked.word("scope"), asked.word("value"));
            json!({"account": simulator.owner(kind, scope, value)?})
        }
        _ => return None,
    })
}

/// What has no answer but that it was done.
fn happened(simulator: &Simulator, verb: &str, asked: &Asked) -> Option<()> {
    let account = || asked.number("account");
    let employee = || asked.number("employee");
    let group = || asked.number("group");
    match verb {
        "follow" => simulator.follow(account()?, asked.word("scene")),
        "unfollow" => simulator.unfollow(account()?),
        "add_contact" => simulator.add_contact(account()?, employee()?, asked.word("state"), 0),
        "remove_contact" => simulator.remove_contact(account()?, employee()?, asked.is("by_customer")),
        "depart" => simulator.depart(employee()?),
        "hire_again" => simulator.hire_again(employee()?),
        "join_group" => simulator.join_group(account()?, group()?),
        "leave_group" => simulator.leave_group(account()?, group()?),
        "dismiss_group" => simulator.dismiss_group(group()?),
        "write_to_service" => simulator.write_to_service(account()?),
        "rotate_tickets" => simulator.rotate_tickets(),
        "cancel_suite" => simulator.cancel_suite(),
        "set_range" => simulator.set_range(asked.word("agent"), asked.number("employees")?).then_some(())?,
        "agree_to_upgrade" => simulator.agree_to_upgrade(),
        "bind" => {
            let open_account = Some(asked.word("open_account")).filter(|account| !account.is_empty());
            simulator.bind(asked.word("appid"), open_account).then_some(())?;
        }
        "cancel_component" => simulator.cancel_component(asked.word("appid")),
        "faults" => simulator.set_faults(serde_json::from_value(asked.0.clone()).ok()?),
        _ => return None,
    }
    Some(())
}

fn topology(simulator: &Simulator) -> Value {
    let names = simulator.topology();
    let agent = format!("{} {}", names.corp, names.agent);
    let branch = format!("{} {}", names.corp, names.branch_agent);
    json!({
        "open_account": names.open_account,
        "official": {"appid": names.official, "secret": names.secret(&names.official)},
        "mini": {"appid": names.mini, "secret": names.secret(&names.mini)},
        "website": {"appid": names.website, "secret": names.secret(&names.website)},
        "corp": {"corpid": names.corp, "agent": names.agent, "secret": names.secret(&agent)},
        "branch": {"corpid": names.corp, "agent": names.branch_agent, "secret": names.secret(&branch)},
        "provider": {"corpid": names.provider, "secret": names.secret(&names.provider)},
        "suite": {"suite_id": names.suite, "secret": names.secret(&names.suite)},
        "open_corp": {"corpid": names.open_corp, "permanent_code": names.permanent_code()},
    })
}

impl Simulator {
    /// Whose an id is: the number of its account, by the id's kind, scope and value as idweave prints them
    /// (`openid`, `APPID`, `o...`; `external_userid`, `CORP@VIEWER`, `wm...`). `None` for virtual ids, and for those that nobody issued.
    pub fn owner(&self, kind: &str, scope: &str, value: &str) -> Option<u32> {
        self.with(|world| {
            let names = &world.topology;
            let is_provided = [&names.corp, &names.open_corp]
                .iter()
                .any(|corp| scope.strip_suffix(&names.provider) == Some(&format!("{corp}@")));
            match kind {
                "openid" => world.app(world.app_of(scope)?)?.openids.account(value),
                "unionid" => {
                    let open = world.open_account(scope)?;
                    world.open_accounts.get(open)?.unionids.account(value)
                }
                "external_userid" if is_provided => world.provided.external.account(value),
                "external_userid" if scope == world.corp(CORP).corpid => {
                    world.corp(CORP).external.account(value)
                }
                "external_userid" if scope == world.corp(DOWNSTREAM).corpid => {
                    world.corp(DOWNSTREAM).external.account(value)
                }
                "external_userid" => world.linked.account(value),
                "pending_id" => world.pending_account(value),
                "wecom_web_openid" => world.corp(CORP).web.account(value),
                "wecom_pay_openid" => world.corp(CORP).pay.account(value),
                _ => None,
            }
        })
    }

    /// The openid, and the unionid if there is one, of an account in an app.
    pub fn ids_in(&self, appid: &str, account: u32) -> Option<(String, Option<String>)> {
        self.with(|world| {
            let number = world.app_of(appid)?;
            let openid = world.app(number)?.openids.id(account.into());
            Some((openid, world.unionid(number, account.into())))
        })
    }

    /// The external id of an account in the corp's own view, and in the provider's.
    pub fn external_ids(&self, account: u32) -> (String, String) {
        self.with(|world| (world.corp(CORP).external.id(account), world.provided.external.id(account)))
    }

    /// The accounts that follow the official account now.
    pub fn followers(&self) -> Vec<u32> {
        self.with(|world| {
            let app = world.app(OFFICIAL);
            app.map_or(Vec::new(), |app| app.followers_after(None, usize::MAX))
        })
    }

    /// The corp's pairs of customer and employee now.
    pub fn contacts(&self) -> Vec<(u32, u32)> {
        self.with(|world| world.corp(CORP).contacts.keys().copied().collect())
    }

    /// The name of an employee of the corp.
    pub fn userid(&self, employee: u32) -> String {
        self.with(|world| world.corp(CORP).userid(employee).to_owned())
    }
}
