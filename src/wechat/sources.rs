//! The table of everything that can be read: names, options, parsers.

use crate::error::Error;
use crate::wechat::draft::Draft;
use crate::wechat::options::Opt;
use crate::wechat::{
    event_mp, event_open, event_work, mini, mp, open_data, phone, shop, work_contact, work_convert,
    work_group, work_kf, work_login,
};

/// One kind of answer or event that [`crate::wechat::parse`] reads.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// Its name: `family.name`.
    pub name: &'static str,
    /// The options it cannot do without.
    pub needed: &'static [Opt],
    /// The options some of its bodies need or that say more. `--at` and `--batch` go with every source;
    /// `--at` is needed unless the body carries a platform time.
    pub optional: &'static [Opt],
    /// Which API or event it is, one clause.
    pub doc: &'static str,
    pub(crate) read: fn(&[u8], &mut Draft<'_>) -> Result<(), Error>,
}

/// Everything that can be read, in the order of the rules of ingestion.
pub fn sources() -> &'static [Source] {
    &SOURCES
}

/// The source of a name.
pub(crate) fn find(name: &str) -> Option<&'static Source> {
    SOURCES.iter().find(|source| source.name == name)
}

/// The options of VIEW, of which only the corp is always needed.
const CORP: &[Opt] = &[Opt::Corp];
const VIEWER: &[Opt] = &[Opt::Viewer];
const VIEWER_AND_OPEN_ACCOUNT: &[Opt] = &[Opt::Viewer, Opt::OpenAccount];
const APP: &[Opt] = &[Opt::Appid];
const OPEN_ACCOUNT: &[Opt] = &[Opt::OpenAccount];
const SIDES: &[Opt] = &[Opt::Corp, Opt::Viewer, Opt::FromView, Opt::ToView];

