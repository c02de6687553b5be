//! Homes on key-value stores: what they promise beyond what every home does.

/// Conversion between homes.
mod convert;
/// Crashes: what was not flushed is lost from the end, or not.
mod crash;
/// Damaged and lost rows.
mod rows;
/// sled: its leftovers, its damaged files, its bytes.
#[cfg(feature = "sled")]
mod sled;

use std::path::Path;

use idweave::model::Placeholders;
use idweave::{Fact, Graph, Options, Read, Result, Time, ndjson};

const NOW: Time = Time::from_ms(1_735_700_000_000);
const DIR: &str = "/db";

fn fact(line: &str) -> Fact {
    ndjson::parse(line, 1, &Placeholders::default()).unwrap()
}

/// A link of account `number`, whose ids are in no other.
fn link(number: usize) -> Fact {
    let at = 1_735_689_600_000_u64 + number as u64;
    fact(&format!(
        r#"{{"op":"link","a":"openid:app{}:o{number:06}x","b":"unionid:open:u{:06}x","source":"mp.user_info","at":{at},"batch":"b1"}}"#,
        number % 3,
        number / 3
    ))
}

fn erase(number: usize) -> Fact {
    let app = number % 3;
    fact(&format!(
        r#"{{"op":"erase","id":"openid:app{app}:o{number:06}x","reach":"id","reason":"asked","at":1735699999000}}"#
    ))
}

fn write(graph: &Graph, facts: &[Fact]) -> Result<u64> {
    let told = graph.write(NOW, |tx| facts.iter().try_for_each(|fact| tx.apply(fact).map(drop)))?;
    Ok(told.seq)
}

/// Everything a graph answers, numbers included.
fn dump(view: &impl Read) -> Result<String> {
    let mut text = String::new();
    for entity in view.entities() {
        text += &format!("{:?}\n", entity?);
    }
    for edge in view.edges() {
        text += &format!("{:?}\n", edge?);
    }
    for fact in view.facts() {
        text += &ndjson::print(&fact?);
        text.push('\n');
    }
    Ok(text)
}

/// Opens a database, reads everything and closes it.
fn opened(options: Options, dir: &Path) -> Result<String> {
    let graph = options.open(dir)?;
    let dumped = dump(&graph.view())?;
    let findings = graph.check()?;
    assert!(findings.is_empty(), "{findings:?}");
    graph.close()?;
    Ok(dumped)
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}
