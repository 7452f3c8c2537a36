//! What a node's programs are told.
//!
//! In: the node's number, name, address and paths. Out: the configuration of kubelet, containerd and Multus.

use crate::image::IMAGE;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::path::Path;

/// kubelet.
pub(crate) fn kubelet(address: Ipv4Addr) -> Value {
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": address.to_string(),
        // Only the run's own network reaches it.
        "authentication": {"anonymous": {"enabled": true}, "webhook": {"enabled": false}},
        "authorization": {"mode": "AlwaysAllow"},
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "cgroupDriver": "cgroupfs",
        // No hierarchy of cgroups to enforce what no test is about, and no refusal to run where the host's is old.
        "cgroupsPerQOS": false,
        "enforceNodeAllocatable": [],
        "failCgroupV1": false,
        "failSwapOn": false,
        "localStorageCapacityIsolation": false,
        "evictionHard": {"memory.available": "1Mi", "nodefs.available": "0%", "imagefs.available": "0%"},
        "imageGCHighThresholdPercent": 100,
        "resolvConf": "",
        // A node that is gone shows as such in seconds.
        "nodeStatusUpdateFrequency": "2s",
        "nodeLeaseDurationSeconds": 10,
    })
}

/// Thin Multus, with the primary network as its delegate. It hands GC and STATUS on to it.
pub(crate) fn multus(number: u8, kubeconfig: &Path, plugins: &Path) -> Value {
    let subnet = format!("10.244.{number}.0/24");
    let bridge = json!({
        "type": "bridge", "bridge": "cni0", "isDefaultGateway": true, "ipMasq": true, "ipMasqBackend": "nftables",
        "ipam": {"type": "host-local", "ranges": [[{"subnet": subnet}]]},
    });
    json!({
        "cniVersion": "1.1.0", "name": "multus", "type": "multus", "kubeconfig": kubeconfig, "binDir": plugins,
        "delegates": [{"cniVersion": "1.1.0", "name": "primary", "plugins": [bridge]}],
    })
}

/// containerd.
pub(crate) fn containerd(plugins: &Path, net: &Path) -> String {
    let (plugins, net, image) = (plugins.display(), net.display(), IMAGE);
    format!(
        "version = 3\n\
         root = \"/var/lib/containerd\"\n\
         state = \"/run/containerd\"\n\
         [plugins.'io.containerd.cri.v1.images'.pinned_images]\n\
         sandbox = \"{image}\"\n\
         [plugins.'io.containerd.cri.v1.runtime']\n\
         # Without CAP_SYS_RESOURCE nobody may lower it, and runc would end without saying why.\n\
         restrict_oom_score_adj = true\n\
         [plugins.'io.containerd.cri.v1.runtime'.cni]\n\
         bin_dirs = [\"{plugins}\"]\n\
         conf_dir = \"{net}\"\n"
    )
}
