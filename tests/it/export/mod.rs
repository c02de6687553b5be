//! Exports, read back with the libraries that others read them with.

/// What an export does where the disk refuses, is full, or loses what was not flushed.
mod disk;
/// The document of the tables says what is written.
mod document;
/// What of a keyed export could tell an id.
mod privacy;
/// Every format reads back as the same rows, and those are what dumps say.
mod rows;
/// Graphs to export, and tables read back.
mod tables;
