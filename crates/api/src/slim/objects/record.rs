//! IP objects, Vips, OvnEips and AddressClaims: who was given an address.
//!
//! In: JSON. Out: the structs, each with what somebody decides on. Guarantees: those of [`super`].

use crate::slim::{Condition, Field, Meta, Newest, PodType, Str, Uid};
use ledger::{Addr, AddrPair, Mac};

slim! {
    /// An IP: Kube-OVN's record of one NIC's addresses.
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
        /// Who keeps the addresses.
        pod_type: PodType = "podType",
    }
    /// A Vip.
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
        /// What is said of it.
        conditions: Box<[Condition]> = "conditions",
    }
    /// An OvnEip.
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
        /// Who does not use it any more, by the word of the node's agent.
        let_go: ClaimLetGo = "letGo",
        /// While a virtual machine migrates: the pod that it moves to.
        target: ClaimTarget = "target",
        /// The gateway that has it on its interface.
        programmed: ClaimProgrammed = "programmed",
        /// How long it is kept because it answered without a claim.
        quarantine: ClaimQuarantine = "quarantine",
        /// What it waits for.
        conditions: Box<[Condition]> = "conditions",
    }
    /// `status.target` of an AddressClaim: the same that its status says of the occupant.
    ClaimTarget {
        /// The pod.
        occupant: ClaimOccupant = "occupant",
        /// Whether it does not use it any more, by the word of the node's agent.
        let_go: ClaimLetGo = "letGo",
    }
    /// `status.quarantine` of an AddressClaim.
    ClaimQuarantine {
        /// Until then.
        until: Field<crate::slim::Time> = "until",
    }
    /// `status.programmed` of an AddressClaim.
    ClaimProgrammed {
        /// Its name.
        gateway: Str = "gateway",
    }
    /// `status.letGo` of an AddressClaim.
    ClaimLetGo {
        /// UID of the pod.
        pod_uid: Uid = "podUID",
    }
    /// `status.occupant` of an AddressClaim.
    ClaimOccupant {
        /// UID of the pod.
        pod_uid: Uid = "podUID",
        /// Its namespace.
        namespace: Str = "namespace",
        /// Its name.
        name: Str = "name",
        /// Its node.
        node: Str = "node",
        /// Its sandbox, where the node's agent says that the address is on its interface.
        sandbox: Str = "sandbox",
    }
}

impl AddressClaimStatus {
    /// The pods that use the address: the occupant, and while a virtual machine migrates the target. With each comes of which pod the agent
    /// of its node has given its word.
    pub fn users(&self) -> impl Iterator<Item = (&ClaimOccupant, &Uid)> {
        let (first, second) = ((&self.occupant, &self.let_go), (&self.target.occupant, &self.target.let_go));
        let users = [first, second].into_iter().filter(|(occupant, _)| occupant.pod_uid != Uid::None);
        users.map(|(occupant, let_go)| (occupant, &let_go.pod_uid))
    }

    /// Whether a pod may use the address: it is one of these, and its agent has not said that it has let go.
    #[must_use]
    pub fn may_use(&self, pod: &Uid) -> bool {
        self.users().any(|(occupant, let_go)| occupant.pod_uid == *pod && let_go != pod)
    }
}
