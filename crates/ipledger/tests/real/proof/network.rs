//! A network of a story: a macvlan attachment and its Subnet, and what is made on it.
//!
//! In: names. Out: objects as YAML or JSON. Guarantees: networks of different names are different wires, so that stories share a
//! control plane without meeting.

use serde_json::{Value, json};
use testbed::IMAGE;

/// The attachment `name` in `default` and the Subnet of the same name.
pub(super) fn network(name: &str, cidr: &str, more: &str) -> String {
    format!(
        "apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\nmetadata: {{name: {name}, namespace: default}}\n\
         spec: {{config: '{{\"type\":\"macvlan\",\"master\":\"eth1\",\"ipam\":{{\"type\":\"ipledger\",\"provider\":\"{name}.default\"}}}}'}}\n---\n\
         apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {{name: {name}}}\nspec: {{cidrBlock: '{cidr}', provider: {name}.default{more}}}\n---\n"
    )
}

/// A pod on node1 with these networks. It stays where its node is: no condition of an object that stands for a node drives it away.
pub(super) fn pod(name: &str, networks: &str, annotations: &Value) -> Value {
    let mut all = json!({"k8s.v1.cni.cncf.io/networks": networks});
    for (key, value) in annotations.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "annotations": all},
        "spec": {"nodeName": "node1", "tolerations": [{"operator": "Exists"}], "containers": [{"name": "c", "image": IMAGE}]},
    })
}

/// A NAT gateway without a LAN.
pub(super) fn gateway(name: &str, external: &str) -> Value {
    json!({
        "apiVersion": "kubeovn.io/v1", "kind": "VpcNatGateway", "metadata": {"name": name},
        "spec": {"namespace": "default", "externalSubnets": [external], "tolerations": [{"operator": "Exists"}]},
    })
}

/// An EIP on a gateway.
pub(super) fn eip(name: &str, gateway: &str, external: &str) -> Value {
    json!({
        "apiVersion": "kubeovn.io/v1", "kind": "IptablesEIP", "metadata": {"name": name},
        "spec": {"natGwDp": gateway, "externalSubnet": external},
    })
}
