//! Processes as `/proc` shows them, to see whether a run left any.

use std::path::Path;

/// The ids of the processes that have this variable in their environment. A run's own mark is no good for tests: the next
/// run may have the same slot and so the same mark.
pub(crate) fn processes_with(name: &str, value: &str) -> Vec<u32> {
    let wanted = format!("{name}={value}");
    processes(|process| {
        let environment = std::fs::read(process.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    })
}

/// The ids of all processes whose folder in `/proc` fits.
pub(crate) fn processes(fits: impl Fn(&Path) -> bool) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let fitting = entries.filter(|path| fits(path));
    fitting.filter_map(|path| path.file_name()?.to_str()?.parse().ok()).collect()
}
