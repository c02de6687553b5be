//! routes: how an id that is missing can be had, from what a graph knows.

use crate::engine::Read;
use crate::error::Result;
use crate::model::{Id, KindScope, Time};
use crate::wechat::acquire::{self, Routes};

/// Planning with what a graph knows: for views, snapshots and the past.
///
/// ```
/// use idweave::model::Placeholders;
/// use idweave::{Acquire, Graph, Id, KindScope, Time, ndjson};
/// let graph = Graph::options().in_memory()?;
/// let now = Time::from_seconds(1_748_700_000);
/// let app = r#"{"op":"app","appid":"wx4f4bc4dec97d474b","type":"mini program",
///     "open_account":"wx1111111111111111","from":1748000000000,"at":1748000000000}"#;
/// graph.write(now, |tx| tx.apply(&ndjson::parse(&app.replace('\n', ""), 1, &Placeholders::default())?))?;
///
/// let openid: Id = "openid:wx4f4bc4dec97d474b:oEybTlWjnsVDpi4qUfqqrkqNu_hY".parse()?;
/// let unionid: KindScope = "unionid:wx1111111111111111".parse()?;
/// let answer = graph.view().routes(&openid, &unionid, now)?;
/// let best = answer.routes.first().and_then(|route| route.steps.first());
/// assert_eq!(best.map(|step| step.way.name), Some("mini.code2session"));
/// # Ok::<(), idweave::Error>(())
/// ```
pub trait Acquire: Read {
    /// How an id of `target` that belongs to the entity of `id` can be had, the best route first, and what stands in the
    /// way of the others. The id need not be known.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    fn routes(&self, id: &Id, target: &KindScope, now: Time) -> Result<Routes> {
        Ok(acquire::routes(&self.surroundings(id, now)?, target, now))
    }
}

impl<R: Read + ?Sized> Acquire for R {}
