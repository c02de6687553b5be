//! What is pushed to a callback URL: the platform's `POST` of an event, and its `GET` that asks whether the URL is ours (wechat
//! reference 5.1).

use crate::error::{AnswerError, Result};
use crate::simulator::fields::Fields;
use crate::simulator::ids::{drawn, drawn_number};
use crate::simulator::plan::Topology;
use crate::simulator::seal::{encrypt, signature};

/// Whose callback URL an event goes to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Target {
    /// That of an app, by its appid.
    App(String),
    /// That of the corp's own agent.
    Corp,
    /// The command URL of the provider's suite.
    Suite,
    /// The authorisation URL of the third-party platform.
    Component,
}

impl Target {
    /// Whose keys a URL has, which is what stands behind its messages, too.
    fn owner<'t>(&'t self, topology: &'t Topology) -> &'t str {
        match self {
            Target::App(appid) => appid,
            Target::Corp => &topology.corp,
            Target::Suite => &topology.suite,
            Target::Component => &topology.component,
        }
    }

    fn is_of_work(&self) -> bool {
        matches!(self, Target::Corp | Target::Suite)
    }
}

/// How an app's console says that messages are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// In the clear; only the time and a nonce are signed.
    Plain,
    /// In the clear, and encrypted beside it.
    Compatible,
    /// Encrypted.
    #[default]
    Safe,
}

/// How events are written to a callback URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Writing {
    /// Apps have a choice; all others are written to in [`Mode::Safe`].
    pub mode: Mode,
    /// JSON in place of XML.
    pub is_json: bool,
}

/// An event on its way.
#[derive(Clone, PartialEq, Eq)]
pub struct Push {
    /// Where it goes.
    pub target: Target,
    /// The event, in the clear.
    pub xml: String,
    fields: Fields,
    at_s: i64,
    serial: u64,
    seed: u64,
    receiver: String,
}

/// The platform's `POST`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The parameters.
    pub query: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The platform's `GET` when a URL is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlCheck {
    /// The parameters.
    pub query: Vec<(String, String)>,
    /// What the URL has to answer, and nothing else.
    pub echo: String,
}

impl std::fmt::Debug for Push {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Push").field("target", &self.target).finish_non_exhaustive()
    }
}

/// What is signed beside a text.
struct Stamp {
    token: String,
    timestamp: String,
    nonce: String,
}

impl Stamp {
    fn new(topology: &Topology, owner: &str, at_s: i64, nonce: u64) -> Stamp {
        let (timestamp, nonce) = (at_s.to_string(), nonce.to_string());
        Stamp { token: topology.callback_token(owner), timestamp, nonce }
    }

    fn signature(&self, text: &str) -> String {
        signature([&self.token, &self.timestamp, &self.nonce, text])
    }

