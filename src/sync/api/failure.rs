//! What an errcode asks for: the table of wechat reference 19, by host, since the same number means other things there.

use serde::Deserialize;

use crate::sync::api::endpoint::{Endpoint, Host, Window};

/// What is to be done about an errcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Busy: try again, a little later each time.
    Transient,
    /// The token is not good any more: get another, once.
    Token,
    /// A quota of this window is used up.
    Limit(Window),
    /// No, whenever this is asked.
    Final,
    /// Who asks is refused: a secret, a permission, an address. Nothing more is asked for him.
    Settings,
    /// What counts once was used, or is too old.
    Spent,
}

/// The class of an errcode of a host. One that is not in the table is final: it is neither repeated nor taken for
/// a fault of the settings.
pub fn class_of(host: Host, errcode: i64) -> Class {
    let rows = match host {
        Host::Weixin => WEIXIN,
        Host::Work => WORK,
    };
    let row = rows.iter().find(|(_, codes)| codes.contains(&errcode));
    row.map_or(Class::Final, |(class, _)| *class)
}

/// Wechat reference 19.1.
const WEIXIN: &[(Class, &[i64])] = &[
    (Class::Transient, &[-1]),
    (Class::Token, &[40001, 40014, 42001]),
    (Class::Limit(Window::Day), &[45009]),
    (Class::Limit(Window::Minute), &[45011]),
    (Class::Spent, &[42007, 40029, 40163, 42002, 42003, 40030, 87009, 61006, 61009, 61010, 61023]),
    (
        Class::Settings,
        &[
            40002, 40013, 40125, 40033, 40164, 41001, 41002, 41004, 41008, 41009, 44002, 47001, 48001, 48004,
            50004, 50007, 61003, 61004, 61005, 61007, 61011, 76003, 76004, 76021, 76022, 89000, 89001, 89002,
            89003, 89004, 89501, 89502, 89503, 89504, 89505, 89506, 89507,
        ],
    ),
];

/// Wechat reference 19.2.
const WORK: &[(Class, &[i64])] = &[
    (Class::Transient, &[-1, 45033]),
    (Class::Token, &[40014, 42001, 42009, 40082]),
    (Class::Limit(Window::Minute), &[45009]),
    (Class::Spent, &[40029, 41008, 84014, 84015, 40085]),
    (
        Class::Settings,
        &[
            40001, 40091, 40013, 2_000_002, 40056, 40058, 40035, 40063, 40078, 40080, 40083, 40084, 48002,
            48003, 48004, 50001, 60020, 84074, 301_002,
        ],
    ),
];

#[derive(Deserialize)]
struct Errcode {
    errcode: Option<i64>,
}

/// Whether an answer is a JSON object without an errcode that says no: the errcode, `None` if it is no such object.
pub(crate) fn check(endpoint: &Endpoint, body: &[u8]) -> Result<(), Option<i64>> {
    let read: Errcode = serde_json::from_slice(body).map_err(|_| None)?;
    match (read.errcode, endpoint.host) {
        (Some(0), _) | (None, Host::Weixin) => Ok(()),
        (Some(errcode), _) => Err(Some(errcode)),
        // WeCom always says one.
        (None, Host::Work) => Err(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::api::endpoints::{CONTACT_GET, ENDPOINTS, USER_INFO};

    #[test]
    fn the_same_number_means_other_things_on_the_two_hosts() {
        assert_eq!(class_of(Host::Weixin, 40001), Class::Token);
        assert_eq!(class_of(Host::Work, 40001), Class::Settings);
        assert_eq!(class_of(Host::Weixin, 50001), Class::Final);
        assert_eq!(class_of(Host::Work, 50001), Class::Settings);
        assert_eq!(class_of(Host::Weixin, 45009), Class::Limit(Window::Day));
        assert_eq!(class_of(Host::Work, 45009), Class::Limit(Window::Minute));
        assert_eq!(class_of(Host::Work, 123_456), Class::Final);
    }

    #[test]
    fn no_errcode_stands_in_two_rows() {
        for rows in [WEIXIN, WORK] {
            let mut codes: Vec<i64> = rows.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
            let count = codes.len();
            codes.sort_unstable();
            codes.dedup();
            assert_eq!(codes.len(), count);
        }
    }

    #[test]
    fn success_is_told_as_each_host_tells_it() {
        assert_eq!(check(&USER_INFO, b"{\"subscribe\":1}"), Ok(()));
        assert_eq!(check(&USER_INFO, b"{\"errcode\":40003,\"errmsg\":\"x\"}"), Err(Some(40003)));
        assert_eq!(check(&CONTACT_GET, b"{\"errcode\":0}"), Ok(()));
        assert_eq!(check(&CONTACT_GET, b"{\"follow_user\":[]}"), Err(None));
        for broken in [&b"<html>"[..], b"", b"[]", b"{\"errcode\":0", b"{\"errcode\":\"0\"}"] {
            assert_eq!(check(&CONTACT_GET, broken), Err(None));
        }
    }

    #[test]
    fn paths_are_told_apart() {
        let mut paths: Vec<_> = ENDPOINTS.iter().map(|endpoint| (endpoint.host, endpoint.path)).collect();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), ENDPOINTS.len());
    }
}
