//! When a way works: conditions as values that can be checked, and what stands in the way where one does not hold.

use crate::model::Time;

/// Something that must be so for a way to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// The app is of this sort.
    AppIs(AppSort),
    /// The app is bound to the open account.
    AppBoundToOpenAccount,
    /// The app bound to the corp's customer contact belongs to the open account.
    CorpBoundToApp,
    /// The app bound to the corp's customer service belongs to the open account.
    CorpKfBoundToApp,
    /// The corp itself looks, with an app of its own.
    OwnView,
    /// A provider looks.
    ProviderView,
    /// An upstream corp looks.
    UpstreamView,
    /// The app and its open account have the subject of this party.
    SameSubject(Party),
    /// The user follows the account.
    Follows,
    /// The user follows the account that is given up.
    FollowedOldApp,
    /// The contact is a WeChat user, not one of another company's WeCom.
    WechatContact,
    /// The user is the contact of an employee.
    IsContact,
    /// The user is in a customer group of the corp.
    InChat,
    /// A pending id stands for the user and has not died.
    PendingLives,
    /// No pending id stands for the user yet: then there is nothing to ask again.
    NoPendingLives,

    /// The account may call the interface: it is certified.
    ApiPermission,
    /// App, open account and corp are certified.
    Certified,
    /// An employee who has the customer, or the owner of the group, is in the app's visible range.
    FollowerInRange,
    /// The app is listed as one that may call customer contact.
    CustomerContactApp,
    /// The app authorised the third-party platform to do so.
    PermissionSet,
    /// Callbacks are set up.
    CallbackSetUp,
    /// The mini program runs on the platform's cloud.
    CloudFunctions,
    /// The mini program shares its cloud with another app.
    SharedCloud,
    /// The upstream corp shares the app with the downstream corp.
    SharedApp,
    /// The session of the login is still good.
    LiveSession,
    /// The user is logged in at the page that shows the link or code.
    UserAtHand,
    /// The group was made by the corp's staff.
    OwnGroup,
    /// The user wrote to the customer service.
    ServiceSession,
    /// The user bought in the shop.
    Bought,
    /// The user is a member of the shop.
    ShopMember,
    /// The unionid was looked up with the provider's app in the last 90 days.
    LookedUpInTime,
    /// The employee logged in with WeChat once.
    EmployeeUsesWechat,
    /// The corp authorised the provider.
    CorpAuthorised,
    /// The migration of ids is not finished.
    BeforeMigrationEnds,
    /// The upgrade of chat ids has not taken effect.
    BeforeChatUpgrade,
    /// The temporary id came to the same app.
    SameAppGotIt,

    /// The user paid in the last minutes.
    WithinMinutesOfPayment,
    /// The user adds an employee or joins a customer group.
    BecomesContact,
    /// The user comes through the link or code, or follows.
    ComesThroughIt,
    /// The account is being migrated.
    DuringAccountMigration,
    /// The user opens the link.
    OpensLink,
}

/// A sort of app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AppSort {
    /// A service or subscription account.
    OfficialAccount,
    /// A mini program.
    MiniProgram,
    /// A website.
    Website,
    /// A mobile app.
    MobileApp,
    /// A WeChat shop.
    Shop,
}

impl AppSort {
    /// The sort that the free text of the topology names, if it is one of these.
    pub(crate) fn of(app_type: &str) -> Option<AppSort> {
        let word = app_type.to_ascii_lowercase().replace([' ', '-'], "_");
        Some(match word.as_str() {
            "official_account" | "service_account" | "subscription_account" => AppSort::OfficialAccount,
            "mini_program" | "mini_game" => AppSort::MiniProgram,
            "website" | "website_app" => AppSort::Website,
            "mobile_app" => AppSort::MobileApp,
            "shop" | "wechat_shop" => AppSort::Shop,
            _ => return None,
        })
    }

    /// The name in texts.
    pub fn name(self) -> &'static str {
        match self {
            AppSort::OfficialAccount => "official_account",
            AppSort::MiniProgram => "mini_program",
            AppSort::Website => "website",
            AppSort::MobileApp => "mobile_app",
            AppSort::Shop => "shop",
        }
    }
}

/// Whose subject is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// The corp's.
    Corp,
    /// The provider's.
    Provider,
    /// The upstream corp's.
    Upstream,
}

/// Whether a condition holds, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It holds.
    Met,
    /// It may be so or not: ask, or try.
    NotKnown,
    /// Whoever sets the way up sees to it.
    Presumed,
    /// Something has to happen first.
    Awaited,
    /// It does not hold.
    Broken(Reason),
}

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The user does not follow the account; since when, if that was seen.
    NotFollowing(Option<Time>),
    /// The user does not follow the account that is given up.
    NotFollowingOldApp(Option<Time>),
    /// The app is bound to no open account.
    AppNotBound,
    /// The app is bound to another open account.
    AppBoundElsewhere(String),
    /// The corp bound no app to its customer contact.
    CorpNotBound,
    /// The app that the corp bound belongs to another open account, or to none.
    CorpBoundElsewhere(Option<String>),
    /// The corp bound no app to its customer service.
    KfNotBound,
    /// The subjects differ.
    OtherSubject(Party),
    /// A pending id stands for the user until then: wait for it to be closed.
    PendingLives(Option<Time>),
    /// The pending id died.
    PendingDied(Time),
    /// A provider's view gets no unionid.
    NotOwnView,
    /// It is for providers, and nobody but the corp, or an upstream corp, looks.
    NotProviderView,
    /// It is for upstream corps.
    NotUpstreamView,
    /// The contact is a user of another company's WeCom, who has no WeChat ids.
    WecomContact,
    /// The user was an employee's contact and is no more.
    ContactEnded(Time),
    /// The user was in a group and is no more.
    LeftChat(Time),
    /// The app is of another sort.
    OtherAppSort(AppSort),
    /// Nothing leads to what the way begins with: the kinds it can begin with.
    NothingToStartFrom(Vec<String>),
    /// It begins with a temporary id, which is never stored.
    TemporaryId,
}

