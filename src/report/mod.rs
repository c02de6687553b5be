//! Reports: the measures of a graph as one page for people, with charts, and a table beside each.
//!
//! Read in this order: what a report is made of (`sheet`), the page (`whole`), then a file a chapter; the charts (`bars`,
//! `days`, `heat`, on a `canvas`) and the tables (`table`).

mod sheet;
mod whole;

mod change;
mod coverage;
mod edges;
mod findings;
mod funnel;
mod growth;
mod reach;
mod sizes;

mod bars;
mod began;
mod canvas;
mod days;
mod heat;
mod table;

pub use sheet::{Report, ReportStyle};
