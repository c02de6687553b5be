//! The moments of a picture, one after the other: what was known after each commit that changed it.

use std::collections::BTreeSet;

use crate::engine::Read;
use crate::error::Result;
use crate::graph::Past;
use crate::model::Time;
use crate::picture::scene::{Asked, Scene};

/// Moments that a film holds; of more, some are left out, and the picture says how many.
const FRAMES_MAX: usize = 40;

/// A commit, and when it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The commit.
    pub seq: u64,
    /// When it was recorded.
    pub recorded_at: Time,
}

/// What there is to see of an entity or a way, moment by moment; the last is what the graph says that was asked.
///
/// ```
/// use idweave::picture::{Asked, Film, Moment, Style};
/// use idweave::{Graph, Time, model::Placeholders, ndjson};
/// let graph = Graph::options().in_memory()?;
/// let line = r#"{"op":"link","a":"openid:wx0123456789abcdef:oA1","b":"unionid:shop:oU1","source":"mini.code2session","at":1735689600000}"#;
/// graph.apply(Time::from_ms(1_735_689_600_500), &ndjson::parse(line, 1, &Placeholders::default())?)?;
///
/// let view = graph.view();
/// let now = Moment { seq: view.seq(), recorded_at: view.recorded_at() };
/// let asked = Asked::Entity("openid:wx0123456789abcdef:oA1".parse()?);
/// let film = Film::take(&view, now, &|seq| view.as_of(seq), &asked)?;
/// assert!(film.svg(&Style::default()).starts_with("<svg"));
/// # Ok::<(), idweave::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Film {
    pub(crate) asked: Asked,
    /// In order of their commits; at least one.
    pub(crate) frames: Vec<(Moment, Scene)>,
    /// Moments that were left out.
    pub(crate) skipped: usize,
}

impl Film {
    /// What a graph says now, and nothing of what it said before.
    ///
    /// # Errors
    /// See [`Read::resolve`].
    pub fn still(read: &dyn Read, now: Moment, asked: &Asked) -> Result<Film> {
        let frames = vec![(now, Scene::of(read, asked)?)];
        Ok(Film { asked: asked.clone(), frames, skipped: 0 })
    }

    /// What a graph says now, and what it said after each commit that changed the entities of the ids asked about or
    /// brought evidence that is to be seen now. Of more than forty such commits some are left out, evenly, those that
    /// only brought evidence before the others; the picture says how many.
    ///
    /// # Errors
    /// See [`Read::resolve`], and what `as_of` returns.
    pub fn take(
        read: &dyn Read,
        now: Moment,
        as_of: &dyn Fn(u64) -> Result<Past>,
        asked: &Asked,
    ) -> Result<Film> {
        let last = Scene::of(read, asked)?;
        let mut changed = BTreeSet::new();
        for id in asked.ids() {
            changed.extend(read.history(id)?.into_iter().map(|step| step.seq));
        }
        // What did not join changed nobody's entity, and is to be seen all the same.
        let told: BTreeSet<u64> = last.seqs().filter(|seq| !changed.contains(seq)).collect();
        let [mut changed, mut told] = [changed, told].map(|seqs| seqs.into_iter().collect::<Vec<u64>>());
        changed.retain(|seq| *seq < now.seq);
        told.retain(|seq| *seq < now.seq);
        let (changed, skipped) = spread(changed, FRAMES_MAX - 1);
        let (told, skipped_too) = spread(told, FRAMES_MAX - 1 - changed.len());
        let seqs: BTreeSet<u64> = changed.into_iter().chain(told).collect();
        let skipped = skipped + skipped_too;
        let mut frames: Vec<(Moment, Scene)> = Vec::new();
        for seq in seqs {
            let past = as_of(seq)?;
            let moment = Moment { seq, recorded_at: past.recorded_at() };
            push(&mut frames, moment, Scene::of(&past, asked)?);
        }
        push(&mut frames, now, last);
        Ok(Film { asked: asked.clone(), frames, skipped })
    }

    /// What is to be seen at the last moment.
    pub fn last(&self) -> &Scene {
        // A film has a frame: both ways to make one end with one.
        static NOTHING: Scene = Scene::NOTHING;
        self.frames.last().map_or(&NOTHING, |(_, scene)| scene)
    }

    /// The moments it shows.
    pub fn moments(&self) -> impl Iterator<Item = Moment> + '_ {
        self.frames.iter().map(|(moment, _)| *moment)
    }
}

/// Adds a frame; one that shows what the one before shows stays away.
fn push(frames: &mut Vec<(Moment, Scene)>, moment: Moment, scene: Scene) {
    if frames.last().is_none_or(|(_, before)| *before != scene) {
        frames.push((moment, scene));
    }
}

/// No more than `most` of them, the first and the last among them and the others evenly between; how many are left out.
fn spread<T: Copy>(all: Vec<T>, most: usize) -> (Vec<T>, usize) {
    if all.len() <= most {
        return (all, 0);
    }
    if most == 0 {
        return (Vec::new(), all.len());
    }
    let last = all.len() - 1;
    let taken: Vec<T> =
        (0..most).filter_map(|at| all.get(at * last / most.saturating_sub(1).max(1)).copied()).collect();
    let skipped = all.len() - taken.len();
    (taken, skipped)
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn of_too_many_moments_the_first_and_the_last_stay() {
        assert_eq!(spread((0..5).collect(), 5), (vec![0, 1, 2, 3, 4], 0));
        assert_eq!(spread(vec![1, 2], 0), (Vec::new(), 2));
        let (taken, skipped) = spread((0..100).collect(), 5);
        assert_eq!((taken, skipped), (vec![0, 24, 49, 74, 99], 95));
    }
}
