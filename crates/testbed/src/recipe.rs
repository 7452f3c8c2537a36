//! What the bed is made of: which Go module gives which program, and how it is built.
//!
//! In: the module files under `testbed/`, one folder per module so that their dependencies do not fight. Out: the table of
//! programs, and for each module a key over everything that decides what its build gives: the same key, the same programs.

use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// One Go module of `testbed/`.
#[derive(Debug, Clone, Copy)]
pub struct Module {
    /// The folder's name.
    pub name: &'static str,
    /// Build tags.
    pub tags: &'static str,
    /// Linker flags.
    pub ldflags: &'static str,
    /// The programs: name of the binary and Go package.
    pub programs: &'static [(&'static str, &'static str)],
}

/// Strips symbols and debug information: half the size, and nobody debugs these here.
const STRIP: &str = "-s -w";

/// All modules, in the order of how soon tests want them. A version stands in a `go.mod` alone; the one exception is
/// Kubernetes' version stamp, which its own build sets from git; a test compares it with the `go.mod`.
pub const MODULES: &[Module] = &[
    Module { name: "etcd", tags: "", ldflags: STRIP, programs: &[("etcd", ".")] },
    Module {
        name: "kubernetes",
        tags: "",
        ldflags: "-s -w -X k8s.io/component-base/version.gitVersion=v1.34.4 \
                  -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=34 \
                  -X k8s.io/client-go/pkg/version.gitVersion=v1.34.4 \
                  -X k8s.io/client-go/pkg/version.gitMajor=1 -X k8s.io/client-go/pkg/version.gitMinor=34",
        programs: &[
            ("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
            ("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
            ("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"),
            ("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"),
            ("kubelet", "k8s.io/kubernetes/cmd/kubelet"),
        ],
    },
    Module {
        name: "containerd",
        // Snapshotters that need C libraries or kernel modules which the bed does not use.
        tags: "no_btrfs,no_devmapper,no_zfs,no_aufs,no_tracing",
        ldflags: STRIP,
        programs: &[
            ("containerd", "github.com/containerd/containerd/v2/cmd/containerd"),
            ("containerd-shim-runc-v2", "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2"),
            ("ctr", "github.com/containerd/containerd/v2/cmd/ctr"),
        ],
    },
    Module {
        name: "multus",
        tags: "",
        ldflags: STRIP,
        programs: &[("multus", "gopkg.in/k8snetworkplumbingwg/multus-cni.v4/cmd/multus")],
    },
    Module {
        name: "cni-plugins",
        tags: "",
        ldflags: STRIP,
        programs: &[
            ("bridge", "github.com/containernetworking/plugins/plugins/main/bridge"),
            ("host-device", "github.com/containernetworking/plugins/plugins/main/host-device"),
            ("host-local", "github.com/containernetworking/plugins/plugins/ipam/host-local"),
            ("ipvlan", "github.com/containernetworking/plugins/plugins/main/ipvlan"),
            ("loopback", "github.com/containernetworking/plugins/plugins/main/loopback"),
            ("macvlan", "github.com/containernetworking/plugins/plugins/main/macvlan"),
            ("portmap", "github.com/containernetworking/plugins/plugins/meta/portmap"),
            ("ptp", "github.com/containernetworking/plugins/plugins/main/ptp"),
            ("static", "github.com/containernetworking/plugins/plugins/ipam/static"),
            ("tuning", "github.com/containernetworking/plugins/plugins/meta/tuning"),
        ],
    },
];

/// What is built on request only: no bed needs it, and it takes minutes. Kubernetes' own specs of its API.
pub const SPECS: &[Module] = &[Module { name: "specs", tags: "", ldflags: STRIP, programs: &[("specs", ".")] }];

impl Module {
    /// The module with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        MODULES.iter().find(|module| module.name == name)
    }

    /// The folder of the module's files in this work tree.
    #[must_use]
    pub fn source(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testbed").join(self.name)
    }

    /// Names the outcome of a build: 16 hex digits over the module's files and the way it is built.
    ///
    /// # Errors
    /// A file of the module cannot be read.
    pub fn key(&self) -> Result<String> {
        let folder = self.source();
        let entries = std::fs::read_dir(&folder).map_err(Error::file("list", &folder))?;
        let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.sort();
        let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
        for file in files {
            let content = std::fs::read(&file).map_err(Error::file("read", &file))?;
            let name = file.file_name().unwrap_or_default().as_encoded_bytes();
            for part in [name, &content.len().to_le_bytes(), &content] {
                digest.update(part);
            }
        }
        for part in [self.tags, self.ldflags, std::env::consts::ARCH] {
            digest.update(part.as_bytes());
        }
        for (program, package) in self.programs {
            digest.update(program.as_bytes());
            digest.update(package.as_bytes());
        }
        Ok(crate::hex(&digest.finish().as_ref()[..8]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_that_kubernetes_reports_is_the_one_of_its_module_file() {
        let module = Module::named("kubernetes").unwrap();
        let file = std::fs::read_to_string(module.source().join("go.mod")).unwrap();
        let required = file.lines().map(|line| line.trim().trim_start_matches("require "));
        let required = required.filter_map(|line| line.strip_prefix("k8s.io/kubernetes "));
        let version = required.flat_map(str::split_whitespace).next().expect("a line that requires k8s.io/kubernetes");
        assert_eq!(module.ldflags.matches(&format!("gitVersion={version} ")).count(), 2, "{version}");
    }

    #[test]
    fn the_specs_are_those_of_the_kubernetes_that_the_bed_runs() {
        let versions = ["kubernetes", "specs"].map(|name| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testbed").join(name);
            let file = std::fs::read_to_string(folder.join("go.mod")).unwrap();
            let lines = file.lines().map(|line| line.trim().trim_start_matches("require ").to_owned());
            // What is required and what it is replaced by; what only serves other requirements may differ.
            let lines = lines.map(|line| line.trim_end_matches(" // indirect").to_owned());
            lines.filter(|line| line.starts_with("k8s.io/kubernetes ") || line.contains(" => ")).collect::<Vec<_>>()
        });
        assert!(versions[0].len() > 30, "{versions:?}");
        assert_eq!(versions[0], versions[1]);
    }

    #[test]
    fn every_program_is_named_by_its_module_file() {
        for module in MODULES.iter().chain(SPECS) {
            let file = std::fs::read_to_string(module.source().join("go.mod")).unwrap();
            for (_, package) in module.programs.iter().filter(|(_, package)| *package != ".") {
                assert!(file.contains(package), "{package} is no `tool` of testbed/{}/go.mod", module.name);
            }
        }
    }

    #[test]
    fn the_key_is_stable_and_differs_between_modules() {
        let modules = || MODULES.iter().chain(SPECS);
        let keys: std::collections::BTreeSet<_> = modules().map(|module| module.key().unwrap()).collect();
        assert_eq!(keys.len(), modules().count());
        assert_eq!(MODULES[0].key().unwrap(), MODULES[0].key().unwrap());
    }
}
