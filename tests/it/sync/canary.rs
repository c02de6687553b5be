//! Secrets, tokens and ids are in no error, no report and no Debug, whatever happens.

use idweave::simulator::{Fault, Misbehaviour, Plan, When};
use idweave::sync::api::{self, Request};
use idweave::sync::client::{Credential, Store};
use idweave::sync::job::{
    AccountImport, AccountReconcile, CorpImport, CorpReconcile, GenerationUpgrade, PendingSweep, run,
};
use idweave::sync::live::{Source, Visitor};
use idweave::{Error, Graph};

use crate::sync::rig::Rig;

/// All that must not be shown: secrets of the topology, tokens in the store, ids of the world.
fn canaries(rig: &Rig) -> Vec<String> {
    let names = &rig.names;
    let agent = format!("{} {}", names.corp, names.agent);
    let mut found: Vec<String> =
        [&names.official, &names.mini, &names.suite, &names.provider, &names.component, &agent]
            .iter()
            .flat_map(|of| [names.secret(of), names.callback_token(of), names.callback_aes_key(of)])
            .collect();
    found.push(names.permanent_code());
    for credential in credentials(rig) {
        if let Some(token) = rig.store.load(&format!("token {}", credential.name())).unwrap() {
            found.push(token.expose().to_owned());
        }
    }
    for account in 0..40 {
        let (openid, unionid) = rig.sim.ids_in(&names.official, account).unwrap();
        let (own, provided) = rig.sim.external_ids(account);
        found.extend([openid, unionid.unwrap(), own, provided]);
    }
    found
}

fn credentials(rig: &Rig) -> [Credential; 7] {
    [
        rig.app(&rig.names.official),
        rig.corp(),
        rig.developed(),
        rig.suite(),
        rig.suite_corp(),
        rig.provider(),
        rig.component(),
    ]
}

fn shown(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        text.push_str(&format!(" {inner} {inner:?}"));
        source = inner.source();
    }
    text
}

#[test]
fn nothing_that_is_shown_holds_a_secret_a_token_or_an_id() {
    let mut plan = Plan::default();
    (plan.accounts, plan.followers, plan.customers, plan.employees) = (40, 40, 40, 3);
    let misbehaviours = [
        Misbehaviour::Errcode(-1),
        Misbehaviour::Errcode(40001),
        Misbehaviour::Errcode(40003),
        Misbehaviour::Errcode(40013),
        Misbehaviour::Errcode(40096),
        Misbehaviour::Errcode(45009),
        Misbehaviour::Errcode(48001),
        Misbehaviour::Errcode(84061),
        Misbehaviour::DeadToken,
        Misbehaviour::Html,
        Misbehaviour::Cut,
        Misbehaviour::Half,
        Misbehaviour::HangUp,
        Misbehaviour::Status(500),
        Misbehaviour::CursorLoop,
    ];
    let mut errors = 0;
    for what in misbehaviours {
        for when in [When::Every(1), When::Nth(2), When::Nth(3)] {
            let rig = Rig::new(plan.clone());
            rig.sim.set_faults(vec![Fault { path: String::new(), when, what }]);
            let graph = Graph::options().in_memory().unwrap();
            let names = &rig.names;
            let open = Some(names.open_account.as_str());
            let mut jobs: Vec<Box<dyn idweave::sync::job::Job>> = vec![
                Box::new(AccountImport::new(rig.app(&names.official), &names.official, open)),
                Box::new(AccountReconcile::new(rig.app(&names.official), &names.official, open)),
                Box::new(CorpImport::new(rig.corp(), &names.corp, open, None)),
                Box::new(CorpReconcile::new(rig.corp(), &names.corp, open, None)),
                Box::new(GenerationUpgrade::new(rig.developed(), &names.corp, &names.provider)),
                Box::new(PendingSweep::new(rig.suite_corp(), &names.open_corp, &names.provider)),
            ];
            let mut text = String::new();
            for job in &mut jobs {
                let platform = rig.platform(Some(40));
                let mut progress = Vec::new();
                match run(&mut **job, &graph, &platform, &mut |at| progress.push(format!("{at:?}"))) {
                    Ok(report) => text.push_str(&format!("{report:?}")),
                    Err(error) => {
                        errors += 1;
                        text.push_str(&shown(&error));
                    }
                }
                text.push_str(&format!("{progress:?} {platform:?} {:?}", platform.calls()));
            }
            for credential in credentials(&rig) {
                text.push_str(&format!("{credential:?} {:?}", Source::new(credential.clone(), None)));
            }
            for canary in canaries(&rig) {
                assert!(!text.contains(&canary), "{what:?} {when:?}: something is shown");
            }
        }
    }
    println!("{errors} errors looked at");
    assert!(errors > 50, "{errors}");
}

#[test]
fn requests_visitors_and_pushes_show_no_ids() {
    let rig = Rig::new(Plan::default());
    let (openid, unionid) = rig.sim.ids_in(&rig.names.mini, 3).unwrap();
    let unionid = unionid.unwrap();
    let names = &rig.names;
    let visitor = Visitor {
        appid: &names.mini,
        openid: &openid,
        open_account: &names.open_account,
        unionid: &unionid,
        corp: &names.corp,
        viewer: &names.provider,
        is_of_provider: false,
    };
    rig.sim.add_contact(3, 1, "state-of-one", 0);
    let request = Request::get(&api::USER_INFO, &[("openid", &openid)]);
    let text = format!("{visitor:?} {request:?} {:?} {:?}", rig.sim.take_pushes(), rig.sim);
    for canary in [&openid, &unionid, &rig.sim.external_ids(3).0, "state-of-one"] {
        assert!(!text.contains(canary), "{text}");
    }
}

/// Runs jobs under a subscriber, which tells what the spans said.
#[cfg(feature = "tracing")]
pub(crate) fn spans_show_none_of_them(told: impl FnOnce(&mut dyn FnMut()) -> String) {
    let mut plan = Plan::default();
    (plan.accounts, plan.followers, plan.customers, plan.employees) = (40, 40, 40, 3);
    let rig = Rig::new(plan);
    let text = told(&mut || {
        let graph = Graph::options().in_memory().unwrap();
        let (names, platform) = (&rig.names, rig.platform(None));
        let open = Some(names.open_account.as_str());
        let mut followers = AccountImport::new(rig.app(&names.official), &names.official, open);
        let mut customers = CorpImport::new(rig.corp(), &names.corp, open, None);
        run(&mut followers, &graph, &platform, &mut |_| {}).unwrap();
        run(&mut customers, &graph, &platform, &mut |_| {}).unwrap();
    });
    assert!(text.contains("idweave.call endpoint=\"/cgi-bin/user/get\""), "{text}");
    assert!(text.contains("idweave.commit"), "{text}");
    for canary in canaries(&rig) {
        assert!(!text.contains(&canary), "something is shown");
    }
}
