//! The past where lists are long: hubs, shared phones and employees with many contacts are brought in part, which must
//! not show.

use std::collections::BTreeMap;

use idweave::model::{Direction, RelationKind, When};
use idweave::{Error, Fact, Graph, History, Id, Read, Time, ndjson};

use crate::segments::answers::{Questions, text};
use crate::support::generate::Random;

const AT: i64 = 1_748_000_000_000;
const NOW: Time = Time::from_ms(AT + 1_000_000);

fn fact(line: &str) -> Fact {
    ndjson::parse(line, 1, &idweave::model::Placeholders::default()).unwrap()
}

fn link(a: &str, b: &str, source: &str, at: i64) -> Fact {
    let at = AT + at;
    fact(&format!(r#"{{"op":"link","a":"{a}","b":"{b}","source":"{source}","at":{at}}}"#))
}

fn user(number: usize) -> String {
    format!("openid:wx00000000000000a1:oUser{number:05}")
}

fn union_of(number: usize) -> String {
    format!("unionid:shop:uUser{number:05}")
}

fn member_card(number: usize) -> String {
    format!("custom.card:shop:card{number:03}")
}

fn phone(number: usize) -> String {
    format!("phone:k:{:064x}", number + 0xabc)
}

/// The answers to all questions after each commit.
fn then(graph: &Graph, commits: &[Vec<Fact>], questions: &Questions) -> BTreeMap<u64, String> {
    let mut then = BTreeMap::new();
    for commit in commits {
        graph.write(NOW, |tx| commit.iter().try_for_each(|fact| tx.apply(fact).map(drop))).unwrap();
        let view = graph.view();
        then.insert(view.seq(), text(questions.all(&view)));
    }
    then
}

fn assert_past(graph: &Graph, then: &BTreeMap<u64, String>, questions: &Questions) {
    for (seq, expected) in then {
        let past = text(questions.all(&graph.view().as_of(*seq).unwrap()));
        let differing = past.lines().zip(expected.lines()).find(|(past, then)| past != then);
        assert!(past == *expected, "as of {seq}: {differing:?}");
    }
}

/// Users who share member cards and phones far beyond every limit, and take some of it back.
fn junk(random: &mut Random, users: usize) -> Vec<Vec<Fact>> {
    let mut facts = Vec::new();
    for number in 0..users {
        let at = number as i64;
        facts.push(link(&user(number), &union_of(number), "mini.code2session", at));
        let card = member_card(random.below(3) * random.below(2));
        facts.push(link(&user(number), &card, "import.crm", at));
        facts.push(link(&user(number), &phone(random.below(2)), "phone.mini", at));
        if random.one_in(3) {
            facts.push(link(&union_of(number), &phone(7), "operator.alice", at));
        }
        if random.one_in(9) {
            let (user, at) = (user(random.below(number + 1)), AT + at);
            facts.push(fact(&format!(r#"{{"op":"retract","a":"{user}","b":"{card}","at":{at}}}"#)));
        }
        if random.one_in(20) {
            let (user, at) = (user(random.below(number + 1)), AT + at);
            facts.push(fact(&format!(
                r#"{{"op":"block","id":"{user}","reason":"junk","actor":"alice","at":{at}}}"#
            )));
        }
    }
    // Late enough that the lists are long when it counts no longer.
    let at = AT + users as i64;
    let mut commits: Vec<Vec<Fact>> = facts.chunks(97).map(<[Fact]>::to_vec).collect();
    for line in [
        format!(r#"{{"op":"rules","set":{{"hub_limit":2,"hint_hub_limit":500}},"at":{at}}}"#),
        format!(r#"{{"op":"retract","source":"import.crm","from":{},"to":{at},"at":{at}}}"#, AT + 40),
        format!(r#"{{"op":"rules","set":{{"hub_limit":1000}},"at":{}}}"#, at + 1),
        format!(r#"{{"op":"unretract","source":"import.crm","from":{},"to":{at},"at":{at}}}"#, AT + 40),
    ] {
        commits.push(vec![fact(&line)]);
    }
    commits
}

#[test]
fn hubs_of_then_are_hubs_though_part_of_them_is_brought() {
    for seed in 0..3 {
        let commits = junk(&mut Random::new(seed), 160);
        let mut questions = Questions::about(&commits.concat()[..60]);
        for id in [member_card(0), member_card(1), phone(0), phone(7)] {
            questions.add(id.parse().unwrap(), RelationKind::Follows);
        }
        let graph = Graph::options().in_memory().unwrap();
        let then = then(&graph, &commits, &questions);
        assert_past(&graph, &then, &questions);
    }
}

#[test]
fn junk_costs_those_it_touches_no_more_than_its_limit() {
    // 20,000 users with one value: who asks of one of them does not wait for the others.
    let graph = Graph::options().in_memory().unwrap();
    let card = member_card(1);
    let facts: Vec<Fact> = (0..20_000)
        .flat_map(|number| {
            [
                link(&user(number), &card, "import.crm", 0),
                link(&user(number), &phone(1), "phone.mini", 0),
                link(&user(number), &union_of(number), "mini.code2session", 0),
            ]
        })
        .collect();
    graph.write(NOW, |tx| facts.iter().try_for_each(|fact| tx.apply(fact).map(drop))).unwrap();
    let rules = fact(&format!(r#"{{"op":"rules","set":{{"hub_limit":9}},"at":{AT}}}"#));
    graph.apply(NOW, &rules).unwrap();
    let past = graph.view().as_of(1).unwrap();
    for number in [0, 777, 19_999] {
        let entity = past.resolve(&user(number).parse().unwrap()).unwrap().unwrap();
        assert_eq!(entity.members.len(), 2);
    }
    assert!(past.facts_brought() < 2_000, "{}", past.facts_brought());
}

#[test]
fn the_contacts_of_then_are_told_one_by_one() {
    let graph = Graph::options().in_memory().unwrap();
    let staff: Id = "userid:ww00000000000000c1:zhang".parse().unwrap();
    let relate = |op: &str, number: usize, at: i64| {
        fact(&format!(
            r#"{{"op":"{op}","kind":"follows","from":"{staff}","to":"external_userid:ww00000000000000c1:wm{number:05}","source":"work.contact_get","at":{}}}"#,
            AT + at
        ))
    };
    let told: Vec<Fact> = (0..300).map(|number| relate("relate", number, 0)).collect();
    graph.write(NOW, |tx| told.iter().try_for_each(|fact| tx.apply(fact).map(drop))).unwrap();
    let gone: Vec<Fact> = (0..100).map(|number| relate("unrelate", number, 10)).collect();
    graph.write(NOW, |tx| gone.iter().try_for_each(|fact| tx.apply(fact).map(drop))).unwrap();
    let open_in = |view: &dyn Read| {
        let found = view.neighbors(&staff, &RelationKind::Follows, Direction::Out, When::Ever);
        found.map(Result::unwrap).filter(|interval| interval.until.is_none()).count()
    };
    assert_eq!(open_in(&graph.view().as_of(0).unwrap()), 0);
    assert_eq!(open_in(&graph.view().as_of(1).unwrap()), 300);
    assert_eq!(open_in(&graph.view().as_of(2).unwrap()), 200);
    assert_eq!(open_in(&graph.view().observed_until(Time::from_ms(AT + 9)).unwrap()), 300);
    assert_eq!(open_in(&graph.view()), 200);
    let count = |view: &dyn Read, when: When| {
        view.count_neighbors(&staff, &RelationKind::Follows, Direction::Out, when).unwrap()
    };
    for (seq, ever, open) in [(0, 0, 0), (1, 300, 300), (2, 300, 200)] {
        let past = graph.view().as_of(seq).unwrap();
        assert_eq!((count(&past, When::Ever), count(&past, When::Open)), (ever, open), "as of {seq}");
    }
}

#[test]
fn history_reaches_as_far_back_as_the_option_says() {
    let told = |history: History| {
        let graph = Graph::options().history(history).in_memory().unwrap();
        for number in 0..4 {
            let now = Time::from_ms(NOW.ms() + 10 * number);
            let openid = format!("openid:wx00000000000000a{number}:oUser");
            graph.apply(now, &link(&openid, &union_of(0), "mp.user_info", 0)).unwrap();
        }
        let view = graph.view();
        let kept = (0..5).map(|seq| view.as_of(seq).is_ok()).collect::<Vec<_>>();
        let seqs = view.history(&union_of(0).parse().unwrap()).unwrap().into_iter().map(|step| step.seq);
        assert!(view.observed_until(Time::from_ms(AT)).is_ok());
        (kept, seqs.collect::<Vec<_>>())
    };
    // Commits at 0, 10, 20 and 30.
    assert_eq!(told(History::All), (vec![true; 5], vec![1, 2, 3, 4]));
    assert_eq!(told(History::For { ms: 15 }), (vec![false, false, true, true, true], vec![2, 3, 4]));
    assert_eq!(told(History::None), (vec![false, false, false, false, true], vec![4]));
    let graph = Graph::options().history(History::None).in_memory().unwrap();
    graph.apply(NOW, &link(&user(0), &union_of(0), "mp.user_info", 0)).unwrap();
    assert!(matches!(graph.view().as_of(0), Err(Error::NotKept { .. })));
}

#[test]
fn a_past_by_time_is_the_last_commit_of_that_time() {
    let graph = Graph::options().in_memory().unwrap();
    for number in 0..3 {
        let now = Time::from_ms(NOW.ms() + 10 * number);
        graph.apply(now, &link(&user(number as usize), &union_of(0), "mp.user_info", 0)).unwrap();
    }
    let view = graph.view();
    let seq_at = |ms: i64| view.as_of_time(Time::from_ms(NOW.ms() + ms)).unwrap().seq();
    assert_eq!([-1, 0, 9, 10, 20, 1_000].map(seq_at), [0, 1, 1, 2, 3, 3]);
    assert_eq!(view.as_of(2).unwrap().recorded_at(), Time::from_ms(NOW.ms() + 10));
    assert!(view.as_of(2).unwrap().mark("cursor").is_err());
}
