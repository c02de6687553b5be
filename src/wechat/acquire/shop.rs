//! Ways of WeChat shops (wechat reference 18).

use crate::wechat::acquire::condition::{AppSort, Condition as C};
use crate::wechat::acquire::way::{Also, Calls, Credential, OPENID, UNIONID, Way, by, same};

const IS_SHOP: C = C::AppIs(AppSort::Shop);

pub(crate) static WAYS: &[Way] = &[
    Way {
        name: "shop.order",
        from: &[OPENID],
        yields: &[same(UNIONID)],
        access: &[by(Credential::App, &["channels/ec/order/list/get", "channels/ec/order/get"])],
        conditions: &[IS_SHOP, C::AppBoundToOpenAccount, C::Bought],
        pitfalls: 2,
        reference: "18",
        ingest: Some("shop.order"),
        ..Way::EMPTY
    },
    Way {
        name: "shop.orders_read",
        from: &[UNIONID],
        yields: &[same(OPENID)],
        access: &[by(Credential::App, &["channels/ec/order/list/get", "channels/ec/order/get"])],
        conditions: &[IS_SHOP, C::AppBoundToOpenAccount, C::Bought],
        calls: Calls::List,
        pitfalls: 1,
        reference: "18",
        ingest: Some("shop.order"),
        ..Way::EMPTY
    },
    Way {
        name: "shop.member",
        from: &[OPENID],
        yields: &[same(UNIONID)],
        access: &[by(Credential::App, &["channels/ec/vip/user/info/get", "channels/ec/vip/user/list/get"])],
        conditions: &[IS_SHOP, C::AppBoundToOpenAccount, C::ShopMember],
        pitfalls: 1,
        reference: "18",
        ..Way::EMPTY
    },
    Way {
        name: "shop.other_records",
        from: &[OPENID],
        yields: &[same(UNIONID)],
        access: &[by(
            Credential::App,
            &["channels/ec (after-sale, coupon, sharer, cooperation, league, talent, voucher)"],
        )],
        conditions: &[IS_SHOP, C::AppBoundToOpenAccount, C::Bought],
        pitfalls: 1,
        reference: "18, 1.2",
        ..Way::EMPTY
    },
    Way {
        name: "shop.order_event",
        also: &[Also::Openid],
        access: &[by(Credential::App, &["event:channels_ec_order_pay", "event:cooperation_shop_order"])],
        conditions: &[C::CallbackSetUp],
        calls: Calls::Free,
        pitfalls: 1,
        reference: "18",
        ..Way::EMPTY
    },
];
