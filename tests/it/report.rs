//! Reports: they hold the figures of the measures, nobody's ids unless asked, and nothing that gets out of its text.

use idweave::analytics::{Analysis, Analyze, Measuring};
use idweave::model::Lang;
use idweave::report::{Report, ReportStyle};
use idweave::{Fact, Graph, Read, View};

use crate::picture::read_markup;
use crate::support::say::{self, With};

/// A small company: customers of two apps and a corp, a pending visitor, a shared device, a conflict, a hint.
fn facts() -> Vec<Fact> {
    let mut facts = vec![
        say::link("e1", "u1", "work.contact_get", 30),
        say::relate("follows", "d1", "e1", 30).attr("add_way", "1").attr("state", "<script>poster</script>"),
        say::relate("follows", "d2", "e2", 55).attr("add_way", "16").attr("state", "canary-channel"),
        say::link("e2", "u2", "work.contact_get", 54),
        say::link("x3", "u3", "work.idconvert", 60),
        say::link("k1", "u1", "import.crm", 70),
        say::link("k1", "o2", "import.crm", 71),
        say::link("o4", "t1", "phone.mini", 80),
        say::link("o5", "t1", "phone.mini", 90),
    ];
    facts.extend((1..=5).map(|n| say::link(&format!("o{n}"), &format!("u{n}"), "mini.code2session", 24 * n)));
    facts.extend((1..=3).map(|n| say::link(&format!("p{n}"), &format!("u{n}"), "mp.user_info", 24 * n + 3)));
    facts.extend(
        (10..22).map(|n| say::link("custom.device:pos:canary-device", &format!("o{n}"), "import.pos", n)),
    );
    facts
}

fn graph(facts: &[Fact]) -> Graph {
    let graph = Graph::options().in_memory().unwrap();
    graph.write(say::hour(400), |tx| facts.iter().try_for_each(|fact| tx.apply(fact).map(drop))).unwrap();
    graph
}

fn measured(view: &View) -> Analysis {
    view.analyze(&Measuring::at(say::hour(400))).unwrap()
}

fn page(lang: Lang, with_ids: bool) -> String {
    let analysis = measured(&graph(&facts()).view());
    Report::new(&analysis).html(&ReportStyle { lang, with_ids }).unwrap()
}

/// The texts of the cells after the one that says `name`, in the order of the page.
fn cells_after<'t>(texts: &'t [String], name: &str) -> Vec<Vec<&'t str>> {
    let at = texts.iter().enumerate().filter(|(_, text)| *text == name).map(|(at, _)| at);
    at.map(|at| texts[at + 1..].iter().take(4).map(String::as_str).collect()).collect()
}

#[test]
fn a_report_holds_the_figures_of_the_measures() {
    let view = graph(&facts()).view();
    let analysis = measured(&view);
    let page = Report::new(&analysis).html(&ReportStyle::default()).unwrap();
    let (names, texts) = read_markup(&page);
    let funnel = analysis.funnel.as_ref().unwrap().all;
    let has_row =
        |name: &str, cells: &[&str]| cells_after(&texts, name).iter().any(|row| row.starts_with(cells));
    assert!(has_row("ids", &[&analysis.ids.to_string()]), "{texts:?}");
    assert!(has_row("with an openid", &[&funnel.entities.to_string(), "100.0 %"]));
    assert!(has_row("contact of an employee", &[&funnel.contacts.to_string()]));
    assert_eq!((funnel.contacts, analysis.ids), (2, view.stats().unwrap().ids));
    // unionid and openid of the first app are held together by five.
    let app = "openid:wx00000000000000a1";
    assert!(has_row(app, &["unionid:openA", "5"]), "{:?}", cells_after(&texts, app));
    let employee = cells_after(&texts, "employee 1");
    assert!(employee.iter().any(|row| row.starts_with(&["1", "1", "1"])), "{employee:?}");
    let rejected = analysis.edges.as_ref().unwrap().by_reason();
    for (reason, times) in rejected.iter().filter(|(_, times)| **times > 0) {
        let rows = cells_after(&texts, reason.name().replace('_', " ").as_str());
        assert!(rows.iter().any(|row| row[0] == times.to_string()), "{reason}: {rows:?}");
    }
    for chapter in [
        "coverage",
        "reach",
        "funnel",
        "growth",
        "contacts",
        "followers",
        "sizes",
        "degrees",
        "edges",
        "hubs",
        "joints",
        "suspects",
    ] {
        assert!(page.contains(&format!("<section id=\"{chapter}\">")), "{chapter}");
    }
    assert!(names["svg"] >= 15 && names["table"] >= 15, "a table beside each chart: {names:?}");
}

#[test]
fn nobodys_ids_are_in_a_report_unless_they_were_asked_for() {
    let named = [
        "canary-device",
        "canary-channel",
        "userid:ww00000000000000c1:v1",
        "unionid:openA:v1",
        "openid:wx00000000000000a1:v",
    ];
    for lang in [Lang::En, Lang::Zh] {
        let (without, with) = (page(lang, false), page(lang, true));
        for name in named {
            assert!(!without.contains(name), "{name}");
        }
        assert!(!without.contains("poster"), "a channel is the company's own word, and may name somebody");
        for name in &named[..3] {
            assert!(with.contains(name), "{name}");
        }
    }
}

#[test]
fn whatever_a_channel_is_called_it_stays_a_text() {
    for lang in [Lang::En, Lang::Zh] {
        let page = page(lang, true);
        let (names, texts) = read_markup(&page);
        assert_eq!(names.get("script"), None, "{names:?}");
        assert!(texts.iter().any(|text| text == "<script>poster</script>"));
        for reaches in ["src=", "href=", "url(", "@import", " style=", "<script"] {
            assert!(!page.contains(reaches), "{reaches}");
        }
        assert!(page.contains("default-src &apos;none&apos;"));
    }
}

#[test]
fn a_report_of_the_same_graph_is_the_same() {
    assert_eq!(page(Lang::En, true), page(Lang::En, true));
    let mut turned = facts();
    turned.reverse();
    let (once, again) = (measured(&graph(&facts()).view()), measured(&graph(&turned).view()));
    assert_eq!((once.ids, &once.coverage, &once.funnel), (again.ids, &again.coverage, &again.funnel));
}

#[test]
fn what_changed_is_a_chapter_of_its_own() {
    let told = facts();
    let graph = Graph::options().in_memory().unwrap();
    let write = |part: &[Fact]| {
        graph.write(say::hour(400), |tx| part.iter().try_for_each(|fact| tx.apply(fact).map(drop))).unwrap()
    };
    let (first, rest) = told.split_at(12);
    write(first);
    let before = graph.view();
    write(rest);
    let after = graph.view();
    let change = after.compare_with(&before, std::num::NonZeroUsize::MIN).unwrap();
    let analysis = measured(&after);
    let page = Report::new(&analysis).since(&change).html(&ReportStyle::default()).unwrap();
    let (_, texts) = read_markup(&page);
    let row = cells_after(&texts, "born: all ids are new");
    assert!(row.iter().any(|row| row[0] == change.born.to_string()) && change.born > 0, "{row:?}");
}

#[test]
fn an_empty_graph_has_a_report_too() {
    let view = Graph::options().in_memory().unwrap().view();
    let analysis = measured(&view);
    for lang in [Lang::En, Lang::Zh] {
        let page = Report::new(&analysis).html(&ReportStyle { lang, with_ids: true }).unwrap();
        read_markup(&page);
    }
}
