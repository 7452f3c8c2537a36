//! The CRDs against Kube-OVN v1.17, written down here as data and independent of the types.
//!
//! In: `api::crds`. Out: a failure that names kind and field. The tables list everything: a field, column, default or
//! bound that is missing or too many fails.

#![allow(clippy::unwrap_used)] // A test program: its helpers may fail as its tests may.

use api::crds;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use std::collections::{BTreeMap, BTreeSet};

struct Reference {
    kind: &'static str,
    plural: &'static str,
    singular: &'static str,
    short: &'static str,
    status_subresource: bool,
    /// `Name path type`, in order.
    columns: &'static [&'static str],
    /// `path type`, lists as `[]`; Kubernetes' own types end in their name.
    spec: &'static str,
    status: &'static str,
}

const AGE: &str = "Age .metadata.creationTimestamp date";

/// `conditions` as every kind but ProviderNetwork has them.
const CONDITIONS: &str = "conditions[].type string, conditions[].status string, conditions[].reason string,
    conditions[].message string, conditions[].observedGeneration integer, conditions[].lastUpdateTime date-time,
    conditions[].lastTransitionTime date-time";

const REFERENCE: &[Reference] = &[
    Reference {
        kind: "Subnet",
        plural: "subnets",
        singular: "subnet",
        short: "subnet",
        status_subresource: true,
        columns: &[
            "Provider .spec.provider string",
            "Vpc .spec.vpc string",
            "Vlan .spec.vlan string",
            "Protocol .spec.protocol string",
            "CIDR .spec.cidrBlock string",
            "Private .spec.private boolean",
            "NAT .spec.natOutgoing boolean",
            "Default .spec.default boolean",
            "GatewayType .spec.gatewayType string",
            "V4Used .status.v4usingIPs number",
            "V4Available .status.v4availableIPs number",
            "V6Used .status.v6usingIPs number",
            "V6Available .status.v6availableIPs number",
            "ExcludeIPs .spec.excludeIps string",
            "U2OInterconnectionIP .status.u2oInterconnectionIP string",
        ],
        spec: "default boolean, vpc string, protocol string, namespaces[] string, namespaceSelectors[] LabelSelector,
            cidrBlock string, gateway string, excludeIps[] string, provider string, gatewayType string,
            gatewayNode string, gatewayNodeSelectors[] LabelSelector, natOutgoing boolean, externalEgressGateway string,
            policyRoutingPriority integer, policyRoutingTableID integer, mtu integer, private boolean,
            allowSubnets[] string, vlan string, vips[] string, logicalGateway boolean, disableGatewayCheck boolean,
            disableInterConnection boolean, enableDHCP boolean, enableIPv6RA boolean, allowEWTraffic boolean,
            enableEcmp boolean, enableMulticastSnoop boolean, enableExternalLBAddress boolean, dhcpV4Options string,
            dhcpV6Options string, ipv6RAConfigs string, routeTable string, nodeNetwork string,
            acls[].direction string, acls[].priority integer, acls[].match string, acls[].action string,
            natOutgoingPolicyRules[].match.srcIPs string, natOutgoingPolicyRules[].match.dstIPs string,
            natOutgoingPolicyRules[].action string, u2oInterconnection boolean, u2oInterconnectionIP string,
            u2oFeatures.overlayOnlyRouting boolean, enableLb boolean",
        status: "CONDITIONS, v4availableIPs number, v4usingIPs number, v6availableIPs number, v6usingIPs number,
            v4availableIPrange string, v4usingIPrange string, v6availableIPrange string, v6usingIPrange string,
            activateGateway string, dhcpV4OptionsUUID string, dhcpV6OptionsUUID string, u2oInterconnectionIP string,
            u2oInterconnectionMAC string, u2oInterconnectionVPC string, natOutgoingPolicyRules[].ruleID string,
            natOutgoingPolicyRules[].match.srcIPs string, natOutgoingPolicyRules[].match.dstIPs string,
            natOutgoingPolicyRules[].action string, mcastQuerierIP string, mcastQuerierMAC string",
    },
    Reference {
        kind: "IP",
        plural: "ips",
        singular: "ip",
        short: "ip",
        status_subresource: false,
        columns: &[
            "V4IP .spec.v4IpAddress string",
            "V6IP .spec.v6IpAddress string",
            "Mac .spec.macAddress string",
            "Node .spec.nodeName string",
            "Subnet .spec.subnet string",
        ],
        spec: "podName string, namespace string, subnet string, attachSubnets[] string, attachIps[] string,
            attachMacs[] string, nodeName string, ipAddress string, v4IpAddress string, v6IpAddress string,
            macAddress string, containerID string, podType string",
        status: "",
    },
    Reference {
        kind: "IPPool",
        plural: "ippools",
        singular: "ippool",
        short: "ippool",
        status_subresource: true,
        columns: &[
            "Subnet .spec.subnet string",
            "enableAddressSet .spec.enableAddressSet boolean",
            "IPs .spec.ips string",
            "V4Used .status.v4UsingIPs number",
            "V4Available .status.v4AvailableIPs number",
            "V6Used .status.v6UsingIPs number",
            "V6Available .status.v6AvailableIPs number",
        ],
        spec: "subnet string, namespaces[] string, ips[] string, enableAddressSet boolean",
        status: "CONDITIONS, v4AvailableIPs number, v4UsingIPs number, v6AvailableIPs number, v6UsingIPs number,
            v4AvailableIPRange string, v4UsingIPRange string, v6AvailableIPRange string, v6UsingIPRange string",
    },
    Reference {
        kind: "Vip",
        plural: "vips",
        singular: "vip",
        short: "vip",
        status_subresource: false,
        columns: &[
            "Namespace .spec.namespace string",
            "V4IP .status.v4ip string",
            "V6IP .status.v6ip string",
            "Mac .status.mac string",
            "Subnet .spec.subnet string",
            "Type .status.type string",
        ],
        spec: "namespace string, subnet string, type string, v4ip string, v6ip string, macAddress string,
            selector[] string, attachSubnets[] string",
        status: "CONDITIONS, type string, v4ip string, v6ip string, mac string, selector[] string",
    },
    Reference {
        kind: "Vpc",
        plural: "vpcs",
        singular: "vpc",
        short: "vpc",
        status_subresource: true,
        columns: &[
            "EnableExternal .status.enableExternal boolean",
            "EnableBfd .status.enableBfd boolean",
            "Standby .status.standby boolean",
            "Subnets .status.subnets string",
            "ExtraExternalSubnets .status.extraExternalSubnets string",
            "Namespaces .spec.namespaces string",
            "DefaultSubnet .status.defaultLogicalSwitch string",
            AGE,
        ],
        spec: "defaultSubnet string, namespaces[] string, staticRoutes[].policy string, staticRoutes[].cidr string,
            staticRoutes[].nextHopIP string, staticRoutes[].ecmpMode string, staticRoutes[].bfdId string,
            staticRoutes[].routeTable string, policyRoutes[].priority integer, policyRoutes[].match string,
            policyRoutes[].action string, policyRoutes[].nextHopIP string, vpcPeerings[].remoteVpc string,
            vpcPeerings[].localConnectIP string, enableExternal boolean, extraExternalSubnets[] string,
            enableBfd boolean, bfdPort.enabled boolean, bfdPort.ip string, bfdPort.nodeSelector LabelSelector",
        status: "CONDITIONS, standby boolean, default boolean, defaultLogicalSwitch string, router string,
            tcpLoadBalancer string, udpLoadBalancer string, sctpLoadBalancer string, tcpSessionLoadBalancer string,
            udpSessionLoadBalancer string, sctpSessionLoadBalancer string, subnets[] string, vpcPeerings[] string,
            enableExternal boolean, extraExternalSubnets[] string, enableBfd boolean, bfdPort.name string,
            bfdPort.ip string, bfdPort.nodes[] string",
    },
    Reference {
        kind: "VpcNatGateway",
        plural: "vpc-nat-gateways",
        singular: "vpc-nat-gateway",
        short: "vpc-nat-gw",
        status_subresource: true,
        columns: &[
            "Namespace .spec.namespace string",
            "Vpc .spec.vpc string",
            "Subnet .spec.subnet string",
            "IPs .status.lanIp string",
            "Replicas .spec.replicas integer",
            "Ready .status.ready boolean",
            "BFD .spec.bfd.enabled boolean",
            AGE,
        ],
        spec: "namespace string, vpc string, subnet string, externalSubnets[] string, lanIp string, replicas integer,
            selector[] string, tolerations[] Toleration, affinity Affinity, qosPolicy string,
            bgpSpeaker.enabled boolean, bgpSpeaker.asn integer, bgpSpeaker.remoteAsn integer,
            bgpSpeaker.neighbors[] string, bgpSpeaker.holdTime string, bgpSpeaker.routerId string,
            bgpSpeaker.password string, bgpSpeaker.enableGracefulRestart boolean, bgpSpeaker.extraArgs[] string,
            bfd.enabled boolean, bfd.minRX integer, bfd.minTX integer, bfd.multiplier integer,
            internalSubnets[] string, internalCIDRs[] string, routes[].cidr string, routes[].nextHopIP string,
            noDefaultEIP boolean, annotations{} string",
        status: "qosPolicy string, externalSubnets[] string, selector[] string, replicas integer, ready boolean,
            lanIp string, tolerations[] Toleration, affinity Affinity, workload.apiVersion string,
            workload.kind string, workload.name string, workload.nodes[] string, internalSubnets[] string,
            internalCIDRs[] string",
    },
    Reference {
        kind: "IptablesEIP",
        plural: "iptables-eips",
        singular: "iptables-eip",
        short: "eip",
        status_subresource: true,
        columns: &[
            "Namespace .spec.namespace string",
            "ExternalSubnet .spec.externalSubnet string",
            "IP .status.ip string",
            "Mac .spec.macAddress string",
            "Nat .status.nat string",
            "NatGwDp .spec.natGwDp string",
            "Ready .status.ready boolean",
        ],
        spec: "v4ip string, v6ip string, macAddress string, natGwDp string, qosPolicy string, externalSubnet string,
            namespace string",
        status: "CONDITIONS, ready boolean, ip string, nat string, redo string, qosPolicy string",
    },
    Reference {
        kind: "IptablesFIPRule",
        plural: "iptables-fip-rules",
        singular: "iptables-fip-rule",
        short: "fip",
        status_subresource: true,
        columns: &[
            "Eip .spec.eip string",
            "V4ip .status.v4ip string",
            "InternalIp .spec.internalIp string",
            "V6ip .status.v6ip string",
            "Ready .status.ready boolean",
            "NatGwDp .status.natGwDp string",
        ],
        spec: "eip string, internalIp string",
        status: "CONDITIONS, ready boolean, v4ip string, v6ip string, natGwDp string, redo string, internalIp string",
    },
    Reference {
        kind: "IptablesDnatRule",
        plural: "iptables-dnat-rules",
        singular: "iptables-dnat-rule",
        short: "dnat",
        status_subresource: true,
        columns: &[
            "Eip .spec.eip string",
            "Protocol .spec.protocol string",
            "V4ip .status.v4ip string",
            "V6ip .status.v6ip string",
            "InternalIp .spec.internalIp string",
            "ExternalPort .spec.externalPort string",
            "InternalPort .spec.internalPort string",
            "Type .spec.type string",
            "NatGwDp .status.natGwDp string",
            "Ready .status.ready boolean",
        ],
        spec: "eip string, externalPort string, protocol string, internalIp string, internalPort string, type string",
        status: "CONDITIONS, ready boolean, v4ip string, v6ip string, natGwDp string, redo string, protocol string,
            internalIp string, internalPort string, externalPort string",
    },
    Reference {
        kind: "IptablesSnatRule",
        plural: "iptables-snat-rules",
        singular: "iptables-snat-rule",
        short: "snat",
        status_subresource: true,
        columns: &[
            "EIP .spec.eip string",
            "V4ip .status.v4ip string",
            "V6ip .status.v6ip string",
            "InternalCIDR .spec.internalCIDR string",
            "NatGwDp .status.natGwDp string",
            "Ready .status.ready boolean",
        ],
        spec: "eip string, internalCIDR string",
        status: "CONDITIONS, ready boolean, v4ip string, v6ip string, natGwDp string, redo string, internalCIDR string",
    },
    Reference {
        kind: "OvnEip",
        plural: "ovn-eips",
        singular: "ovn-eip",
        short: "oeip",
        status_subresource: true,
        columns: &[
            "V4IP .status.v4Ip string",
            "V6IP .status.v6Ip string",
            "Mac .status.macAddress string",
            "Type .status.type string",
            "Nat .status.nat string",
            "Ready .status.ready boolean",
            "ExternalSubnet .spec.externalSubnet string",
        ],
        spec: "externalSubnet string, v4Ip string, v6Ip string, macAddress string, type string",
        status: "CONDITIONS, type string, nat string, ready boolean, v4Ip string, v6Ip string, macAddress string",
    },
    Reference {
        kind: "OvnFip",
        plural: "ovn-fips",
        singular: "ovn-fip",
        short: "ofip",
        status_subresource: true,
        columns: &[
            "Vpc .status.vpc string",
            "Type .spec.type string",
            "V4Eip .status.v4Eip string",
            "V6Eip .status.v6Eip string",
            "V4Ip .status.v4Ip string",
            "V6Ip .status.v6Ip string",
            "Ready .status.ready boolean",
            "IpType .spec.ipType string",
            "IpName .spec.ipName string",
        ],
        spec: "ovnEip string, ipType string, ipName string, vpc string, v4Ip string, v6Ip string, type string",
        status: "CONDITIONS, ready boolean, vpc string, v4Eip string, v6Eip string, v4Ip string, v6Ip string,
            macAddress string",
    },
    Reference {
        kind: "OvnSnatRule",
        plural: "ovn-snat-rules",
        singular: "ovn-snat-rule",
        short: "osnat",
        status_subresource: true,
        columns: &[
            "Vpc .status.vpc string",
            "V4Eip .status.v4Eip string",
            "V6Eip .status.v6Eip string",
            "V4IpCidr .status.v4IpCidr string",
            "V6IpCidr .status.v6IpCidr string",
            "Ready .status.ready boolean",
        ],
        spec: "ovnEip string, vpcSubnet string, ipName string, vpc string, v4IpCidr string, v6IpCidr string",
        status: "CONDITIONS, ready boolean, vpc string, v4Eip string, v6Eip string, v4IpCidr string, v6IpCidr string",
    },
    Reference {
        kind: "OvnDnatRule",
        plural: "ovn-dnat-rules",
        singular: "ovn-dnat-rule",
        short: "odnat",
        status_subresource: true,
        columns: &[
            "Vpc .status.vpc string",
            "Eip .spec.ovnEip string",
            "Protocol .status.protocol string",
            "V4Eip .status.v4Eip string",
            "V6Eip .status.v6Eip string",
            "V4Ip .status.v4Ip string",
            "V6Ip .status.v6Ip string",
            "InternalPort .status.internalPort string",
            "ExternalPort .status.externalPort string",
            "IpName .spec.ipName string",
            "Ready .status.ready boolean",
        ],
        spec: "ovnEip string, ipType string, ipName string, internalPort string, externalPort string, protocol string,
            vpc string, v4Ip string, v6Ip string",
        status: "CONDITIONS, vpc string, v4Eip string, v6Eip string, externalPort string, v4Ip string, v6Ip string,
            internalPort string, protocol string, ipName string, ready boolean",
    },
    Reference {
        kind: "Vlan",
        plural: "vlans",
        singular: "vlan",
        short: "vlan",
        status_subresource: true,
        columns: &["ID .spec.id string", "Provider .spec.provider string", "conflict .status.conflict boolean"],
        spec: "id integer, provider string, vlanId integer, providerInterfaceName string",
        status: "CONDITIONS, subnets[] string, conflict boolean",
    },
    Reference {
        kind: "ProviderNetwork",
        plural: "provider-networks",
        singular: "provider-network",
        short: "pn",
        status_subresource: true,
        columns: &["DefaultInterface .spec.defaultInterface string", "Ready .status.ready boolean"],
        spec: "defaultInterface string, customInterfaces[].interface string, customInterfaces[].nodes[] string,
            nodeSelector LabelSelector, excludeNodes[] string, exchangeLinkName boolean,
            autoCreateVlanSubinterfaces boolean, preserveVlanInterfaces boolean, vlanInterfaces[] string",
        status: "ready boolean, readyNodes[] string, notReadyNodes[] string, vlans[] string,
            CONDITIONS, conditions[].node string",
    },
    Reference {
        kind: "QoSPolicy",
        plural: "qos-policies",
        singular: "qos-policy",
        short: "qos",
        status_subresource: true,
        columns: &["Shared .spec.shared string", "BindingType .spec.bindingType string"],
        spec: "shared boolean, bindingType string, bandwidthLimitRules[].name string,
            bandwidthLimitRules[].interface string, bandwidthLimitRules[].rateMax string,
            bandwidthLimitRules[].burstMax string, bandwidthLimitRules[].priority integer,
            bandwidthLimitRules[].direction string, bandwidthLimitRules[].matchType string,
            bandwidthLimitRules[].matchValue string",
        status: "CONDITIONS, shared boolean, bindingType string, bandwidthLimitRules[].name string,
            bandwidthLimitRules[].interface string, bandwidthLimitRules[].rateMax string,
            bandwidthLimitRules[].burstMax string, bandwidthLimitRules[].priority integer,
            bandwidthLimitRules[].direction string, bandwidthLimitRules[].matchType string,
            bandwidthLimitRules[].matchValue string",
    },
    Reference {
        kind: "SwitchLBRule",
        plural: "switch-lb-rules",
        singular: "switch-lb-rule",
        short: "slr",
        status_subresource: true,
        columns: &[
            "vip .spec.vip string",
            "port(s) .status.ports string",
            "service .status.service string",
            "age .metadata.creationTimestamp date",
        ],
        spec: "vip string, namespace string, selector[] string, endpoints[] string, sessionAffinity string,
            ports[].name string, ports[].port integer, ports[].targetPort integer, ports[].protocol string",
        status: "CONDITIONS, ports string, service string",
    },
];

