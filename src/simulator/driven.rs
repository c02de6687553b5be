//! The simulator driven from outside, over HTTP: what people do, and the truth that answers are scored by.

use serde_json::{Value, json};

use crate::simulator::call::text;
use crate::simulator::front::Authorization;
use crate::simulator::server::Simulator;
use crate::simulator::world::{CORP, DOWNSTREAM, OFFICIAL};

/// Does what `POST /simulator/VERB` asks; `None` if there is no such verb, or its object lacks something.
pub(super) fn driven(simulator: &Simulator, verb: &str, body: &[u8]) -> Option<Value> {
    let asked: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let number = |name: &str| asked.get(name).and_then(Value::as_u64).and_then(|at| u32::try_from(at).ok());
    let word = |name: &str| text(&asked, name);
    let done = json!({"done": true});
    Some(match verb {
        "topology" => topology(simulator),
        "calls" => json!(simulator.calls()),
        "violations" => json!(simulator.violations().len()),
        "follow" => {
            simulator.follow(number("account")?, word("scene"));
            done
        }
        "unfollow" => {
            simulator.unfollow(number("account")?);
            done
        }
        "login" => json!({"code": simulator.login(word("appid"), number("account")?)?}),
        "visit" => {
            let authorization = match word("scope") {
                "snsapi_base" => Authorization::Silent,
                "snapshot" => Authorization::Snapshot,
                _ => Authorization::Consent,
            };
            json!({"code": simulator.visit(word("appid"), number("account")?, authorization)?})
        }
        "add_contact" => {
            simulator.add_contact(number("account")?, number("employee")?, word("state"), 0);
            done
        }
        "remove_contact" => {
            let by_customer = asked.get("by_customer").and_then(Value::as_bool).unwrap_or(false);
            simulator.remove_contact(number("account")?, number("employee")?, by_customer);
            done
        }
        "write_to_service" => {
            simulator.write_to_service(number("account")?);
            done
        }
        "rotate_tickets" => {
            simulator.rotate_tickets();
            done
        }
        "faults" => {
            simulator.set_faults(serde_json::from_slice(body).ok()?);
            done
        }
        "owner" => json!({"account": simulator.owner(word("kind"), word("scope"), word("value"))?}),
        _ => return None,
    })
}

fn topology(simulator: &Simulator) -> Value {
    let names = simulator.topology();
    let agent = format!("{} {}", names.corp, names.agent);
    json!({
        "open_account": names.open_account,
        "official": {"appid": names.official, "secret": names.secret(&names.official)},
        "mini": {"appid": names.mini, "secret": names.secret(&names.mini)},
        "website": {"appid": names.website, "secret": names.secret(&names.website)},
        "corp": {"corpid": names.corp, "agent": names.agent, "secret": names.secret(&agent)},
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
                    let accounts = [&names.open_account, &names.provider_open_account];
                    let open = accounts.iter().position(|account| *account == scope)?;
                    world.unionids.get(open)?.account(value)
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
