//! Calls against scripted answers, at a time that goes on only when somebody waits.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::error::{CallFailure, Error, Result};
use crate::model::Time;
use crate::sync::api::{
    CONTACT_GET, CORP_TOKEN, FOLLOW_USERS, PERMANENT_CODE, Request, USER_GET, USER_INFO, Window,
};
use crate::sync::client::store::{MemoryStore, Store, Update};
use crate::sync::client::{
    CallOptions, Credential, Platform, Timer, component_ticket, forget_authorisation, keep_ticket,
    permanent_code, refresh_token, suite_ticket,
};
use crate::sync::secret::Secret;
use crate::sync::transport::Transport;

const NOW: i64 = 1_767_225_600_000;

type Answer = Result<String, CallFailure>;

/// What was sent: the path with its query, and the body.
type Sent = (String, String);

/// Answers in a row, and all that was asked.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Script {
    fn of(answers: &[&str]) -> Script {
        let script = Script::default();
        let answers = answers.iter().map(|answer| match *answer {
            "gone" => Err(CallFailure::Unreachable),
            answer => Ok(answer.to_owned()),
        });
        script.answers.lock().unwrap().extend(answers);
        script
    }

    fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    fn paths(&self) -> Vec<String> {
        let path = |sent: &Sent| sent.0.split('?').next().unwrap_or_default().to_owned();
        self.sent().iter().map(path).collect()
    }
}

impl Transport for Script {
    fn send(&self, request: &Request, token: Option<&str>) -> Result<Vec<u8>, CallFailure> {
        let body = request.body().unwrap_or_default().to_owned();
        self.sent.lock().unwrap().push((request.path_and_query(token).to_string(), body));
        let answer = self.answers.lock().unwrap().pop_front().expect("no more calls than answers");
        answer.map(String::into_bytes)
    }
}

/// A clock that goes on when it is waited for.
#[derive(Clone, Default)]
struct Waits {
    waited_ms: Arc<AtomicU64>,
    ended_after: Arc<AtomicI64>,
}

impl Timer for Waits {
    fn now(&self) -> Time {
        Time::from_ms(NOW + self.waited_ms.load(Ordering::SeqCst) as i64)
    }

    fn wait(&self, ms: u64) -> bool {
        self.waited_ms.fetch_add(ms, Ordering::SeqCst);
        let left = self.ended_after.load(Ordering::SeqCst);
        left == 0 || (self.waited_ms.load(Ordering::SeqCst) as i64) < left
    }
}

fn corp() -> Credential {
    Credential::Corp { corp: "ww1".to_owned(), agent: "crm".to_owned(), secret: Secret::new("S3CRET") }
}

fn app() -> Credential {
    Credential::App { appid: "wx1".to_owned(), secret: Secret::new("S3CRET") }
}

fn platform(script: &Script, waits: &Waits) -> Platform {
    Platform::new(script.clone(), MemoryStore::default(), waits.clone(), CallOptions::default())
}

fn failure(result: Result<Vec<u8>>) -> CallFailure {
    match result {
        Err(Error::Call { failure, .. }) => failure,
        other => panic!("{other:?}"),
    }
}

const TOKEN: &str = r#"{"errcode":0,"errmsg":"ok","access_token":"T1","expires_in":7200}"#;
const TOKEN_2: &str = r#"{"errcode":0,"errmsg":"ok","access_token":"T2","expires_in":7200}"#;
const OK: &str = r#"{"errcode":0,"errmsg":"ok"}"#;

#[test]
fn a_token_is_asked_for_once_and_used_until_shortly_before_its_end() {
    let (script, waits) = (Script::of(&[TOKEN, OK, OK, TOKEN_2, OK]), Waits::default());
    let platform = platform(&script, &waits);
    let request = Request::get(&FOLLOW_USERS, &[]);
    for wait_ms in [0, 6_899_000, 1_000] {
        waits.wait(wait_ms);
        platform.call(&corp(), &request).unwrap();
    }
    let sent: Vec<String> = script.sent().into_iter().map(|(path, _)| path).collect();
    let list = |token: &str| format!("/cgi-bin/externalcontact/get_follow_user_list?access_token={token}");
    let gettoken = "/cgi-bin/gettoken?corpid=ww1&corpsecret=S3CRET".to_owned();
    assert_eq!(sent, [gettoken.clone(), list("T1"), list("T1"), gettoken, list("T2")]);
    assert_eq!(platform.calls().get(CORP_TOKEN.path), Some(&2));
}

