//! Topology, kinds, rules and marks: what resolution is told, and what has to be resolved again for it.

use std::sync::Arc;

use crate::codec::ndjson;
use crate::engine::change::{Change, Door};
use crate::engine::retract::touch_pairs;
use crate::engine::tomb::is_erased;
use crate::error::Result;
use crate::model::{Fact, Id, Op, PerScope, RuleValue, Rules, Time, split_scope};
use crate::records::{ListKey, NodeNo, PairKey, Sym};
use crate::store::{Draft, Restored, Source, State};

/// The source of the links that an alias makes.
const ALIAS_SOURCE: &str = "operator.topology_alias";

/// Applies a setting; `false` if it was known.
pub(crate) fn set(change: &mut Change, fact: &Fact) -> Result<bool> {
    if let Op::Mark { key, value } = &fact.op {
        return Ok(set_mark(&mut change.state, key, (fact.at, value)));
    }
    let (seq, known) = (change.seq, change.known_to(change.seq));
    if !change.state.keep_setting(fact, &ndjson::print(fact), seq, |told| known.from(told))? {
        return Ok(false);
    }
    if change.state.undone.counts(seq) {
        take_effect(change, fact);
    }
    Ok(true)
}

fn take_effect(change: &mut Change, fact: &Fact) {
    match &fact.op {
        Op::OpenAccount { key, .. } => {
            Arc::make_mut(&mut change.state.topology).add_open_account(key);
        }
        Op::Provider { key, .. } => {
            Arc::make_mut(&mut change.state.topology).add_provider(key);
        }
        Op::App { appid, open_account, from, .. } => {
            let topology = Arc::make_mut(&mut change.state.topology);
            if topology.bind_app(appid, open_account.as_deref(), *from, fact.at) {
                touch_app(change, appid);
            }
        }
        Op::Corp { .. } => set_corp(change, fact),
        Op::Kind { name, per_scope } => {
            let (name, value) = kind_rule(name, *per_scope);
            set_rule(change, &name, &value, fact);
        }
        Op::Rules { set } => {
            for (name, value) in set {
                set_rule(change, name, value, fact);
            }
        }
        _ => {}
    }
}

/// Reads the settings that count again, after some were undone.
pub(crate) fn rebuild_settings(change: &mut Change) {
    let before = (change.state.topology.clone(), change.state.rules.clone());
    let settings = change.state.settings.clone();
    let outer = (change.restoring, change.dirty.everything, change.dirty.hub_limit);
    change.restoring = true;
    change.state.topology = Arc::default();
    change.state.rules = Arc::default();
    change.state.rule_values = Arc::default();
    let undone = change.state.undone.clone();
    for (_, setting) in settings.iter().filter(|(_, setting)| undone.counts(setting.recorded_seq)) {
        take_effect(change, &setting.fact);
    }
    // Ids that were stored under an alias are linked by the fact that tells of it, not by an undo.
    change.new_aliases.clear();
    (change.restoring, change.dirty.everything, change.dirty.hub_limit) = outer;
    if before != (change.state.topology.clone(), change.state.rules.clone()) {
        touch_everything(change, &before.1);
    }
}

/// A state as segments hold it, with the settings it was told.
pub(crate) fn restore_settings(restored: Restored) -> Result<State> {
    let recorded_at = restored.state.recorded_at;
    let mut change = Change::begin(restored.state, recorded_at, [0; 32], Door::default());
    (change.restoring, change.retelling) = (true, true);
    for (recorded_seq, fact) in &restored.settings {
        change.seq = *recorded_seq;
        set(&mut change, fact)?;
    }
    Ok(change.state.into_state())
}

/// An application's cursor: the greatest `at` wins, then the greater text. An older one is known already.
fn set_mark(state: &mut State, key: &str, (at, value): (Time, &str)) -> bool {
    if state.marks.get(key).is_some_and(|(known_at, known)| (*known_at, known.as_str()) >= (at, value)) {
        return false;
    }
    Arc::make_mut(&mut state.marks).insert(key.to_owned(), (at, value.to_owned()));
    true
}

/// A rule or kind: the greatest `at` wins, then the greater text.
fn set_rule(change: &mut Change, name: &str, value: &RuleValue, fact: &Fact) {
    let told = (fact.at, rule_text(value));
    if let Some((at, text, _)) = change.state.rule_values.get(name)
        && (*at, text) >= (told.0, &told.1)
    {
        return;
    }
    Arc::make_mut(&mut change.state.rule_values).insert(name.to_owned(), (told.0, told.1, value.clone()));
    let before = change.state.rules.clone();
    let rules = Arc::make_mut(&mut change.state.rules);
    if let Some(kind) = name.strip_prefix("kind ") {
        let many = *value == RuleValue::Text(PerScope::Many.name().to_owned());
        rules.set_kind(kind, if many { PerScope::Many } else { PerScope::One });
        touch_kind(change, kind);
    } else {
        // Replay takes what was accepted once: a rule this version does not know stays without effect.
        if rules.set(name, value).is_ok() && *before != *rules {
            touch_rule(change, name, &before);
        }
    }
}

/// What a rule that changed can decide.
fn touch_rule(change: &mut Change, name: &str, before: &Rules) {
    if let Some(kind) = name.strip_prefix("limit.") {
        touch_kind(change, kind);
    } else if name == "person_sources" || name.starts_with("strength.") {
        touch_sources(change, before);
    } else {
        touch_everything(change, before);
    }
}

