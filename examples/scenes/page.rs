//! A page is viewed: who is it, is he a customer already, and whose?

use idweave::simulator::Authorization;
use idweave::sync::api::{Request, USER_INFO, WEB_TOKEN};
use idweave::sync::client::Timer;
use idweave::sync::job::{CorpImport, run};
use idweave::wechat::Opt;
use idweave::{Acquire, Id, Kind, KindScope, Read, Translation};

use crate::Played;
use crate::shop::{Shop, holds, text};

/// Accounts of the simulated world: it has followers up to 599, customers from 500 on.
const FOLLOWER_AND_CUSTOMER: u32 = 555;
const CUSTOMER: u32 = 777;
const SHY_CUSTOMER: u32 = 778;
const ON_A_SNAPSHOT: u32 = 779;
const FOLLOWER: u32 = 20;

pub(crate) fn play() -> Played {
    println!("== A page is viewed ==");
    let shop = Shop::open()?;
    let names = &shop.names;
    let mut nightly = CorpImport::new(shop.corp(), &names.corp, Some(&names.open_account), None);
    let report = run(&mut nightly, &shop.graph, &shop.platform, &mut |_| {})?;
    println!("at night the corp's customers were read: {} new facts", report.recorded);

    println!("\n1. somebody views the page, and nothing is asked of him");
    let known = viewed(&shop, FOLLOWER_AND_CUSTOMER)?;
    told(&shop, &known, FOLLOWER_AND_CUSTOMER, true)?;

    println!("\n2. somebody else does, who follows nobody: silently there is no more than an openid");
    let openid = viewed(&shop, CUSTOMER)?;
    told(&shop, &openid, CUSTOMER, false)?;
    let unionid = KindScope::new(Kind::Unionid, &names.open_account)?;
    let routes = shop.graph.view().routes(&openid, &unionid, shop.clock.now())?;
    println!("   how his unionid could be had, the planner says:");
    for route in routes.routes.iter().take(3) {
        let ways: Vec<&str> = route.steps.iter().map(|step| step.way.name).collect();
        println!("   - {}", ways.join(", then "));
    }
    println!("   the page asks for his consent, and he gives it");
    consented(&shop, CUSTOMER, Authorization::Consent)?;
    told(&shop, &openid, CUSTOMER, true)?;

    println!("\n3. a third one says no: he stays whom he was");
    let openid = viewed(&shop, SHY_CUSTOMER)?;
    told(&shop, &openid, SHY_CUSTOMER, false)?;

    println!("\n4. a fourth one looks at a snapshot of the page: his ids are virtual, and are not taken");
    let refused = consented(&shop, ON_A_SNAPSHOT, Authorization::Snapshot)?;
    holds(refused == 1, "a snapshot account is refused")?;

    println!("\n5. a follower who is nobody's customer");
    let openid = viewed(&shop, FOLLOWER)?;
    told(&shop, &openid, FOLLOWER, false)?;
    let calls: u64 = shop.platform.calls().values().sum();
    println!("\n{calls} calls in all\n");
    holds(shop.world.violations().is_empty(), "no limit was passed")
}

/// A view of the page without any question: `snsapi_base`, then `user/info`, which knows followers' unionids.
fn viewed(shop: &Shop, account: u32) -> Result<Id, Box<dyn std::error::Error>> {
    let appid = &shop.names.official;
    let code = shop.world.visit(appid, account, Authorization::Silent).ok_or("there is such an app")?;
    let openid = text(&exchanged(shop, &code)?, "openid")?;
    let request = Request::get(&USER_INFO, &[("openid", &openid)]);
    let body = shop.call(&shop.app(appid), &request)?;
    shop.tell("mp.user_info", &body, &shop.of_app(appid))?;
    Ok(Id::new(Kind::Openid, appid, &openid)?)
}

/// A view after a question; how many records were refused.
fn consented(shop: &Shop, account: u32, how: Authorization) -> Result<usize, Box<dyn std::error::Error>> {
    let appid = &shop.names.official;
    let code = shop.world.visit(appid, account, how).ok_or("there is such an app")?;
    let flow = format!("visit {account}");
    let body = exchanged(shop, &code)?;
    shop.tell("mp.web_oauth", &body, &shop.of_app(appid).with(Opt::Flow, &flow))
}

fn exchanged(shop: &Shop, code: &str) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let appid = &shop.names.official;
    let secret = shop.names.secret(appid);
    let params = [
        ("appid", appid.as_str()),
        ("secret", &secret),
        ("code", code),
        ("grant_type", "authorization_code"),
    ];
    shop.call(&shop.app(appid), &Request::get(&WEB_TOKEN, &params))
}

/// Tells the employees whose customer views the page, as far as it is known; compared with the truth.
fn told(shop: &Shop, openid: &Id, account: u32, is_expected: bool) -> Played {
    let corp = &shop.names.corp;
    let contacts = shop.graph.view().contacts_of(openid, corp)?;
    let mut employees: Vec<String> =
        contacts.iter().map(|known| known.userid.spelling().to_owned()).collect();
    employees.sort();
    match shop.translate(openid, Kind::ExternalUserid, corp)? {
        Translation::Found(_) => println!("   he is a customer: told to {}", employees.join(" and ")),
        _ => println!("   who he is in the corp is not known: nobody is told"),
    }
    let pairs = shop.world.contacts().into_iter().filter(|(customer, _)| *customer == account);
    let mut truth: Vec<String> = pairs.map(|(_, employee)| shop.world.userid(employee)).collect();
    truth.sort();
    let expected = if is_expected { truth } else { Vec::new() };
    holds(employees == expected, "the employees whose customer he is are told, and nobody else")
}
