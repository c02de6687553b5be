//! The calls that are made, with their quotas (wechat reference 6 to 13 and 20).

use crate::sync::api::endpoint::{Carries, Endpoint, Host, Method, Quota, Window};

const fn per(window: Window, calls: u64) -> Quota {
    Quota { window, calls }
}

/// What WeCom allows a corp of each of its calls.
const WORK: &[Quota] = &[per(Window::Minute, 10_000), per(Window::Hour, 150_000)];

const fn weixin(method: Method, path: &'static str, carries: Carries, quotas: &'static [Quota]) -> Endpoint {
    Endpoint { host: Host::Weixin, method, path, carries, quotas }
}

const fn work(method: Method, path: &'static str) -> Endpoint {
    Endpoint { host: Host::Work, method, path, carries: Carries::Token("access_token"), quotas: WORK }
}

const TOKEN: Carries = Carries::Token("access_token");

/// `POST /cgi-bin/stable_token`.
pub static STABLE_TOKEN: Endpoint = weixin(
    Method::Post,
    "/cgi-bin/stable_token",
    Carries::Secret,
    &[per(Window::Minute, 10_000), per(Window::Day, 500_000)],
);
/// `POST /cgi-bin/component/api_component_token`.
pub static COMPONENT_TOKEN: Endpoint =
    weixin(Method::Post, "/cgi-bin/component/api_component_token", Carries::Secret, &[]);
/// `POST /cgi-bin/component/api_authorizer_token`.
pub static AUTHORIZER_TOKEN: Endpoint = weixin(
    Method::Post,
    "/cgi-bin/component/api_authorizer_token",
    Carries::Token("component_access_token"),
    &[],
);
/// `POST /cgi-bin/component/api_query_auth`.
pub static QUERY_AUTH: Endpoint =
    weixin(Method::Post, "/cgi-bin/component/api_query_auth", Carries::Token("component_access_token"), &[]);
/// `GET /cgi-bin/user/get`.
pub static USER_GET: Endpoint = weixin(Method::Get, "/cgi-bin/user/get", TOKEN, &[per(Window::Day, 500)]);
/// `GET /cgi-bin/user/info`.
pub static USER_INFO: Endpoint =
    weixin(Method::Get, "/cgi-bin/user/info", TOKEN, &[per(Window::Day, 5_000_000)]);
/// `POST /cgi-bin/user/info/batchget`.
pub static USER_BATCHGET: Endpoint =
    weixin(Method::Post, "/cgi-bin/user/info/batchget", TOKEN, &[per(Window::Day, 5_000_000)]);
/// `POST /cgi-bin/open/get`.
pub static OPEN_GET: Endpoint = weixin(Method::Post, "/cgi-bin/open/get", TOKEN, &[]);

/// `GET /cgi-bin/gettoken`.
pub static CORP_TOKEN: Endpoint = Endpoint {
    host: Host::Work,
    method: Method::Get,
    path: "/cgi-bin/gettoken",
    carries: Carries::Secret,
    quotas: WORK,
};
/// `POST /cgi-bin/service/get_suite_token`.
pub static SUITE_TOKEN: Endpoint = Endpoint {
    host: Host::Work,
    method: Method::Post,
    path: "/cgi-bin/service/get_suite_token",
    carries: Carries::Secret,
    quotas: &[],
};
/// `POST /cgi-bin/service/get_corp_token`.
pub static SUITE_CORP_TOKEN: Endpoint = Endpoint {
    host: Host::Work,
    method: Method::Post,
    path: "/cgi-bin/service/get_corp_token",
    carries: Carries::Token("suite_access_token"),
    quotas: &[],
};
/// `POST /cgi-bin/service/get_provider_token`.
pub static PROVIDER_TOKEN: Endpoint = Endpoint {
    host: Host::Work,
    method: Method::Post,
    path: "/cgi-bin/service/get_provider_token",
    carries: Carries::Secret,
    quotas: &[],
};
/// `GET /cgi-bin/externalcontact/get_follow_user_list`.
pub static FOLLOW_USERS: Endpoint = work(Method::Get, "/cgi-bin/externalcontact/get_follow_user_list");
/// `GET /cgi-bin/externalcontact/get`.
pub static CONTACT_GET: Endpoint = work(Method::Get, "/cgi-bin/externalcontact/get");
/// `POST /cgi-bin/externalcontact/batch/get_by_user`.
pub static CONTACT_BATCH: Endpoint = work(Method::Post, "/cgi-bin/externalcontact/batch/get_by_user");
/// `POST /cgi-bin/externalcontact/groupchat/list`.
pub static GROUP_LIST: Endpoint = work(Method::Post, "/cgi-bin/externalcontact/groupchat/list");
/// `POST /cgi-bin/externalcontact/groupchat/get`.
pub static GROUP_GET: Endpoint = work(Method::Post, "/cgi-bin/externalcontact/groupchat/get");
/// `POST /cgi-bin/idconvert/unionid_to_external_userid`.
pub static UNIONID_TO_EXTERNAL: Endpoint = Endpoint {
    quotas: &[
        per(Window::Minute, 10_000),
        per(Window::Hour, 100_000),
        per(Window::Day, 480_000),
        per(Window::Month, 7_500_000),
    ],
    ..work(Method::Post, "/cgi-bin/idconvert/unionid_to_external_userid")
};
/// `POST /cgi-bin/idconvert/batch/external_userid_to_pending_id`.
pub static EXTERNAL_TO_PENDING: Endpoint =
    work(Method::Post, "/cgi-bin/idconvert/batch/external_userid_to_pending_id");

/// All of them, in the order of their hosts.
pub static ENDPOINTS: &[&Endpoint] = &[
    &STABLE_TOKEN,
    &COMPONENT_TOKEN,
    &AUTHORIZER_TOKEN,
    &QUERY_AUTH,
    &USER_GET,
    &USER_INFO,
    &USER_BATCHGET,
    &OPEN_GET,
    &CORP_TOKEN,
    &SUITE_TOKEN,
    &SUITE_CORP_TOKEN,
    &PROVIDER_TOKEN,
    &FOLLOW_USERS,
    &CONTACT_GET,
    &CONTACT_BATCH,
    &GROUP_LIST,
    &GROUP_GET,
    &UNIONID_TO_EXTERNAL,
    &EXTERNAL_TO_PENDING,
];
