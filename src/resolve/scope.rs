//! 3.1 Scope check: whether the topology lets an evidence count.

use crate::model::{Binding, Id, Kind, Time, Topology};

/// Whether evidence observed at `t` on an edge between `x` and `y` passes the scope check.
pub(crate) fn scope_counts(topology: &Topology, x: &Id, y: &Id, t: Time) -> bool {
    let (other, unionid) = match (x.kind(), y.kind()) {
        (_, Kind::Unionid) => (x, y),
        (Kind::Unionid, _) => (y, x),
        _ => return true,
    };
    let app_fits = |appid: &str| match topology.open_account_of(appid, t) {
        Binding::Unknown => true,
        Binding::Unbound => false,
        Binding::To(open_account) => open_account == unionid.scope(),
    };
    match other.kind() {
        Kind::Openid => app_fits(other.scope()),
        // The corp's own view only: what a provider sees is not tied to the corp's bound app.
        Kind::ExternalUserid if !other.scope().contains('@') => {
            match topology.bound_app_of(other.scope(), t) {
                Binding::To(appid) => app_fits(appid),
                Binding::Unknown | Binding::Unbound => true,
            }
        }
        _ => true,
    }
}