/// Everything that Kube-OVN's schemas demand or fill in beyond types: `kind path what`.
const DEMANDS: &[&str] = &[
    "IPPool spec required ips,subnet",
    "IPPool spec.enableAddressSet default false",
    "IptablesDnatRule spec.type default \"exclusive\"",
    "IptablesDnatRule spec.type enum \"exclusive\",\"share\"",
    "ProviderNetwork spec required defaultInterface",
    r"ProviderNetwork spec.customInterfaces[].interface pattern ^[^/\s]+$ maxLength 15",
    r"ProviderNetwork spec.defaultInterface pattern ^[^/\s]+$ maxLength 15",
    "QoSPolicy spec.bandwidthLimitRules[] required name",
    "QoSPolicy status.bandwidthLimitRules[] required name",
    // Unsigned on their side, which a schema can only say by bounds.
    "Subnet spec.mtu between 0 and 4294967295",
    "Subnet spec.policyRoutingPriority between 0 and 4294967295",
    "Subnet spec.policyRoutingTableID between 0 and 4294967295",
    "Vlan spec required provider",
    "Vlan spec.id between 0 and 4095",
    "Vlan spec.vlanId between 0 and 4095",
    "Vpc spec.bfdPort.enabled default false",
    "VpcNatGateway spec.bfd.enabled default false",
    "VpcNatGateway spec.bfd.minRX between 1 and 3600000",
    "VpcNatGateway spec.bfd.minRX default 1000",
    "VpcNatGateway spec.bfd.minTX between 1 and 3600000",
    "VpcNatGateway spec.bfd.minTX default 1000",
    "VpcNatGateway spec.bfd.multiplier between 1 and 255",
    "VpcNatGateway spec.bfd.multiplier default 3",
    "VpcNatGateway spec.bgpSpeaker.asn between 0 and 4294967295",
    "VpcNatGateway spec.bgpSpeaker.remoteAsn between 0 and 4294967295",
    "VpcNatGateway spec.replicas between 1 and -",
    "VpcNatGateway spec.replicas default 1",
];

