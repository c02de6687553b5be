//! The calls that are made, with their quotas (wechat reference 6 to 18 and 20).

use crate::sync::api::endpoint::{Carries, Endpoint, Host, Method, Quota, Window};

const fn per(window: Window, calls: u64) -> Quota {
    Quota { window, calls }
}

/// What WeCom allows a corp of each of its calls.
const WORK: &[Quota] = &[per(Window::Minute, 10_000), per(Window::Hour, 150_000)];
/// What it allows of lookups of visitors, beside that.
const LOOKUP: &[Quota] = &[
    per(Window::Minute, 10_000),
    per(Window::Hour, 100_000),
    per(Window::Day, 480_000),
    per(Window::Month, 7_500_000),
];

const TOKEN: Carries = Carries::Token("access_token");
const COMPONENT: Carries = Carries::Token("component_access_token");
const SUITE: Carries = Carries::Token("suite_access_token");
const PROVIDER: Carries = Carries::Token("provider_access_token");

const fn weixin(method: Method, path: &'static str, carries: Carries) -> Endpoint {
    Endpoint { host: Host::Weixin, method, path, carries, quotas: &[] }
}

const fn work(method: Method, path: &'static str, carries: Carries) -> Endpoint {
    Endpoint { host: Host::Work, method, path, carries, quotas: WORK }
}

impl Endpoint {
    const fn with(self, quotas: &'static [Quota]) -> Endpoint {
        Endpoint { quotas, ..self }
    }
}

