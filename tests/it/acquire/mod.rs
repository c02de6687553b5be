//! How missing ids can be had: the planner's answers, the catalogue, its texts.

/// The catalogue holds every way that the reference names.
mod catalogue;
/// What always holds of an answer.
mod laws;
/// What the planner answers, situation by situation.
mod situations;
/// The texts of both languages.
mod texts;
