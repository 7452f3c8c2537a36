//! Processes as `/proc` shows them, to see whether a run left any.

use std::path::Path;
use testbed::run::MARK;

/// The processes that carry a run's mark.
pub(crate) fn marked(folder: &Path) -> Vec<u32> {
    let mark = format!("{MARK}={}", folder.display());
    processes(|process| {
        let environment = std::fs::read(process.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    })
}

/// The ids of all processes whose folder in `/proc` fits.
pub(crate) fn processes(fits: impl Fn(&Path) -> bool) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let fitting = entries.filter(|path| fits(path));
    fitting.filter_map(|path| path.file_name()?.to_str()?.parse().ok()).collect()
}
