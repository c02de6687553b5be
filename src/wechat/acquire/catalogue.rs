//! All ways, in the order of the reference: the whole catalogue.

use crate::wechat::acquire::way::Way;
use crate::wechat::acquire::{contact, convert, login, mini, official, platform, service, shop, upstream};

/// Every way the platforms offer, by product.
pub fn ways() -> impl Iterator<Item = &'static Way> {
    let products: [&'static [Way]; 9] = [
        official::WAYS,
        mini::WAYS,
        login::WAYS,
        platform::WAYS,
        contact::WAYS,
        convert::WAYS,
        upstream::WAYS,
        service::WAYS,
        shop::WAYS,
    ];
    products.into_iter().flatten()
}
