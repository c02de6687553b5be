//! WeCom customer service (wechat reference 17).
//!
//! # Not here
//!   nicknames, avatars and session contexts: private, or of one session.

use crate::error::Error;
use crate::wechat::draft::Draft;
use crate::wechat::mp::answer;
use crate::wechat::work_contact::ViewScopes;
use crate::wechat::work_convert::refused_items;

/// `POST /cgi-bin/kf/customer/batchget`: a customer of the service, who need not be anyone's contact. The unionid is that
/// of the open account of the app bound in the service's own console; a provider gets none.
pub(crate) fn kf_customers(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let scopes = ViewScopes::of(draft.options())?;
    let tree = answer(body)?;
    let answer = tree.object("the answer")?;
    draft.each("customer_list", answer.list("customer_list")?, |record, customer| {
        let customer = customer.object("customer_list")?;
        let external = customer.id("external_userid", &scopes.external)?;
        match scopes.unionid_in(record, customer, true)? {
            Some(unionid) => record.link(external, unionid, "work.kf"),
            None => Ok(()),
        }
    })?;
    refused_items(draft, answer, "invalid_external_userid")
}
