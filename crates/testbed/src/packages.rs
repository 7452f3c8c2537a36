//! Debian packages that nodes need beside the programs built from Go modules.
//!
//! In: the machine's `PATH`. Out: which packages are missing, and the command that installs them.

use std::path::Path;

/// Program and package. The program is what is looked for, so that other distributions do as well.
const NEEDED: &[(&str, &str)] = &[
    ("runc", "runc"),
    ("nft", "nftables"),
    ("ip", "iproute2"),
    ("busybox", "busybox-static"),
    ("conntrack", "conntrack"),
    ("tcpdump", "tcpdump"),
];

/// The packages that are not there.
#[must_use]
pub fn missing() -> Vec<&'static str> {
    NEEDED.iter().filter(|(program, _)| find_program(program).is_none()).map(|(_, package)| *package).collect()
}

/// Where a program is, by `PATH`. Root's folders are looked into even where the user's `PATH` lacks them.
#[must_use]
pub fn find_program(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(|folder| Path::new(folder).to_owned()));
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// The command line that installs packages.
#[must_use]
pub fn install_arguments<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    ["install", "-y", "--no-install-recommends"].into_iter().chain(packages.iter().copied()).collect()
}
