//! A campaign: visitors come by short links, are nobody's yet, add an employee later, and are counted for their link.

use std::collections::BTreeMap;
use std::sync::Arc;

use idweave::model::{Direction, Placeholders, RelationKind, When};
use idweave::simulator::{Courier, Target};
use idweave::sync::Secret;
use idweave::sync::api::{CODE2SESSION, Request};
use idweave::sync::callback::{Inbox, InboxOptions, Product, Receiver, Stage, serve};
use idweave::sync::client::{Credential, Store, Timer, permanent_code};
use idweave::sync::live::{Due, Source, Visited, Visitor, ask_visitor};
use idweave::wechat::{CallbackKey, IngestOptions, Opt};
use idweave::{Id, Kind, Read, Translation, ndjson};

use crate::Played;
use crate::shop::{Shop, holds, text};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Who comes by which link.
const VISITORS: [(&str, &[u32]); 3] =
    [("poster", &[30, 31, 32, 33]), ("newsletter", &[40, 41, 42]), ("friend", &[555])];
/// Who adds which employee afterwards.
const ADDED: [(u32, u32); 3] = [(30, 1), (32, 2), (41, 1)];

pub(crate) fn play() -> Played {
    println!("== A campaign ==");
    let shop = Shop::open()?;
    let provider = Provider::of(&shop)?;
    let came_by = RelationKind::parse("custom.came_by")?;
    println!("1. visitors come by short links, and log in to the mini program");
    for (link, visitors) in VISITORS {
        for visitor in visitors {
            let openid = logged_in(&shop, *visitor)?;
            clicked(&shop, &openid, link)?;
            let is_pending = provider.asks(&shop, *visitor, &openid)?;
            println!(
                "   {link}: {}",
                if is_pending { "nobody's yet, a pending id" } else { "a customer already" }
            );
        }
    }
    println!("2. some of them add an employee; the platform pushes events, and the links close");
    shop.clock.wait(3_600_000);
    for (visitor, employee) in ADDED {
        shop.world.add_contact(visitor, employee, "", 1_000);
    }
    let recorded = provider.hears(&shop)?;
    println!("   {recorded} new facts by callbacks and the calls that they made due");
    println!("3. the report");
    println!("   {:<12}{:>8}{:>10}{:>8}  whose", "link", "came", "customers", "open");
    for (link, visitors) in VISITORS {
        let link_id = Id::new(Kind::parse("custom.link")?, "shop", link)?;
        let report = reported(&shop, &provider, &link_id, &came_by)?;
        let whose: Vec<String> =
            report.whose.iter().map(|(userid, count)| format!("{userid} {count}")).collect();
        println!(
            "   {link:<12}{:>8}{:>10}{:>8}  {}",
            report.came,
            report.customers,
            report.open,
            whose.join(", ")
        );
        let added = ADDED.iter().filter(|(visitor, _)| visitors.contains(visitor)).count();
        let before = visitors.iter().filter(|visitor| **visitor >= 500).count();
        holds(report.customers == added + before, "whoever added an employee is counted for his link")?;
        holds(report.open == visitors.len() - added - before, "nobody else is")?;
    }
    println!();
    Ok(())
}

/// The provider that serves the corp: its suite, with a callback URL that listens.
struct Provider {
    caller: Credential,
    view: String,
    receiver: Arc<Receiver>,
    inbox: Arc<Inbox>,
    due: std::cell::RefCell<Due>,
    courier: std::cell::RefCell<Courier>,
    _dir: tempfile::TempDir,
    _listening: idweave::sync::callback::Listening,
}

impl Provider {
    fn of(shop: &Shop) -> Result<Provider> {
        let names = &shop.names;
        let suite = Credential::Suite {
            suite: names.suite.clone(),
            secret: Secret::new(&names.secret(&names.suite)),
        };
        let caller = Credential::SuiteCorp { suite: Box::new(suite.clone()), corp: names.open_corp.clone() };
        let code = permanent_code(&names.suite, &names.open_corp);
        shop.store.save(&code, &Secret::new(&names.permanent_code()))?;
        let of = &names.suite;
        let key = CallbackKey::new(&names.callback_token(of), &names.callback_aes_key(of))?;
        let options = IngestOptions::new().with(Opt::Viewer, &names.provider);
        let receiver = Receiver::new("suite", Product::Suite, vec![key], &[&names.suite], options)?;
        let receiver = Arc::new(receiver);
        let dir = tempfile::tempdir()?;
        let inbox = Arc::new(Inbox::open(dir.path(), InboxOptions::default())?);
        let clock = shop.clock.clone();
        let receivers = BTreeMap::from([("/suite".to_owned(), receiver.clone())]);
        let listening =
            serve("127.0.0.1:0".parse()?, receivers, inbox.clone(), Arc::new(move || clock.now()))?;
        let url = format!("http://{}/suite", listening.addr());
        let courier = Courier::new(&shop.world, [(Target::Suite, url)])?;
        let source = Source::new(suite, Some(&names.provider));
        let due = Due::new(
            BTreeMap::from([("suite".to_owned(), receiver.clone())]),
            BTreeMap::from([("suite".to_owned(), source)]),
        );
        let provider = Provider {
            caller,
            view: format!("{}@{}", names.open_corp, names.provider),
            receiver,
            inbox,
            due: due.into(),
            courier: courier.into(),
            _dir: dir,
            _listening: listening,
        };
        // The suite's ticket is pushed, as every ten minutes.
        provider.hears(shop)?;
        Ok(provider)
    }

