//! Where output goes and how it looks.
//!
//! In: options and the terminal. Out: text on stdout, complaints on stderr, exit codes. Guarantees: a reader that goes away
//! (`| head`) is no error; large documents are written as they are made.

use crate::args::{Color, Display, ViewFormat};
use anstream::{AutoStream, ColorChoice};
use anyhow::{Context, Result};
use engine::report::UnreadableLine;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use view::Look;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing is wrong.
    Clean,
    /// Findings that count.
    Findings,
    /// Wrong use, or a failure.
    Failed,
    /// Nothing counts, but not everything could be read.
    Partial,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Failed => 2,
            Exit::Partial => 3,
        })
    }
}

/// How stdout looks.
pub(crate) fn look(display: &Display) -> Look {
    let color = match display.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
    };
    let width = width();
    Look { color, ascii: display.ascii, width: width.unwrap_or(view::look::DEFAULT_WIDTH), fit: width.is_some() }
}

/// The columns of the terminal; else those that the environment says.
fn width() -> Option<usize> {
    let said = || std::env::var("COLUMNS").ok()?.parse().ok();
    let terminal = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    terminal.or_else(said).filter(|&width| width > 0)
}

/// Writes to stdout. A reader that went away has what it wanted.
pub(crate) fn write(with: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    match with(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("cannot write to stdout"),
        _ => Ok(()),
    }
}

/// Writes text to stdout.
pub(crate) fn print(text: &str) -> Result<()> {
    write(|out| out.write_all(text.as_bytes()))
}

/// Writes a document to stdout as JSON.
pub(crate) fn print_json(document: &impl serde::Serialize) -> Result<()> {
    write(|out| {
        serde_json::to_writer_pretty(&mut *out, document)?;
        out.write_all(b"\n")
    })
}

/// Writes a document to stdout as YAML.
pub(crate) fn print_yaml(document: &impl serde::Serialize) -> Result<()> {
    write(|mut out| {
        serde_saphyr::to_io_writer(&mut out, document).map_err(|error| match error {
            serde_saphyr::ser::Error::IO { error } => error,
            other => io::Error::other(other),
        })
    })
}

/// Says on stderr what went wrong, with every cause; causes that a message repeats already are told once.
pub(crate) fn complain(error: &anyhow::Error) {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    let mut err = anstream::stderr().lock();
    let style = anstyle::AnsiColor::Red.on_default().bold();
    let _ = writeln!(err, "{style}error{style:#}: {}", view::text::clean(&text));
}

/// Says something on stderr.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{}", view::text::clean(text));
}

/// Writes a view: as a document, or as the text that `render` makes.
pub(crate) fn view(view: &impl serde::Serialize, format: ViewFormat, render: impl FnOnce() -> String) -> Result<()> {
    match format {
        ViewFormat::Json => print_json(view),
        ViewFormat::Yaml => print_yaml(view),
        ViewFormat::Table | ViewFormat::Wide => print(&render()),
    }
}

/// Says on stderr what could not be read, and what that means for the exit code.
pub(crate) fn warn_unreadable(unreadable: &[UnreadableLine]) -> Exit {
    for line in unreadable {
        let object = line.object.as_ref().map_or_else(String::new, |object| format!(" {object}"));
        note(&format!("unreadable: {}{object}: {}", line.path, line.reason));
    }
    if unreadable.is_empty() { Exit::Clean } else { Exit::Partial }
}
