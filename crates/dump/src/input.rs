//! Where dumps come from: files, folders, standard input.
//!
//! In: what a user named. Out: streams, in a fixed order: as named, folders by path. Guarantees: a name that is not
//! there is an error before anything is read; a folder is read with its subfolders, but not for ever.

use crate::limits::MAX_FOLDERS;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Something to read objects from.
pub enum Input {
    /// A file, or a folder with its subfolders: `*.json`, `*.yaml`, `*.yml` and their `.gz`.
    Path(PathBuf),
    /// Anything else that can be read once.
    Reader {
        /// What it is called in messages.
        name: String,
        /// Where its bytes come from.
        reader: Box<dyn Read + Send>,
    },
}

impl Input {
    /// Standard input.
    #[must_use]
    pub fn stdin() -> Self {
        Self::Reader { name: "standard input".to_owned(), reader: Box::new(io::stdin()) }
    }
}

impl From<&Path> for Input {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_owned())
    }
}

/// Something that was named cannot be read from at all.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// No such file, no permission, and the like.
    #[error("cannot open {path}")]
    Open {
        /// What was named.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// A folder without files to read.
    #[error("there is no *.json, *.yaml or *.yml (or .gz of these) in {path}")]
    EmptyFolder {
        /// The folder.
        path: String,
    },
}

/// A file or reader that is still to be opened.
pub(crate) struct Entry {
    /// What it is called in messages.
    pub(crate) name: String,
    /// The file's name without its extensions.
    pub(crate) stem: Option<String>,
    pub(crate) path: Option<PathBuf>,
    reader: Option<Box<dyn Read + Send>>,
}

/// An entry that is open.
pub(crate) struct Opened {
    pub(crate) reader: Box<dyn Read + Send>,
    /// Whether bytes can be read again by their offset.
    pub(crate) plain: bool,
}

/// All entries, and how many bytes their files have; `None` where that is not known.
pub(crate) fn entries(inputs: Vec<Input>) -> Result<(Vec<Entry>, Option<u64>), InputError> {
    let mut found = Vec::new();
    let mut size = Some(0);
    for input in inputs {
        match input {
            Input::Reader { name, reader } => {
                size = None;
                found.push(Entry { name, stem: None, path: None, reader: Some(reader) });
            }
            Input::Path(path) => {
                let shown = path.display().to_string();
                let metadata = std::fs::metadata(&path).map_err(|source| open_error(&path, source))?;
                let before = found.len();
                if metadata.is_dir() {
                    let mut bytes = 0;
                    let mut above = Vec::new();
                    folder(&path, &mut above, &mut found, &mut bytes)
                        .map_err(|(path, source)| open_error(&path, source))?;
                    size = size.map(|size: u64| size + bytes);
                    if found.len() == before {
                        return Err(InputError::EmptyFolder { path: shown });
                    }
                } else {
                    size = size.filter(|_| metadata.is_file()).map(|size| size + metadata.len());
                    found.push(Entry::file(path));
                }
            }
        }
    }
    Ok((found, size))
}

fn open_error(path: &Path, source: io::Error) -> InputError {
    InputError::Open { path: path.display().to_string(), source }
}

/// `above`: the folders that this one is in, by their real paths: a link to one of them leads round in a circle.
fn folder(
    path: &Path,
    above: &mut Vec<PathBuf>,
    found: &mut Vec<Entry>,
    bytes: &mut u64,
) -> Result<(), (PathBuf, io::Error)> {
    let error = |source| (path.to_owned(), source);
    let real = std::fs::canonicalize(path).map_err(error)?;
    if above.len() == MAX_FOLDERS || above.contains(&real) {
        return Ok(());
    }
    let entries = std::fs::read_dir(path).map_err(error)?;
    let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(error)?;
    paths.sort();
    above.push(real);
    for path in paths {
        // A link to nowhere in a folder is nothing that anybody named.
        let Ok(metadata) = std::fs::metadata(&path) else { continue };
        if metadata.is_dir() {
            folder(&path, above, found, bytes)?;
        } else if metadata.is_file() && is_dump(&path) {
            *bytes += metadata.len();
            found.push(Entry::file(path));
        }
    }
    above.pop();
    Ok(())
}

/// Whether a file in a folder is to be read, by its name.
fn is_dump(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    [".json", ".yaml", ".yml"].iter().any(|extension| name.ends_with(extension))
}

impl Entry {
    fn file(path: PathBuf) -> Self {
        let stem = path.file_name().and_then(|name| name.to_str()).map(stem);
        Self { name: path.display().to_string(), stem, path: Some(path), reader: None }
    }

    /// Opens it; gzip is undone, whatever the name. `read` counts the bytes that come from it, compressed as they are.
    pub(crate) fn open(&mut self, read: &Arc<AtomicU64>) -> io::Result<Opened> {
        let raw = match (self.reader.take(), &self.path) {
            (Some(reader), _) => reader,
            (None, Some(path)) => Box::new(File::open(path)?),
            (None, None) => return Err(io::Error::other("it was read already")),
        };
        let mut raw = Counted { reader: raw, count: Arc::clone(read) };
        let mut start = Vec::new();
        raw.by_ref().take(2).read_to_end(&mut start)?;
        let gzip = start == [0x1f, 0x8b];
        let whole = io::Cursor::new(start).chain(raw);
        if gzip {
            let reader = Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, whole)));
            return Ok(Opened { reader, plain: false });
        }
        Ok(Opened { reader: Box::new(whole), plain: self.path.is_some() })
    }
}

/// A file's name up to its first dot that is not at its start: `01-ips.json.gz` is `01-ips`.
fn stem(name: &str) -> String {
    let end = name.char_indices().skip(1).find(|(_, letter)| *letter == '.').map_or(name.len(), |(at, _)| at);
    name[..end].to_owned()
}

struct Counted {
    reader: Box<dyn Read + Send>,
    count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stem_is_the_name_without_its_extensions() {
        for (name, expected) in [("ips.json", "ips"), ("01-ips.yaml.gz", "01-ips"), (".json", ".json"), ("ips", "ips")] {
            assert_eq!(stem(name), expected);
        }
    }

    #[test]
    fn a_folder_gives_its_dumps_in_order_of_their_paths() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("b")).unwrap();
        for name in ["c.json", "a.yaml", "b/x.yml.gz", "notes.txt", "b/UPPER.JSON"] {
            std::fs::write(folder.path().join(name), "12345").unwrap();
        }
        let (entries, size) = entries(vec![folder.path().into()]).unwrap();
        let names: Vec<_> =
            entries.iter().map(|e| e.name.strip_prefix(&format!("{}/", folder.path().display())).unwrap()).collect();
        assert_eq!(names, ["a.yaml", "b/UPPER.JSON", "b/x.yml.gz", "c.json"]);
        assert_eq!(size, Some(20));
    }

    #[test]
    fn a_name_that_is_not_there_and_an_empty_folder_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing.json");
        assert!(matches!(entries(vec![missing.as_path().into()]), Err(InputError::Open { .. })));
        assert!(matches!(entries(vec![folder.path().into()]), Err(InputError::EmptyFolder { .. })));
    }

    #[test]
    #[cfg(unix)]
    fn a_folder_that_contains_itself_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.json"), "{}").unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        let (entries, _) = entries(vec![folder.path().into()]).unwrap();
        assert_eq!(entries.len(), 1);
    }
}