#[test]
fn threads_that_need_a_token_make_one_call_for_it() {
    let mut answers = vec![TOKEN];
    answers.extend([OK; 16]);
    let (script, waits) = (Script::of(&answers), Waits::default());
    let platform = platform(&script, &waits);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| platform.call(&corp(), &Request::get(&FOLLOW_USERS, &[])).unwrap());
        }
    });
    assert_eq!(platform.calls().get(CORP_TOKEN.path), Some(&1));
}

#[test]
fn a_dead_token_is_replaced_once_and_then_the_settings_are_at_fault() {
    let dead = r#"{"errcode":42001,"errmsg":"access_token expired"}"#;
    let (script, waits) = (Script::of(&[TOKEN, dead, TOKEN_2, OK]), Waits::default());
    platform(&script, &waits).call(&corp(), &Request::get(&FOLLOW_USERS, &[])).unwrap();
    assert!(script.sent()[3].0.ends_with("access_token=T2"));
    let (script, waits) = (Script::of(&[TOKEN, dead, TOKEN_2, dead]), Waits::default());
    let result = platform(&script, &waits).call(&corp(), &Request::get(&FOLLOW_USERS, &[]));
    assert_eq!(failure(result), CallFailure::Settings(42001));
}

#[test]
fn a_token_that_another_process_stored_meanwhile_is_taken_instead_of_a_new_one() {
    struct Shared(Arc<MemoryStore>);
    impl Store for Shared {
        fn remove(&self, name: &str) -> Result<()> {
            self.0.remove(name)
        }

        fn load(&self, name: &str) -> Result<Option<Secret>> {
            self.0.load(name)
        }
        fn update(&self, name: &str, change: &mut Update<'_>) -> Result<()> {
            self.0.update(name, change)
        }
    }
    let dead = r#"{"errcode":40014,"errmsg":"invalid access_token"}"#;
    let store = Arc::new(MemoryStore::default());
    let kept = |token: &str| Secret::new(&format!(r#"{{"token":"{token}","until_ms":{}}}"#, NOW + 1_000_000));
    store.save("token corp ww1 crm", &kept("OLD")).unwrap();
    /// Stores another token when the old one is refused.
    struct Meanwhile(Script, Arc<MemoryStore>, Secret);
    impl Transport for Meanwhile {
        fn send(&self, request: &Request, token: Option<&str>) -> Result<Vec<u8>, CallFailure> {
            self.1.save("token corp ww1 crm", &self.2).unwrap();
            self.0.send(request, token)
        }
    }
    let script = Script::of(&[dead, OK]);
    let transport = Meanwhile(script.clone(), store.clone(), kept("NEW"));
    let platform = Platform::new(transport, Shared(store), Waits::default(), CallOptions::default());
    platform.call(&corp(), &Request::get(&FOLLOW_USERS, &[])).unwrap();
    let tokens: Vec<bool> = script.sent().iter().map(|(path, _)| path.ends_with("=NEW")).collect();
    assert_eq!(tokens, [false, true]);
}

#[test]
fn a_stable_token_that_died_early_is_replaced_by_force() {
    let dead = r#"{"errcode":40001,"errmsg":"invalid credential"}"#;
    let (script, waits) = (Script::of(&[TOKEN, dead, TOKEN, TOKEN_2, OK]), Waits::default());
    platform(&script, &waits).call(&app(), &Request::get(&USER_GET, &[])).unwrap();
    let forced: Vec<bool> =
        script.sent().iter().map(|(_, body)| body.contains("\"force_refresh\":true")).collect();
    assert_eq!(forced, [false, false, false, true, false]);
}

#[test]
fn what_is_busy_or_out_of_reach_is_tried_again_a_few_times() {
    let busy = r#"{"errcode":-1,"errmsg":"system error"}"#;
    let html = "<html>502</html>";
    let (script, waits) = (Script::of(&[TOKEN, "gone", busy, html, OK]), Waits::default());
    platform(&script, &waits).call(&corp(), &Request::get(&FOLLOW_USERS, &[])).unwrap();
    for (answer, expected) in [
        ("gone", CallFailure::Unreachable),
        (busy, CallFailure::Busy(-1)),
        (html, CallFailure::NotAnAnswer),
        ("{\"errcode\":0", CallFailure::NotAnAnswer),
    ] {
        let (script, waits) = (Script::of(&[TOKEN, answer, answer, answer, answer]), Waits::default());
        let result = platform(&script, &waits).call(&corp(), &Request::get(&FOLLOW_USERS, &[]));
        assert_eq!(failure(result), expected);
        assert!(waits.waited_ms.load(Ordering::SeqCst) <= 7_000);
    }
}

#[test]
fn what_the_platform_refuses_is_asked_once() {
    for (errcode, expected) in [
        (84061, CallFailure::Refused(84061)),
        (60020, CallFailure::Settings(60020)),
        (84014, CallFailure::Spent(84014)),
    ] {
        let answer = format!(r#"{{"errcode":{errcode},"errmsg":"no","follow_user":[]}}"#);
        let (script, waits) = (Script::of(&[TOKEN, &answer]), Waits::default());
        let result = platform(&script, &waits).call(&corp(), &Request::get(&CONTACT_GET, &[]));
        assert_eq!(failure(result), expected);
    }
}

#[test]
fn a_used_up_quota_is_waited_for_or_ends_the_run() {
    let limit = r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#;
    let (script, waits) = (Script::of(&[TOKEN, limit, limit, OK]), Waits::default());
    platform(&script, &waits).call(&corp(), &Request::get(&FOLLOW_USERS, &[])).unwrap();
    assert_eq!(waits.waited_ms.load(Ordering::SeqCst), 60_000 + 3_600_000);
    // A day's quota of an official account: nobody waits that long, and nothing is asked before it ends.
    let (script, waits) = (Script::of(&[TOKEN, limit]), Waits::default());
    let platform = platform(&script, &waits);
    let until_ms = Window::Day.start(Time::from_ms(NOW)).ms() + Time::DAY_MS;
    for _ in 0..3 {
        let result = platform.call(&app(), &Request::get(&USER_INFO, &[]));
        assert_eq!(failure(result), CallFailure::Limit { until_ms });
    }
    assert_eq!(script.sent().len(), 2);
}

#[test]
fn a_run_makes_no_more_calls_than_it_may_and_ends_when_it_is_told_to() {
    let (script, waits) = (Script::of(&[TOKEN, OK, OK]), Waits::default());
    let options = CallOptions { calls_max: Some(3), ..CallOptions::default() };
    let platform = Platform::new(script.clone(), MemoryStore::default(), waits.clone(), options);
    let request = Request::get(&FOLLOW_USERS, &[]);
    platform.call(&corp(), &request).unwrap();
    platform.call(&corp(), &request).unwrap();
    assert_eq!(failure(platform.call(&corp(), &request)), CallFailure::CallsUsedUp);
    assert_eq!(script.sent().len(), 3);
    let (script, waits) = (Script::of(&[TOKEN, r#"{"errcode":45009,"errmsg":"x"}"#]), Waits::default());
    waits.ended_after.store(1_000, Ordering::SeqCst);
    let platform = Platform::new(script, MemoryStore::default(), waits, CallOptions::default());
    assert_eq!(failure(platform.call(&corp(), &request)), CallFailure::Ended);
}

#[test]
fn a_suite_asks_for_its_corps_tokens_with_its_own_and_needs_its_ticket() {
    let suite = Credential::Suite { suite: "ws1".to_owned(), secret: Secret::new("S3CRET") };
    let of_corp = Credential::SuiteCorp { suite: Box::new(suite), corp: "wp9".to_owned() };
    let suite_token = r#"{"errcode":0,"suite_access_token":"ST","expires_in":7200}"#;
    let (script, waits) = (Script::of(&[suite_token, TOKEN, OK]), Waits::default());
    let platform = platform(&script, &waits);
    let request = Request::get(&CONTACT_GET, &[("external_userid", "wm1")]);
    assert_eq!(failure(platform.call(&of_corp, &request)), CallFailure::NotPushedYet("permanent_code"));
    platform.store().save(&permanent_code("ws1", "wp9"), &Secret::new("PC")).unwrap();
    assert_eq!(failure(platform.call(&of_corp, &request)), CallFailure::NotPushedYet("suite_ticket"));
    platform.store().save(&suite_ticket("ws1"), &Secret::new("TICKET")).unwrap();
    platform.call(&of_corp, &request).unwrap();
    assert_eq!(
        script.paths(),
        [
            "/cgi-bin/service/get_suite_token",
            "/cgi-bin/service/get_corp_token",
            "/cgi-bin/externalcontact/get"
        ]
    );
    assert!(script.sent()[1].0.ends_with("?suite_access_token=ST"));
}

#[test]
fn a_refresh_token_that_is_replaced_is_stored_before_the_token_is_used() {
    let component = Credential::Component { component: "wxc".to_owned(), secret: Secret::new("S3CRET") };
    let authorizer = Credential::Authorizer { component: Box::new(component), appid: "wxa".to_owned() };
    let answers = [
        r#"{"component_access_token":"CT","expires_in":7200}"#,
        r#"{"authorizer_access_token":"AT","expires_in":7200,"authorizer_refresh_token":"R2"}"#,
        "gone",
        "gone",
        "gone",
        "gone",
    ];
    let (script, waits) = (Script::of(&answers), Waits::default());
    let platform = platform(&script, &waits);
    platform.store().save(&component_ticket("wxc"), &Secret::new("TICKET")).unwrap();
    platform.store().save(&refresh_token("wxc", "wxa"), &Secret::new("R1")).unwrap();
    let result = platform.call(&authorizer, &Request::get(&USER_GET, &[]));
    assert_eq!(failure(result), CallFailure::Unreachable);
    let stored = platform.store().load(&refresh_token("wxc", "wxa")).unwrap().unwrap();
    assert_eq!(stored.expose(), "R2");
}

/// A third-party platform with its ticket, and an app that authorised it with the refresh token R1.
fn authorised(script: &Script, waits: &Waits) -> (Platform, Credential) {
    let component = Credential::Component { component: "wxc".to_owned(), secret: Secret::new("S3CRET") };
    let authorizer = Credential::Authorizer { component: Box::new(component), appid: "wxa".to_owned() };
    let platform = platform(script, waits);
    keep_ticket(platform.store(), &component_ticket("wxc"), &Secret::new("TICKET")).unwrap();
    platform.store().save(&refresh_token("wxc", "wxa"), &Secret::new("R1")).unwrap();
    (platform, authorizer)
}

const COMPONENT_TOKEN: &str = r#"{"component_access_token":"CT","expires_in":7200}"#;

#[test]
fn a_refresh_token_whose_answer_was_lost_is_found_in_the_list_of_authorisations() {
    let answers = [
        COMPONENT_TOKEN,
        "gone",
        r#"{"errcode":61023,"errmsg":"refresh_token is invalid"}"#,
        r#"{"total_count":2,"list":[{"authorizer_appid":"wxb","refresh_token":"RB","auth_time":1}]}"#,
        r#"{"total_count":2,"list":[{"authorizer_appid":"wxa","refresh_token":"R2","auth_time":1}]}"#,
        r#"{"authorizer_access_token":"AT","expires_in":7200,"authorizer_refresh_token":"R3"}"#,
        OK,
    ];
    let (script, waits) = (Script::of(&answers), Waits::default());
    let (platform, authorizer) = authorised(&script, &waits);
    platform.call(&authorizer, &Request::get(&USER_GET, &[])).unwrap();
    let stored = platform.store().load(&refresh_token("wxc", "wxa")).unwrap().unwrap();
    assert_eq!(stored.expose(), "R3");
    assert!(script.sent()[5].1.contains("\"R2\""), "{:?}", script.sent()[5]);
}

/// Whose app takes its authorisation back while its token is asked for.
struct TakenBack {
    script: Script,
    store: Arc<MemoryStore>,
    authorizer: Credential,
}

impl Transport for TakenBack {
    fn send(&self, request: &Request, token: Option<&str>) -> Result<Vec<u8>, CallFailure> {
        if request.endpoint.path.contains("api_authorizer_token") {
            assert!(forget_authorisation(&*self.store, &self.authorizer).unwrap());
        }
        self.script.send(request, token)
    }
}

#[test]
fn an_authorisation_that_is_taken_back_while_its_token_is_asked_for_stays_taken_back() {
    let token = r#"{"authorizer_access_token":"AT","expires_in":7200,"authorizer_refresh_token":"R2"}"#;
    let (script, waits) = (Script::of(&[COMPONENT_TOKEN, token]), Waits::default());
    let (_, authorizer) = authorised(&script, &waits);
    let store = Arc::new(MemoryStore::default());
    keep_ticket(&*store, &component_ticket("wxc"), &Secret::new("T")).unwrap();
    store.save(&refresh_token("wxc", "wxa"), &Secret::new("R1")).unwrap();
    let transport =
        TakenBack { script: script.clone(), store: store.clone(), authorizer: authorizer.clone() };
    let platform = Platform::new(transport, store.clone(), waits, CallOptions::default());
    for _ in 0..2 {
        let ended = failure(platform.call(&authorizer, &Request::get(&USER_GET, &[])));
        assert!(matches!(ended, CallFailure::Stopped), "{ended:?}");
    }
    assert_eq!(store.load(&refresh_token("wxc", "wxa")).unwrap().unwrap().expose(), "");
    assert_eq!(script.paths().len(), 2, "nothing more is asked");
}

#[test]
fn an_app_that_authorises_no_longer_is_a_matter_of_settings() {
    let refused = r#"{"errcode":61023,"errmsg":"refresh_token is invalid"}"#;
    let answers = [COMPONENT_TOKEN, refused, r#"{"total_count":0,"list":[]}"#];
    let (script, waits) = (Script::of(&answers), Waits::default());
    let (platform, authorizer) = authorised(&script, &waits);
    let result = platform.call(&authorizer, &Request::get(&USER_GET, &[]));
    assert_eq!(failure(result), CallFailure::Settings(61003));
}

#[test]
fn a_ticket_that_ended_is_nobodys_own_failure_and_the_one_before_it_is_tried() {
    let suite = Credential::Suite { suite: "ws1".to_owned(), secret: Secret::new("S3CRET") };
    let dead = r#"{"errcode":40085,"errmsg":"invalid suite_ticket"}"#;
    let token = r#"{"errcode":0,"suite_access_token":"ST","expires_in":7200}"#;
    let (script, waits) = (Script::of(&[dead, token, OK]), Waits::default());
    let waiting = platform(&script, &waits);
    for ticket in ["T1", "T2", "T2"] {
        keep_ticket(waiting.store(), &suite_ticket("ws1"), &Secret::new(ticket)).unwrap();
    }
    let request = Request::post(&PERMANENT_CODE, &serde_json::json!({"auth_code": "C"}));
    waiting.call(&suite, &request).unwrap();
    assert!(script.sent()[0].1.contains("\"T2\"") && script.sent()[1].1.contains("\"T1\""));
    // Both ended: the code is not spent by that, and is exchanged when the next ticket has come.
    let (script, waits) = (Script::of(&[dead]), Waits::default());
    let platform = platform(&script, &waits);
    keep_ticket(platform.store(), &suite_ticket("ws1"), &Secret::new("T1")).unwrap();
    assert_eq!(failure(platform.call(&suite, &request)), CallFailure::NotPushedYet("ticket"));
}

#[test]
fn no_token_is_forced_more_often_than_the_platform_allows() {
    let (waits, dead) = (Waits::default(), r#"{"errcode":40001,"errmsg":"invalid credential"}"#);
    let same = r#"{"access_token":"T1","expires_in":7200}"#;
    let store = Arc::new(MemoryStore::default());
    let mut forced = 0;
    for _ in 0..21 {
        // Each time a call is told that its token is dead, and the platform gives the same one.
        let script = Script::of(&[same, dead, same, same, OK]);
        let options = CallOptions { wait_ms_max: 1_000, ..CallOptions::default() };
        let platform = Platform::new(script.clone(), store.clone(), waits.clone(), options);
        store.save("token app wx1", &Secret::new("")).unwrap();
        let answered = platform.call(&app(), &Request::get(&USER_INFO, &[("openid", "o1")]));
        let is_forced = |sent: &&Sent| sent.1.contains("\"force_refresh\":true");
        forced += script.sent().iter().filter(is_forced).count();
        assert_eq!(answered.is_ok(), forced < 20 || script.sent().len() == 5, "{answered:?}");
    }
    assert_eq!(forced, 20);
}

#[test]
fn what_is_asked_for_a_provider_counts_for_it_whichever_corp_is_asked() {
    let (script, waits) = (Script::of(&[TOKEN, OK, OK]), Waits::default());
    let platform = platform(&script, &waits);
    let request = Request::get(&CONTACT_GET, &[("external_userid", "wm1")]);
    let left = |subject: &str| {
        let asked =
            Credential::Corp { corp: subject.to_owned(), agent: "a".to_owned(), secret: Secret::new("S") };
        platform.left(&asked, &CONTACT_GET).unwrap().unwrap().0
    };
    platform.call(&corp(), &request).unwrap();
    platform.call(&corp(), &request.clone().counted_for("wwprovider")).unwrap();
    assert_eq!((left("ww1"), left("wwprovider")), (149_999, 149_999));
}

#[test]
fn no_secret_and_no_id_is_in_errors_and_debug() {
    let answers = [TOKEN, r#"{"errcode":84061,"errmsg":"not external contact wmCANARY, T1 S3CRET"}"#];
    let (script, waits) = (Script::of(&answers), Waits::default());
    let platform = platform(&script, &waits);
    let request = Request::get(&CONTACT_GET, &[("external_userid", "wmCANARY")]);
    let error = platform.call(&corp(), &request).unwrap_err();
    let shown = format!("{error} {error:?} {platform:?} {request:?} {:?}", corp());
    for secret in ["wmCANARY", "S3CRET", "T1"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
