//! `index_forms forms IDS all|few records|heads`, `index_forms tuning IDS`, `index_forms checks`: see README.md.

mod backing;
mod build;
mod check;
mod checks;
mod form;
mod forms;
mod ids;
mod line;
mod lookup;
mod measure;
mod record;
mod tuning;
mod world;

use std::io;
use std::process::ExitCode;

fn main() -> io::Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let count = |text: &str| text.replace('_', "").parse().map_err(io::Error::other);
    match args.as_slice() {
        ["checks"] => {
            checks::run();
            checks::steps()?;
        }
        ["forms", n, which @ ("all" | "few"), read @ ("records" | "heads")] => {
            forms::run(count(n)?, *which == "all", *read == "records")?;
        }
        ["tuning", n] => tuning::run(count(n)?)?,
        _ => {
            eprintln!("usage: index_forms checks | forms IDS all|few records|heads | tuning IDS");
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}
