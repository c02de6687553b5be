//! Bytes become entries, or a word about what is wrong with them; the tables are in `entry/mod.rs`.

use std::collections::BTreeMap;

use crate::codec::bytes::{Reader, What};
use crate::codec::entry::dictionary::Texts;
use crate::codec::entry::{Entry, ErasedId, Erasure, tag};
use crate::model::{Fact, Id, KindScope, Op, PerScope, RelationKind, RuleValue, Selector, Strength, Time};

/// Room made before entries are read, at most: a count is only believed as far as bytes back it.
const ENTRY_COUNT_GUESS_MAX: usize = 1024;

/// The entries of a commit's payload.
///
/// # Errors
/// What is wrong, for `Error::Corrupt`. Bytes that were written by [`super::encode_commit`] never fail.
pub(crate) fn decode_commit(bytes: &[u8]) -> Result<Vec<Entry>, What> {
    let mut decoder = Decoder {
        bytes: Reader::new(bytes),
        names: Texts::default(),
        spaces: Texts::default(),
        at: Time::default(),
    };
    if decoder.bytes.u8()? != tag::VERSION {
        return Err("an unknown version of a commit");
    }
    let count = decoder.bytes.varint()?;
    let guess = usize::try_from(count).unwrap_or(usize::MAX).min(ENTRY_COUNT_GUESS_MAX);
    let mut entries = Vec::with_capacity(guess.min(decoder.bytes.left()));
    for _ in 0..count {
        entries.push(decoder.entry()?);
    }
    if decoder.bytes.left() > 0 {
        return Err("bytes after the last entry");
    }
    Ok(entries)
}

struct Decoder<'a> {
    bytes: Reader<'a>,
    names: Texts<'a, &'a str>,
    spaces: Texts<'a, KindScope>,
    /// The `at` of this entry; before its head is read, of the one before.
    at: Time,
}

impl<'a> Decoder<'a> {
    fn entry(&mut self) -> Result<Entry, What> {
        let tag = self.bytes.u8()?;
        if tag == tag::ERASURE {
            return Ok(Entry::Erase(self.erasure()?));
        }
        if tag == tag::UNDO {
            return Ok(Entry::Undo { seq: self.bytes.varint()? });
        }
        let (batch, op) = match tag {
            tag::LINK => self.link()?,
            tag::SUPERSEDE => self.supersede()?,
            tag::RETRACT_PAIR..=tag::RETRACT_BATCH => {
                let (batch, selector) = self.selector(tag)?;
                (batch, Op::Retract(selector))
            }
            tag::UNRETRACT_PAIR..=tag::UNRETRACT_BATCH => {
                let (batch, selector) = self.selector(tag - tag::UNRETRACT_PAIR + tag::RETRACT_PAIR)?;
                (batch, Op::Unretract(selector))
            }
            tag::BAN..=tag::ABSENT => {
                let (batch, []) = self.head()?;
                (batch, self.about_ids(tag)?)
            }
            tag::OPEN_ACCOUNT | tag::PROVIDER => self.party(tag)?,
            tag::APP => self.app()?,
            tag::CORP => self.corp()?,
            tag::KIND | tag::RULES | tag::MARK => {
                let (batch, []) = self.head()?;
                (batch, self.setting(tag)?)
            }
            _ => return Err("an unknown operation"),
        };
        Ok(Entry::Fact(Fact { at: self.at, batch, op }))
    }

    fn link(&mut self) -> Result<(Option<String>, Op), What> {
        let (batch, [strength, event, expires_at]) = self.head()?;
        let op = Op::Link {
            a: self.id()?,
            b: self.id()?,
            source: self.name()?,
            strength: self.optional(strength, Decoder::strength)?,
            event: self.optional(event, Decoder::text)?,
            expires_at: self.optional(expires_at, Decoder::time)?,
        };
        Ok((batch, op))
    }

    fn supersede(&mut self) -> Result<(Option<String>, Op), What> {
        let (batch, [strength, event]) = self.head()?;
        let op = Op::Supersede {
            old: self.id()?,
            new: self.id()?,
            source: self.name()?,
            strength: self.optional(strength, Decoder::strength)?,
            event: self.optional(event, Decoder::text)?,
        };
        Ok((batch, op))
    }