fn kube_ovn() -> BTreeMap<String, CustomResourceDefinition> {
    let crds = crds::all().into_iter().filter(|crd| crd.spec.group == "kubeovn.io");
    crds.map(|crd| (crd.spec.names.kind.clone(), crd)).collect()
}

fn root(crd: &CustomResourceDefinition) -> &JSONSchemaProps {
    crd.spec.versions[0].schema.as_ref().unwrap().open_api_v3_schema.as_ref().unwrap()
}

/// Kubernetes' own types, known by a field that only they have.
fn kubernetes_type(schema: &JSONSchemaProps) -> Option<&'static str> {
    let has = |field: &str| schema.properties.as_ref().is_some_and(|properties| properties.contains_key(field));
    [("matchLabels", "LabelSelector"), ("tolerationSeconds", "Toleration"), ("podAntiAffinity", "Affinity")]
        .into_iter()
        .find_map(|(field, name)| has(field).then_some(name))
}

/// Every leaf below a schema: its path and type.
fn leaves(path: &str, schema: &JSONSchemaProps, found: &mut BTreeSet<String>, demands: &mut BTreeSet<String>) {
    if let Some(name) = kubernetes_type(schema) {
        found.insert(format!("{path} {name}"));
        return;
    }
    note_demands(path, schema, demands);
    if let Some(properties) = &schema.properties {
        for (name, property) in properties {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            leaves(&path, property, found, demands);
        }
    } else if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        leaves(&format!("{path}[]"), items, found, demands);
    } else if let Some(JSONSchemaPropsOrBool::Schema(values)) = &schema.additional_properties {
        leaves(&format!("{path}{{}}"), values, found, demands);
    } else {
        let format = schema.format.as_deref().filter(|format| *format == "date-time");
        found.insert(format!("{path} {}", format.or(schema.type_.as_deref()).unwrap_or("no type")));
    }
}