    /// Asks who a visitor is in the corp: whether he is nobody's yet.
    fn asks(&self, shop: &Shop, account: u32, openid: &Id) -> Result<bool> {
        let names = &shop.names;
        let (_, unionid) = shop.world.ids_in(&names.mini, account).ok_or("he has ids")?;
        let visitor = Visitor {
            appid: &names.mini,
            openid: openid.spelling(),
            open_account: &names.open_account,
            unionid: &unionid.ok_or("he has a unionid")?,
            corp: &names.open_corp,
            viewer: &names.provider,
            is_of_provider: false,
        };
        let asked = ask_visitor(&visitor, &self.caller, &shop.graph, &shop.platform)?;
        holds(matches!(asked, Visited::Asked { .. }), "the platform is asked about a new visitor")?;
        let again = ask_visitor(&visitor, &self.caller, &shop.graph, &shop.platform)?;
        holds(again == Visited::Known, "and not twice")?;
        let known = shop.translate(openid, Kind::ExternalUserid, &self.view)?;
        Ok(matches!(known, Translation::Pending { .. }))
    }

    /// Takes in what the platform pushes, tells it, and makes the calls that are due: how many facts are new.
    fn hears(&self, shop: &Shop) -> Result<u64> {
        self.courier.borrow_mut().round();
        let mut recorded = 0;
        while let Some(item) = self.inbox.take(Stage::New)? {
            let applied = self.inbox.apply(item, &self.receiver, &shop.graph, shop.clock.now())?;
            recorded += applied.recorded as u64;
        }
        // Calls show a new contact a moment later than the event tells of him.
        shop.clock.wait(2_000);
        let followed = self.due.borrow_mut().follow(&self.inbox, &shop.graph, &shop.platform)?;
        if let Some(error) = followed.failed.into_iter().next() {
            return Err(error.into());
        }
        Ok(recorded + followed.recorded)
    }
}

/// `wx.login` of the mini program, and what its code stands for.
fn logged_in(shop: &Shop, account: u32) -> Result<Id> {
    let appid = &shop.names.mini;
    let code = shop.world.login(appid, account).ok_or("there is such an app")?;
    let secret = shop.names.secret(appid);
    let params = [
        ("appid", appid.as_str()),
        ("secret", &secret),
        ("js_code", &code),
        ("grant_type", "authorization_code"),
    ];
    let body = shop.call(&shop.app(appid), &Request::get(&CODE2SESSION, &params))?;
    shop.tell("mini.code2session", &body, &shop.of_app(appid))?;
    Ok(Id::new(Kind::Openid, appid, &text(&body, "openid")?)?)
}

/// The shop's own fact: a visitor came by a link.
fn clicked(shop: &Shop, openid: &Id, link: &str) -> Played {
    let now = shop.clock.now();
    let line = format!(
        r#"{{"op":"relate","kind":"custom.came_by","from":"{openid}","to":"custom.link:shop:{link}","source":"shop.links","at":{}}}"#,
        now.ms()
    );
    let fact = ndjson::parse(&line, 1, &Placeholders::default())?;
    shop.graph.write(now, |tx| tx.apply(&fact).map(drop))?;
    Ok(())
}

/// What became of a link's visitors.
#[derive(Default)]
struct Report {
    came: usize,
    customers: usize,
    open: usize,
    whose: BTreeMap<String, usize>,
}

fn reported(shop: &Shop, provider: &Provider, link: &Id, came_by: &RelationKind) -> Result<Report> {
    let (view, mut report) = (shop.graph.view(), Report::default());
    for came in view.neighbors(link, came_by, Direction::In, When::Ever) {
        let openid = came?.from;
        report.came += 1;
        match shop.translate(&openid, Kind::ExternalUserid, &provider.view)? {
            Translation::Found(_) => report.customers += 1,
            Translation::Pending { .. } => report.open += 1,
            _ => {}
        }
        for contact in view.contacts_of(&openid, &provider.view)? {
            *report.whose.entry(contact.userid.spelling().to_owned()).or_default() += 1;
        }
    }
    Ok(report)
}