    fn query(&self, more: Vec<(&str, String)>) -> Vec<(String, String)> {
        let own = [("timestamp", self.timestamp.clone()), ("nonce", self.nonce.clone())];
        own.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

impl Push {
    pub(super) fn new(
        topology: &Topology,
        target: Target,
        fields: &Fields,
        (at_s, serial, seed): (i64, u64, u64),
    ) -> Push {
        let receiver = target.owner(topology).to_owned();
        Push { target, xml: fields.xml(), fields: fields.clone(), at_s, serial, seed, receiver }
    }

    /// Its query and body, encrypted with the keys of the topology, as XML.
    ///
    /// # Errors
    /// None that the simulator's own keys give.
    pub fn sealed(&self, topology: &Topology) -> Result<Post> {
        self.written(topology, Writing::default())
    }

    /// Its query and body, as a callback URL is written to.
    ///
    /// # Errors
    /// [`AnswerError::BadOption`]: another mode than [`Mode::Safe`] where it is not an app's.
    pub fn written(&self, topology: &Topology, writing: Writing) -> Result<Post> {
        let is_of_app = matches!(self.target, Target::App(_));
        if !is_of_app && writing.mode != Mode::Safe {
            return Err(AnswerError::BadOption {
                option: "mode",
                expected: "safe, where it is not an app's",
            }
            .into());
        }
        let name = format!("push {}", self.serial);
        let stamp = Stamp::new(topology, &self.receiver, self.at_s, drawn_number(self.seed, &name));
        let mut query = Vec::new();
        if is_of_app {
            query.push(("signature", stamp.signature("")));
            query.push(("openid", self.fields.find("FromUserName").to_owned()));
        }
        if writing.mode == Mode::Plain {
            let body = if writing.is_json { self.fields.json() } else { self.xml.clone() };
            return Ok(Post { query: stamp.query(query), body: body.into_bytes() });
        }
        let random = drawn(self.seed, &name).first_chunk::<16>().copied().unwrap_or_default();
        let clear = if writing.is_json { self.fields.json() } else { self.xml.clone() };
        let sealed =
            encrypt(&topology.callback_aes_key(&self.receiver), random, clear.as_bytes(), &self.receiver)?;
        query.push(("msg_signature", stamp.signature(&sealed)));
        if is_of_app {
            query.push(("encrypt_type", "aes".to_owned()));
        }
        let envelope = self.envelope(topology, &sealed, writing);
        let body = if writing.is_json { envelope.json() } else { envelope.xml() };
        Ok(Post { query: stamp.query(query), body: body.into_bytes() })
    }

    /// What stands around the encrypted text, or beside it.
    fn envelope(&self, topology: &Topology, sealed: &str, writing: Writing) -> Fields {
        let agent = if self.target == Target::Corp { topology.agent.as_str() } else { "" };
        let to = self.fields.find("ToUserName");
        let to = if to.is_empty() { self.receiver.as_str() } else { to };
        match (&self.target, writing) {
            (Target::App(_), Writing { mode: Mode::Compatible, .. }) => {
                self.fields.clone().text("Encrypt", sealed)
            }
            (target, Writing { is_json: true, .. }) if target.is_of_work() => {
                Fields::default().text("tousername", to).text("encrypt", sealed).text("agentid", agent)
            }
            (target, _) if target.is_of_work() => {
                Fields::default().text("ToUserName", to).text("AgentID", agent).text("Encrypt", sealed)
            }
            _ => Fields::default().text("ToUserName", to).text("Encrypt", sealed),
        }
    }
}

impl UrlCheck {
    /// Of a URL, at a time; `serial` makes it another than those before. WeCom's text is encrypted for the corp, and for a
    /// suite's provider; the others' is not.
    pub(super) fn new(
        topology: &Topology,
        target: &Target,
        (at_s, serial, seed): (i64, u64, u64),
    ) -> Result<UrlCheck> {
        let (name, owner) = (format!("check {serial}"), target.owner(topology));
        let stamp = Stamp::new(topology, owner, at_s, drawn_number(seed, &name));
        let echo = drawn_number(seed, &format!("echo {serial}")).to_string();
        if !target.is_of_work() {
            let query = vec![("signature", stamp.signature("")), ("echostr", echo.clone())];
            return Ok(UrlCheck { query: stamp.query(query), echo });
        }
        let random = drawn(seed, &name).first_chunk::<16>().copied().unwrap_or_default();
        let receiver = if *target == Target::Suite { &topology.provider } else { owner };
        let sealed = encrypt(&topology.callback_aes_key(owner), random, echo.as_bytes(), receiver)?;
        let query = vec![("msg_signature", stamp.signature(&sealed)), ("echostr", sealed)];
        Ok(UrlCheck { query: stamp.query(query), echo })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::plan::Plan;

    fn pushed(target: Target) -> (Topology, Push) {
        let topology = Topology::of(&Plan::default());
        let fields =
            Fields::default().text("ToUserName", "gh_1").text("FromUserName", "o1").number("CreateTime", 7);
        let push = Push::new(&topology, target, &fields, (1_750_000_000, 1, 1));
        (topology, push)
    }

    fn names(post: &Post) -> Vec<&str> {
        let mut names: Vec<&str> = post.query.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn an_app_is_written_to_in_the_three_modes_of_the_reference() {
        let (topology, push) = pushed(Target::App("wx1".to_owned()));
        let written = |mode, is_json| {
            let post = push.written(&topology, Writing { mode, is_json }).unwrap();
            (names(&post).join(" "), String::from_utf8(post.body).unwrap())
        };
        let clear = "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]></FromUserName>\
                     <CreateTime>7</CreateTime></xml>";
        assert_eq!(
            written(Mode::Plain, false),
            ("nonce openid signature timestamp".to_owned(), clear.to_owned())
        );
        let json = r#"{"CreateTime":7,"FromUserName":"o1","ToUserName":"gh_1"}"#;
        assert_eq!(written(Mode::Plain, true).1, json);
        let signed = "encrypt_type msg_signature nonce openid signature timestamp";
        let (names, both) = written(Mode::Compatible, false);
        assert_eq!(names, signed);
        assert!(
            both.starts_with(clear.strip_suffix("</xml>").unwrap()) && both.contains("<Encrypt>"),
            "{both}"
        );
        let (names, safe) = written(Mode::Safe, false);
        assert_eq!(names, signed);
        assert!(
            safe.starts_with("<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt>")
                && !safe.contains("o1")
        );
        assert!(written(Mode::Safe, true).1.starts_with("{\"Encrypt\":\""));
    }

    #[test]
    fn wecom_is_always_encrypted_and_its_json_is_spelled_in_lower_case() {
        let (topology, push) = pushed(Target::Suite);
        let json = push.written(&topology, Writing { mode: Mode::Safe, is_json: true }).unwrap();
        assert_eq!(names(&json), ["msg_signature", "nonce", "timestamp"]);
        let body: serde_json::Value = serde_json::from_slice(&json.body).unwrap();
        let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["agentid", "encrypt", "tousername"]);
        for mode in [Mode::Plain, Mode::Compatible] {
            assert!(push.written(&topology, Writing { mode, is_json: false }).is_err());
        }
    }
}
