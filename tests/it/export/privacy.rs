//! What of a keyed export could tell an id: nothing, in any format, wherever ids are put.

use std::collections::{BTreeMap, BTreeSet};

use idweave::Graph;
use idweave::export::{Export, Format, KeyLength, Privacy, PrivacyKey, Table};

use crate::export::tables::{Row, exported, files, graph_of};

/// Facts that name a canary wherever a text can be put.
const FACTS: [&str; 16] = [
    r#"{"op":"link","a":"openid:wx00000000000000a1:canary-openid","b":"unionid:open:canary-unionid","source":"mp.user_info","event":"canary-event","batch":"canary-batch","at":1735689600000}"#,
    r#"{"op":"link","a":"external_userid:ww00000000000000c1:canary-external","b":"unionid:open:canary-unionid","source":"operator.canary-operator","at":1735689600000}"#,
    r#"{"op":"link","a":"external_userid:ww00000000000000c1:canary-external2","b":"unionid:open:canary-unionid","source":"work.contact_get","at":1735689600001}"#,
    r#"{"op":"link","a":"group_openid:wx00000000000000a1@canary-opengid:canary-grouped","b":"unionid:open:canary-unionid","source":"mini.group","at":1735689600000}"#,
    r#"{"op":"link","a":"group_openid:wx00000000000000a1@canary-opengid:canary-grouped2","b":"unionid:open:canary-unionid","source":"mini.group","at":1735689600000}"#,
    r#"{"op":"link","a":"custom.card:canary-scope:canary-card","b":"unionid:open:canary-unionid","source":"crm.sync","at":1735689600000}"#,
    r#"{"op":"link","a":"custom.card:canary-scope:canary-card2","b":"unionid:open:canary-unionid","source":"crm.sync","at":1735689600000}"#,
    r#"{"op":"supersede","old":"openid:wx00000000000000a1:canary-old","new":"openid:wx00000000000000a1:canary-openid","source":"mp.changeopenid","at":1735689600000}"#,
    r#"{"op":"link","a":"phone:key1:ca0a51ca0a51ca0a51ca0a51ca0a51ca0a51ca0a51ca0a51ca0a51ca0a51ca0a","b":"unionid:open:canary-unionid","source":"phone.crm","at":1735689600000}"#,
    r#"{"op":"relate","kind":"follows","from":"userid:ww00000000000000c1:canary-staff","to":"external_userid:ww00000000000000c1:canary-external","source":"work.contact_get","attrs":{"add_way":"canary-way","state":"canary-state","remark":"canary-remark","tag":"canary-tag","canary-name":"x"},"at":1735689600000}"#,
    r#"{"op":"relate","kind":"member_of","from":"external_userid:ww00000000000000c1:canary-external","to":"chat_id:ww00000000000000c1:canary-chat","source":"work.chat","attrs":{"add_way":"1"},"at":1735689600000}"#,
    r#"{"op":"relate","kind":"works_in","from":"userid:ww00000000000000c1:canary-staff","to":"department:ww00000000000000c1:canary-department","source":"work.user","at":1735689600000}"#,
    r#"{"op":"ban","a":"unionid:open:canary-unionid","b":"unionid:open:canary-other","reason":"canary-reason","actor":"canary-actor","at":1735689600000}"#,
    r#"{"op":"block","id":"openid:wx00000000000000a2:canary-blocked","reason":"canary-reason","actor":"canary-actor","at":1735689600000}"#,
    r#"{"op":"restrict","id":"openid:wx00000000000000a2:canary-restricted","reason":"canary-reason","at":1735689600000}"#,
    r#"{"op":"relate","kind":"member_of","from":"openid:wx00000000000000a1:canary-openid","to":"opengid:wx00000000000000a1:canary-opengid","source":"mini.group","at":1735689600000}"#,
];

/// What a keyed export may hold of nobody.
const CANARIES: [&str; 2] = ["canary", "ca0a51"];

fn key(seed: u8) -> Privacy {
    Privacy::Keyed(PrivacyKey::new(&[seed; 32]).unwrap())
}

