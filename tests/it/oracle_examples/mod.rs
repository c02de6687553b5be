//! Examples worked out by hand, each a sentence of the design: they hold the oracle to the text.

mod counting;
mod entities;
mod erasure;
mod evidence;
mod persons;
mod relations;
