//! Pictures: an entity, or the way between two ids, as SVG and as a page in which one moves through time.
//!
//! Read in this order: what is there at one moment (`scene`), the moments one after the other (`film`), what is drawn as
//! one box where all of it would be too much (`fold`), where the boxes stand (`place`), the words (`words`), the drawing
//! (`svg`, `labels`) and the page around it (`html`).

mod film;
mod fold;
mod html;
mod labels;
mod place;
mod scene;
mod svg;
mod words;

pub use film::{Film, Moment};
pub use scene::{Asked, Scene};
pub use words::{Style, Values};