impl Condition {
    /// Every condition, in the order of their declaration.
    pub fn all() -> Vec<Condition> {
        use Condition as C;
        let sorts = [
            AppSort::OfficialAccount,
            AppSort::MiniProgram,
            AppSort::Website,
            AppSort::MobileApp,
            AppSort::Shop,
        ];
        let parties = [Party::Corp, Party::Provider, Party::Upstream];
        let mut all: Vec<Condition> = sorts.into_iter().map(C::AppIs).collect();
        all.extend([C::AppBoundToOpenAccount, C::CorpBoundToApp, C::CorpKfBoundToApp]);
        all.extend([C::OwnView, C::ProviderView, C::UpstreamView]);
        all.extend(parties.into_iter().map(C::SameSubject));
        all.extend([C::Follows, C::FollowedOldApp, C::WechatContact, C::IsContact, C::InChat]);
        all.extend([C::PendingLives, C::NoPendingLives, C::ApiPermission, C::Certified, C::FollowerInRange]);
        all.extend([
            C::CustomerContactApp,
            C::PermissionSet,
            C::CallbackSetUp,
            C::CloudFunctions,
            C::SharedCloud,
            C::SharedApp,
        ]);
        all.extend([C::LiveSession, C::UserAtHand, C::OwnGroup, C::ServiceSession, C::Bought, C::ShopMember]);
        all.extend([C::LookedUpInTime, C::EmployeeUsesWechat, C::CorpAuthorised, C::BeforeMigrationEnds]);
        all.extend([C::BeforeChatUpgrade, C::SameAppGotIt, C::WithinMinutesOfPayment, C::BecomesContact]);
        all.extend([C::ComesThroughIt, C::DuringAccountMigration, C::OpensLink]);
        all
    }

    /// The key of the texts about it.
    pub fn key(self) -> String {
        match self {
            Condition::AppIs(sort) => format!("condition.app_is_{}", sort.name()),
            Condition::SameSubject(party) => format!("condition.same_subject_{}", party.name()),
            other => format!("condition.{}", snake(&format!("{other:?}"))),
        }
    }
}

impl Party {
    /// The name in texts.
    pub fn name(self) -> &'static str {
        match self {
            Party::Corp => "corp",
            Party::Provider => "provider",
            Party::Upstream => "upstream",
        }
    }
}

impl Reason {
    /// The names of the texts about reasons.
    pub const NAMES: [&'static str; 21] = [
        "not_following",
        "not_following_old_app",
        "app_not_bound",
        "app_bound_elsewhere",
        "corp_not_bound",
        "corp_bound_elsewhere",
        "corp_bound_app_not_bound",
        "kf_not_bound",
        "other_subject_corp",
        "other_subject_provider",
        "other_subject_upstream",
        "pending_lives",
        "pending_died",
        "not_own_view",
        "not_provider_view",
        "not_upstream_view",
        "wecom_contact",
        "contact_ended",
        "left_chat",
        "nothing_to_start_from",
        "temporary_id",
    ];

    /// The key of the text about it.
    pub fn key(&self) -> String {
        let name = match self {
            Reason::NotFollowing(_) => "not_following",
            Reason::NotFollowingOldApp(_) => "not_following_old_app",
            Reason::AppNotBound => "app_not_bound",
            Reason::AppBoundElsewhere(_) => "app_bound_elsewhere",
            Reason::CorpNotBound => "corp_not_bound",
            Reason::CorpBoundElsewhere(Some(_)) => "corp_bound_elsewhere",
            Reason::CorpBoundElsewhere(None) => "corp_bound_app_not_bound",
            Reason::KfNotBound => "kf_not_bound",
            Reason::OtherSubject(party) => return format!("reason.other_subject_{}", party.name()),
            Reason::PendingLives(_) => "pending_lives",
            Reason::PendingDied(_) => "pending_died",
            Reason::NotOwnView => "not_own_view",
            Reason::NotProviderView => "not_provider_view",
            Reason::NotUpstreamView => "not_upstream_view",
            Reason::WecomContact => "wecom_contact",
            Reason::ContactEnded(_) => "contact_ended",
            Reason::LeftChat(_) => "left_chat",
            Reason::OtherAppSort(sort) => return format!("reason.other_app_sort_{}", sort.name()),
            Reason::NothingToStartFrom(_) => "nothing_to_start_from",
            Reason::TemporaryId => "temporary_id",
        };
        format!("reason.{name}")
    }
}

/// `FollowerInRange` as `follower_in_range`.
pub(crate) fn snake(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}