/// Names the calls, and lists them all.
macro_rules! endpoints {
    ($($(#[$doc:meta])* $name:ident = $endpoint:expr;)*) => {
        $($(#[$doc])* pub static $name: Endpoint = $endpoint;)*

        /// All of them.
        pub static ENDPOINTS: &[&Endpoint] = &[$(&$name),*];
    };
}

use Method::{Get, Post};

/// What [`STABLE_TOKEN`] allows of its calls that force another token than the one that lives (wechat reference 6.2).
pub(crate) static FORCED_TOKEN: Endpoint = Endpoint {
    host: Host::Weixin,
    method: Post,
    path: "/cgi-bin/stable_token force_refresh",
    carries: Carries::Secret,
    quotas: &[per(Window::Day, 20)],
};

endpoints! {
    /// An app's token.
    STABLE_TOKEN = weixin(Post, "/cgi-bin/stable_token", Carries::Secret).with(&[per(Window::Minute, 10_000), per(Window::Day, 500_000)]);
    /// A third-party platform's token, by its newest ticket.
    COMPONENT_TOKEN = weixin(Post, "/cgi-bin/component/api_component_token", Carries::Secret);
    /// A platform's token for an app that authorised it.
    AUTHORIZER_TOKEN = weixin(Post, "/cgi-bin/component/api_authorizer_token", COMPONENT);
    /// What a code of an authorisation stands for: an app and its first refresh token.
    QUERY_AUTH = weixin(Post, "/cgi-bin/component/api_query_auth", COMPONENT);
    /// The apps that authorised a platform, with their refresh tokens: the way back where one was lost.
    AUTHORIZER_LIST = weixin(Post, "/cgi-bin/component/api_get_authorizer_list", COMPONENT);
    /// An app that authorised a platform: its original id, its subject.
    AUTHORIZER_INFO = weixin(Post, "/cgi-bin/component/api_get_authorizer_info", COMPONENT);
    /// The followers of an official account, by ten thousands.
    USER_GET = weixin(Get, "/cgi-bin/user/get", TOKEN).with(&[per(Window::Day, 500)]);
    /// One follower.
    USER_INFO = weixin(Get, "/cgi-bin/user/info", TOKEN).with(&[per(Window::Day, 5_000_000)]);
    /// Up to a hundred followers.
    USER_BATCHGET = weixin(Post, "/cgi-bin/user/info/batchget", TOKEN).with(&[per(Window::Day, 5_000_000)]);
    /// The new openids of up to a hundred followers of an account that migrated.
    CHANGE_OPENID = weixin(Post, "/cgi-bin/changeopenid", TOKEN);
    /// The open-platform account that an app is bound to.
    OPEN_GET = weixin(Post, "/cgi-bin/open/get", TOKEN);
    /// What a web page's code stands for; websites and mobile apps log in by it too.
    WEB_TOKEN = weixin(Get, "/sns/oauth2/access_token", Carries::Secret).with(&[per(Window::Minute, 50_000)]);
    /// The same, by a third-party platform.
    COMPONENT_WEB_TOKEN = weixin(Get, "/sns/oauth2/component/access_token", COMPONENT);
    /// The user of a web page, by his own token, which is a parameter.
    WEB_USER = weixin(Get, "/sns/userinfo", Carries::Secret);
    /// What the code of a mini program's login stands for.
    CODE2SESSION = weixin(Get, "/sns/jscode2session", Carries::Secret);
    /// The same, by a third-party platform.
    COMPONENT_CODE2SESSION = weixin(Get, "/sns/component/jscode2session", COMPONENT);
    /// The unionid of who has just paid.
    PAID_UNIONID = weixin(Get, "/wxa/getpaidunionid", TOKEN);
    /// What the code of a phone button stands for.
    PHONE_NUMBER = weixin(Post, "/wxa/business/getuserphonenumber", TOKEN);
    /// The orders of a shop.
    SHOP_ORDERS = weixin(Post, "/channels/ec/order/list/get", TOKEN);
    /// One order of a shop.
    SHOP_ORDER = weixin(Post, "/channels/ec/order/get", TOKEN);
    /// The token of a corp's app, or of one developed for it.
    CORP_TOKEN = work(Get, "/cgi-bin/gettoken", Carries::Secret);
    /// A suite's token, by its newest ticket.
    SUITE_TOKEN = work(Post, "/cgi-bin/service/get_suite_token", Carries::Secret).with(&[]);
    /// A suite's token for a corp that authorised it.
    SUITE_CORP_TOKEN = work(Post, "/cgi-bin/service/get_corp_token", SUITE).with(&[]);
    /// A provider's token.
    PROVIDER_TOKEN = work(Post, "/cgi-bin/service/get_provider_token", Carries::Secret).with(&[]);
    /// What the code of an authorisation stands for: a corp and its permanent code.
    PERMANENT_CODE = work(Post, "/cgi-bin/service/get_permanent_code", SUITE).with(&[]);
    /// What a corp lets a suite see.
    AUTH_INFO = work(Post, "/cgi-bin/service/get_auth_info", SUITE).with(&[]);
    /// The employees who may have customers.
    FOLLOW_USERS = work(Get, "/cgi-bin/externalcontact/get_follow_user_list", TOKEN);
    /// An employee's customers.
    CONTACT_LIST = work(Get, "/cgi-bin/externalcontact/list", TOKEN);
    /// One customer.
    CONTACT_GET = work(Get, "/cgi-bin/externalcontact/get", TOKEN);
    /// The customers of up to a hundred employees, by hundreds.
    CONTACT_BATCH = work(Post, "/cgi-bin/externalcontact/batch/get_by_user", TOKEN);
    /// The customers of employees who left.
    UNASSIGNED = work(Post, "/cgi-bin/externalcontact/get_unassigned_list", TOKEN);
    /// Customer groups, by thousands.
    GROUP_LIST = work(Post, "/cgi-bin/externalcontact/groupchat/list", TOKEN);
    /// One customer group.
    GROUP_GET = work(Post, "/cgi-bin/externalcontact/groupchat/get", TOKEN);
    /// The customer group that a mini program was shared in.
    OPENGID_TO_CHAT = work(Post, "/cgi-bin/externalcontact/opengid_to_chatid", TOKEN);
    /// A customer's openid for payments of the corp.
    CONTACT_PAY_OPENID = work(Post, "/cgi-bin/externalcontact/convert_to_openid", TOKEN);
    /// An employee's openid for payments of the corp.
    USER_PAY_OPENID = work(Post, "/cgi-bin/user/convert_to_openid", TOKEN);
    /// Up to a hundred customers of customer service.
    KF_CUSTOMERS = work(Post, "/cgi-bin/kf/customer/batchget", TOKEN);
    /// The messages of a customer-service account.
    KF_MESSAGES = work(Post, "/cgi-bin/kf/sync_msg", TOKEN);
    /// Who wrote a first message by an acquisition link.
    ACQUISITION_CHAT = work(Post, "/cgi-bin/externalcontact/customer_acquisition/get_chat_info", TOKEN);
    /// What the code of a corp's web page stands for.
    WORK_LOGIN = work(Get, "/cgi-bin/auth/getuserinfo", TOKEN).with(&[]);
    /// What the code of a suite's web page stands for.
    SUITE_LOGIN = work(Get, "/cgi-bin/service/auth/getuserinfo3rd", SUITE).with(&[]);
    /// The external_userid of a visitor, or a pending id.
    UNIONID_TO_EXTERNAL = work(Post, "/cgi-bin/idconvert/unionid_to_external_userid", TOKEN).with(LOOKUP);
    /// The pending ids that up to a hundred customers had as visitors.
    EXTERNAL_TO_PENDING = work(Post, "/cgi-bin/idconvert/batch/external_userid_to_pending_id", TOKEN);
    /// The older lookup of a visitor of the corp's own mini program.
    UNIONID_TO_EXTERNAL_OLD = work(Post, "/cgi-bin/externalcontact/unionid_to_external_userid", TOKEN);
    /// The older lookup of a visitor in all corps that authorised a suite.
    UNIONID_TO_EXTERNAL_3RD = work(Post, "/cgi-bin/service/externalcontact/unionid_to_external_userid_3rd", SUITE).with(&[per(Window::Hour, 50_000), per(Window::Day, 240_000)]);
    /// The provider's values of a corp's external_userids.
    NEW_EXTERNAL = work(Post, "/cgi-bin/externalcontact/get_new_external_userid", TOKEN);
    /// The same of the members of a group.
    GROUP_NEW_EXTERNAL = work(Post, "/cgi-bin/externalcontact/groupchat/get_new_external_userid", TOKEN);
    /// The third-party value of an app developed for a corp.
    TO_SERVICE_EXTERNAL = work(Post, "/cgi-bin/externalcontact/to_service_external_userid", TOKEN);
    /// The corp's value of a provider's external_userid.
    FROM_SERVICE_EXTERNAL = work(Post, "/cgi-bin/externalcontact/from_service_external_userid", TOKEN);
    /// What the temporary ids of meetings and forms stand for.
    CONVERT_TEMPORARY = work(Post, "/cgi-bin/idconvert/convert_tmp_external_userid", TOKEN);
    /// The provider's values of a corp's userids.
    USERID_TO_OPEN = work(Post, "/cgi-bin/batch/userid_to_openuserid", TOKEN);
    /// The corp's values of a provider's open_userids.
    OPEN_TO_USERID = work(Post, "/cgi-bin/batch/openuserid_to_userid", TOKEN);
    /// The provider's value of a corpid.
    CORPID_TO_OPEN = work(Post, "/cgi-bin/service/corpid_to_opencorpid", PROVIDER).with(&[]);
    /// The chat ids of an app developed for a corp, after their upgrade.
    NEW_CHAT = work(Post, "/cgi-bin/idconvert/chatid", TOKEN);
    /// When that upgrade is.
    UPGRADE_CHATS = work(Post, "/cgi-bin/idconvert/apply_to_upgrade_chatid", TOKEN);
    /// What lifts the quota of lookups for seven days, once for each corp.
    MASS_CALL_TICKET = work(Get, "/cgi-bin/corp/apply_mass_call_ticket", TOKEN);
    /// The external_userids of a visitor in downstream corps.
    LINKED_EXTERNAL = work(Post, "/cgi-bin/corpgroup/unionid_to_external_userid", TOKEN).with(&[per(Window::Minute, 10_000), per(Window::Hour, 20_000), per(Window::Day, 240_000)]);
    /// The pending id of a visitor for downstream corps.
    LINKED_PENDING = work(Post, "/cgi-bin/corpgroup/unionid_to_pending_id", TOKEN).with(LOOKUP);
    /// The pending ids that customers of downstream corps had as visitors.
    LINKED_EXTERNAL_TO_PENDING = work(Post, "/cgi-bin/corpgroup/batch/external_userid_to_pending_id", TOKEN);
}