fn note_demands(path: &str, schema: &JSONSchemaProps, demands: &mut BTreeSet<String>) {
    if let Some(required) = &schema.required {
        demands.insert(format!("{path} required {}", required.join(",")));
    }
    if let Some(default) = &schema.default {
        demands.insert(format!("{path} default {}", default.0));
    }
    if let Some(values) = &schema.enum_ {
        let values: Vec<String> = values.iter().map(|value| value.0.to_string()).collect();
        demands.insert(format!("{path} enum {}", values.join(",")));
    }
    if schema.minimum.is_some() || schema.maximum.is_some() {
        let bound = |bound: Option<f64>| bound.map_or("-".to_owned(), |bound| bound.to_string());
        demands.insert(format!("{path} between {} and {}", bound(schema.minimum), bound(schema.maximum)));
    }
    if schema.pattern.is_some() || schema.max_length.is_some() || schema.min_length.is_some() {
        let pattern = schema.pattern.as_deref().unwrap_or("-");
        demands.insert(format!("{path} pattern {pattern} maxLength {}", schema.max_length.unwrap_or_default()));
    }
}

fn expand(list: &str, prefix: &str) -> BTreeSet<String> {
    let list = list.replace("CONDITIONS", CONDITIONS);
    list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(|entry| format!("{prefix}.{entry}")).collect()
}

