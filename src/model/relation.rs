//! Kinds of relations (design section 3.9): facts between ids that never bind them into one.

use std::fmt;

use crate::error::{FactRule, IdRule};
use crate::model::id::Id;
use crate::model::kind::{Class, Kind};
use crate::model::time::Time;

/// Which way along a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From the id to what it follows, is in, ...
    Out,
    /// To the id from its followers, members, ...
    In,
}

/// Which intervals of relations are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum When {
    /// All there were, ended ones too; the attributes are those at the end of each.
    Ever,
    /// Those that have not ended.
    Open,
    /// Those that hold at a moment, from their beginning on and no longer at their end; the attributes are those of
    /// the moment.
    At(Time),
}

impl When {
    /// Whether an interval is asked for.
    pub fn holds(self, since: Time, until: Option<Time>) -> bool {
        match self {
            When::Ever => true,
            When::Open => until.is_none(),
            When::At(moment) => since <= moment && until.is_none_or(|until| moment < until),
        }
    }
}

/// The kind of a relation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RelationKind {
    /// Employee (`userid`) -> customer (`external_userid`).
    Follows,
    /// Account or staff id -> chat.
    MemberOf,
    /// `openid` -> `app`.
    Subscribes,
    /// `userid` -> `department`.
    WorksIn,
    /// `userid` -> account id: staff who are customers.
    UsesAccount,
    /// The company's own; holds the whole name, `custom.NAME`.
    Custom(Box<str>),
}

impl RelationKind {
    /// Parses a relation's name.
    ///
    /// # Errors
    /// A name that is neither one of the five nor `custom.NAME`.
    pub fn parse(name: &str) -> Result<RelationKind, FactRule> {
        Ok(match name {
            "follows" => RelationKind::Follows,
            "member_of" => RelationKind::MemberOf,
            "subscribes" => RelationKind::Subscribes,
            "works_in" => RelationKind::WorksIn,
            "uses_account" => RelationKind::UsesAccount,
            other => match Kind::parse(other) {
                Ok(Kind::Custom(name)) => RelationKind::Custom(name),
                Err(IdRule::CustomName) => return Err(FactRule::Relation("a bad custom name")),
                _ => return Err(FactRule::Relation("no such kind of relation")),
            },
        })
    }

    /// The name in facts and answers.
    pub fn name(&self) -> &str {
        match self {
            RelationKind::Follows => "follows",
            RelationKind::MemberOf => "member_of",
            RelationKind::Subscribes => "subscribes",
            RelationKind::WorksIn => "works_in",
            RelationKind::UsesAccount => "uses_account",
            RelationKind::Custom(name) => name,
        }
    }

    /// Checks that the ends fit the kind and differ.
    ///
    /// # Errors
    /// What does not fit.
    pub fn check_ends(&self, from: &Id, to: &Id) -> Result<(), FactRule> {
        if from == to {
            return Err(FactRule::SelfLink);
        }
        let fits = match self {
            RelationKind::Follows => *from.kind() == Kind::Userid && *to.kind() == Kind::ExternalUserid,
            RelationKind::MemberOf => {
                matches!(from.class(), Class::Account | Class::Staff) && to.class() == Class::Chat
            }
            RelationKind::Subscribes => *from.kind() == Kind::Openid && *to.kind() == Kind::App,
            RelationKind::WorksIn => *from.kind() == Kind::Userid && *to.kind() == Kind::Department,
            RelationKind::UsesAccount => *from.kind() == Kind::Userid && to.class() == Class::Account,
            RelationKind::Custom(_) => true,
        };
        if fits { Ok(()) } else { Err(FactRule::Relation("wrong kinds of ids for it")) }
    }
}

impl fmt::Display for RelationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
