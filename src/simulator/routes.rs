//! Which call is answered by what, and whose token it must carry.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::simulator::call::{Answer, Call, Caller, Errcode, refused};
use crate::simulator::world::World;

type Answering = fn(&mut World, &Call<'_>) -> Answer;

/// Where a token is carried: nowhere, or in a parameter of this name.
type Carried = Option<&'static str>;

pub(super) struct Route {
    pub(super) host: &'static str,
    pub(super) path: &'static str,
    method: &'static str,
    carried: Carried,
    answer: Answering,
}

const WEIXIN: &str = "api.weixin.qq.com";
const WORK: &str = "qyapi.weixin.qq.com";
const TOKEN: Carried = Some("access_token");
const COMPONENT: Carried = Some("component_access_token");
const SUITE: Carried = Some("suite_access_token");
const PROVIDER: Carried = Some("provider_access_token");

const fn get(host: &'static str, path: &'static str, carried: Carried, answer: Answering) -> Route {
    Route { host, path, method: "GET", carried, answer }
}

const fn post(host: &'static str, path: &'static str, carried: Carried, answer: Answering) -> Route {
    Route { host, path, method: "POST", carried, answer }
}

static ROUTES: &[Route] = &[
    get(WEIXIN, "/cgi-bin/token", None, World::app_token),
    post(WEIXIN, "/cgi-bin/stable_token", None, World::app_token),
    get(WEIXIN, "/cgi-bin/user/info", TOKEN, World::user_info),
    post(WEIXIN, "/cgi-bin/user/info/batchget", TOKEN, World::user_batchget),
    get(WEIXIN, "/cgi-bin/user/get", TOKEN, World::user_get),
    post(WEIXIN, "/cgi-bin/changeopenid", TOKEN, World::changeopenid),
    post(WEIXIN, "/cgi-bin/open/get", TOKEN, World::open_get),
    post(WEIXIN, "/cgi-bin/open/create", TOKEN, World::open_create),
    post(WEIXIN, "/cgi-bin/open/bind", TOKEN, World::open_bind),
    post(WEIXIN, "/cgi-bin/open/unbind", TOKEN, World::open_unbind),
    get(WEIXIN, "/sns/oauth2/access_token", None, World::web_token),
    get(WEIXIN, "/sns/userinfo", None, World::web_user),
    get(WEIXIN, "/sns/jscode2session", None, World::code2session),
    get(WEIXIN, "/sns/component/jscode2session", COMPONENT, World::component_code2session),
    get(WEIXIN, "/sns/oauth2/component/access_token", COMPONENT, World::component_web_token),
    get(WEIXIN, "/wxa/getpaidunionid", TOKEN, World::paid_unionid),
    post(WEIXIN, "/wxa/business/getuserphonenumber", TOKEN, World::phone),
    post(WEIXIN, "/channels/ec/order/list/get", TOKEN, World::shop_orders),
    post(WEIXIN, "/channels/ec/order/get", TOKEN, World::shop_order),
    post(WEIXIN, "/cgi-bin/component/api_component_token", None, World::component_token),
    post(WEIXIN, "/cgi-bin/component/api_query_auth", COMPONENT, World::query_auth),
    post(WEIXIN, "/cgi-bin/component/api_authorizer_token", COMPONENT, World::authorizer_token),
    post(WEIXIN, "/cgi-bin/component/api_get_authorizer_info", COMPONENT, World::authorizer_info),
    post(WEIXIN, "/cgi-bin/component/api_get_authorizer_list", COMPONENT, World::authorizer_list),
    get(WORK, "/cgi-bin/gettoken", None, World::corp_token),
    post(WORK, "/cgi-bin/service/get_suite_token", None, World::suite_token),
    post(WORK, "/cgi-bin/service/get_permanent_code", SUITE, World::permanent_code),
    post(WORK, "/cgi-bin/service/get_auth_info", SUITE, World::suite_auth_info),
    post(WORK, "/cgi-bin/service/get_corp_token", SUITE, World::suite_corp_token),
    post(WORK, "/cgi-bin/service/get_provider_token", None, World::provider_token),
    post(WORK, "/cgi-bin/service/corpid_to_opencorpid", PROVIDER, World::corpid_to_open),
    post(WORK, "/cgi-bin/service/finish_openid_migration", PROVIDER, World::finish_upgrade),
    post(
        WORK,
        "/cgi-bin/service/externalcontact/finish_external_userid_migration",
        PROVIDER,
        World::finish_externals,
    ),
    get(WORK, "/cgi-bin/service/auth/getuserinfo3rd", SUITE, World::suite_login),
    post(
        WORK,
        "/cgi-bin/service/externalcontact/unionid_to_external_userid_3rd",
        SUITE,
        World::unionid_to_external_3rd,
    ),
    get(WORK, "/cgi-bin/externalcontact/get_follow_user_list", TOKEN, World::follow_user_list),
    get(WORK, "/cgi-bin/externalcontact/list", TOKEN, World::contact_list),
    get(WORK, "/cgi-bin/externalcontact/get", TOKEN, World::contact_get),
    post(WORK, "/cgi-bin/externalcontact/batch/get_by_user", TOKEN, World::contact_batch),
    post(WORK, "/cgi-bin/externalcontact/get_unassigned_list", TOKEN, World::unassigned_list),
    post(WORK, "/cgi-bin/externalcontact/groupchat/list", TOKEN, World::group_list),
    post(WORK, "/cgi-bin/externalcontact/groupchat/get", TOKEN, World::group_get),
    post(WORK, "/cgi-bin/externalcontact/opengid_to_chatid", TOKEN, World::opengid_to_chat),
    post(WORK, "/cgi-bin/externalcontact/convert_to_openid", TOKEN, World::pay_openid_of_contact),
    post(WORK, "/cgi-bin/user/convert_to_openid", TOKEN, World::pay_openid_of_employee),
    post(WORK, "/cgi-bin/externalcontact/unionid_to_external_userid", TOKEN, World::unionid_to_external_old),
    post(WORK, "/cgi-bin/externalcontact/get_new_external_userid", TOKEN, World::new_external),
    post(WORK, "/cgi-bin/externalcontact/groupchat/get_new_external_userid", TOKEN, World::new_external),
    post(WORK, "/cgi-bin/externalcontact/to_service_external_userid", TOKEN, World::service_external),
    post(WORK, "/cgi-bin/externalcontact/from_service_external_userid", TOKEN, World::external_of_service),
    post(WORK, "/cgi-bin/idconvert/unionid_to_external_userid", TOKEN, World::unionid_to_external),
    post(WORK, "/cgi-bin/idconvert/batch/external_userid_to_pending_id", TOKEN, World::external_to_pending),
    post(WORK, "/cgi-bin/idconvert/convert_tmp_external_userid", TOKEN, World::convert_temporary),
    post(WORK, "/cgi-bin/idconvert/chatid", TOKEN, World::new_chats),
    post(WORK, "/cgi-bin/idconvert/apply_to_upgrade_chatid", TOKEN, World::upgrade_chats),
    get(WORK, "/cgi-bin/corp/apply_mass_call_ticket", TOKEN, World::mass_call_ticket),
    post(WORK, "/cgi-bin/corpgroup/unionid_to_external_userid", TOKEN, World::linked_external),
    post(WORK, "/cgi-bin/corpgroup/unionid_to_pending_id", TOKEN, World::linked_pending),
    post(
        WORK,
        "/cgi-bin/corpgroup/batch/external_userid_to_pending_id",
        TOKEN,
        World::linked_external_to_pending,
    ),
    post(WORK, "/cgi-bin/batch/userid_to_openuserid", TOKEN, World::userid_to_open),
    post(WORK, "/cgi-bin/batch/openuserid_to_userid", TOKEN, World::open_to_userid),
    get(WORK, "/cgi-bin/auth/getuserinfo", TOKEN, World::work_login),
    post(WORK, "/cgi-bin/kf/customer/batchget", TOKEN, World::kf_customers),
    post(WORK, "/cgi-bin/kf/sync_msg", TOKEN, World::kf_messages),
    post(WORK, "/cgi-bin/externalcontact/customer_acquisition/get_chat_info", TOKEN, World::chat_info),
];

/// The route of a path on a host.
pub(super) fn route(host: &str, path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| (route.host, route.path) == (host, path))
}

