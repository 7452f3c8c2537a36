//! The slim kinds: of each object, only what somebody decides on.
//!
//! In: JSON of one object. Out: one struct per kind. Guarantees: a null, an absent field and an empty one read alike;
//! fields are typed where they are parsed, and a text that cannot be parsed stays in its [`Field`]. The complete types,
//! with every field of the reference, are in `schema`; these are not for writing.

use super::field::{Str, nil};
use super::{Bad, Counter, Exclude, Field, InternalCidr, Malformed, Meta, NadConfig, Newest, Path, PoolEntry, Uid};
use ledger::{Addr, AddrPair, CidrPair, Mac};

/// Declares a slim struct: every field is optional in JSON, and null counts as absent.
macro_rules! slim {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $ty:ty = $json:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize)]
        #[serde(default)]
        pub struct $name {
            $($(#[$field_doc])* #[serde(rename = $json, deserialize_with = "nil")] pub $field: $ty,)*
        }

        impl Bad for $name {
            fn collect_bad(&self, path: Path<'_>, out: &mut Vec<Malformed>) {
                $(self.$field.collect_bad(Path::Field(&path, $json), out);)*
            }
        }
    )*};
}

slim! {
    /// A Subnet (reference 1.1).
    Subnet {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: SubnetSpec = "spec",
        /// What the controller says.
        status: SubnetStatus = "status",
    }
    /// `spec` of a Subnet.
    SubnetSpec {
        /// Owning VPC; empty on Subnets without OVN.
        vpc: Str = "vpc",
        /// `IPv4`, `IPv6`, `Dual`, `Mac`: derived by Kube-OVN from the CIDR.
        protocol: Str = "protocol",
        /// Namespaces bound to it.
        namespaces: Box<[Str]> = "namespaces",
        /// One CIDR, or one of each family.
        cidr: Field<CidrPair> = "cidrBlock",
        /// Gateway, or one of each family.
        gateway: Field<AddrPair> = "gateway",
        /// Addresses that are never picked: `ip` or `a..b`.
        exclude_ips: Box<[Field<Exclude>]> = "excludeIps",
        /// Provider (reference 1.1.2).
        provider: Str = "provider",
        /// Vlan object, on an underlay.
        vlan: Str = "vlan",
        /// Whether it is the default of its VPC.
        default: bool = "default",
        /// Whether underlay and overlay are connected by an address of it.
        u2o: bool = "u2oInterconnection",
        /// Whether a multicast querier has an address of it.
        mcast_snoop: bool = "enableMulticastSnoop",
    }
    /// `status` of a Subnet.
    SubnetStatus {
        /// Free IPv4 addresses.
        v4_available: Option<Counter> = "v4availableIPs",
        /// IPv4 addresses in use.
        v4_using: Option<Counter> = "v4usingIPs",
        /// Free IPv6 addresses.
        v6_available: Option<Counter> = "v6availableIPs",
        /// IPv6 addresses in use.
        v6_using: Option<Counter> = "v6usingIPs",
        /// Ranges of free IPv4 addresses.
        v4_available_range: Option<Box<str>> = "v4availableIPrange",
        /// Ranges of used IPv4 addresses.
        v4_using_range: Option<Box<str>> = "v4usingIPrange",
        /// Ranges of free IPv6 addresses.
        v6_available_range: Option<Box<str>> = "v6availableIPrange",
        /// Ranges of used IPv6 addresses.
        v6_using_range: Option<Box<str>> = "v6usingIPrange",
        /// Address that connects underlay and overlay.
        u2o_ip: Field<AddrPair> = "u2oInterconnectionIP",
        /// MAC of that address.
        u2o_mac: Field<Mac> = "u2oInterconnectionMAC",
        /// VPC of that connection.
        u2o_vpc: Str = "u2oInterconnectionVPC",
        /// Address of the multicast querier.
        mcast_ip: Field<AddrPair> = "mcastQuerierIP",
        /// MAC of the multicast querier.
        mcast_mac: Field<Mac> = "mcastQuerierMAC",
        /// When its conditions last changed.
        changed: Newest = "conditions",
    }
    /// An IP (reference 1.2): Kube-OVN's record of one NIC's addresses.
    Ip {
        /// Metadata.
        meta: Meta = "metadata",
        /// The record.
        spec: IpSpec = "spec",
    }
    /// `spec` of an IP.
    IpSpec {
        /// Pod, VM or node; the object's own name for special addresses.
        pod_name: Str = "podName",
        /// Namespace of the pod.
        namespace: Str = "namespace",
        /// Subnet.
        subnet: Str = "subnet",
        /// Other Subnets in which Kube-OVN counts this object.
        attach_subnets: Box<[Str]> = "attachSubnets",
        /// Node.
        node_name: Str = "nodeName",
        /// `v4`, `v6` or `v4,v6`.
        ip_address: Field<AddrPair> = "ipAddress",
        /// IPv4 address.
        v4: Field<Addr> = "v4IpAddress",
        /// IPv6 address.
        v6: Field<Addr> = "v6IpAddress",
        /// MAC address.
        mac: Field<Mac> = "macAddress",
        /// Empty, `StatefulSet` or `VirtualMachine`.
        pod_type: Str = "podType",
    }
    /// An IPPool (reference 1.3).
    IpPool {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: IpPoolSpec = "spec",
        /// What the controller says.
        status: IpPoolStatus = "status",
    }
    /// `spec` of an IPPool.
    IpPoolSpec {
        /// Subnet.
        subnet: Str = "subnet",
        /// Namespaces bound to it.
        namespaces: Box<[Str]> = "namespaces",
        /// Entries: `ip`, `cidr` or `a..b`.
        ips: Box<[Field<PoolEntry>]> = "ips",
    }
    /// `status` of an IPPool; the spelling of its fields differs from Subnet's.
    IpPoolStatus {
        /// Free IPv4 addresses.
        v4_available: Option<Counter> = "v4AvailableIPs",
        /// IPv4 addresses in use.
        v4_using: Option<Counter> = "v4UsingIPs",
        /// Free IPv6 addresses.
        v6_available: Option<Counter> = "v6AvailableIPs",
        /// IPv6 addresses in use.
        v6_using: Option<Counter> = "v6UsingIPs",
        /// Ranges of free IPv4 addresses.
        v4_available_range: Option<Box<str>> = "v4AvailableIPRange",
        /// Ranges of used IPv4 addresses.
        v4_using_range: Option<Box<str>> = "v4UsingIPRange",
        /// Ranges of free IPv6 addresses.
        v6_available_range: Option<Box<str>> = "v6AvailableIPRange",
        /// Ranges of used IPv6 addresses.
        v6_using_range: Option<Box<str>> = "v6UsingIPRange",
        /// When its conditions last changed.
        changed: Newest = "conditions",
    }
    /// A Vip (reference 1.4).
    Vip {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: VipSpec = "spec",
        /// What was given.
        status: VipStatus = "status",
    }
    /// `spec` of a Vip.
    VipSpec {
        /// Namespace.
        namespace: Str = "namespace",
        /// Subnet.
        subnet: Str = "subnet",
        /// Empty, `switch_lb_vip` or `kube_host_vm_vip`.
        type_: Str = "type",
        /// IPv4 address.
        v4: Field<Addr> = "v4ip",
        /// IPv6 address.
        v6: Field<Addr> = "v6ip",
        /// MAC address.
        mac: Field<Mac> = "macAddress",
    }
    /// `status` of a Vip.
    VipStatus {
        /// IPv4 address.
        v4: Field<Addr> = "v4ip",
        /// IPv6 address.
        v6: Field<Addr> = "v6ip",
        /// MAC address: set once the Vip was given its addresses.
        mac: Field<Mac> = "mac",
        /// Type.
        type_: Str = "type",
    }
    /// A Vpc (reference 1.5).
    Vpc {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: VpcSpec = "spec",
        /// What the controller says.
        status: VpcStatus = "status",
    }
    /// `spec` of a Vpc.
    VpcSpec {
        /// Default Subnet of its namespaces.
        default_subnet: Str = "defaultSubnet",
        /// Namespaces.
        namespaces: Box<[Str]> = "namespaces",
    }
    /// `status` of a Vpc.
    VpcStatus {
        /// Its OVN Subnets: while there are any, the Vpc stays.
        subnets: Box<[Str]> = "subnets",
        /// When its conditions last changed.
        changed: Newest = "conditions",
    }
    /// A VpcNatGateway (reference 1.6).
    VpcNatGateway {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: VpcNatGatewaySpec = "spec",
        /// What the controller says.
        status: VpcNatGatewayStatus = "status",
    }
    /// `spec` of a VpcNatGateway.
    VpcNatGatewaySpec {
        /// Namespace of the workload; empty: that of Kube-OVN's controller.
        namespace: Str = "namespace",
        /// VPC.
        vpc: Str = "vpc",
        /// Subnet of the LAN side.
        subnet: Str = "subnet",
        /// Subnets of the outer side; only the first is used.
        external_subnets: Box<[Str]> = "externalSubnets",
        /// Static LAN address.
        lan_ip: Field<AddrPair> = "lanIp",
        /// Replicas: one, or several for high availability.
        replicas: Option<i64> = "replicas",
        /// No address on the outer NIC.
        no_default_eip: bool = "noDefaultEIP",
        /// QoS policy.
        qos_policy: Str = "qosPolicy",
        /// BGP speaker, which has a NIC of its own.
        bgp_speaker: BgpSpeaker = "bgpSpeaker",
    }
    /// `spec.bgpSpeaker` of a VpcNatGateway.
    BgpSpeaker {
        /// Whether it runs.
        enabled: bool = "enabled",
    }
    /// `status` of a VpcNatGateway.
    VpcNatGatewayStatus {
        /// Its StatefulSet or Deployment.
        workload: Workload = "workload",
        /// External Subnets that are in force.
        external_subnets: Box<[Str]> = "externalSubnets",
    }
    /// `status.workload` of a VpcNatGateway.
    Workload {
        /// `StatefulSet` or `Deployment`.
        kind: Str = "kind",
        /// Its name.
        name: Str = "name",
    }
    /// An IptablesEIP (reference 1.7).
    IptablesEip {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: IptablesEipSpec = "spec",
        /// What was given.
        status: IptablesEipStatus = "status",
    }
    /// `spec` of an IptablesEIP.
    IptablesEipSpec {
        /// IPv4 address.
        v4: Field<Addr> = "v4ip",
        /// IPv6 address.
        v6: Field<Addr> = "v6ip",
        /// A MAC that Kube-OVN fills in and never programs.
        mac: Field<Mac> = "macAddress",
        /// Gateway.
        nat_gw: Str = "natGwDp",
        /// External Subnet.
        external_subnet: Str = "externalSubnet",
        /// Namespace of the gateway's workload.
        namespace: Str = "namespace",
        /// QoS policy.
        qos_policy: Str = "qosPolicy",
    }
    /// `status` of an IptablesEIP.
    IptablesEipStatus {
        /// Whether the gateway has it.
        ready: bool = "ready",
        /// IPv4 address that was given.
        ip: Field<Addr> = "ip",
        /// Kinds of rules that use it.
        nat: Str = "nat",
        /// QoS policy in force.
        qos_policy: Str = "qosPolicy",
        /// When its conditions last changed.
        changed: Newest = "conditions",
    }
    /// An IptablesFIPRule (reference 1.8).
    IptablesFipRule {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: FipSpec = "spec",
        /// What is programmed.
        status: NatStatus = "status",
    }
    /// `spec` of an IptablesFIPRule.
    FipSpec {
        /// EIP.
        eip: Str = "eip",
        /// Address inside.
        internal_ip: Field<Addr> = "internalIp",
    }
    /// An IptablesDnatRule (reference 1.8).
    IptablesDnatRule {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: DnatSpec = "spec",
        /// What is programmed.
        status: NatStatus = "status",
    }
    /// `spec` of an IptablesDnatRule.
    DnatSpec {
        /// EIP.
        eip: Str = "eip",
        /// Port outside.
        external_port: Field<u16> = "externalPort",
        /// `tcp` or `udp`, in any case.
        protocol: Str = "protocol",
        /// Address inside.
        internal_ip: Field<Addr> = "internalIp",
        /// Port inside.
        internal_port: Field<u16> = "internalPort",
        /// `exclusive` (also when empty) or `share`.
        type_: Str = "type",
    }
    /// An IptablesSnatRule (reference 1.8).
    IptablesSnatRule {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: SnatSpec = "spec",
        /// What is programmed.
        status: NatStatus = "status",
    }
    /// `spec` of an IptablesSnatRule.
    SnatSpec {
        /// EIP.
        eip: Str = "eip",
        /// CIDR, or address, inside.
        internal_cidr: Field<InternalCidr> = "internalCIDR",
    }
    /// `status` of the three kinds of rules.
    NatStatus {
        /// Whether the gateway has it.
        ready: bool = "ready",
        /// IPv4 address of the EIP when it was programmed.
        v4: Field<Addr> = "v4ip",
        /// IPv6 address of the EIP when it was programmed.
        v6: Field<Addr> = "v6ip",
        /// Gateway that has it.
        nat_gw: Str = "natGwDp",
        /// When its conditions last changed.
        changed: Newest = "conditions",
    }
    /// An OvnEip (reference 1.9).
    OvnEip {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: OvnEipSpec = "spec",
        /// What was given.
        status: OvnEipStatus = "status",
    }
    /// `spec` of an OvnEip.
    OvnEipSpec {
        /// External Subnet.
        external_subnet: Str = "externalSubnet",
        /// IPv4 address.
        v4: Field<Addr> = "v4Ip",
        /// IPv6 address.
        v6: Field<Addr> = "v6Ip",
        /// MAC address.
        mac: Field<Mac> = "macAddress",
        /// `nat` (also when empty), `lrp` or `lsp`.
        type_: Str = "type",
    }
    /// `status` of an OvnEip.
    OvnEipStatus {
        /// IPv4 address.
        v4: Field<Addr> = "v4Ip",
        /// IPv6 address.
        v6: Field<Addr> = "v6Ip",
        /// MAC address.
        mac: Field<Mac> = "macAddress",
        /// Type.
        type_: Str = "type",
        /// Whether OVN has it.
        ready: bool = "ready",
        /// When its conditions last changed.
        changed: Newest = "conditions",
    }
    /// An OvnFip, OvnSnatRule or OvnDnatRule (reference 1.9): to IPLedger, something that refers to an OvnEip.
    OvnRule {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: OvnRuleSpec = "spec",
    }
    /// `spec` of an OvnFip, OvnSnatRule or OvnDnatRule.
    OvnRuleSpec {
        /// OvnEip.
        ovn_eip: Str = "ovnEip",
        /// `vip`, or `ip` (also when empty).
        ip_type: Str = "ipType",
        /// Name of the Vip or IP.
        ip_name: Str = "ipName",
        /// Subnet (OvnSnatRule).
        vpc_subnet: Str = "vpcSubnet",
        /// VPC.
        vpc: Str = "vpc",
    }
    /// A Vlan (reference 1.10).
    Vlan {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: VlanSpec = "spec",
    }
    /// `spec` of a Vlan.
    VlanSpec {
        /// VLAN id, 0 to 4095.
        id: i64 = "id",
        /// ProviderNetwork.
        provider: Str = "provider",
    }
    /// A ProviderNetwork (reference 1.10).
    ProviderNetwork {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: ProviderNetworkSpec = "spec",
    }
    /// `spec` of a ProviderNetwork.
    ProviderNetworkSpec {
        /// Interface on nodes that name no other.
        default_interface: Str = "defaultInterface",
        /// Other interfaces, on the nodes that they name.
        custom_interfaces: Box<[CustomInterface]> = "customInterfaces",
    }
    /// An item of `spec.customInterfaces` of a ProviderNetwork.
    CustomInterface {
        /// Interface.
        interface: Str = "interface",
        /// Nodes.
        nodes: Box<[Str]> = "nodes",
    }
    /// A QoSPolicy (reference 1.11).
    QosPolicy {
        /// Metadata.
        meta: Meta = "metadata",
    }
    /// A SwitchLBRule (reference 1.11).
    SwitchLbRule {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: SwitchLbRuleSpec = "spec",
    }
    /// `spec` of a SwitchLBRule.
    SwitchLbRuleSpec {
        /// Address of the load balancer, which IPAM does not give.
        vip: Str = "vip",
        /// Namespace of its endpoints.
        namespace: Str = "namespace",
        /// Labels of the pods behind it, `key:value`.
        selector: Box<[Str]> = "selector",
        /// Addresses behind it, where no labels name them.
        endpoints: Box<[Field<Addr>]> = "endpoints",
    }
    /// An AddressClaim (group `ipledger.dev`).
    AddressClaim {
        /// Metadata.
        meta: Meta = "metadata",
        /// The claim; immutable.
        spec: AddressClaimSpec = "spec",
        /// Who uses it.
        status: AddressClaimStatus = "status",
    }
    /// `spec` of an AddressClaim.
    AddressClaimSpec {
        /// Layer-2 domain.
        wire: Str = "wire",
        /// Address.
        address: Field<Addr> = "address",
        /// Subnet that it was made for.
        subnet: Str = "subnet",
        /// Who is entitled.
        holder: ClaimHolder = "holder",
        /// MAC address.
        mac: Field<Mac> = "mac",
    }
    /// `spec.holder` of an AddressClaim.
    ClaimHolder {
        /// Kind of holder, e.g. `Pod`, `StatefulSet`, `VpcNatGateway`.
        kind: Str = "kind",
        /// Namespace, where the kind has one.
        namespace: Str = "namespace",
        /// Name.
        name: Str = "name",
        /// UID; for Pods only.
        uid: Uid = "uid",
        /// NIC.
        nic: Str = "nic",
    }
    /// `status` of an AddressClaim.
    AddressClaimStatus {
        /// The pod that uses it, where that is not the holder.
        occupant: ClaimOccupant = "occupant",
    }
    /// `status.occupant` of an AddressClaim.
    ClaimOccupant {
        /// UID of the pod.
        pod_uid: Uid = "podUID",
        /// Its node.
        node: Str = "node",
    }
    /// A Pod.
    Pod {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: PodSpec = "spec",
        /// What the kubelet says.
        status: PodStatus = "status",
    }
    /// `spec` of a Pod.
    PodSpec {
        /// Node; empty until it is bound.
        node_name: Str = "nodeName",
        /// Whether it uses its node's network.
        host_network: bool = "hostNetwork",
        /// `Always`, `OnFailure` or `Never`.
        restart_policy: Str = "restartPolicy",
    }
    /// `status` of a Pod.
    PodStatus {
        /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
        phase: Str = "phase",
        /// Why it is in that phase, e.g. `Evicted`.
        reason: Str = "reason",
        /// When its conditions last changed.
        changed: Newest = "conditions",
        /// When its containers last changed.
        containers_changed: Newest = "containerStatuses",
    }
    /// A Node.
    Node {
        /// Metadata.
        meta: Meta = "metadata",
        /// What the kubelet says.
        status: NodeStatus = "status",
    }
    /// `status` of a Node.
    NodeStatus {
        /// When its conditions last changed or were confirmed.
        changed: Newest = "conditions",
    }
    /// A StatefulSet.
    StatefulSet {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: StatefulSetSpec = "spec",
    }
    /// `spec` of a StatefulSet.
    StatefulSetSpec {
        /// Replicas; absent is one.
        replicas: Option<i64> = "replicas",
        /// Where its ordinals begin.
        ordinals: Ordinals = "ordinals",
        /// Template of its pods.
        template: Template = "template",
    }
    /// `spec.ordinals` of a StatefulSet.
    Ordinals {
        /// The first ordinal.
        start: i64 = "start",
    }
    /// A Deployment, ReplicaSet, DaemonSet or Job.
    Controller {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: ControllerSpec = "spec",
    }
    /// `spec` of a Deployment, ReplicaSet, DaemonSet or Job.
    ControllerSpec {
        /// Replicas; absent is one.
        replicas: Option<i64> = "replicas",
        /// Template of its pods.
        template: Template = "template",
    }
    /// A pod template.
    Template {
        /// Metadata of the pods.
        meta: Meta = "metadata",
    }
    /// A NetworkAttachmentDefinition.
    Nad {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: NadSpec = "spec",
    }
    /// `spec` of a NetworkAttachmentDefinition.
    NadSpec {
        /// CNI configuration: JSON in a string.
        config: Field<NadConfig> = "config",
    }
    /// A KubeVirt VirtualMachine.
    VirtualMachine {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: VirtualMachineSpec = "spec",
    }
    /// `spec` of a VirtualMachine.
    VirtualMachineSpec {
        /// Template of its instance.
        template: VirtualMachineTemplate = "template",
    }
    /// `spec.template` of a VirtualMachine.
    VirtualMachineTemplate {
        /// Metadata of the instance and of its pods.
        meta: Meta = "metadata",
        /// Its networks.
        spec: VirtualMachineNetworks = "spec",
    }
    /// A KubeVirt VirtualMachineInstance.
    VirtualMachineInstance {
        /// Metadata.
        meta: Meta = "metadata",
        /// Its networks.
        spec: VirtualMachineNetworks = "spec",
        /// What KubeVirt says.
        status: VirtualMachineInstanceStatus = "status",
    }
    /// Networks of a VM.
    VirtualMachineNetworks {
        /// One per interface.
        networks: Box<[VmNetwork]> = "networks",
    }
    /// A network of a VM: Multus, or the pod's own.
    VmNetwork {
        /// Name inside the VM's spec.
        name: Str = "name",
        /// Set for networks of Multus.
        multus: Option<VmMultus> = "multus",
    }
    /// `multus` of a VM's network.
    VmMultus {
        /// `[namespace/]name` of a NetworkAttachmentDefinition.
        network_name: Str = "networkName",
        /// Whether it replaces the primary network.
        default: bool = "default",
    }
    /// `status` of a VirtualMachineInstance.
    VirtualMachineInstanceStatus {
        /// Phase.
        phase: Str = "phase",
        /// When its conditions last changed.
        changed: Newest = "conditions",
    }
    /// A condition that is read by its text.
    Condition {
        /// Type.
        type_: Str = "type",
        /// `True`, `False` or `Unknown`.
        status: Str = "status",
        /// Why, for people.
        message: Box<str> = "message",
        /// When it changed.
        changed: Field<super::Time> = "lastTransitionTime",
    }
    /// `status` of a Namespace.
    NamespaceStatus {
        /// `Active` or `Terminating`.
        phase: Str = "phase",
        /// Conditions: a Namespace that cannot go says there what is left in it.
        conditions: Box<[Condition]> = "conditions",
    }
    /// A Namespace.
    Namespace {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: NamespaceSpec = "spec",
        /// What is there.
        status: NamespaceStatus = "status",
    }
    /// `spec` of a Namespace.
    NamespaceSpec {
        /// Finalizers of the Namespace's own life cycle: `kubernetes`.
        finalizers: Box<[Str]> = "finalizers",
    }
}