#[test]
fn the_kinds_are_those_of_the_reference_and_the_claim() {
    let ours: BTreeSet<String> = crds::all().into_iter().map(|crd| crd.spec.names.kind).collect();
    let theirs = REFERENCE.iter().map(|row| row.kind.to_owned()).chain(["AddressClaim".to_owned()]).collect();
    assert_eq!(ours, theirs);
}

#[test]
fn names_are_those_of_the_reference() {
    let crds = kube_ovn();
    for row in REFERENCE {
        let crd = &crds[row.kind];
        let names = &crd.spec.names;
        assert_eq!(crd.metadata.name, Some(format!("{}.kubeovn.io", row.plural)));
        assert_eq!(names.plural, row.plural, "{}", row.kind);
        assert_eq!(names.singular.as_deref(), Some(row.singular), "{}", row.kind);
        assert_eq!(names.short_names, Some(vec![row.short.to_owned()]), "{}", row.kind);
        assert_eq!(names.list_kind, Some(format!("{}List", row.kind)), "{}", row.kind);
        assert_eq!(names.categories, None, "{}", row.kind);
        assert_eq!(crd.spec.scope, "Cluster", "{}", row.kind);
    }
}

#[test]
fn one_version_v1_is_served_and_stored_with_the_subresources_of_the_reference() {
    let crds = kube_ovn();
    for row in REFERENCE {
        let [version] = crds[row.kind].spec.versions.as_slice() else { panic!("{}: one version", row.kind) };
        assert_eq!((version.name.as_str(), version.served, version.storage), ("v1", true, true), "{}", row.kind);
        let subresources = version.subresources.as_ref();
        assert_eq!(subresources.is_some_and(|s| s.status.is_some()), row.status_subresource, "{}", row.kind);
        assert!(subresources.is_none_or(|s| s.scale.is_none()), "{}", row.kind);
    }
}

