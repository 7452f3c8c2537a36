//! The API server's storage, kept and put back: what an administrator does with a backup of etcd.
//!
//! In: a control plane. Out: a copy of etcd's data; the same control plane with that data. Guarantees: the copy is one moment's;
//! after it is put back, all that was written since never was, and versions begin again where they were. Processes that
//! watch are not told.

use crate::control_plane::{ControlPlane, Part};
use crate::error::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// A copy of etcd's data, which goes with the run.
#[derive(Debug, Clone)]
pub struct Backup(PathBuf);

impl ControlPlane {
    /// Copies etcd's data. etcd is frozen meanwhile: its log on disk is whole at every moment, as after a power cut.
    ///
    /// # Errors
    /// etcd does not run, or its files cannot be copied.
    pub fn back_up(&self, name: &str) -> Result<Backup> {
        let backup = Backup(self.run().folder().join(format!("backup-{name}")));
        self.freeze(Part::Etcd)?;
        let copied = copy(&self.etcd_folder(), &backup.0);
        self.thaw(Part::Etcd)?;
        copied.map(|()| backup)
    }

    /// Kills the API server and etcd, puts the copy in the place of etcd's data, and starts both again. kube-controller-manager and
    /// kube-scheduler, where they run, are started again too, as etcd's documentation has it: they believe what they remember.
    ///
    /// # Errors
    /// A process does not end or start, or files cannot be copied.
    pub fn put_back(&mut self, backup: &Backup) -> Result<()> {
        self.kill9(Part::ApiServer)?;
        self.kill9(Part::Etcd)?;
        let folder = self.etcd_folder();
        fs::remove_dir_all(&folder).map_err(Error::file("remove", &folder))?;
        copy(&backup.0, &folder)?;
        self.restart(Part::Etcd)?;
        self.restart(Part::ApiServer)?;
        for part in [Part::ControllerManager, Part::Scheduler] {
            if self.process(part).is_ok() {
                self.kill9(part)?;
                self.restart(part)?;
            }
        }
        Ok(())
    }

    fn etcd_folder(&self) -> PathBuf {
        self.run().folder().join("etcd")
    }
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(Error::file("create", to))?;
    for entry in fs::read_dir(from).map_err(Error::file("list", from))? {
        let entry = entry.map_err(Error::file("list", from))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target).map_err(Error::file("copy", &path))?;
        }
    }
    Ok(())
}
