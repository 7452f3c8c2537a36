//! Where the bed's programs are.
//!
//! In: `KUBEBUILDER_ASSETS` (a folder with etcd, kube-apiserver and kubectl, as other Kubernetes test tools use it), and the
//! cache that `cargo xtask testbed` fills. Out: the path of each program, or which are missing and how to get them.

use crate::recipe::{MODULES, Module, SPECS};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How much of a cluster a test needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Kubernetes' own specs of its API, and no bed to run them on.
    Specs,
    /// etcd, kube-apiserver and kubectl. Works for any user.
    ControlPlane,
    /// kube-controller-manager and kube-scheduler too. Works for any user.
    Controllers,
    /// containerd, kubelet, Multus and CNI plugins too. Needs root.
    Nodes,
}

/// Paths of all programs that were found.
#[derive(Debug, Clone)]
pub struct Assets {
    programs: BTreeMap<&'static str, PathBuf>,
}

/// Programs that are not there, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the test bed lacks {}: {advice}", programs.join(", "))]
pub struct Missing {
    /// Their names.
    pub programs: Vec<String>,
    /// The next step for whoever reads the message.
    pub advice: String,
}

/// `$IPLEDGER_TESTBED`, else `ipledger/testbed` in the user's cache folder. None if no variable says where that is.
#[must_use]
pub fn cache_folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("IPLEDGER_TESTBED")
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("ipledger/testbed")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/ipledger/testbed")))
}

/// The folder of the cache that holds one module's programs. None where there is no cache or no module files.
pub(crate) fn module_folder(cache: &Path, module: &Module) -> crate::Result<PathBuf> {
    Ok(cache.join(format!("{}-{}", module.name, module.key()?)))
}

impl Assets {
    /// Everything that is there now.
    #[must_use]
    pub fn find() -> Self {
        let kubebuilder = std::env::var_os("KUBEBUILDER_ASSETS").filter(|v| !v.is_empty()).map(PathBuf::from);
        Self::find_in(kubebuilder.as_deref(), cache_folder().as_deref())
    }

    fn find_in(kubebuilder: Option<&Path>, cache: Option<&Path>) -> Self {
        let mut programs = BTreeMap::new();
        for module in MODULES.iter().chain(SPECS) {
            let built = cache.and_then(|cache| module_folder(cache, module).ok());
            for (program, _) in module.programs {
                let found = kubebuilder.into_iter().chain(built.as_deref()).map(|folder| folder.join(program));
                if let Some(path) = found.into_iter().find(|path| path.is_file()) {
                    programs.insert(*program, path);
                }
            }
        }
        Self { programs }
    }

    /// Whether everything is there for this need.
    ///
    /// # Errors
    /// [`Missing`] with the names of all programs that are not there.
    pub fn check(&self, need: Need) -> Result<(), Missing> {
        let wanted = |program: &str| match program {
            "specs" => need == Need::Specs,
            _ if need == Need::Specs => false,
            "etcd" | "kube-apiserver" | "kubectl" => true,
            "kube-controller-manager" | "kube-scheduler" => need >= Need::Controllers,
            _ => need >= Need::Nodes,
        };
        let all = MODULES.iter().chain(SPECS).flat_map(|module| module.programs).map(|(program, _)| *program);
        let missing: Vec<_> = all.filter(|program| wanted(program) && !self.programs.contains_key(program)).collect();
        if missing.is_empty() { Ok(()) } else { Err(Self::missing(&missing)) }
    }

    /// The path of one program.
    ///
    /// # Errors
    /// [`Missing`] if it is not there.
    pub fn program(&self, name: &str) -> Result<&Path, Missing> {
        self.programs.get(name).map(PathBuf::as_path).ok_or_else(|| Self::missing(&[name]))
    }

    /// The folder of one program: the CNI plugins' `bin` folder, containerd's `PATH`.
    pub(crate) fn folder_of(&self, name: &str) -> Result<&Path, Missing> {
        let path = self.program(name)?;
        path.parent().ok_or_else(|| Self::missing(&[name]))
    }

    fn missing(programs: &[&str]) -> Missing {
        let advice = if programs == ["specs"] {
            "`cargo xtask testbed --specs` builds it (needs Go; some minutes, once)"
        } else {
            "`cargo xtask testbed` builds it (needs Go; about a quarter of an hour, once), \
             or let KUBEBUILDER_ASSETS name a folder that holds etcd, kube-apiserver and kubectl"
        };
        Missing { programs: programs.iter().map(|&name| name.to_owned()).collect(), advice: advice.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_programs_the_message_names_each_and_the_way_to_get_them() {
        let nothing = Assets::find_in(None, None);
        let missing = nothing.check(Need::ControlPlane).unwrap_err();
        assert_eq!(missing.programs, ["etcd", "kube-apiserver", "kubectl"]);
        assert!(missing.to_string().contains("cargo xtask testbed"), "{missing}");
        assert!(nothing.check(Need::Nodes).unwrap_err().programs.contains(&"multus".to_owned()));
    }

    #[test]
    fn specs_are_no_part_of_any_bed_and_are_built_on_request() {
        let nothing = Assets::find_in(None, None);
        let missing = nothing.check(Need::Specs).unwrap_err();
        assert_eq!(missing.programs, ["specs"]);
        assert!(missing.to_string().contains("cargo xtask testbed --specs"), "{missing}");
        assert!(!nothing.check(Need::Nodes).unwrap_err().programs.contains(&"specs".to_owned()));
    }

    #[test]
    fn kubebuilder_assets_are_enough_for_a_control_plane_and_not_for_nodes() {
        let folder = std::env::temp_dir().join(format!("ipledger-assets-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for program in ["etcd", "kube-apiserver", "kubectl"] {
            std::fs::write(folder.join(program), "").unwrap();
        }
        let assets = Assets::find_in(Some(&folder), None);
        assert_eq!(assets.check(Need::ControlPlane), Ok(()));
        assert!(assets.check(Need::Nodes).is_err());
        assert_eq!(assets.program("etcd").unwrap(), folder.join("etcd"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
