//! What commands show of a change whose effect may be large.

use std::io::IsTerminal;

use idweave::Settling;
use indicatif::{ProgressBar, ProgressStyle};

/// Does something with a bar that shows how far it has come; without one where stderr is no terminal.
pub(crate) fn show_progress<T>(act: impl FnOnce(&mut dyn FnMut(Settling)) -> T) -> T {
    let bar = if std::io::stderr().is_terminal() { ProgressBar::no_length() } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} {eta} {msg}") {
        bar.set_style(style);
    }
    let value = act(&mut |settling| {
        bar.set_length(settling.total);
        bar.set_position(settling.done);
    });
    bar.finish_and_clear();
    value
}

/// What became of the facts.
pub(crate) fn told_text(seq: u64, is_new: bool) -> String {
    if is_new { format!("commit {seq}") } else { "already known".to_owned() }
}
