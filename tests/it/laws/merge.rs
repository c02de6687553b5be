//! Merging: either way round, and beside a graph that saw both streams.

use std::collections::BTreeSet;

use idweave::{Fact, Op, Read};

use crate::laws::campaign::{campaign, report};
use crate::laws::engine::{dump, equal, feed, new_graph};
use crate::laws::subject::Subject;
use crate::laws::{Check, RARE};
use crate::support::generate::{Flavour, Random, commits};

/// Every fact as a line, but for times that a merge of marks cannot know.
fn lines(graph: &Subject) -> BTreeSet<String> {
    graph.view().facts().map(|fact| idweave::ndjson::print(&fact.expect("no damage"))).collect()
}

fn told(facts: &[Fact], random: &mut Random) -> Result<Subject, String> {
    let graph = new_graph()?;
    for commit in commits(facts, random) {
        feed(&graph, &commit)?;
    }
    Ok(graph)
}

fn merge(into: &Subject, from: &Subject, random: &mut Random) -> Check {
    let commit_facts = 1 + random.below(9);
    let merged = into.merge_from(from, commit_facts).map_err(|error| format!("merge: {error}"))?;
    if merged.new + merged.already_known + merged.erased == merged.facts {
        Ok(())
    } else {
        Err(format!("{merged:?} does not add up"))
    }
}

#[test]
pub(super) fn graphs_merged_either_way_know_what_one_that_saw_all_knows() {
    report(campaign("merge", Flavour::Commuting, RARE, |facts, random| {
        let (mut mine, mut yours) = (Vec::new(), Vec::new());
        for fact in facts {
            // Some is known to both.
            let place = random.below(5);
            if place != 0 {
                mine.push(fact.clone());
            }
            if place < 2 || place == 4 {
                yours.push(fact.clone());
            }
        }
        let seen: Vec<Fact> = mine.iter().chain(&yours).cloned().collect();
        let both = told(&seen, random)?;
        let expected = dump(&both.view());
        let (x, y) = (told(&mine, random)?, told(&yours, random)?);
        let (x2, y2) = (told(&mine, random)?, told(&yours, random)?);
        merge(&x, &y, random)?;
        merge(&y2, &x2, random)?;
        equal("mine with yours", "merged", &dump(&x.view()), "both", &expected)?;
        equal("yours with mine", "merged", &dump(&y2.view()), "both", &expected)?;
        for (name, graph) in [("mine with yours", &x), ("yours with mine", &y2)] {
            let (found, expected) = (lines(graph), lines(&both));
            if found != expected {
                let missing: Vec<_> = expected.difference(&found).collect();
                let more: Vec<_> = found.difference(&expected).collect();
                return Err(format!("{name}: facts missing {missing:#?}, more {more:#?}"));
            }
        }
        // Again it brings nothing new.
        let again = x.merge_from(&y, 7).map_err(|error| error.to_string())?;
        if again.new == 0 { Ok(()) } else { Err(format!("merged again: {again:?}")) }
    }));
}

#[test]
pub(super) fn what_one_graph_erased_is_erased_in_the_other() {
    let fact =
        |line: &str| idweave::ndjson::parse(line, 1, &idweave::model::Placeholders::default()).unwrap();
    let (openid, at) = ("openid:wx00000000000000a1:oA1bcdefgh", 1_717_200_000_000_i64);
    let link = fact(&format!(
        r#"{{"op":"link","a":"{openid}","b":"unionid:shop:uA1bcdefgh","source":"mp.user_info","at":{at}}}"#
    ));
    let absent = fact(&format!(
        r#"{{"op":"absent","id":"{openid}","target":"unionid:shop","source":"crm.lookup","at":{at}}}"#
    ));
    let erase =
        fact(&format!(r#"{{"op":"erase","id":"{openid}","reach":"id","reason":"asked","at":{}}}"#, at + 1));
    let (mine, yours) = (new_graph().unwrap(), new_graph().unwrap());
    feed(&mine, &[link.clone(), absent.clone()]).unwrap();
    feed(&yours, &[link, erase]).unwrap();
    let merged = mine.merge_from(&yours, 10).unwrap();
    assert_eq!((merged.new, merged.erased), (1, 0), "{merged:?}");
    assert!(mine.view().resolve(&openid.parse().unwrap()).unwrap().is_none());
    assert!(
        !mine.view().facts().any(|fact| fact.unwrap().op.ids().iter().any(|id| id.to_string() == openid))
    );
    assert!(feed(&mine, &[absent]).unwrap()[0] != crate::laws::engine::Told::New);
    let kept = yours.merge_from(&mine, 10).unwrap();
    assert_eq!(kept.new, 0, "{kept:?}");
    assert!(yours.view().resolve(&openid.parse().unwrap()).unwrap().is_none());
    assert!(matches!(mine.view().facts().next().map(|fact| fact.unwrap().op), None | Some(Op::Link { .. })));
}