static SOURCES: [Source; 32] = [
    Source {
        name: "mp.user_info",
        needed: APP,
        optional: OPEN_ACCOUNT,
        doc: "one follower of an official account (cgi-bin/user/info)",
        read: mp::user_info,
    },
    Source {
        name: "mp.user_batchget",
        needed: APP,
        optional: OPEN_ACCOUNT,
        doc: "up to 100 followers (cgi-bin/user/info/batchget)",
        read: mp::user_batchget,
    },
    Source {
        name: "mp.user_get",
        needed: APP,
        optional: &[],
        doc: "a page of the follower list (cgi-bin/user/get)",
        read: mp::user_get,
    },
    Source {
        name: "mp.web_oauth",
        needed: APP,
        optional: &[Opt::OpenAccount, Opt::Flow],
        doc: "web authorisation: token answer or userinfo (sns/oauth2/access_token, sns/userinfo)",
        read: mp::web_oauth,
    },
    Source {
        name: "app.login",
        needed: APP,
        optional: OPEN_ACCOUNT,
        doc: "login of a website or mobile app (sns/oauth2/access_token)",
        read: mp::app_login,
    },
    Source {
        name: "mp.changeopenid",
        needed: &[Opt::FromAppid, Opt::Appid],
        optional: &[],
        doc: "account migration: old openids to new ones (cgi-bin/changeopenid)",
        read: mp::changeopenid,
    },
    Source {
        name: "mini.code2session",
        needed: APP,
        optional: OPEN_ACCOUNT,
        doc: "login of a mini program (sns/jscode2session, sns/component/jscode2session)",
        read: mini::code2session,
    },
    Source {
        name: "mini.paid_unionid",
        needed: &[Opt::Appid, Opt::Openid],
        optional: OPEN_ACCOUNT,
        doc: "unionid after a payment (wxa/getpaidunionid)",
        read: mini::paid_unionid,
    },
    Source {
        name: "mini.cloud_context",
        needed: &[],
        optional: &[Opt::OpenAccount, Opt::FromOpenAccount, Opt::Appid, Opt::FromAppid],
        doc: "context of a cloud function (cloud.getWXContext)",
        read: mini::cloud_context,
    },
    Source {
        name: "mini.open_data",
        needed: APP,
        optional: &[Opt::OpenAccount, Opt::SessionKey, Opt::Iv, Opt::Openid],
        doc: "open data of a user or a group: encrypted with --session-key and --iv, decrypted without",
        read: open_data::open_data,
    },
    Source {
        name: "mini.phone",
        needed: &[Opt::Appid, Opt::Openid, Opt::PhoneKey],
        optional: &[],
        doc: "a phone number, kept as a keyed hash (wxa/business/getuserphonenumber)",
        read: phone::phone,
    },
    Source {
        name: "work.contact_get",
        needed: CORP,
        optional: VIEWER_AND_OPEN_ACCOUNT,
        doc: "one customer and who follows it (externalcontact/get)",
        read: work_contact::contact_get,
    },
    Source {
        name: "work.contact_batch",
        needed: CORP,
        optional: VIEWER_AND_OPEN_ACCOUNT,
        doc: "customers of several employees (externalcontact/batch/get_by_user)",
        read: work_contact::contact_batch,
    },
    Source {
        name: "work.contact_list",
        needed: &[Opt::Corp, Opt::Userid],
        optional: VIEWER,
        doc: "customers of one employee (externalcontact/list)",
        read: work_contact::contact_list,
    },
    Source {
        name: "work.group_get",
        needed: CORP,
        optional: VIEWER_AND_OPEN_ACCOUNT,
        doc: "a customer group and its members (externalcontact/groupchat/get)",
        read: work_group::group_get,
    },
    Source {
        name: "work.unionid_to_external",
        needed: &[Opt::Corp, Opt::OpenAccount, Opt::Unionid],
        optional: &[Opt::Viewer, Opt::Openid, Opt::Appid],
        doc: "external_userid or pending_id of a unionid, or one for each corp (unionid_to_external_userid of idconvert, service and corpgroup)",
        read: work_convert::unionid_to_external,
    },
    Source {
        name: "work.external_to_pending",
        needed: CORP,
        optional: VIEWER,
        doc: "pending_ids of customers (idconvert/batch/external_userid_to_pending_id)",
        read: work_convert::external_to_pending,
    },
    Source {
        name: "work.new_external",
        needed: &[],
        optional: SIDES,
        doc: "corp values to provider values (externalcontact/get_new_external_userid)",
        read: work_convert::new_external,
    },
    Source {
        name: "work.to_service_external",
        needed: &[Opt::External],
        optional: SIDES,
        doc: "a corp value to a provider value (externalcontact/to_service_external_userid)",
        read: work_convert::to_service_external,
    },
    Source {
        name: "work.from_service_external",
        needed: &[Opt::External],
        optional: SIDES,
        doc: "a provider value to a corp value (externalcontact/from_service_external_userid)",
        read: work_convert::from_service_external,
    },
    Source {
        name: "work.userid_convert",
        needed: &[],
        optional: SIDES,
        doc: "userids and open_userids (batch/userid_to_openuserid, batch/openuserid_to_userid)",
        read: work_convert::userid_convert,
    },
    Source {
        name: "work.corpid_convert",
        needed: &[Opt::Corp, Opt::Provider],
        optional: &[],
        doc: "a corpid's open_corpid (service/corpid_to_opencorpid)",
        read: work_convert::corpid_convert,
    },
    Source {
        name: "work.opengid_to_chat",
        needed: &[Opt::Appid, Opt::Opengid, Opt::Corp],
        optional: VIEWER,
        doc: "a WeChat group's customer group (externalcontact/opengid_to_chatid)",
        read: work_convert::opengid_to_chat,
    },
    Source {
        name: "work.chatid_convert",
        needed: CORP,
        optional: VIEWER,
        doc: "old chat ids to new ones (idconvert/chatid)",
        read: work_convert::chatid_convert,
    },
    Source {
        name: "work.login",
        needed: CORP,
        optional: VIEWER,
        doc: "a visitor at a corp's web login (auth/getuserinfo)",
        read: work_login::login,
    },
    Source {
        name: "work.pay_openid",
        needed: CORP,
        optional: &[Opt::External, Opt::Userid, Opt::Viewer],
        doc: "payment openid of a customer or an employee (externalcontact or user/convert_to_openid)",
        read: work_login::pay_openid,
    },
    Source {
        name: "work.kf_customers",
        needed: CORP,
        optional: VIEWER_AND_OPEN_ACCOUNT,
        doc: "customers of the customer service (kf/customer/batchget)",
        read: work_kf::kf_customers,
    },
    Source {
        name: "work.state",
        needed: &[Opt::Corp, Opt::StateToken, Opt::External],
        optional: VIEWER,
        doc: "a one-visit token that came back in state with a customer",
        read: work_login::state,
    },
    Source {
        name: "shop.order",
        needed: APP,
        optional: OPEN_ACCOUNT,
        doc: "an order of a WeChat shop (channels/ec/order/get)",
        read: shop::order,
    },
    Source {
        name: "event.mp",
        needed: APP,
        optional: &[],
        doc: "a decrypted event of an official account or mini program, XML or JSON",
        read: event_mp::event,
    },
    Source {
        name: "event.work",
        needed: CORP,
        optional: VIEWER,
        doc: "a decrypted event of WeCom, XML or JSON",
        read: event_work::event,
    },
    Source {
        name: "event.open",
        needed: &[Opt::Component],
        optional: &[],
        doc: "a decrypted event of a third-party platform, XML or JSON",
        read: event_open::event,
    },
];
