//! Subnets and IPPools: the addresses that can be given.
//!
//! In: JSON. Out: the structs, each with what somebody decides on. Guarantees: those of [`super`].

use super::LabelSelector;
use crate::slim::{Condition, Counter, Exclude, Field, Meta, PoolEntry, Spelled, Str};
use ledger::{AddrPair, CidrPair, Mac};

slim! {
    /// A Subnet.
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
        /// Namespaces bound to it by their labels: those that any of these selects.
        namespace_selectors: Box<[LabelSelector]> = "namespaceSelectors",
        /// One CIDR, or one of each family.
        cidr: Field<Spelled<CidrPair>> = "cidrBlock",
        /// Gateway, or one of each family.
        gateway: Field<AddrPair> = "gateway",
        /// Addresses that are never picked: `ip` or `a..b`.
        exclude_ips: Box<[Field<Exclude>]> = "excludeIps",
        /// Provider: empty or `ovn` for the primary network, `<nad>.<namespace>.ovn` or `<nad>.<namespace>` for an attachment.
        provider: Str = "provider",
        /// Vlan object, on an underlay.
        vlan: Str = "vlan",
        /// Where traffic leaves it: `distributed` or `centralized`.
        gateway_type: Str = "gatewayType",
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
        /// Conditions.
        conditions: Box<[Condition]> = "conditions",
    }
    /// An IPPool.
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
        /// Conditions.
        conditions: Box<[Condition]> = "conditions",
    }
}
