//! WeChat shop (wechat reference 18).
//!
//! # Invariants
//!   S1 only the buyer is linked: who gave the present, who shared the goods and who paid are other people.
//!
//! # Not here
//!   receivers, addresses and their numbers: private, and often masked; times of the order, which say when was bought and
//!   not when the platform answered.

use crate::error::Error;
use crate::wechat::draft::Draft;
use crate::wechat::mp::{AppScopes, answer, login};

/// `POST /channels/ec/order/get`: the buyer's openid at the shop and, where the shop is bound, unionid.
pub(crate) fn order(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let scopes = AppScopes::of(draft.options())?;
    let tree = answer(body)?;
    draft.one(|record| {
        let order = tree.object("the answer")?.object("order")?;
        login(record, &scopes, order, "shop.order")
    })
}
