//! Pictures of `explain`: an entity, or the way between two ids, as SVG or as a page.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use idweave::picture::{Asked, Film, Style, Values};

use crate::cli::Common;
use crate::database::{self, Timeline};
use crate::exit::{Done, Failure};
use crate::language::Language;
use crate::output::Out;
use crate::same::done_of;

#[derive(Debug, Args)]
pub(crate) struct PictureArgs {
    /// A page with a picture for each moment at which something changed
    #[arg(long, conflicts_with_all = ["json", "dot"])]
    html: bool,
    /// A picture of what is known now
    #[arg(long, conflicts_with_all = ["json", "dot", "html"])]
    svg: bool,
    /// File for the picture, in place of stdout; it holds ids, so only its owner may read it
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How much of the values a picture shows; `short` shows nothing of phones
    #[arg(long, value_enum, default_value = "short")]
    values: ShownValues,
    /// Language of a picture
    #[arg(long, value_enum, default_value = "en")]
    lang: Language,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ShownValues {
    Short,
    Full,
    Hidden,
}

impl PictureArgs {
    /// Whether a picture is wanted.
    pub(crate) fn is_asked(&self) -> bool {
        self.html || self.svg
    }
}

/// Draws what was asked.
pub(crate) fn draw(
    args: &PictureArgs,
    asked: &Asked,
    common: &Common,
    out: &mut Out,
) -> Result<Done, Failure> {
    let values = match args.values {
        ShownValues::Short => Values::Short,
        ShownValues::Full => Values::Full,
        ShownValues::Hidden => Values::Hidden,
    };
    let style = Style { lang: args.lang.lang(), values };
    let Timeline { read, now, as_of, .. } = database::timeline(common)?;
    let film = match &as_of {
        Some(as_of) if args.html => Film::take(&*read, now, as_of, asked)?,
        _ => Film::still(&*read, now, asked)?,
    };
    let text = if args.html { film.html(&style) } else { film.svg(&style) };
    match &args.out {
        Some(file) => write_private(file, &text)?,
        None => out.line(text.trim_end())?,
    }
    let scene = film.last();
    Ok(scene.verdict().map_or(Done::found(!scene.is_empty()), done_of))
}

/// Writes a file that only its owner may read.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(Failure::file("create", path))?;
    file.write_all(text.as_bytes()).map_err(Failure::file("write", path))
}