#[test]
fn columns_are_those_of_the_reference_in_its_order() {
    let crds = kube_ovn();
    for row in REFERENCE {
        let columns = crds[row.kind].spec.versions[0].additional_printer_columns.iter().flatten();
        let shown: Vec<String> = columns
            .map(|column| {
                assert_eq!((column.priority, column.format.as_ref()), (None, None), "{} {}", row.kind, column.name);
                format!("{} {} {}", column.name, column.json_path, column.type_)
            })
            .collect();
        assert_eq!(shown, row.columns, "{}", row.kind);
    }
}

#[test]
fn fields_are_those_of_the_reference_and_no_others() {
    let crds = kube_ovn();
    for row in REFERENCE {
        let (mut found, mut demands) = (BTreeSet::new(), BTreeSet::new());
        leaves("", root(&crds[row.kind]), &mut found, &mut demands);
        let expected: BTreeSet<String> = &expand(row.spec, "spec") | &expand(row.status, "status");
        let missing: Vec<_> = expected.difference(&found).collect();
        let surplus: Vec<_> = found.difference(&expected).collect();
        assert!(missing.is_empty() && surplus.is_empty(), "{}: missing {missing:?}, surplus {surplus:?}", row.kind);
    }
}

#[test]
fn nothing_is_required_defaulted_or_bounded_that_kube_ovn_does_not() {
    let mut found = BTreeSet::new();
    for (kind, crd) in kube_ovn() {
        let mut demands = BTreeSet::new();
        leaves("", root(&crd), &mut BTreeSet::new(), &mut demands);
        found.extend(demands.into_iter().map(|demand| format!("{kind} {demand}")));
    }
    let expected: BTreeSet<String> = DEMANDS.iter().map(|demand| (*demand).to_owned()).collect();
    let missing: Vec<_> = expected.difference(&found).collect();
    let surplus: Vec<_> = found.difference(&expected).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing {missing:#?}, surplus {surplus:#?}");
}

#[test]
fn what_a_newer_kube_ovn_adds_to_spec_or_status_is_kept() {
    for (kind, crd) in kube_ovn() {
        let properties = root(&crd).properties.as_ref().unwrap();
        for part in ["spec", "status"] {
            let Some(part) = properties.get(part) else {
                assert_eq!((kind.as_str(), part), ("IP", "status"));
                continue;
            };
            assert_eq!(part.x_kubernetes_preserve_unknown_fields, Some(true), "{kind}");
        }
    }
}