    /// A selector, by the tag of its retraction.
    fn selector(&mut self, tag: u8) -> Result<(Option<String>, Selector), What> {
        Ok(match tag {
            tag::RETRACT_PAIR => {
                let (batch, [source]) = self.head()?;
                let (a, b) = (self.id()?, self.id()?);
                (batch, Selector::Pair { a, b, source: self.optional(source, Decoder::name)? })
            }
            tag::RETRACT_SOURCE => {
                let (batch, [scope, from]) = self.head()?;
                let selector = Selector::Source {
                    source: self.name()?,
                    scope: self.optional(scope, |d| d.space().cloned())?,
                    from: self.optional(from, Decoder::time)?,
                    to: self.time()?,
                };
                (batch, selector)
            }
            tag::RETRACT_EVENT => {
                let (batch, []) = self.head()?;
                (batch, Selector::Event { source: self.name()?, event: self.text()? })
            }
            _ => {
                let (batch, []) = self.head()?;
                (batch, Selector::Batch(self.name()?))
            }
        })
    }

    /// The operations about ids that have no flags of their own.
    fn about_ids(&mut self, tag: u8) -> Result<Op, What> {
        Ok(match tag {
            tag::BAN => Op::Ban { a: self.id()?, b: self.id()?, reason: self.text()?, actor: self.name()? },
            tag::UNBAN => Op::Unban { a: self.id()?, b: self.id()?, actor: self.name()? },
            tag::BLOCK => Op::Block { id: self.id()?, reason: self.text()?, actor: self.name()? },
            tag::UNBLOCK => Op::Unblock { id: self.id()?, actor: self.name()? },
            tag::RESTRICT => Op::Restrict { id: self.id()?, reason: self.text()? },
            tag::UNRESTRICT => Op::Unrestrict { id: self.id()? },
            tag::RELATE => Op::Relate {
                kind: self.relation()?,
                from: self.id()?,
                to: self.id()?,
                source: self.name()?,
                attrs: self.map(Decoder::name, Decoder::text)?,
            },
            tag::UNRELATE => Op::Unrelate {
                kind: self.relation()?,
                from: self.id()?,
                to: self.id()?,
                source: self.name()?,
            },
            tag::ABSENT => Op::Absent { id: self.id()?, target: self.space()?.clone(), source: self.name()? },
            _ => return Err("an unknown operation"),
        })
    }

    fn party(&mut self, tag: u8) -> Result<(Option<String>, Op), What> {
        let (batch, [subject]) = self.head()?;
        let key = self.text()?;
        let subject = self.optional(subject, Decoder::text)?;
        let op = match tag {
            tag::PROVIDER => Op::Provider { key, subject },
            _ => Op::OpenAccount { key, subject },
        };
        Ok((batch, op))
    }

    fn app(&mut self) -> Result<(Option<String>, Op), What> {
        let (batch, [app_type, subject, open_account]) = self.head()?;
        let op = Op::App {
            appid: self.text()?,
            app_type: self.optional(app_type, Decoder::text)?,
            subject: self.optional(subject, Decoder::text)?,
            open_account: self.optional(open_account, Decoder::text)?,
            from: self.time()?,
        };
        Ok((batch, op))
    }

    fn corp(&mut self) -> Result<(Option<String>, Op), What> {
        let (batch, [subject, bound, bound_to, kf, kf_to, from]) = self.head()?;
        if (bound_to && !bound) || (kf_to && !kf) {
            return Err("a binding to an app that is not said");
        }
        let op = Op::Corp {
            key: self.text()?,
            subject: self.optional(subject, Decoder::text)?,
            bound_appid: self.optional(bound, |d| d.optional(bound_to, Decoder::text))?,
            kf_bound_appid: self.optional(kf, |d| d.optional(kf_to, Decoder::text))?,
            from: self.optional(from, Decoder::time)?,
            aliases: self.texts()?,
        };
        Ok((batch, op))
    }

    fn setting(&mut self, tag: u8) -> Result<Op, What> {
        Ok(match tag {
            tag::KIND => Op::Kind {
                name: self.text()?,
                per_scope: match self.bytes.u8()? {
                    0 => PerScope::Many,
                    1 => PerScope::One,
                    _ => return Err("an unknown number per scope"),
                },
            },
            tag::RULES => Op::Rules { set: self.map(Decoder::text, Decoder::rule_value)? },
            _ => Op::Mark { key: self.text()?, value: self.text()? },
        })
    }

