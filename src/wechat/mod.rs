//! WeChat and WeCom answers and events turned into facts, without I/O: bodies and options in, facts out.
//!
//! Read in this order: what a caller gives (`options`) and gets (`ingest`), the table of everything that can
//! be read (`sources`), how bodies are read (`json`, `xml`, `event`) and facts are built (`draft`), one file
//! per API family, and the two encryptions (`crypto`, `envelope`). How ids can be had at all is [`acquire`].
//!
//! ```
//! use idweave::wechat::{self, IngestOptions, Opt};
//! let options = IngestOptions::at(idweave::Time::from_seconds(1_718_000_000))
//!     .with(Opt::Appid, "wx4f4bc4dec97d474b")
//!     .with(Opt::OpenAccount, "wx1111111111111111");
//! let body = br#"{"openid":"oEybTlWjnsVDpi4qUfqqrkqNu_hY","session_key":"HyVFkGl5F5OQWJZZaNzBBg==",
//!     "unionid":"odLdHGlKAxzT7l56QMqSruVPDlSM"}"#;
//! let ingest = wechat::parse("mini.code2session", body, &options)?;
//! assert_eq!(ingest.facts.len(), 1);
//! # Ok::<(), idweave::Error>(())
//! ```

mod ingest;
mod options;
mod sources;

mod draft;
mod event;
mod json;
mod xml;

mod event_mp;
mod event_open;
mod event_work;
mod mini;
mod mp;
mod open_data;
mod phone;
mod shop;
mod work_contact;
mod work_convert;
mod work_group;
mod work_kf;
mod work_login;

mod crypto;
mod envelope;

pub mod acquire;
#[cfg(feature = "sync")]
pub(crate) use crypto::same;
#[cfg(feature = "sync")]
pub(crate) use event::Event;
#[cfg(feature = "sync")]
pub(crate) use mp::app_id;

pub use crypto::{decrypt_open_data, login_state_signature, verify_raw_data_signature};
pub use envelope::CallbackKey;
pub use event_mp::revoke_phone;
pub use ingest::{Authorisation, Ingest, Note, Place, Refusal, parse};
pub use options::{IngestOptions, Opt};
pub use phone::PhoneKey;
pub use sources::{Source, sources};
