//! Rules that refer to EIPs and Subnets.
//!
//! In: JSON. Out: the structs, each with what somebody decides on. Guarantees: those of [`super`].

use super::Condition;
use crate::slim::{Field, InternalCidr, Meta, Str, Time};
use ledger::Addr;

impl NatStatus {
    /// When its conditions last changed.
    #[must_use]
    pub fn changed(&self) -> Option<Time> {
        Condition::newest(&self.conditions)
    }
}

slim! {
    /// An IptablesFIPRule.
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
    /// An IptablesDnatRule.
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
    /// An IptablesSnatRule.
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
        /// Address inside (FIP, DNAT).
        internal_ip: Field<Addr> = "internalIp",
        /// Port inside (DNAT).
        internal_port: Field<u16> = "internalPort",
        /// Port outside (DNAT).
        external_port: Field<u16> = "externalPort",
        /// Protocol (DNAT).
        protocol: Str = "protocol",
        /// CIDR inside (SNAT).
        internal_cidr: Field<InternalCidr> = "internalCIDR",
        /// What is said of it.
        conditions: Box<[Condition]> = "conditions",
    }
    /// An OvnFip, OvnSnatRule or OvnDnatRule: to IPLedger, something that refers to an OvnEip.
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
    /// A QoSPolicy.
    QosPolicy {
        /// Metadata.
        meta: Meta = "metadata",
    }
    /// A SwitchLBRule.
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
}
