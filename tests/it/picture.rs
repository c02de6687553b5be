//! Pictures: they show what the graph says, whole or with what is left out told, and nothing in an id gets out of its text.

use std::collections::BTreeMap;

use idweave::model::{Lang, Placeholders};
use idweave::picture::{Asked, Film, Moment, Scene, Style, Values};
use idweave::{Fact, Graph, Id, Read, Time, View, ndjson};
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::support::say;

const AT: u64 = 1_735_689_600_000;
const DAY: u64 = 86_400_000;
const NOW: Time = Time::from_ms(1_735_900_000_000);
/// Values that try to leave their text, each of which an id may have.
const HOSTILE: [&str; 6] = [
    "</text><script>alert(1)</script>",
    "\"' onload='alert(1)",
    "]]><!-- & &amp; &#60;",
    "a\u{202e}gnp.exe\u{200b}",
    "</title></svg><img src=x>",
    "\u{4f1a}\u{5458}\u{4e00}\u{53f7}",
];

fn id(text: &str) -> Id {
    text.parse().unwrap()
}

fn link(a: &str, b: &str, source: &str, at: u64) -> Fact {
    let line = serde_json::json!({"op": "link", "a": a, "b": b, "source": source, "at": at}).to_string();
    ndjson::parse(&line, 1, &Placeholders::default()).unwrap()
}

/// A graph that was told these, a commit each.
fn told(facts: &[Fact]) -> Graph {
    let graph = Graph::options().in_memory().unwrap();
    for fact in facts {
        graph.apply(NOW, fact).unwrap();
    }
    graph
}

fn now(view: &View) -> Moment {
    Moment { seq: view.seq(), recorded_at: view.recorded_at() }
}

fn film(graph: &Graph, asked: &Asked) -> Film {
    let view = graph.view();
    Film::take(&view, now(&view), &|seq| view.as_of(seq), asked).unwrap()
}

fn style(lang: Lang, values: Values) -> Style {
    Style { lang, values }
}

/// A family with a customer, a superseded openid, a card whose other openid is kept apart, and a shared phone.
fn family() -> Graph {
    let mut facts = vec![
        say::link("o1", "u1", "mini.code2session", 24),
        say::link("p1", "u1", "mp.user_info", 48),
        say::link("e1", "u1", "work.contact_get", 72),
        say::link("o1", "t1", "phone.mini", 73),
        say::link("o2", "t1", "phone.mini", 80),
        say::link("k1", "u1", "import.crm", 96),
        say::link("o2", "k1", "import.crm", 120),
        say::supersede("p1", "q1", "mp.changeopenid", 144),
        say::ban("o1", "o3", 145),
    ];
    facts.push(say::link("k1", "u1", "import.pos", 168));
    let graph = Graph::options().in_memory().unwrap();
    for fact in &facts {
        graph.apply(say::hour(200), fact).unwrap();
    }
    graph
}

