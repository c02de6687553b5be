//! The command-line tool, run as a program of its own. Each file tests a family of commands.

mod answers;
mod broken;
mod build;
mod demo;
mod erasure;
mod import;
mod ingest;
mod kill;
mod segments;
mod support;