    fn rule_value(&mut self) -> Result<RuleValue, What> {
        Ok(match self.bytes.u8()? {
            tag::RULE_NUMBER => RuleValue::Number(self.bytes.varint()?),
            tag::RULE_TEXT => RuleValue::Text(self.text()?),
            tag::RULE_LIST => RuleValue::List(self.texts()?),
            _ => return Err("an unknown type of rule value"),
        })
    }

    fn erasure(&mut self) -> Result<Erasure, What> {
        let (sticky, [entity]) = self.bytes.flags()?;
        self.delta()?;
        let mut ids = Vec::new();
        for _ in 0..self.bytes.varint()? {
            let number = match self.bytes.u8()? {
                0 => None,
                1 => Some(self.bytes.varint()?),
                _ => return Err("an unknown flag"),
            };
            ids.push(ErasedId { number, mac: self.bytes.array()? });
        }
        Ok(Erasure { at: self.at, sticky, entity, ids })
    }

    /// The flags of a fact after its first, and the batch the first one announces.
    fn head<const N: usize>(&mut self) -> Result<(Option<String>, [bool; N]), What> {
        let (has_batch, flags) = self.bytes.flags()?;
        self.delta()?;
        Ok((self.optional(has_batch, Decoder::name)?, flags))
    }

    fn delta(&mut self) -> Result<(), What> {
        self.at = self.time()?;
        Ok(())
    }

    fn time(&mut self) -> Result<Time, What> {
        Ok(Time::from_ms(self.at.ms().wrapping_add(self.bytes.signed()?)))
    }

    fn optional<T>(
        &mut self,
        is_there: bool,
        read: impl Fn(&mut Self) -> Result<T, What>,
    ) -> Result<Option<T>, What> {
        if is_there { read(self).map(Some) } else { Ok(None) }
    }

    fn relation(&mut self) -> Result<RelationKind, What> {
        Ok(match self.bytes.u8()? {
            tag::RELATION_FOLLOWS => RelationKind::Follows,
            tag::RELATION_MEMBER_OF => RelationKind::MemberOf,
            tag::RELATION_SUBSCRIBES => RelationKind::Subscribes,
            tag::RELATION_WORKS_IN => RelationKind::WorksIn,
            tag::RELATION_USES_ACCOUNT => RelationKind::UsesAccount,
            tag::RELATION_CUSTOM => match RelationKind::parse(&self.name()?) {
                Ok(kind @ RelationKind::Custom(_)) => kind,
                _ => return Err("a bad custom relation"),
            },
            _ => return Err("an unknown relation"),
        })
    }

    fn strength(&mut self) -> Result<Strength, What> {
        tag::strength(self.bytes.u8()?)
    }

    fn id(&mut self) -> Result<Id, What> {
        let space = read_space(&mut self.spaces, &mut self.bytes)?;
        let value = self.bytes.text()?;
        let id = Id::known_in_space(space, value).map_err(|_| "a value that is no id")?;
        if id.spelling() != value {
            return Err("a value not in key form");
        }
        Ok(id)
    }

    fn space(&mut self) -> Result<&KindScope, What> {
        read_space(&mut self.spaces, &mut self.bytes)
    }

    fn name(&mut self) -> Result<String, What> {
        self.names.read(&mut self.bytes, Ok).map(|name| (*name).to_owned())
    }

    fn text(&mut self) -> Result<String, What> {
        self.bytes.text().map(str::to_owned)
    }

    fn texts(&mut self) -> Result<Vec<String>, What> {
        (0..self.bytes.varint()?).map(|_| self.text()).collect()
    }

    /// Pairs with ascending keys.
    fn map<T>(
        &mut self,
        key: impl Fn(&mut Self) -> Result<String, What>,
        value: impl Fn(&mut Self) -> Result<T, What>,
    ) -> Result<BTreeMap<String, T>, What> {
        let mut map = BTreeMap::new();
        for _ in 0..self.bytes.varint()? {
            let key = key(self)?;
            if map.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return Err("keys out of order");
            }
            map.insert(key, value(self)?);
        }
        Ok(map)
    }
}

fn read_space<'s, 'a>(
    spaces: &'s mut Texts<'a, KindScope>,
    bytes: &mut Reader<'a>,
) -> Result<&'s KindScope, What> {
    spaces.read(bytes, |text| match text.parse::<KindScope>() {
        Ok(space) if space.as_str() == text => Ok(space),
        Ok(_) => Err("a scope not in key form"),
        Err(_) => Err("a text that is no kind and scope"),
    })
}
