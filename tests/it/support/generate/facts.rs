//! One random fact of a universe: every operation of design section 5.

use std::collections::BTreeMap;

use idweave::model::{PerScope, Reach, RelationKind, RuleValue, Selector, Strength};
use idweave::{Fact, KindScope, Op, Time};

use super::universe::{ALIASES, APPS, CORPS, Mood, OPEN_ACCOUNTS, Universe};
use super::{Flavour, Random};

/// A stated strength, half of the time.
pub(crate) fn stated(random: &mut Random) -> Option<Strength> {
    const STRENGTHS: [Strength; 5] =
        [Strength::Hint, Strength::Provisional, Strength::Business, Strength::Platform, Strength::Asserted];
    random.one_in(2).then(|| *random.pick(&STRENGTHS))
}

/// When a pending id dies: mostly not said, sometimes before it was seen.
pub(crate) fn expiry(at: Time, random: &mut Random) -> Option<Time> {
    random.one_in(3).then(|| at.plus_ms(*random.pick(&[-1, 0, 1, 30, 90]) * Time::DAY_MS))
}

fn name(random: &mut Random, letter: char, one_in: usize) -> Option<String> {
    random.one_in(one_in).then(|| format!("{letter}{}", 1 + random.below(3)))
}

fn text(value: impl AsRef<str>) -> String {
    value.as_ref().to_owned()
}

impl Universe {
    /// The fact of a seed.
    pub(crate) fn fact(&self, seed: u64) -> Fact {
        let mut random = Random::new(seed);
        let random = &mut random;
        let at = self.time(random);
        let batch = name(random, 'b', 3);
        let op = if random.one_in(self.rules_one_in) { self.rules(random) } else { self.common(at, random) };
        let has_selector = matches!(op, Op::Retract(_) | Op::Unretract(_));
        Fact { at, batch: batch.filter(|_| !has_selector), op }
    }

    fn common(&self, at: Time, random: &mut Random) -> Op {
        let dice = random.below(100);
        match self.mood {
            Mood::Persons | Mood::Identity if dice < 75 => self.link(at, random),
            Mood::Supersedes if dice < 45 => self.supersede(random),
            Mood::PendingAndTopology if dice < 25 => self.topology(random),
            Mood::Retractions if dice < 25 => self.retraction(at, random),
            Mood::Relations if dice < 50 => self.relation(random),
            Mood::Toggles if dice < 30 => self.toggle(random),
            Mood::Erasure if dice < 25 => self.erase(random),
            _ => match random.below(100) {
                0..58 => self.link(at, random),
                58..66 => self.supersede(random),
                66..73 => self.retraction(at, random),
                73..80 => self.toggle(random),
                80..84 => self.relation(random),
                84..86 => self.absent(random),
                86..87 => self.erase(random),
                87..95 => self.topology(random),
                95..97 => self.rules(random),
                _ => Op::Mark { key: text("cursor"), value: format!("{}", random.below(20)) },
            },
        }
    }

    fn link(&self, at: Time, random: &mut Random) -> Op {
        let (a, b) = if random.one_in(4) { self.hot_pair(random) } else { self.pair(random) };
        let has_phone = [&a, &b].into_iter().any(|id| id.kind().name() == "phone");
        let strength = stated(random).filter(|s| !has_phone || *s == Strength::Hint);
        let strength =
            if self.mood == Mood::Persons && random.one_in(2) { Some(Strength::Hint) } else { strength };
        let (source, event) = (self.source(random), name(random, 'e', 3));
        Op::Link { a, b, source, strength, event, expires_at: expiry(at, random) }
    }

    fn supersede(&self, random: &mut Random) -> Op {
        loop {
            let (old, new) = self.pair(random);
            // Mostly within one space, as they come from the platform.
            let is_usual = old.space() == new.space() || random.one_in(4);
            let has_phone = [&old, &new].into_iter().any(|id| id.kind().name() == "phone");
            if is_usual && !has_phone {
                let (source, strength) = (self.source(random), stated(random));
                return Op::Supersede { old, new, source, strength, event: name(random, 'e', 4) };
            }
        }
    }

    fn retraction(&self, at: Time, random: &mut Random) -> Op {
        let source = self.source(random);
        let selector = match random.below(4) {
            0 => {
                let (a, b) = self.hot_pair(random);
                Selector::Pair { a, b, source: Some(source).filter(|_| random.one_in(2)) }
            }
            1 => {
                let scope = random.one_in(2).then(|| self.space(random));
                let other = self.time(random);
                let from = random.one_in(2).then(|| other.min(at));
                Selector::Source { source, scope, from, to: other.max(at) }
            }
            2 => Selector::Event { source, event: format!("e{}", 1 + random.below(3)) },
            _ => Selector::Batch(format!("b{}", 1 + random.below(3))),
        };
        if random.one_in(3) { Op::Unretract(selector) } else { Op::Retract(selector) }
    }

    fn space(&self, random: &mut Random) -> KindScope {
        let space = self.any_id(random).kind_scope();
        assert!(space.is_ok(), "an id's own space is good");
        space.unwrap_or_else(|_| unreachable!("asserted above"))
    }

