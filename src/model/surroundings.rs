//! What is known around an id: the other ids of its entity, what they are in, who answered with no, and the issuers.
//!
//! A value, so that whoever plans from it needs no graph.

use std::collections::BTreeMap;

use crate::model::id::Id;
use crate::model::relation::RelationKind;
use crate::model::scope::KindScope;
use crate::model::time::Time;

/// What is known around an id at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    /// The id that was asked about.
    pub id: Id,
    /// The ids of its entity, sorted; itself alone if nothing is known of it.
    pub members: Vec<KnownId>,
    /// Ids reached only over an edge that one web login is too weak for, sorted.
    pub provisional: Vec<Id>,
    /// What the members are in: followers, chats, subscriptions; the last interval of each.
    pub ties: Vec<Tie>,
    /// Negative answers about the members; of each member and target the latest.
    pub absents: Vec<KnownAbsent>,
    /// Who issues ids, as it is at that moment.
    pub issuers: Issuers,
}

/// An id of the entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownId {
    /// The id.
    pub id: Id,
    /// Another id took its place.
    pub superseded: bool,
    /// Of a pending id: until when it can be closed; `None` = unbounded, or no pending id.
    pub valid_to: Option<Time>,
}

/// The last interval of a relation of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tie {
    /// The member.
    pub id: Id,
    /// The kind of the relation.
    pub kind: RelationKind,
    /// The other end: a follower (`follows`), a chat, an app.
    pub other: Id,
    /// Since when; `None` if it is only known to have ended.
    pub since: Option<Time>,
    /// Since when no longer.
    pub until: Option<Time>,
    /// Its attributes.
    pub attrs: BTreeMap<String, String>,
}

/// A recorded negative answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAbsent {
    /// The member that was asked about.
    pub id: Id,
    /// What was asked for.
    pub target: KindScope,
    /// When.
    pub as_of: Time,
    /// Who answered.
    pub source: String,
}

/// What something is bound to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Bound {
    /// Nothing is known.
    #[default]
    Unknown,
    /// To nothing.
    Nothing,
    /// To this.
    To(String),
}

/// Who issues ids, and how they belong together at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Issuers {
    /// Apps, by appid.
    pub apps: BTreeMap<String, AppIssuer>,
    /// Corps, by key.
    pub corps: BTreeMap<String, CorpIssuer>,
    /// Open accounts with their subjects, by key.
    pub open_accounts: BTreeMap<String, Option<String>>,
    /// Providers with their subjects, by key.
    pub providers: BTreeMap<String, Option<String>>,
}

/// An app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppIssuer {
    /// Its type, as the topology names it.
    pub app_type: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// Its open account.
    pub open_account: Bound,
}

/// A corp.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorpIssuer {
    /// Its subject.
    pub subject: Option<String>,
    /// The app bound to its customer contact.
    pub bound_app: Bound,
    /// The app bound to its customer service.
    pub kf_bound_app: Bound,
    /// Other names of it.
    pub aliases: Vec<String>,
}

impl Surroundings {
    /// An id of which nothing is known.
    pub fn of_unknown(id: Id, issuers: Issuers) -> Surroundings {
        let members = vec![KnownId { id: id.clone(), superseded: false, valid_to: None }];
        Surroundings { id, members, provisional: Vec::new(), ties: Vec::new(), absents: Vec::new(), issuers }
    }
}

impl Issuers {
    /// The open account of an app.
    pub fn open_account_of(&self, appid: &str) -> &Bound {
        self.apps.get(appid).map_or(&Bound::Unknown, |app| &app.open_account)
    }

    /// The scope with another name of a corp replaced by the corp's key.
    pub fn canonical_scope(&self, scope: &str) -> String {
        let (first, rest) = scope.find('@').map_or((scope, ""), |at| scope.split_at(at));
        let is_alias = |corp: &CorpIssuer| corp.aliases.iter().any(|alias| alias == first);
        let named = self.corps.iter().find(|(_, corp)| is_alias(corp));
        format!("{}{rest}", named.map_or(first, |(key, _)| key.as_str()))
    }
}
