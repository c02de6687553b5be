//! The door: what a fact must keep to be accepted, and the key form it is accepted in.
//!
//! Replay of the journal never comes through here.

use crate::engine::change::Change;
use crate::engine::tomb::is_erased;
use crate::error::{Error, FactRule, IdRule, Result};
use crate::model::{Fact, Id, Kind, KindScope, Op, Selector, Time, normalise_key, split_scope, validate};

/// Checks a fact and brings it to the form it is stored in.
///
/// # Errors
/// Any rule of the format, `ImplausibleTime`, `Erased`, a placeholder, or `ScopeMismatch` under strict
/// topology. Nothing has changed then.
pub(crate) fn admit(change: &Change, fact: &Fact) -> Result<Fact> {
    let mut fact = fact.clone();
    normalise(change, &mut fact)?;
    validate(&fact)?;
    let latest = change.recorded_at.plus_ms(Time::DAY_MS);
    if fact.at < Time::WECHAT_EPOCH || fact.at > latest {
        return Err(Error::ImplausibleTime);
    }
    if let Op::Link { expires_at: Some(expires_at), .. } = &fact.op
        && *expires_at < Time::WECHAT_EPOCH
    {
        return Err(Error::ImplausibleTime);
    }
    for id in fact.op.ids() {
        if id.is_placeholder(&change.door.placeholders) {
            return Err(Error::InvalidId(IdRule::Placeholder));
        }
        let erases = matches!(fact.op, Op::Erase { .. });
        if !erases && is_erased(&change.state, &change.secret, id, fact.at) {
            return Err(Error::Erased);
        }
    }
    if change.door.strict_topology {
        check_topology(change, &fact)?;
    }
    Ok(fact)
}

/// Key forms: aliases of corps become the corp's key, topology keys their lower-case form.
fn normalise(change: &Change, fact: &mut Fact) -> Result<()> {
    let topology = &change.state.topology;
    for id in fact.op.ids_mut() {
        if let Some(scope) = topology.canonical_scope(id.scope()) {
            *id = id.with_scope(&scope)?;
        }
    }
    let space = |space: &mut KindScope| -> Result<()> {
        if let Some(scope) = topology.canonical_scope(space.scope()) {
            *space = KindScope::new(space.kind().clone(), &scope)?;
        }
        Ok(())
    };
    let key = |key: &mut String| -> Result<()> {
        *key = normalise_key(key).map_err(|_| FactRule::Name("a key"))?;
        Ok(())
    };
    match &mut fact.op {
        Op::Absent { target, .. } => space(target)?,
        Op::Retract(Selector::Source { scope: Some(scope), .. })
        | Op::Unretract(Selector::Source { scope: Some(scope), .. }) => space(scope)?,
        Op::Retract(Selector::Pair { a, b, .. }) | Op::Unretract(Selector::Pair { a, b, .. }) if *a > *b => {
            std::mem::swap(a, b);
        }
        Op::OpenAccount { key: k, .. } | Op::Provider { key: k, .. } => key(k)?,
        Op::App { appid, open_account, .. } => {
            key(appid)?;
            open_account.as_mut().map_or(Ok(()), key)?;
        }
        Op::Corp { key: k, bound_appid, kf_bound_appid, aliases, .. } => {
            key(k)?;
            [bound_appid, kf_bound_appid].into_iter().flatten().flatten().try_for_each(key)?;
            aliases.iter_mut().try_for_each(key)?;
            aliases.sort_unstable();
            aliases.dedup();
        }
        _ => {}
    }
    Ok(())
}

/// `strict_topology`: every issuer a fact speaks of must be known, and fit.
fn check_topology(change: &Change, fact: &Fact) -> Result<()> {
    if !fact.op.brings_ids() {
        return Ok(());
    }
    fact.op.ids().into_iter().try_for_each(|id| check_issuer(change, id))?;
    if let Op::Link { a, b, .. } | Op::Supersede { old: a, new: b, .. } = &fact.op
        && !crate::resolve::scope_counts(&change.state.topology, a, b, fact.at)
    {
        return Err(Error::ScopeMismatch { what: "the app was not bound to that open account then" });
    }
    Ok(())
}

fn check_issuer(change: &Change, id: &Id) -> Result<()> {
    let topology = &change.state.topology;
    let (first, second) = split_scope(id.scope());
    let viewer_is_known =
        second.is_none_or(|viewer| topology.knows_provider(viewer) || topology.knows_corp(viewer));
    let (known, what) = match id.kind() {
        Kind::Unionid => (topology.knows_open_account(first), "the open account is not in the topology"),
        Kind::Openid | Kind::Openpid | Kind::Opengid | Kind::GroupOpenid => {
            (topology.knows_app(first), "the app is not in the topology")
        }
        Kind::ExternalUserid | Kind::PendingId | Kind::Userid | Kind::ChatId => (
            viewer_is_known && (first.is_empty() || topology.knows_corp(first)),
            "the corp or the provider is not in the topology",
        ),
        Kind::Department | Kind::WecomPayOpenid | Kind::WecomWebOpenid => (
            topology.knows_corp(first) || topology.knows_provider(first),
            "the corp or the provider is not in the topology",
        ),
        Kind::StateToken => (
            topology.knows_corp(first) || topology.knows_app(first),
            "the corp or the app is not in the topology",
        ),
        Kind::Corpid => (
            viewer_is_known && (second.is_some() || topology.knows_corp(id.value())),
            "the corp or the provider is not in the topology",
        ),
        Kind::App => (topology.knows_app(id.value()), "the app is not in the topology"),
        _ => (true, ""),
    };
    if known { Ok(()) } else { Err(Error::ScopeMismatch { what }) }
}
