//! A call as a value, before it is sent: nothing here opens a socket.

use std::fmt;

use serde_json::Value;
use zeroize::Zeroizing;

use crate::sync::api::endpoint::{Carries, Endpoint, Method};

/// A call with its parameters. They hold ids and secrets: `Debug` shows the path only.
#[derive(Clone)]
pub struct Request {
    /// Which call.
    pub endpoint: &'static Endpoint,
    params: Vec<(&'static str, Zeroizing<String>)>,
    body: Option<Zeroizing<String>>,
    counted_for: Option<String>,
}

impl Request {
    /// A call of `GET` with its parameters.
    pub fn get(endpoint: &'static Endpoint, params: &[(&'static str, &str)]) -> Request {
        let params = params.iter().map(|(name, value)| (*name, Zeroizing::new((*value).to_owned())));
        Request { endpoint, params: params.collect(), body: None, counted_for: None }
    }

    /// A call of `POST` with its body. Text goes as UTF-8, never as `\u` escapes, which the platform refuses.
    pub fn post(endpoint: &'static Endpoint, body: &Value) -> Request {
        Request {
            endpoint,
            params: Vec::new(),
            body: Some(Zeroizing::new(body.to_string())),
            counted_for: None,
        }
    }

    /// It counts against the quotas of another than who calls: of the provider, where all its corps share one.
    #[must_use]
    pub fn counted_for(mut self, subject: &str) -> Request {
        self.counted_for = Some(subject.to_owned());
        self
    }

    /// Whose quotas it counts against, if not the caller's.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.counted_for.as_deref()
    }

    /// The body of a `POST`.
    pub fn body(&self) -> Option<&str> {
        self.body.as_deref().map(String::as_str)
    }

    /// What stands behind the host, with the token that it carries.
    pub(crate) fn path_and_query(&self, token: Option<&str>) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(1024));
        text.push_str(self.endpoint.path);
        let carried = match self.endpoint.carries {
            Carries::Token(name) => token.map(|token| (name, token)),
            Carries::Secret => None,
        };
        let own = self.params.iter().map(|(name, value)| (*name, value.as_str()));
        for (at, (name, value)) in carried.into_iter().chain(own).enumerate() {
            text.push(if at == 0 { '?' } else { '&' });
            text.push_str(name);
            text.push('=');
            push_encoded(value, &mut text);
        }
        text
    }

    /// How it is sent.
    pub(crate) fn method(&self) -> Method {
        self.endpoint.method
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("path", &self.endpoint.path).finish_non_exhaustive()
    }
}

/// Percent-encodes all but RFC 3986's unreserved characters.
fn push_encoded(value: &str, text: &mut String) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let hex = |half: u8| HEX.get(usize::from(half)).copied().unwrap_or('0');
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.extend(['%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::api::endpoints::{CONTACT_GET, CORP_TOKEN, USER_BATCHGET};

    #[test]
    fn parameters_are_percent_encoded_behind_the_token() {
        let request = Request::get(&CONTACT_GET, &[("external_userid", "wm A+/=\u{5c0f}")]);
        let expected =
            "/cgi-bin/externalcontact/get?access_token=T%26x&external_userid=wm%20A%2B%2F%3D%E5%B0%8F";
        assert_eq!(request.path_and_query(Some("T&x")).as_str(), expected);
        assert_eq!(Request::get(&CORP_TOKEN, &[]).path_and_query(Some("T")).as_str(), "/cgi-bin/gettoken");
    }

    #[test]
    fn a_body_is_utf_8_and_debug_shows_no_parameter() {
        let request = Request::post(&USER_BATCHGET, &serde_json::json!({"name": "\u{5c0f}\u{6ee1}"}));
        assert_eq!(request.body(), Some("{\"name\":\"\u{5c0f}\u{6ee1}\"}"));
        let shown = format!("{:?}", Request::get(&CONTACT_GET, &[("external_userid", "wmSECRET")]));
        assert!(!shown.contains("wmSECRET") && shown.contains("externalcontact"), "{shown}");
    }
}