fn holds_canary(bytes: &[u8]) -> bool {
    CANARIES.iter().any(|canary| {
        let lower = bytes.to_ascii_lowercase();
        lower.windows(canary.len()).any(|window| window == canary.as_bytes())
    })
}

/// Texts of an export that hold a canary, by table and column; bytes of its files count too.
fn canaries(graph: &Graph, export: &Export, format: Format) -> BTreeSet<String> {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("out");
    export.write(&graph.view(), &dir).unwrap();
    let named = files(&dir).into_iter().filter(|(_, bytes)| holds_canary(bytes));
    let mut found: BTreeSet<String> = named.map(|(path, _)| path.to_string_lossy().into_owned()).collect();
    for (table, rows) in exported(&graph.view(), export, format) {
        for (column, text) in rows.iter().flatten() {
            if holds_canary(text.as_bytes()) {
                found.insert(format!("{}.{column}", table.name()));
            }
        }
    }
    found
}

#[test]
fn no_keyed_export_holds_an_id_in_any_file_of_any_format() {
    let graph = graph_of(&FACTS);
    for format in Format::ALL {
        let export = Export::to(format).include_restricted(true).include_private(true);
        let plain = canaries(&graph, &export, format);
        let columns = [
            "ids.value",
            "ids.scope",
            "edges.a_scope",
            "evidence.event",
            "evidence.batch",
            "evidence.source",
            "relations.state",
            "relations.add_way",
            "relations.attrs",
            "history.scope",
        ];
        for column in columns {
            assert!(plain.contains(column), "{format:?}: in clear it is found in {column}: {plain:?}");
        }
        assert!(plain.iter().any(|file| file.contains("part-")), "{format:?}: in clear it is in the bytes");
        let keyed = canaries(&graph, &export.privacy(key(1)), format);
        assert!(keyed.is_empty(), "{format:?}: {keyed:?}");
    }
}

#[test]
fn private_attributes_and_restricted_ids_are_told_where_they_are_asked_for_only() {
    let graph = graph_of(&FACTS);
    let told = |export: Export| {
        let tables = exported(&graph.view(), &export, Format::Ndjson);
        let text = format!("{tables:?}");
        (text.contains("canary-remark"), text.contains("canary-restricted"), text.contains("canary-tag"))
    };
    assert_eq!(told(Export::to(Format::Ndjson)), (false, false, true));
    assert_eq!(told(Export::to(Format::Ndjson).include_private(true)), (true, false, true));
    assert_eq!(told(Export::to(Format::Ndjson).include_restricted(true)), (false, true, true));
}

#[test]
fn nothing_is_told_of_a_restricted_id_and_counts_leave_it_out() {
    let mut facts = FACTS.to_vec();
    let restrict = r#"{"op":"restrict","id":"openid:wx00000000000000a1:canary-openid","reason":"asked","at":1735689600000}"#;
    facts.push(restrict);
    let graph = graph_of(&facts);
    let all = exported(&graph.view(), &Export::to(Format::Csv).include_restricted(true), Format::Csv);
    let told = exported(&graph.view(), &Export::to(Format::Csv), Format::Csv);
    let hidden: BTreeSet<&str> = all[&Table::Ids]
        .iter()
        .filter(|row| row["restricted"] == "true")
        .map(|row| row["id"].as_str())
        .collect();
    assert_eq!(hidden.len(), 2);
    for (table, rows) in &told {
        for column in ["id", "a_id", "b_id", "from_id", "to_id"] {
            let named = rows.iter().filter_map(|row| row.get(column));
            if *table != Table::Entities {
                assert!(named.into_iter().all(|id| !hidden.contains(id.as_str())), "{}", table.name());
            }
        }
    }
    assert_eq!(told[&Table::Ids].len() + 2, all[&Table::Ids].len());
    assert!(told[&Table::Edges].len() < all[&Table::Edges].len());
    assert!(told[&Table::Relations].len() < all[&Table::Relations].len());
    let ids: u64 = told[&Table::Entities].iter().map(|row| row["ids"].parse::<u64>().unwrap()).sum();
    assert_eq!(ids, told[&Table::Ids].len() as u64);
}