/// All paths, with their hosts.
pub(super) fn paths() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.iter().map(|route| (route.host, route.path))
}

impl World {
    /// Answers a call: token and limits first. If it took off, its caller has a call in flight from now on.
    pub(super) fn answer(
        &mut self,
        route: &'static Route,
        method: &str,
        query: &BTreeMap<String, String>,
        body: &[u8],
    ) -> (Option<Caller>, Answer) {
        let mut flying = None;
        let answer = self.answered(route, method, query, body, &mut flying);
        (flying, answer)
    }

    fn answered(
        &mut self,
        route: &'static Route,
        method: &str,
        query: &BTreeMap<String, String>,
        body: &[u8],
        flying: &mut Option<Caller>,
    ) -> Answer {
        *self.calls.entry(route.path).or_default() += 1;
        if method != route.method {
            return refused(43001);
        }
        let body: Value = match body {
            [] => Value::Null,
            body => serde_json::from_slice(body).map_err(|_| Errcode(47001))?,
        };
        let caller = match route.carried {
            Some(name) => self.caller_of(route.host, query.get(name).map_or("", String::as_str))?,
            None => Caller::Nobody,
        };
        if route.host == WORK && caller != Caller::Nobody {
            self.take_off(route.path, caller)?;
            *flying = Some(caller);
        }
        let call = Call { caller, query, body: &body };
        let counted = self.counted(route.host, route.path, &call);
        self.limits.count(&counted, self.now_ms)?;
        (route.answer)(self, &call)
    }
}
