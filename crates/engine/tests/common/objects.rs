//! Kubernetes and Kube-OVN objects as a cluster has them, one function per kind.

use serde_json::{Map, Value, json};

/// When the objects of the example were created: long before the dump was made.
pub const OLD: &str = "2026-01-09T08:00:00Z";
/// When the dump was made: the newest time in it, a heartbeat of the nodes.
pub const NOW: &str = "2026-01-10T12:00:00Z";
/// Seconds before the dump was made, of what is in flight.
pub const JUST_NOW: &str = "2026-01-10T11:59:50Z";
/// Four minutes before the dump was made.
pub const FOUR_MINUTES_AGO: &str = "2026-01-10T11:56:00Z";
/// An hour before the dump was made.
pub const AN_HOUR_AGO: &str = "2026-01-10T11:00:00Z";
/// Kube-OVN's finalizer.
pub const FINALIZER: &str = "kubeovn.io/kube-ovn-controller";

/// Applies a merge patch (RFC 7386).
pub fn merge(target: &mut Value, patch: Value) {
    match patch {
        Value::Object(patch) => {
            if !target.is_object() {
                *target = Value::Object(Map::new());
            }
            let Some(fields) = target.as_object_mut() else { return };
            for (key, value) in patch {
                if value.is_null() {
                    fields.remove(&key);
                } else {
                    merge(fields.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        other => *target = other,
    }
}

/// An object that differs from another by a merge patch.
pub trait But {
    /// The object, patched.
    #[must_use]
    fn but(self, patch: Value) -> Value;
}

impl But for Value {
    fn but(mut self, patch: Value) -> Value {
        merge(&mut self, patch);
        self
    }
}

/// `Kind namespace/name`, as reports write it.
pub fn path_of(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (kind, meta) = (text(&object["kind"]), &object["metadata"]);
    match text(&meta["namespace"]).as_str() {
        "" => format!("{kind} {}", text(&meta["name"])),
        namespace => format!("{kind} {namespace}/{}", text(&meta["name"])),
    }
}

pub fn object(api_version: &str, kind: &str, namespace: &str, name: &str) -> Value {
    let mut meta = json!({"name": name, "uid": format!("{kind}/{namespace}/{name}"), "creationTimestamp": OLD});
    if !namespace.is_empty() {
        meta["namespace"] = json!(namespace);
    }
    json!({"apiVersion": api_version, "kind": kind, "metadata": meta})
}

fn kubeovn(kind: &str, name: &str) -> Value {
    object("kubeovn.io/v1", kind, "", name).but(json!({"metadata": {"finalizers": [FINALIZER]}}))
}

/// A part of a pair by its family.
pub fn part(pair: &str, v6: bool) -> &str {
    pair.split(',').find(|part| part.contains(':') == v6).unwrap_or_default()
}

/// A Subnet after Kube-OVN normalised it: the gateway stands in `excludeIps`.
pub fn subnet(name: &str, cidr: &str, gateway: &str, provider: &str) -> Value {
    let protocol = match (part(cidr, false), part(cidr, true)) {
        ("", _) => "IPv6",
        (_, "") => "IPv4",
        _ => "Dual",
    };
    let vpc = if provider == "ovn" || provider.ends_with(".ovn") { "ovn-cluster" } else { "" };
    let excludes: Vec<&str> = gateway.split(',').collect();
    kubeovn("Subnet", name).but(json!({
        "spec": {"cidrBlock": cidr, "gateway": gateway, "provider": provider, "vpc": vpc, "protocol": protocol,
            "excludeIps": excludes, "default": false, "gatewayNode": "", "natOutgoing": false, "private": false,
            "u2oFeatures": {}},
        "status": {"activateGateway": "", "u2oInterconnectionIP": "", "mcastQuerierIP": "",
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": OLD, "lastUpdateTime": OLD}]},
    }))
}

/// The provider of a NIC after `<pod>.<namespace>` in the name of an IP object.
fn suffix(provider: &str) -> String {
    if provider == "ovn" { String::new() } else { format!(".{provider}") }
}

/// The IP object of a pod's NIC; the address is `v4`, `v6` or `v4,v6`.
pub fn ip(namespace: &str, pod: &str, provider: &str, subnet: &str, address: &str) -> Value {
    kubeovn("IP", &format!("{pod}.{namespace}{}", suffix(provider))).but(json!({
        "metadata": {"labels": {"ovn.kubernetes.io/subnet": subnet, "ovn.kubernetes.io/node-name": "node1", subnet: "",
            "ovn.kubernetes.io/ip_reserved": "false"}},
        "spec": {"podName": pod, "namespace": namespace, "subnet": subnet, "nodeName": "node1", "ipAddress": address,
            "v4IpAddress": part(address, false), "v6IpAddress": part(address, true), "macAddress": "",
            "attachIps": [], "attachMacs": [], "attachSubnets": [], "containerID": "", "podType": ""},
    }))
}

/// The IP object of a StatefulSet's pod.
pub fn ordinal_ip(namespace: &str, pod: &str, provider: &str, subnet: &str, address: &str) -> Value {
    ip(namespace, pod, provider, subnet, address).but(json!({"spec": {"podType": "StatefulSet"}}))
}

/// The IP object of a VM's NIC.
pub fn vm_ip(namespace: &str, vm: &str, provider: &str, subnet: &str, address: &str) -> Value {
    ip(namespace, vm, provider, subnet, address).but(json!({"spec": {"podType": "VirtualMachine"}}))
}

/// A reservation that a person made for a pod that may come.
pub fn reservation(namespace: &str, pod: &str, provider: &str, subnet: &str, address: &str) -> Value {
    ip(namespace, pod, provider, subnet, address)
        .but(json!({"metadata": {"labels": {"ovn.kubernetes.io/ip_reserved": "true"}}}))
}

/// An IP object of Kube-OVN's own: `node-<node>`, u2o interconnection, multicast querier.
pub fn special_ip(name: &str, pod_name: &str, namespace: &str, subnet: &str, address: &str) -> Value {
    ip(namespace, pod_name, "ovn", subnet, address)
        .but(json!({"metadata": {"name": name, "uid": format!("IP//{name}")}, "spec": {"nodeName": ""}}))
        .but(json!({"metadata": {"labels": {"ovn.kubernetes.io/node-name": ""}}}))
}

/// A running pod.
pub fn pod(namespace: &str, name: &str) -> Value {
    object("v1", "Pod", namespace, name).but(json!({
        "spec": {"nodeName": "node1", "restartPolicy": "Always"},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": OLD}],
            "containerStatuses": [{"state": {"running": {"startedAt": OLD}}}]},
    }))
}

/// What Kube-OVN writes on a pod for a NIC. The Subnet is named for OVN networks only.
pub fn nic(provider: &str, subnet: &str, address: &str) -> Value {
    let mut annotations = json!({
        format!("{provider}.kubernetes.io/allocated"): "true",
        format!("{provider}.kubernetes.io/ip_address"): address,
    });
    if provider == "ovn" || provider.ends_with(".ovn") {
        merge(&mut annotations, json!({format!("{provider}.kubernetes.io/logical_switch"): subnet}));
    }
    json!({"metadata": {"annotations": annotations}})
}

/// The annotation that asks for networks.
pub fn networks(text: &str) -> Value {
    json!({"metadata": {"annotations": {"k8s.v1.cni.cncf.io/networks": text}}})
}

/// A pod with its primary NIC and one on the macvlan network, and the IP objects of both.
pub fn macvlan_pod(namespace: &str, name: &str, primary: &str, macvlan: &str) -> [Value; 3] {
    [
        pod(namespace, name).but(networks("default/macvlan")).but(nic("ovn", "ovn-default", primary)).but(nic(
            "macvlan.default",
            "ext",
            macvlan,
        )),
        ip(namespace, name, "ovn", "ovn-default", primary),
        ip(namespace, name, "macvlan.default", "ext", macvlan),
    ]
}

/// An owner reference.
pub fn owned_by(api_version: &str, kind: &str, name: &str) -> Value {
    json!({"metadata": {"ownerReferences": [{"apiVersion": api_version, "kind": kind, "name": name, "uid": name, "controller": true}]}})
}

/// A StatefulSet whose pods are on the macvlan network.
pub fn stateful_set(namespace: &str, name: &str, replicas: i64) -> Value {
    object("apps/v1", "StatefulSet", namespace, name)
        .but(json!({"spec": {"replicas": replicas, "template": networks("default/macvlan")}}))
}

/// The pod of a StatefulSet's ordinal, and the IP objects of its NICs.
pub fn ordinal_pod(set: &str, ordinal: i64, primary: &str, macvlan: &str) -> [Value; 3] {
    let name = format!("{set}-{ordinal}");
    let [pod, first, second] = macvlan_pod("default", &name, primary, macvlan);
    let podtype = json!({"spec": {"podType": "StatefulSet"}});
    [pod.but(owned_by("apps/v1", "StatefulSet", set)), first.but(podtype.clone()), second.but(podtype)]
}

/// A VM with the pod network and the macvlan network.
pub fn vm(namespace: &str, name: &str) -> Value {
    object("kubevirt.io/v1", "VirtualMachine", namespace, name).but(json!({"spec": {"template": {"spec": {"networks": [
        {"name": "default", "pod": {}}, {"name": "lan", "multus": {"networkName": "default/macvlan"}}]}}}}))
}

/// The instance of a running VM.
pub fn vmi(namespace: &str, name: &str) -> Value {
    object("kubevirt.io/v1", "VirtualMachineInstance", namespace, name).but(json!({"status": {"phase": "Running"}}))
}

/// The launcher pod of a VM.
pub fn launcher(namespace: &str, vm: &str, suffix: &str, primary: &str, macvlan: &str) -> Value {
    let [pod, ..] = macvlan_pod(namespace, &format!("virt-launcher-{vm}-{suffix}"), primary, macvlan);
    pod.but(owned_by("kubevirt.io/v1", "VirtualMachineInstance", vm)).but(json!({"spec": {"restartPolicy": "Never"}}))
}

/// A NAT gateway with one replica.
pub fn gateway(name: &str, vpc: &str, lan: &str, lan_ip: &str) -> Value {
    kubeovn("VpcNatGateway", name).but(json!({
        "metadata": {"labels": {"ovn.kubernetes.io/subnet": lan, "ovn.kubernetes.io/vpc": vpc, "ovn.kubernetes.io/qos": ""}},
        "spec": {"vpc": vpc, "subnet": lan, "lanIp": lan_ip, "replicas": 1, "externalSubnets": ["ovn-vpc-external-network"]},
        "status": {"ready": true, "lanIp": lan_ip, "externalSubnets": ["ovn-vpc-external-network"],
            "workload": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": format!("vpc-nat-gw-{name}")}},
    }))
}

/// What marks the template of a gateway's workload, and so its pods.
fn gateway_template(name: &str, lan: &str) -> Value {
    json!({"metadata": {"labels": {"ovn.kubernetes.io/vpc-nat-gw": "true"}, "annotations": {
        "k8s.v1.cni.cncf.io/networks": "kube-system/ovn-vpc-external-network",
        "ovn.kubernetes.io/logical_switch": lan, "ovn.kubernetes.io/vpc_nat_gw": name}}})
}

/// The StatefulSet of a gateway.
pub fn gateway_set(name: &str, lan: &str) -> Value {
    object("apps/v1", "StatefulSet", "kube-system", &format!("vpc-nat-gw-{name}"))
        .but(owned_by("kubeovn.io/v1", "VpcNatGateway", name))
        .but(json!({"metadata": {"labels": {"ovn.kubernetes.io/vpc-nat-gw": "true"}},
            "spec": {"replicas": 1, "template": gateway_template(name, lan)}}))
}

/// Provider of the default external network.
pub const EXTERNAL: &str = "ovn-vpc-external-network.kube-system";

/// The pod of a gateway's workload, by its full name.
pub fn gateway_pod(name: &str, pod_name: &str, lan: &str, lan_ip: &str, external: &str) -> Value {
    let set = pod_name.rsplit_once('-').map_or("", |(set, _)| set);
    pod("kube-system", pod_name)
        .but(owned_by("apps/v1", "StatefulSet", set))
        .but(gateway_template(name, lan))
        .but(nic("ovn", lan, lan_ip))
        .but(nic(EXTERNAL, "", external))
}

/// A gateway with everything that belongs to it.
pub fn whole_gateway(name: &str, vpc: &str, lan: &str, lan_ip: &str, external: &str) -> [Value; 5] {
    let pod_name = format!("vpc-nat-gw-{name}-0");
    [
        gateway(name, vpc, lan, lan_ip),
        gateway_set(name, lan),
        gateway_pod(name, &pod_name, lan, lan_ip, external),
        ordinal_ip("kube-system", &pod_name, "ovn", lan, lan_ip),
        ordinal_ip("kube-system", &pod_name, EXTERNAL, "ovn-vpc-external-network", external),
    ]
}

/// A ready IptablesEIP on the default external network.
pub fn eip(name: &str, gateway: &str, address: &str) -> Value {
    kubeovn("IptablesEIP", name).but(json!({
        "metadata": {"labels": {"ovn.kubernetes.io/subnet": "ovn-vpc-external-network",
            "ovn.kubernetes.io/vpc-nat-gw-name": gateway, "ovn.kubernetes.io/eip_v4_ip": address}},
        "spec": {"natGwDp": gateway, "v4ip": address, "v6ip": "", "macAddress": "76:46:6c:22:b5:58", "externalSubnet": "",
            "namespace": "kube-system", "qosPolicy": ""},
        "status": {"ready": true, "ip": address, "nat": "", "redo": "", "qosPolicy": ""},
    }))
}

/// An IptablesEIP that has no address yet, as Kube-OVN leaves it while the gateway has no pod.
pub fn waiting_eip(name: &str, gateway: &str, asks_for: &str) -> Value {
    kubeovn("IptablesEIP", name).but(json!({
        "metadata": {"finalizers": null},
        "spec": {"natGwDp": gateway, "v4ip": asks_for, "v6ip": "", "macAddress": "", "externalSubnet": ""},
        "status": {"ready": false, "ip": "", "nat": "", "redo": "", "qosPolicy": ""},
    }))
}

fn rule(kind: &str, name: &str, eip: &str, gateway: &str, address: &str) -> Value {
    kubeovn(kind, name).but(json!({
        "metadata": {"labels": {"ovn.kubernetes.io/vpc-nat-gw-name": gateway, "ovn.kubernetes.io/eip_v4_ip": address},
            "annotations": {"ovn.kubernetes.io/vpc_eip": eip}},
        "spec": {"eip": eip},
        "status": {"ready": true, "v4ip": address, "v6ip": "", "natGwDp": gateway, "redo": ""},
    }))
}

/// A FIP.
pub fn fip(name: &str, eip: &str, gateway: &str, address: &str, internal: &str) -> Value {
    rule("IptablesFIPRule", name, eip, gateway, address).but(json!({"spec": {"internalIp": internal}}))
}

/// A DNAT of one port.
pub fn dnat(name: &str, eip: &str, gateway: &str, address: &str, protocol: &str, port: &str) -> Value {
    rule("IptablesDnatRule", name, eip, gateway, address).but(json!({
        "metadata": {"labels": {"ovn.kubernetes.io/vpc_dnat_eport": port}},
        "spec": {"externalPort": port, "protocol": protocol, "internalIp": "10.50.0.6", "internalPort": "8080"}}))
}

/// An SNAT.
pub fn snat(name: &str, eip: &str, gateway: &str, address: &str, cidr: &str) -> Value {
    rule("IptablesSnatRule", name, eip, gateway, address).but(json!({"spec": {"internalCIDR": cidr}}))
}

/// An OvnEip of type `nat`.
pub fn ovn_eip(name: &str, subnet: &str, address: &str) -> Value {
    kubeovn("OvnEip", name).but(json!({
        "metadata": {"labels": {"ovn.kubernetes.io/subnet": subnet, "ovn.kubernetes.io/eip_v4_ip": address}},
        "spec": {"externalSubnet": subnet, "v4Ip": address, "v6Ip": "", "macAddress": "", "type": "nat"},
        "status": {"v4Ip": address, "v6Ip": "", "macAddress": "", "type": "nat", "ready": true},
    }))
}

/// A Vip that was given an address.
pub fn vip(name: &str, subnet: &str, address: &str, mac: &str) -> Value {
    let (v4, v6) = (part(address, false), part(address, true));
    kubeovn("Vip", name).but(json!({
        "metadata": {"labels": {"ovn.kubernetes.io/subnet": subnet, "ovn.kubernetes.io/ip_reserved": ""}},
        "spec": {"namespace": "default", "subnet": subnet, "type": "", "v4ip": v4, "v6ip": v6, "macAddress": mac},
        "status": {"v4ip": v4, "v6ip": v6, "mac": mac, "type": ""},
    }))
}

/// An IPPool.
pub fn pool(name: &str, subnet: &str, ips: &[&str]) -> Value {
    kubeovn("IPPool", name).but(json!({"spec": {"subnet": subnet, "ips": ips}, "status": {}}))
}

/// A VPC.
pub fn vpc(name: &str, subnets: &[&str]) -> Value {
    kubeovn("Vpc", name).but(json!({"spec": {}, "status": {"standby": true, "subnets": subnets}}))
}

/// A Vlan.
pub fn vlan(name: &str, id: i64, provider_network: &str) -> Value {
    kubeovn("Vlan", name).but(json!({"spec": {"id": id, "provider": provider_network}}))
}

/// A ProviderNetwork.
pub fn provider_network(name: &str, interface: &str) -> Value {
    kubeovn("ProviderNetwork", name).but(json!({"spec": {"defaultInterface": interface}}))
}

/// A SwitchLBRule.
pub fn switch_lb_rule(name: &str, vip: &str) -> Value {
    kubeovn("SwitchLBRule", name).but(json!({"spec": {"vip": vip, "namespace": "default"}}))
}

/// An OVN rule of a kind.
pub fn ovn_rule(kind: &str, name: &str, spec: Value) -> Value {
    kubeovn(kind, name).but(json!({"spec": spec}))
}

/// A NetworkAttachmentDefinition with this CNI configuration.
pub fn nad_with(namespace: &str, name: &str, config: &Value) -> Value {
    object("k8s.cni.cncf.io/v1", "NetworkAttachmentDefinition", namespace, name)
        .but(json!({"spec": {"config": config.to_string()}}))
}

/// A macvlan NetworkAttachmentDefinition whose addresses come from Kube-OVN.
pub fn nad(namespace: &str, name: &str, master: &str) -> Value {
    nad_with(
        namespace,
        name,
        &json!({"cniVersion": "0.3.0", "type": "macvlan", "master": master, "mode": "bridge", "ipam":
            {"type": "kube-ovn", "server_socket": "/run/openvswitch/kube-ovn-daemon.sock", "provider": format!("{name}.{namespace}")}}),
    )
}

/// A node with its address in `join`, and its IP object.
pub fn node(name: &str, address: &str) -> [Value; 2] {
    [
        object("v1", "Node", "", name)
            .but(json!({"status": {"conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": NOW, "lastTransitionTime": OLD}]}}))
            .but(nic("ovn", "join", address)),
        special_ip(&format!("node-{name}"), name, "", "join", address),
    ]
}

/// A Namespace bound to the default Subnet.
pub fn namespace(name: &str) -> Value {
    object("v1", "Namespace", "", name)
        .but(json!({"metadata": {"annotations": {"ovn.kubernetes.io/logical_switch": "ovn-default"}}, "status": {"phase": "Active"}}))
}

/// An AddressClaim; the holder is given as in its spec.
pub fn claim(wire: &str, address: &str, subnet: &str, holder: Value) -> Value {
    object("ipledger.dev/v1alpha1", "AddressClaim", "", &format!("{wire}.{}", address.replace(':', "-")))
        .but(json!({"spec": {"wire": wire, "address": address, "subnet": subnet, "holder": holder, "mac": ""}}))
}

/// A finished pod's phase and policy, since `since`.
pub fn finished(phase: &str, policy: &str, since: &str) -> Value {
    json!({"spec": {"restartPolicy": policy}, "status": {"phase": phase,
        "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": since}],
        "containerStatuses": [{"state": {"terminated": {"finishedAt": since, "exitCode": 1}}}]}})
}

/// Deletion at a time.
pub fn deleted(at: &str) -> Value {
    json!({"metadata": {"deletionTimestamp": at}})
}

/// Creation at a time.
pub fn created(at: &str) -> Value {
    json!({"metadata": {"creationTimestamp": at}})
}