fn values(graph: &Graph, privacy: Privacy) -> BTreeMap<String, Row> {
    let export = Export::to(Format::Parquet).privacy(privacy);
    let rows = exported(&graph.view(), &export, Format::Parquet).remove(&Table::Ids).unwrap();
    rows.into_iter().map(|row| (row["value"].clone(), row)).collect()
}

#[test]
fn exports_with_one_key_can_be_joined_and_with_two_they_cannot() {
    let reversed: Vec<&str> = FACTS.iter().copied().filter(|fact| fact.contains("link")).rev().collect();
    let (graph, other) = (graph_of(&FACTS), graph_of(&reversed));
    let (ours, theirs) = (values(&graph, key(1)), values(&other, key(1)));
    let both: Vec<&String> = theirs.keys().filter(|value| ours.contains_key(*value)).collect();
    assert_eq!(both.len(), theirs.len(), "every id of the other graph is one of ours");
    for value in both {
        assert_eq!(
            (&ours[value]["kind"], &ours[value]["scope"]),
            (&theirs[value]["kind"], &theirs[value]["scope"])
        );
    }
    assert!(ours.len() > 12, "no two ids have one hash");
    let foreign = values(&graph, key(2));
    let public: BTreeSet<&str> = ["app", "corpid"].into();
    let shared = foreign.values().filter(|row| ours.contains_key(&row["value"]));
    assert!(shared.into_iter().all(|row| public.contains(row["kind"].as_str())));
}

#[test]
fn a_chat_is_the_same_as_an_id_and_in_the_scope_of_its_members() {
    let rows = values(&graph_of(&FACTS), key(1));
    let chat = rows.values().find(|row| row["kind"] == "opengid").unwrap();
    let members: Vec<&Row> = rows.values().filter(|row| row["kind"] == "group_openid").collect();
    assert_eq!(members.len(), 2);
    for member in members {
        assert_eq!(member["scope"], format!("{}@{}", chat["scope"], chat["value"]));
    }
}

#[test]
fn what_names_nobody_stays_in_clear() {
    let rows = values(&graph_of(&FACTS), key(1));
    let scopes: BTreeSet<&str> = rows.values().map(|row| row["scope"].as_str()).collect();
    for scope in ["wx00000000000000a1", "ww00000000000000c1", "open", "key1"] {
        assert!(scopes.contains(scope), "{scopes:?}");
    }
    let graph = graph_of(&[
        r#"{"op":"relate","kind":"subscribes","from":"openid:wx00000000000000a1:oA","to":"app::wx00000000000000a1","source":"mp.followers","at":1735689600000}"#,
    ]);
    let rows = values(&graph, key(1));
    assert!(rows.contains_key("wx00000000000000a1"), "an app is public");
    assert!(!rows.contains_key("oA"));
}

#[test]
fn a_key_is_neither_short_nor_shown() {
    assert_eq!(PrivacyKey::new(&[7; 15]).unwrap_err(), KeyLength);
    assert_eq!(PrivacyKey::new(&[7; 4097]).unwrap_err(), KeyLength);
    assert!(PrivacyKey::new(&[7; 16]).is_ok() && PrivacyKey::new(&[7; 4096]).is_ok());
    let shown = format!(
        "{:?}",
        Export::to(Format::Csv).privacy(Privacy::Keyed(PrivacyKey::new(b"secret-secret-secret").unwrap()))
    );
    assert!(!shown.contains("secret") && !shown.contains("115"), "{shown}");
}

#[test]
fn the_hash_of_an_id_is_the_one_the_document_tells_of() {
    // HMAC-SHA-256, key 32 bytes of 1, of "idweave.id" 0 "openid" 0 "wx00000000000000a1" 0 "canary-openid".
    let rows = values(&graph_of(&FACTS), key(1));
    assert!(rows.contains_key(EXPECTED_HASH), "{:?}", rows.keys());
}

/// By Python: `hmac.new(bytes([1]*32), b"idweave.id\0openid\0wx00000000000000a1\0canary-openid", "sha256").hexdigest()[:32]`.
const EXPECTED_HASH: &str = "00b9fdbd7f3fef9e730a3ce7879701b5";