/// The names of the elements and their texts; every element is closed by its own name.
pub(crate) fn read_markup(text: &str) -> (BTreeMap<String, usize>, Vec<String>) {
    let mut reader = Reader::from_str(text);
    let (mut names, mut texts, mut open) = (BTreeMap::new(), Vec::new(), Vec::<String>::new());
    let mut said = String::new();
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(start) => {
                let name = start.name().as_ref().to_owned();
                start.attributes().for_each(|attribute| drop(attribute.expect("a good attribute")));
                *names.entry(name.clone()).or_default() += 1;
                open.push(name);
                said.clear();
            }
            Event::Empty(empty) => {
                let name = empty.name().as_ref().to_owned();
                *names.entry(name).or_default() += 1;
            }
            Event::End(_) => {
                open.pop().expect("what is closed was opened");
                if !said.is_empty() {
                    texts.push(std::mem::take(&mut said));
                }
            }
            Event::Text(text) => said.push_str(&text),
            Event::GeneralRef(name) => {
                let reference = format!("&{};", &*name);
                let known = quick_xml::escape::unescape(&reference).map(|text| text.into_owned());
                said.push_str(&known.expect("a reference that everybody knows"));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    (names, texts)
}

#[test]
fn an_entity_is_drawn_as_it_always_was() {
    let film = film(&family(), &Asked::Entity(say::id("u1")));
    insta::assert_snapshot!("entity_svg", film.svg(&Style::default()));
}

#[test]
fn a_way_is_drawn_with_what_stands_in_it() {
    let graph = family();
    let film = film(&graph, &Asked::Way(say::id("e1"), say::id("o2")));
    let svg = film.svg(&style(Lang::En, Values::Full));
    let (_, texts) = read_markup(&svg);
    for shown in ["Different", "\u{2715} cardinality", "import.crm", "v1", "v2"] {
        assert!(texts.iter().any(|text| text == shown), "{shown}: {texts:?}");
    }
    // The ids between the two are on the way: external_userid, unionid, card, openid.
    let moments: Vec<u64> = film.moments().map(|moment| moment.seq).collect();
    assert_eq!(moments.last(), Some(&10), "the last commit told more of a step: {moments:?}");
    assert!(moments.contains(&7), "the card was kept apart by the seventh: {moments:?}");
}

#[test]
fn moments_show_what_was_known_then() {
    let graph = family();
    let view = graph.view();
    let asked = Asked::Entity(say::id("u1"));
    let film = film(&graph, &asked);
    let moments: Vec<u64> = film.moments().collect::<Vec<_>>().iter().map(|moment| moment.seq).collect();
    let history: Vec<u64> = view.history(&say::id("u1")).unwrap().iter().map(|step| step.seq).collect();
    assert!(history.iter().all(|seq| moments.contains(seq)), "{history:?} in {moments:?}");
    let page = film.html(&Style::default());
    assert_eq!(page.matches("class=\"moment").count(), moments.len());
    for seq in moments {
        let then = view.as_of(seq).unwrap();
        let scene = Scene::of(&then, &asked).unwrap();
        let still = Film::still(&then, Moment { seq, recorded_at: then.recorded_at() }, &asked).unwrap();
        assert_eq!(*still.last(), scene);
        assert!(page.contains(&format!("After commit {seq}, ")));
    }
    assert_eq!(*film.last(), Scene::of(&view, &asked).unwrap());
}

#[test]
fn whatever_an_id_holds_it_stays_a_text() {
    let facts: Vec<Fact> = HOSTILE
        .iter()
        .flat_map(|value| {
            let card = format!("custom.card:crm:{value}");
            [link(&card, "unionid:openA:u1234", "import.crm", AT)]
        })
        .collect();
    let graph = told(&facts);
    let asked = Asked::Entity(id("unionid:openA:u1234"));
    let film = film(&graph, &asked);
    for values in [Values::Full, Values::Short, Values::Hidden] {
        let (names, texts) = read_markup(&film.svg(&style(Lang::En, values)));
        assert!(!names.contains_key("script") && !names.contains_key("img"), "{names:?}");
        assert_eq!(names["svg"], 1);
        let page = film.html(&style(Lang::Zh, values));
        let (names, _) = read_markup(&page);
        assert_eq!((names.get("script"), names.get("img")), (Some(&1), None), "only the script of the page");
        assert!(!page.contains(['\u{202e}', '\u{200b}']), "nothing hides");
        if values == Values::Full {
            let shown = |value: &str| value.replace('\u{202e}', "<U+202E>").replace('\u{200b}', "<U+200B>");
            let all = HOSTILE.iter().all(|value| texts.contains(&shown(value)));
            assert!(all, "{texts:?}");
        }
    }
}

#[test]
fn a_page_asks_nobody_for_anything() {
    let page = film(&family(), &Asked::Entity(say::id("u1"))).html(&Style::default());
    assert!(page.contains("default-src &apos;none&apos;; base-uri &apos;none&apos;"));
    for reaches in ["src=", "href=", "url(", "@import", "fetch(", "XMLHttp", " style="] {
        assert!(!page.contains(reaches), "{reaches}");
    }
    let addresses: Vec<&str> = page.match_indices("http").map(|(at, _)| &page[at..at + 26]).collect();
    let known = |address: &&str| {
        address.starts_with("http://www.w3.org/2000/svg") || address.starts_with("http-equiv")
    };
    assert!(addresses.iter().all(known), "{addresses:?}");
}

#[test]
fn values_are_shown_as_far_as_was_asked() {
    let graph = told(&[
        link(
            "openid:wx00000000000000a1:oMwZmXj8OWfx0iSA_3TnoX74_AGw",
            "unionid:openA:oUnionidOfNobody01",
            "mp.user_info",
            AT,
        ),
        link(
            "openid:wx00000000000000a1:oMwZmXj8OWfx0iSA_3TnoX74_AGw",
            &format!("phone:key1:{}", "ab".repeat(32)),
            "phone.mini",
            AT + DAY,
        ),
    ]);
    let film = film(&graph, &Asked::Entity(id("unionid:openA:oUnionidOfNobody01")));
    let all = |values| {
        let style = style(Lang::En, values);
        film.svg(&style) + &film.html(&style)
    };
    let (short, full, hidden) = (all(Values::Short), all(Values::Full), all(Values::Hidden));
    assert!(full.contains("oMwZmXj8OWfx0iSA_3TnoX74_AGw") && full.contains("abababab"));
    assert!(!short.contains("oMwZmXj8OWfx0iSA_3TnoX74_AGw") && short.contains("oMwZmXj8OWf\u{2026}_AGw"));
    assert!(!short.contains("abab"), "a phone is private, also as a hash");
    assert!(!hidden.contains("oMwZ") && !hidden.contains("oUnionid") && !hidden.contains("abab"));
    assert!(hidden.contains("wx00000000000000a1"), "kind and scope stay");
}

#[test]
fn a_large_family_stays_legible_and_says_what_it_draws_together() {
    let unionid = "unionid:openA:oShared00001";
    let phone = format!("phone:key1:{}", "cd".repeat(32));
    let mut facts: Vec<Fact> = (0..120)
        .map(|n| link(unionid, &format!("state_token:app1:st{n:05}"), "mini.code2session", AT))
        .collect();
    facts.extend((0..90).map(|n| link(unionid, &format!("openid:wx{n:016x}:oId{n:05}"), "mp.user_info", AT)));
    facts.push(link("openid:wx0000000000000001:oId00001", &phone, "phone.mini", AT));
    facts.extend(
        (0..2_500).map(|n| link(&format!("openid:wx00000000000000ff:oPh{n:05}"), &phone, "phone.mini", AT)),
    );
    let graph = Graph::options().in_memory().unwrap();
    graph.write(NOW, |tx| facts.iter().try_for_each(|fact| tx.apply(fact).map(drop))).unwrap();

    let family = film(&graph, &Asked::Entity(id(unionid)));
    let (names, texts) = read_markup(&family.svg(&Style::default()));
    assert!(names["rect"] < 200, "{names:?}");
    assert!(texts.iter().any(|text| text == "and 117 more"), "{texts:?}");
    assert!(texts.iter().any(|text| text.starts_with("120 ids")), "{texts:?}");
    assert!(texts.iter().any(|text| text.starts_with("212 ids are drawn as ")), "{texts:?}");

    let hub = film(&graph, &Asked::Entity(id(&phone)));
    let (_, texts) = read_markup(&hub.svg(&Style::default()));
    assert!(texts.iter().any(|text| text == "2,000 ids"), "{texts:?}");
    assert!(
        texts.iter().any(|text| text.starts_with("Not looked at: 500 more openid:wx00000000000000ff beside"))
    );
    let page = hub.html(&Style::default());
    assert!(page.contains("and 1,901 more rows, which are not shown") && page.len() < 200_000);
}

#[test]
fn drawing_twice_draws_the_same() {
    let asked = Asked::Entity(say::id("u1"));
    let (once, again) = (film(&family(), &asked), film(&family(), &asked));
    for lang in [Lang::En, Lang::Zh] {
        let style = style(lang, Values::Full);
        assert_eq!(once.html(&style), again.html(&style));
        assert_eq!(once.svg(&style), once.svg(&style));
    }
}

#[test]
fn who_is_not_known_is_drawn_as_that() {
    let film = film(&family(), &Asked::Entity(say::id("u9")));
    assert!(film.last().is_empty());
    assert!(film.svg(&Style::default()).contains("An id that is not known"));
    read_markup(&film.html(&style(Lang::Zh, Values::Short)));
}
