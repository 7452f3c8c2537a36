//! One run of the bed: its slot, its folder, and the supervisor that takes everything away.
//!
//! In: nothing but the machine. Out: a slot number that no other run on this machine has, from which every name and address
//! of the run comes, and a folder for its files. Guarantees: when the owner ends, by whatever signal, the supervisor kills
//! the run's processes and removes its links, cgroups, mounts and files; should the supervisor be killed too, the next run
//! of anybody finds the folder unlocked and does it. Nobody else writes in the folder.
//!
//! A slot gives: the loopback address `127.88.<slot>.1` for the control plane, the network `198.18.<slot>.0/24` (from
//! RFC 2544's range for tests, which no real network routes) for nodes, the link `ilb<slot>`, the cgroup
//! `ipledger-bed-<slot>`.

use crate::error::{Error, Result};
use std::fs::{File, TryLockError};
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Every process of a run carries this variable: the run's folder. Processes that a test starts by [`Run::mark`] too.
pub const MARK: &str = "IPLEDGER_TESTBED_RUN";

/// Bounded by the third byte of the addresses.
const SLOTS: std::ops::RangeInclusive<u8> = 1..=250;

/// The slot's reservation, etcd's clients and peers, kube-apiserver, and the first of the proxies: below the ports that the system gives out by
/// itself (32768 and up), so that a restarted process finds its port free.
const RESERVATION_PORT: u16 = 23_780;
pub(crate) const ETCD_PORT: u16 = 23_790;
pub(crate) const ETCD_PEER_PORT: u16 = 23_800;
pub(crate) const API_PORT: u16 = 26_443;
pub(crate) const FIRST_PROXY_PORT: u16 = 26_500;

/// How long the supervisor may take. Hundreds of processes are gone in well under a second; unmounting may take longer.
const REAP_DEADLINE: Duration = Duration::from_secs(60);

const SUPERVISE: &str = include_str!("supervise.sh");

/// A run that lasts as long as this value.
#[derive(Debug)]
pub struct Run {
    slot: u8,
    folder: PathBuf,
    supervisor: Child,
}

/// The folder of all runs on this machine: `$IPLEDGER_TESTBED_RUNS`, else a folder of this user in the system's temporary
/// folder. Short, since paths of sockets are at most 107 bytes.
#[must_use]
pub fn runs_folder() -> PathBuf {
    let set = std::env::var_os("IPLEDGER_TESTBED_RUNS").filter(|value| !value.is_empty());
    set.map(PathBuf::from).unwrap_or_else(|| {
        std::env::temp_dir().join(format!("ipledger-testbed-{}", rustix::process::getuid().as_raw()))
    })
}

impl Run {
    /// Takes a free slot, and takes away what killed runs left.
    ///
    /// # Errors
    /// The folder of runs cannot be written, or no slot is free.
    pub fn begin() -> Result<Self> {
        sweep()?;
        let runs = runs_folder();
        for slot in SLOTS {
            let Some(reserved) = reserve(slot).filter(|_| ports_are_free(slot)) else { continue };
            let folder = runs.join(slot.to_string());
            match std::fs::create_dir(&folder) {
                Ok(()) => {}
                // Its run ended a moment ago, and its files are still being removed.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
                Err(source) => return Err(Error::file("create", &folder)(source)),
            }
            // A sweep may have come first.
            let Some(lock) = lock(&folder)? else { continue };
            for name in ["logs", "secrets"] {
                let inner = folder.join(name);
                std::fs::create_dir(&inner).map_err(Error::file("create", &inner))?;
            }
            let supervisor = supervise(Some((slot, reserved)), &folder, lock, "watch")?;
            return Ok(Self { slot, folder, supervisor });
        }
        Err(Error::Misuse(format!(
            "no slot of {SLOTS:?} is free for a run of the test bed in {}: do many run, or does a program listen on port \
             {ETCD_PORT} or {API_PORT} of all addresses?",
            runs.display()
        )))
    }

    /// The number that no other run has at this time.
    #[must_use]
    pub fn slot(&self) -> u8 {
        self.slot
    }

    /// Where the run's files are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where each process writes its output: `<name>.log`.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }

    /// Marks a command's process, so that it ends with this run at the latest.
    pub fn mark<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env(MARK, &self.folder)
    }

    /// The loopback address of the control plane.
    #[must_use]
    pub fn loopback(&self) -> Ipv4Addr {
        loopback(self.slot)
    }

    /// The cgroup of the run's nodes, below the root of each hierarchy.
    pub(crate) fn cgroup(&self) -> String {
        format!("ipledger-bed-{}", self.slot)
    }

    /// An address of the network between nodes: 1 is the control plane.
    #[must_use]
    pub fn fabric_address(&self, host: u8) -> Ipv4Addr {
        Ipv4Addr::new(198, 18, self.slot, host)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let ended = crate::wait::wait("the supervisor to clean up", REAP_DEADLINE, || {
            Ok(match self.supervisor.try_wait().map_err(Error::file("wait for the supervisor of", &self.folder))? {
                Some(_) => crate::Look::Done(()),
                None => crate::Look::NotYet(format!("it runs as process {}", self.supervisor.id())),
            })
        });
        let left = self.folder.exists().then(|| format!("{} is still there", self.folder.display()));
        if let Some(problem) = ended.err().map(|error| error.to_string()).or(left) {
            crate::say(&format!("test bed: the run did not end cleanly: {problem}; the next run tries again"));
        }
    }
}

/// Takes away what runs left whose owner and supervisor were both killed. Returns how many.
///
/// # Errors
/// The folder of runs cannot be read, or the cleaning cannot be started.
pub fn sweep() -> Result<usize> {
    let runs = runs_folder();
    std::fs::create_dir_all(&runs).map_err(Error::file("create", &runs))?;
    let entries = std::fs::read_dir(&runs).map_err(Error::file("list", &runs))?;
    let mut swept = 0;
    for entry in entries {
        let path = entry.map_err(Error::file("list", &runs))?.path();
        let Some(slot) = path.file_name().and_then(|name| name.to_str()?.parse::<u8>().ok()) else { continue };
        let Some(lock) = lock(&path)? else { continue };
        // If another run has the slot by now, its link and cgroups are not this one's.
        let slot = reserve(slot).map(|reserved| (slot, reserved));
        let status = supervise(slot, &path, lock, "reap")?.wait().map_err(Error::file("clean up", &path))?;
        if !status.success() {
            crate::say(&format!("test bed: cannot remove {} of a run that was killed ({status})", path.display()));
        }
        swept += 1;
    }
    Ok(swept)
}

/// The runs that live now: slot and folder.
///
/// # Errors
/// The folder of runs cannot be read.
pub fn living() -> Result<Vec<(u8, PathBuf)>> {
    sweep()?;
    let runs = runs_folder();
    let entries = std::fs::read_dir(&runs).map_err(Error::file("list", &runs))?;
    let slot = |path: &Path| path.file_name()?.to_str()?.parse::<u8>().ok();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut found: Vec<_> = paths.filter_map(|path| Some((slot(&path)?, path))).collect();
    found.sort();
    Ok(found)
}

/// Locks a run's folder: nobody who lives owns it then. None if somebody does, or the folder is gone.
fn lock(folder: &Path) -> Result<Option<File>> {
    let opened = match File::open(folder) {
        Ok(opened) => opened,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::file("open", folder)(source)),
    };
    match opened.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(source)) => return Err(Error::file("lock", folder)(source)),
    }
    // Between opening and locking, its last owner may have removed it and a new one made another of the same name.
    let same = std::fs::metadata(folder).is_ok_and(|now| opened.metadata().is_ok_and(|then| then.ino() == now.ino()));
    Ok(same.then_some(opened))
}

/// Starts the script that cleans up. It holds the lock and the reservation until it has ended.
fn supervise(slot: Option<(u8, TcpListener)>, folder: &Path, lock: File, mode: &str) -> Result<Child> {
    let (slot, reserved) = match slot {
        Some((slot, reserved)) => (slot.to_string(), Stdio::from(OwnedFd::from(reserved))),
        None => (String::new(), Stdio::null()),
    };
    let mut command = Command::new("sh");
    command.args(["-c", SUPERVISE, "ipledger-testbed-supervisor"]).arg(folder).args([&slot, mode]);
    // Its own process group: what a terminal or a test runner sends to the owner's group must not reach it.
    command.process_group(0).current_dir("/").env_remove(MARK);
    command.stdin(Stdio::piped()).stdout(lock).stderr(reserved);
    command.spawn().map_err(|source| Error::Start { program: "sh".to_owned(), source })
}

/// Reserves a slot among all runs of this machine, whatever folder and user they have: only one can listen here.
fn reserve(slot: u8) -> Option<TcpListener> {
    TcpListener::bind((loopback(slot), RESERVATION_PORT)).ok()
}

/// Whether nobody else, say a program that listens on all addresses, has the control plane's ports.
fn ports_are_free(slot: u8) -> bool {
    [ETCD_PORT, ETCD_PEER_PORT, API_PORT].into_iter().all(|port| TcpListener::bind((loopback(slot), port)).is_ok())
}

fn loopback(slot: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 88, slot, 1)
}
