//! Where the bytes come from.
//!
//! In: paths, folders, standard input. Out: readers with a name. Guarantees: a folder gives its `*.json`, `*.yaml`,
//! `*.yml`, and the same with `.gz`, with its subfolders, in order of their paths; gzip is told by its first bytes and not
//! by its name.

use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Something to read.
pub enum Input {
    /// A file or a folder.
    Path(PathBuf),
    /// Standard input, or any other stream; with the name by which messages call it.
    Stream(String, Box<dyn Read + Send>),
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => write!(f, "Path({})", path.display()),
            Self::Stream(name, _) => write!(f, "Stream({name})"),
        }
    }
}

/// A stream of bytes, unpacked, with its name.
pub(crate) struct Source {
    pub(crate) name: String,
    /// The name of the file without its endings: `ips` of `ips.json.gz`.
    pub(crate) stem: Option<String>,
    pub(crate) reader: Box<dyn BufRead + Send>,
}

/// A path of an input that is a folder, or cannot be looked at.
pub(crate) enum Opened {
    Source(Source),
    Failed { name: String, stem: Option<String>, error: io::Error },
}

/// How deep folders are followed: a dump has one or two levels, and a link that leads back would have no end.
const MAX_FOLDER_DEPTH: usize = 8;

/// Every file of the inputs, in order.
pub(crate) fn expand(inputs: Vec<Input>) -> Vec<Input> {
    let mut files = Vec::new();
    for input in inputs {
        match input {
            Input::Path(path) if path.is_dir() => walk(&path, 0, &mut files),
            other => files.push(other),
        }
    }
    files
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<Input>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        // Opening it again gives the error, with the path.
        files.push(Input::Path(folder.to_owned()));
        return;
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if depth < MAX_FOLDER_DEPTH {
                walk(&path, depth + 1, files);
            }
        } else if has_known_ending(&path) {
            files.push(Input::Path(path));
        }
    }
}

fn has_known_ending(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    [".json", ".yaml", ".yml", ".jsonl"].iter().any(|ending| name.ends_with(ending))
}

/// `ips` of `dump/ips.json.gz`.
pub(crate) fn stem(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_suffix(".gz").unwrap_or(name);
    Some(name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned())
}

/// Opens an input and unpacks it.
pub(crate) fn open(input: Input) -> Opened {
    let (name, stem, reader): (String, Option<String>, Box<dyn Read + Send>) = match input {
        Input::Stream(name, reader) => (name, None, reader),
        Input::Path(path) => {
            let name = path.display().to_string();
            match File::open(&path) {
                Ok(file) => (name, stem(&path), Box::new(file)),
                Err(error) => {
                    // A folder's name says nothing of what is in it.
                    let stem = stem(&path).filter(|_| !path.is_dir());
                    return Opened::Failed { name, stem, error };
                }
            }
        }
    };
    match unpack(reader) {
        Ok(reader) => Opened::Source(Source { name, stem, reader }),
        Err(error) => Opened::Failed { name, stem, error },
    }
}

/// First bytes of a gzip stream (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// How much is looked at to tell what a stream is: more than any comment at the head of a YAML file.
const START: usize = 1 << 14;
/// Enough that a system call costs nothing beside what is done with the bytes.
const BUFFER: usize = 1 << 18;

fn unpack(reader: Box<dyn Read + Send>) -> io::Result<Box<dyn BufRead + Send>> {
    let mut reader = with_start(reader);
    let is_gzip = reader.fill_buf()?.starts_with(&GZIP);
    Ok(if is_gzip { Box::new(with_start(Box::new(MultiGzDecoder::new(reader)))) } else { Box::new(reader) })
}

/// A reader whose first bytes come at once, so that what it is can be told from them: a pipe gives few at a time.
fn with_start(mut reader: Box<dyn Read + Send>) -> BufReader<Box<dyn Read + Send>> {
    let mut start = Vec::with_capacity(START);
    let read = reader.by_ref().take(START as u64).read_to_end(&mut start);
    let rest: Box<dyn Read + Send> = match read {
        Ok(_) => reader,
        Err(error) => Box::new(Failed(Some(error))),
    };
    BufReader::with_capacity(BUFFER, Box::new(io::Cursor::new(start).chain(rest)))
}

/// Fails once, in its turn: what came before it is read all the same.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pipe whose other end writes a byte at a time.
    struct Slow(&'static [u8]);

    impl Read for Slow {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let some = usize::from(!self.0.is_empty() && !to.is_empty());
            to[..some].copy_from_slice(&self.0[..some]);
            self.0 = &self.0[some..];
            Ok(some)
        }
    }

    #[test]
    fn what_a_stream_is_does_not_depend_on_how_it_comes_in() {
        let mut source = with_start(Box::new(Slow(b"apiVersion: v1\nkind: Pod\n")));
        assert_eq!(source.fill_buf().unwrap(), b"apiVersion: v1\nkind: Pod\n");
    }

    #[test]
    fn what_came_before_a_failure_is_kept() {
        let broken = io::Cursor::new(b"{}").chain(Failed(Some(io::Error::other("cut"))));
        let mut text = Vec::new();
        let error = with_start(Box::new(broken)).read_to_end(&mut text).unwrap_err();
        assert_eq!((text.as_slice(), error.to_string().as_str()), (&b"{}"[..], "cut"));
    }
}