/// All that is there.
fn touch_everything(change: &mut Change, before: &Rules) {
    change.dirty.everything = true;
    change.dirty.hub_limit = change.dirty.hub_limit.max(before.hub_limit);
}

/// Every pair with evidence of a source that is worth something else now.
fn touch_sources(change: &mut Change, before: &Rules) {
    if change.restoring {
        return;
    }
    let state = &change.state;
    let worth = |rules: &Rules, source: &str| (rules.strength_of(source), rules.joins_persons(source));
    let is_other = |sym: &Sym| {
        let text = state.text(*sym);
        worth(before, text) != worth(&state.rules, text)
    };
    let sources: Vec<Sym> = (0..state.text_count()).filter(is_other).collect();
    for source in sources {
        touch_pairs(change, ListKey::Source(source), |evidence| evidence.source == source);
    }
}

/// A kind's number of ids as if it were a rule.
pub(crate) fn kind_rule(name: &str, per_scope: PerScope) -> (String, RuleValue) {
    (format!("kind {name}"), RuleValue::Text(per_scope.name().to_owned()))
}

/// The canonical text of a rule's value, for ties.
pub(crate) fn rule_text(value: &RuleValue) -> String {
    match value {
        RuleValue::Number(number) => number.to_string(),
        RuleValue::Text(text) => text.clone(),
        RuleValue::List(words) => serde_json::Value::from(words.as_slice()).to_string(),
    }
}

fn set_corp(change: &mut Change, fact: &Fact) {
    let Op::Corp { key, bound_appid, kf_bound_appid, from, aliases, .. } = &fact.op else { return };
    let topology = Arc::make_mut(&mut change.state.topology);
    topology.add_corp(key);
    // A corp fact without `from` holds from the moment it was observed.
    let from = from.unwrap_or(fact.at);
    if let Some(appid) = kf_bound_appid {
        topology.bind_corp_kf(key, appid.as_deref(), from, fact.at);
    }
    for alias in aliases {
        let meant = topology.canonical_scope(alias);
        topology.add_alias(alias, key, fact.at);
        if topology.canonical_scope(alias) != meant {
            change.new_aliases.insert(alias.clone());
        }
    }
    if let Some(appid) = bound_appid
        && topology.bind_corp(key, appid.as_deref(), from, fact.at)
    {
        touch_space(change, &format!("external_userid:{key}"));
    }
}

/// Everything the binding of an app can decide: its openids, and the contacts of corps it was bound to.
fn touch_app(change: &mut Change, appid: &str) {
    touch_space(change, &format!("openid:{appid}"));
    for corp in change.state.topology.corps_bound_to(appid) {
        touch_space(change, &format!("external_userid:{corp}"));
    }
}

/// The nodes that were ever numbered in a (kind, scope).
fn nodes_of(state: &Draft, space: Sym) -> Vec<NodeNo> {
    if state.space_count(space) == 0 { Vec::new() } else { state.posted(ListKey::Space(space)) }
}

/// Every pair of an id of a (kind, scope) with a unionid may count differently.
fn touch_space(change: &mut Change, space: &str) {
    if change.restoring {
        return;
    }
    let state = &change.state;
    let Some(space) = state.sym(space) else { return };
    for number in nodes_of(state, space) {
        let Some(node) = state.node(number) else { continue };
        let to_unionids = node.groups.iter().filter(|g| state.text(g.space).starts_with("unionid:"));
        for other in to_unionids.flat_map(|group| state.links(number, group)) {
            change.dirty.pairs.insert(PairKey::new(number, other));
        }
    }
}

/// Every family that holds an id of a kind may be united differently.
fn touch_kind(change: &mut Change, kind: &str) {
    if change.restoring {
        return;
    }
    let state = &change.state;
    let of_kind = state.spaces().filter(|(_, text)| text.split(':').next() == Some(kind));
    let nodes: Vec<NodeNo> = of_kind.flat_map(|(space, _)| nodes_of(state, space)).collect();
    change.dirty.families.extend(nodes.into_iter().filter(|number| state.node(*number).is_some()));
}

/// The links that tie ids stored under an alias before it meant a corp's key to their twins under that key.
pub(crate) fn alias_links(change: &mut Change, at: Time) -> Result<Vec<Fact>> {
    let aliases = std::mem::take(&mut change.new_aliases);
    if aliases.is_empty() {
        return Ok(Vec::new());
    }
    let state = &change.state;
    let named = state.spaces().filter_map(|(space, text)| {
        let scope = text.split_once(':')?.1;
        let alias = split_scope(scope).0;
        aliases.contains(alias).then_some(space)
    });
    let mut old: Vec<NodeNo> = named.flat_map(|space| nodes_of(state, space)).collect();
    old.sort_unstable();
    let mut links = Vec::new();
    for node in old.into_iter().filter_map(|number| state.node(number)) {
        let Some(scope) = state.topology.canonical_scope(node.id.scope()) else { continue };
        // A twin whose scope would be too long cannot be told of either.
        let Ok(twin) = node.id.with_scope(&scope) else { continue };
        let erased = |id: &Id| is_erased(state, &change.secret, id, at);
        if twin == node.id || erased(&twin) || erased(&node.id) {
            continue;
        }
        let op = Op::Link {
            a: node.id.clone(),
            b: twin,
            source: ALIAS_SOURCE.to_owned(),
            strength: None,
            event: None,
            expires_at: None,
        };
        links.push(Fact { at, batch: None, op });
    }
    Ok(links)
}