    fn toggle(&self, random: &mut Random) -> Op {
        let (reason, actor) = (text("test"), text("alice"));
        let id = self.hot_id(random);
        match random.below(9) {
            0 | 1 => {
                let (a, b) = self.hot_pair(random);
                Op::Ban { a, b, reason, actor }
            }
            2 | 3 => {
                let (a, b) = self.hot_pair(random);
                Op::Unban { a, b, actor }
            }
            4 | 5 => Op::Block { id, reason, actor },
            6 => Op::Unblock { id, actor },
            7 => Op::Restrict { id, reason },
            _ => Op::Unrestrict { id },
        }
    }

    fn relation(&self, random: &mut Random) -> Op {
        loop {
            let kind = match random.below(6) {
                0 => RelationKind::Follows,
                1 => RelationKind::MemberOf,
                2 => RelationKind::Subscribes,
                3 => RelationKind::WorksIn,
                4 => RelationKind::UsesAccount,
                _ => RelationKind::Custom("custom.knows".into()),
            };
            let from = self.hot_id(random);
            let to = random.pick(match kind {
                RelationKind::MemberOf => &self.chats,
                RelationKind::Subscribes | RelationKind::WorksIn => &self.others,
                _ => &self.accounts,
            });
            if kind.check_ends(&from, to).is_err() {
                continue;
            }
            let (to, source) = (to.clone(), self.source(random));
            if random.one_in(2) {
                return Op::Unrelate { kind, from, to, source };
            }
            let mut attrs = BTreeMap::new();
            let names = match kind {
                RelationKind::Subscribes => ["scene", "qr_scene_str"],
                _ => ["add_way", "state"],
            };
            for key in names {
                if random.one_in(2) {
                    attrs.insert(text(key), format!("{}", random.below(12)));
                }
            }
            return Op::Relate { kind, from, to, source, attrs };
        }
    }

    fn absent(&self, random: &mut Random) -> Op {
        Op::Absent { id: self.any_id(random), target: self.space(random), source: self.source(random) }
    }

    fn erase(&self, random: &mut Random) -> Op {
        if self.flavour == Flavour::Kept {
            return self.absent(random);
        }
        let is_wide = self.flavour == Flavour::EntityErasure && random.one_in(2);
        let reach = if is_wide { Reach::Entity } else { Reach::Id };
        Op::Erase { id: self.hot_id(random), reach, reason: text("asked"), sticky: random.one_in(4) }
    }

    fn topology(&self, random: &mut Random) -> Op {
        let subject = random.one_in(3).then(|| text("Example Ltd"));
        match random.below(10) {
            0 => Op::OpenAccount { key: text(random.pick(&OPEN_ACCOUNTS)), subject },
            1 => Op::Provider { key: text("provP"), subject },
            2..7 => Op::App {
                appid: text(random.pick(&APPS)),
                app_type: random.one_in(2).then(|| text("mini")),
                subject,
                open_account: (!random.one_in(5)).then(|| text(random.pick(&OPEN_ACCOUNTS))),
                from: self.time(random),
            },
            _ => {
                let binding = |random: &mut Random| {
                    random.one_in(2).then(|| (!random.one_in(5)).then(|| text(random.pick(&APPS))))
                };
                let corp = random.below(CORPS.len());
                let is_alias = self.flavour == Flavour::Aliases && random.one_in(2);
                let alias = ALIASES.get(corp).filter(|_| is_alias).map(text);
                Op::Corp {
                    key: CORPS.get(corp).map_or_else(String::new, text),
                    subject,
                    bound_appid: binding(random),
                    kf_bound_appid: binding(random),
                    from: random.one_in(2).then(|| self.time(random)),
                    aliases: alias.into_iter().collect(),
                }
            }
        }
    }

    fn rules(&self, random: &mut Random) -> Op {
        if random.one_in(6) {
            let name = text(random.pick(&["custom.card", "custom.tag"]));
            let per_scope = if random.one_in(2) { PerScope::One } else { PerScope::Many };
            return Op::Kind { name, per_scope };
        }
        let mut set = BTreeMap::new();
        for _ in 0..1 + random.below(3) {
            let number = |random: &mut Random, least: usize, spread: usize| {
                RuleValue::Number((least + random.below(spread)) as u64)
            };
            let (rule, value) = match random.below(9) {
                0 => ("hub_limit", number(random, 1, 3)),
                1 => ("max_family", number(random, 3, 9)),
                2 => ("max_ids", number(random, 2, 6)),
                3 => ("hint_hub_limit", number(random, 1, 3)),
                4 => ("max_entities", number(random, 2, 3)),
                5 => {
                    let lists: [&[&str]; 4] =
                        [&["operator.*"], &["operator.alice"], &["*"], &["hint.*", "*.crm"]];
                    let words = random.pick(&lists).iter().map(text).collect();
                    ("person_sources", RuleValue::List(words))
                }
                6 => {
                    let rules = ["limit.openid", "limit.unionid", "limit.custom.card", "limit.pending_id"];
                    (*random.pick(&rules), number(random, 1, 3))
                }
                _ => {
                    let rules = [
                        "strength.mp.*",
                        "strength.mp.user_info",
                        "strength.*",
                        "strength.*.crm",
                        "strength.*.web_oauth",
                        "strength.*.state",
                        "strength.import.*",
                    ];
                    let strengths = ["hint", "provisional", "business", "platform", "asserted"];
                    (*random.pick(&rules), RuleValue::Text(text(random.pick(&strengths))))
                }
            };
            set.insert(text(rule), value);
        }
        Op::Rules { set }
    }
}
