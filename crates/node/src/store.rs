//! What the agent must not forget: sandboxes that it gave addresses to, and promises.
//!
//! In: sandboxes, promises. Out: the same after a restart. Guarantees: what a call returns from is on disk; a file is whole
//! or not there; one that cannot be read stops the agent, since a forgotten promise is an address with two users.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A sandbox's interface that was given addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Interface {
    pub(crate) container: String,
    pub(crate) name: String,
    pub(crate) net_ns: String,
    pub(crate) pod_uid: String,
    pub(crate) pod_namespace: String,
    pub(crate) pod_name: String,
    /// Names of the claims.
    pub(crate) claims: Vec<String>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Store {
    folder: PathBuf,
    interfaces: BTreeMap<(String, String), Interface>,
    /// Pods that were let go, and `uid/claim` of claims that a living pod was promised not to use.
    promises: BTreeSet<String>,
}

impl Store {
    /// What is in a folder; it is made if it is not there.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let mut store = Self { folder: folder.to_owned(), interfaces: BTreeMap::new(), promises: BTreeSet::new() };
        for name in ["interfaces", "promises"] {
            fs::create_dir_all(folder.join(name))?;
        }
        for entry in fs::read_dir(folder.join("interfaces"))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let interface: Interface = serde_json::from_slice(&fs::read(&path)?)?;
                store.interfaces.insert(key(&interface), interface);
            }
        }
        for entry in fs::read_dir(folder.join("promises"))? {
            let name = entry?.file_name().to_string_lossy().replace('~', "/");
            store.promises.insert(name);
        }
        Ok(store)
    }

    /// Notes that an interface is given addresses.
    pub(crate) fn note(&mut self, interface: Interface) -> io::Result<()> {
        let path = self.path(&interface);
        let draft = path.with_extension("draft");
        let mut file = File::create(&draft)?;
        file.write_all(&serde_json::to_vec(&interface)?)?;
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        File::open(self.folder.join("interfaces"))?.sync_all()?;
        self.interfaces.insert(key(&interface), interface);
        Ok(())
    }

    /// Forgets interfaces whose network namespace is gone: with it everything that was in it.
    pub(crate) fn forget_gone(&mut self) -> io::Result<()> {
        let gone: Vec<Interface> =
            self.interfaces.values().filter(|it| !Path::new(&it.net_ns).exists()).cloned().collect();
        for interface in gone {
            fs::remove_file(self.path(&interface))?;
            self.interfaces.remove(&key(&interface));
        }
        Ok(())
    }

    /// Interfaces of a pod that may still have their addresses.
    pub(crate) fn of_pod<'a>(&'a self, uid: &'a str) -> impl Iterator<Item = &'a Interface> {
        self.interfaces.values().filter(move |interface| interface.pod_uid == uid)
    }

    /// Promises that no sandbox of a pod gets an address any more; or not that of one claim.
    pub(crate) fn promise(&mut self, uid: &str, claim: Option<&str>) -> io::Result<()> {
        let promise = claim.map_or_else(|| uid.to_owned(), |claim| format!("{uid}/{claim}"));
        let file = File::create(self.folder.join("promises").join(promise.replace('/', "~")))?;
        file.sync_all()?;
        File::open(self.folder.join("promises"))?.sync_all()?;
        self.promises.insert(promise);
        Ok(())
    }

    /// Whether a pod was promised not to use a claim.
    pub(crate) fn is_promised(&self, uid: &str, claim: &str) -> bool {
        self.promises.contains(uid) || self.promises.contains(&format!("{uid}/{claim}"))
    }

    fn path(&self, interface: &Interface) -> PathBuf {
        // A container's id is hexadecimal; an interface's name holds no slash (Linux, `dev_valid_name`).
        let container: String = interface.container.chars().filter(char::is_ascii_alphanumeric).collect();
        let name = interface.name.replace('/', "~");
        self.folder.join("interfaces").join(format!("{container}-{name}.json"))
    }
}

fn key(interface: &Interface) -> (String, String) {
    (interface.container.clone(), interface.name.clone())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_was_noted_and_promised_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let net_ns = folder.path().join("net");
        fs::write(&net_ns, "").unwrap();
        let interface = Interface {
            container: "4f".to_owned(),
            name: "net1".to_owned(),
            net_ns: net_ns.display().to_string(),
            pod_uid: "u1".to_owned(),
            pod_namespace: "default".to_owned(),
            pod_name: "p".to_owned(),
            claims: vec!["c".to_owned()],
        };
        let mut store = Store::open(folder.path()).unwrap();
        store.note(interface.clone()).unwrap();
        store.promise("u1", Some("c")).unwrap();
        store.promise("u2", None).unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        assert_eq!(store.of_pod("u1").collect::<Vec<_>>(), [&interface]);
        assert!(store.is_promised("u1", "c") && !store.is_promised("u1", "d") && store.is_promised("u2", "d"));
        fs::remove_file(net_ns).unwrap();
        store.forget_gone().unwrap();
        assert_eq!(Store::open(folder.path()).unwrap().of_pod("u1").count(), 0);
    }
}
