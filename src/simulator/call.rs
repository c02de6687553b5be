//! A call as it arrives, and what it is answered.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// An answer: an object, or an errcode.
pub(super) type Answer = Result<Value, Errcode>;

/// An errcode of the platforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Errcode(pub(super) i64);

/// Refuses with an errcode.
pub(super) fn refused<T>(errcode: i64) -> Result<T, Errcode> {
    Err(Errcode(errcode))
}

/// Whose token a call carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Caller {
    /// None: its secret is among its parameters, or it is a front end.
    Nobody,
    /// An app, of this number.
    App(usize),
    /// The corp's own agent, its branch's, or that of the downstream corp.
    Own(usize),
    /// The agent that the provider develops for the corp.
    Developed,
    /// The provider's suite.
    Suite,
    /// The suite, for the corp.
    SuiteCorp,
    /// The provider.
    Provider,
    /// The third-party platform.
    Component,
}

impl Caller {
    /// Whether it is a provider's, so that ids are its own.
    pub(super) fn is_provider(self) -> bool {
        matches!(self, Caller::Developed | Caller::Suite | Caller::SuiteCorp | Caller::Provider)
    }
}

/// A call of a route.
pub(super) struct Call<'c> {
    pub(super) caller: Caller,
    pub(super) query: &'c BTreeMap<String, String>,
    pub(super) body: &'c Value,
}

impl Call<'_> {
    /// A parameter; empty if it is not there.
    pub(super) fn param(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// A text of the body; empty if it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        text(self.body, name)
    }

    /// A number of the body.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.body.get(name).and_then(Value::as_i64)
    }

    /// The texts of a list of the body.
    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        let listed = self.body.get(name).and_then(Value::as_array);
        listed.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// A list of at most so many, at least one.
    pub(super) fn list(&self, name: &str, most: usize) -> Result<Vec<&str>, Errcode> {
        let listed = self.texts(name);
        if listed.is_empty() || listed.len() > most { refused(40058) } else { Ok(listed) }
    }
}

/// A text of an object.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Adds a field, if there is a value for it.
pub(super) fn with(mut object: Value, name: &str, value: Option<impl Into<Value>>) -> Value {
    if let (Some(fields), Some(value)) = (object.as_object_mut(), value) {
        fields.insert(name.to_owned(), value.into());
    }
    object
}

/// An answer of WeCom that says yes.
pub(super) fn ok(object: Value) -> Value {
    with(with(object, "errcode", Some(0)), "errmsg", Some("ok"))
}

/// What an errcode looks like on a host.
pub(super) fn error(host: &str, Errcode(errcode): Errcode, rid: u64) -> Value {
    let errmsg = if host.starts_with("qyapi") {
        format!(
            "invalid, hint: [{rid:016}], from ip: 127.0.0.1, more info at https://open.work.weixin.qq.com/devtool/query?e={errcode}"
        )
    } else {
        format!("invalid rid: {rid:08x}-{:08x}-{:08x}", rid * 7, rid * 13)
    };
    json!({"errcode": errcode, "errmsg": errmsg})
}
