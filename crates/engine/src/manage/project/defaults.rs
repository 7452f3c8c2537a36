//! What a Subnet's spec lacks: Kube-OVN's defaults.
//!
//! In: a Subnet whose every field can be read. Out: one patch that completes it, or none. Guarantees: what the user wrote
//! stays as it is written and where it is, host bits of the CIDR apart; a gateway is added to `excludeIps` only where no
//! entry covers it, and only what was added here is ever removed: the annotation `ipledger.dev/added-excludes` says which.
//! A Subnet that was completed needs nothing more, whoever else completes it.

use api::names::{self, Provider, annotations};
use api::slim::{Exclude, ExcludeForm, Field, Meta, Str, Subnet, Time};
use ledger::{Addr, AddrPair, CidrPair};
use serde_json::{Map, Value};

/// The gateways of a Subnet: those given, else the first usable address of each CIDR (Kube-OVN `formatGateway`).
pub(in crate::manage) fn gateways(subnet: &Subnet) -> AddrPair {
    let cidrs = subnet.spec.cidr.get().map_or(CidrPair::NONE, |cidr| **cidr);
    let mut gateways = subnet.spec.gateway.get().copied().unwrap_or(AddrPair::NONE);
    for cidr in cidrs.iter() {
        let gateway = gateways.get(cidr.family()).unwrap_or_else(|| cidr.usable().first());
        gateways.set(cidr.family(), Some(gateway));
    }
    gateways
}

/// What a Subnet lacks: a merge patch; nothing in it where it lacks nothing.
/// `adopted` is when its adoption was done, if it is.
pub(super) fn lacking(subnet: &Subnet, adopted: Option<Time>) -> Map<String, Value> {
    let (mut meta, mut spec) = (Map::new(), Map::new());
    let put = |to: &mut Map<String, Value>, key: &str, value: Option<Value>| {
        to.extend(value.map(|value| (key.to_owned(), value)));
    };
    let (cidrs, given) = (subnet.spec.cidr.get(), subnet.spec.gateway.get().copied().unwrap_or(AddrPair::NONE));
    let gateways = gateways(subnet);
    put(&mut spec, "cidrBlock", cidrs.filter(|cidr| !cidr.is_canonical()).map(|cidr| cidr.to_string().into()));
    put(&mut spec, "gateway", (given != gateways).then(|| gateways.to_string().into()));
    let protocol = protocol(cidrs.map_or(CidrPair::NONE, |cidr| **cidr));
    put(&mut spec, "protocol", (subnet.spec.protocol != protocol).then(|| protocol.into()));
    if Provider::parse(&subnet.spec.provider) == Provider::Primary {
        primary(subnet).into_iter().for_each(|(key, value)| put(&mut spec, key, Some(value.into())));
    }
    let (excludes, added) = excludes(subnet, gateways);
    put(&mut spec, "excludeIps", excludes.map(Into::into));
    let mut notes = Map::new();
    let note = added.map(|note| if note.is_empty() { Value::Null } else { note.into() });
    put(&mut notes, annotations::ADDED_EXCLUDES, note);
    let adopted = adopted.filter(|_| subnet.meta.annotation(annotations::ADOPTED).is_none());
    put(&mut notes, annotations::ADOPTED, adopted.map(|at| at.to_string().into()));
    put(&mut meta, "annotations", (!notes.is_empty()).then(|| notes.into()));
    put(&mut meta, "finalizers", finalizers(&subnet.meta));
    let mut patch = Map::new();
    put(&mut patch, "metadata", (!meta.is_empty()).then(|| meta.into()));
    put(&mut patch, "spec", (!spec.is_empty()).then(|| spec.into()));
    patch
}

/// What a Subnet of the primary network lacks beside that (Kube-OVN `formatSubnet`).
fn primary(subnet: &Subnet) -> Vec<(&'static str, &'static str)> {
    let spec = &subnet.spec;
    let is_default_vpc = spec.vpc.is_empty() || spec.vpc == names::DEFAULT_VPC;
    let lacks = [
        ("provider", names::PRIMARY_PROVIDER, spec.provider.is_empty()),
        ("vpc", names::DEFAULT_VPC, spec.vpc.is_empty()),
        ("gatewayType", "distributed", spec.gateway_type.is_empty() && is_default_vpc),
    ];
    lacks.into_iter().filter(|(.., lacks)| *lacks).map(|(key, value, _)| (key, value)).collect()
}

/// All finalizers, where Kube-OVN's is missing or has its old name.
fn finalizers(meta: &Meta) -> Option<Value> {
    if meta.finalizers.iter().any(|name| name == names::FINALIZER) {
        return None;
    }
    let others = meta.finalizers.iter().filter(|name| !names::is_kubeovn_finalizer(name)).map(Str::as_str);
    Some(others.chain([names::FINALIZER]).collect())
}

fn protocol(cidrs: CidrPair) -> &'static str {
    match (cidrs.v4, cidrs.v6) {
        (Some(_), Some(_)) => "Dual",
        (Some(_), None) => "IPv4",
        (None, Some(_)) => "IPv6",
        (None, None) => "Mac",
    }
}

/// The list of excludes and the note of what was added to it, each where it changes.
fn excludes(subnet: &Subnet, gateways: AddrPair) -> (Option<Vec<String>>, Option<String>) {
    let given: Vec<Exclude> = subnet.spec.exclude_ips.iter().filter_map(Field::get).copied().collect();
    let noted = subnet.meta.annotation(annotations::ADDED_EXCLUDES).unwrap_or_default();
    let mut ours: Vec<Addr> = noted.split(',').filter_map(|text| text.trim().parse().ok()).collect();
    let is_gateway = |addr: Addr| gateways.get(addr.family()) == Some(addr);
    let is_left = |exclude: &Exclude| {
        let addr = exclude.range.first();
        exclude.form == ExcludeForm::Address && ours.contains(&addr) && !is_gateway(addr)
    };
    let mut kept: Vec<Exclude> = given.iter().filter(|exclude| !is_left(exclude)).copied().collect();
    ours.retain(|addr| is_gateway(*addr));
    for gateway in
        gateways.iter().filter(|addr| !kept.iter().any(|exclude| exclude.range.contains(*addr))).collect::<Vec<_>>()
    {
        kept.push(Exclude { range: gateway.into(), form: ExcludeForm::Address });
        ours.retain(|addr| *addr != gateway);
        ours.push(gateway);
    }
    let note = ours.iter().map(Addr::to_string).collect::<Vec<_>>().join(",");
    let list = (kept != given).then(|| kept.iter().map(text).collect());
    (list, (note != noted).then_some(note))
}

/// An exclude as it is written.
pub(super) fn text(exclude: &Exclude) -> String {
    let (first, last) = (exclude.range.first(), exclude.range.last());
    match exclude.form {
        ExcludeForm::Range => format!("{first}..{last}"),
        ExcludeForm::Address | ExcludeForm::OddAddress => first.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::slim::{Kind, Object, read};
    use serde_json::json;

    /// A Subnet of an attachment, unless its spec says otherwise.
    fn subnet(annotation: Option<&str>, spec: &Value) -> Subnet {
        let mut all = json!({"provider": "macvlan.default"});
        all.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
        let spec = all;
        let object = json!({"metadata": {"name": "s", "annotations": {annotations::ADDED_EXCLUDES: annotation}},
            "spec": spec});
        match read(Kind::Subnet, object.to_string().as_bytes()).unwrap().object {
            Object::Subnet(subnet) => std::sync::Arc::unwrap_or_clone(subnet),
            other => panic!("{other:?}"),
        }
    }

    fn lacks(annotation: Option<&str>, spec: &Value) -> Value {
        let mut body = Value::from(lacking(&subnet(annotation, spec), None));
        let spec = body["spec"].take();
        json!({"spec": spec, "added": body["metadata"]["annotations"][annotations::ADDED_EXCLUDES]})
    }

    #[test]
    fn a_subnet_with_nothing_but_a_cidr_gets_the_rest() {
        let lacks = lacks(None, &json!({"cidrBlock": "10.0.0.7/24,fd00::7/112"}));
        assert_eq!(
            lacks,
            json!({"spec": {"cidrBlock": "10.0.0.0/24,fd00::/112", "gateway": "10.0.0.1,fd00::1",
                "excludeIps": ["10.0.0.1", "fd00::1"], "protocol": "Dual"}, "added": "10.0.0.1,fd00::1"})
        );
    }

    #[test]
    fn a_subnet_of_the_primary_network_is_told_where_it_belongs() {
        let of = |spec: &Value| {
            let lacks = lacks(None, spec)["spec"].take();
            [&lacks["provider"], &lacks["vpc"], &lacks["gatewayType"]].map(|value| value.as_str().map(str::to_owned))
        };
        let all = ["ovn", "ovn-cluster", "distributed"].map(|text| Some(text.to_owned()));
        assert_eq!(of(&json!({"cidrBlock": "10.0.0.0/24", "provider": ""})), all);
        let other = json!({"cidrBlock": "10.0.0.0/24", "provider": "ovn", "vpc": "v"});
        assert_eq!(of(&other), [None, None, None], "a VPC of its own has no default for the rest");
        assert_eq!(of(&json!({"cidrBlock": "10.0.0.0/24"})), [None, None, None]);
    }

    #[test]
    fn excludes_stay_as_they_are_written_and_only_the_gateway_is_added() {
        let spec = json!({"cidrBlock": "10.0.0.0/24", "gateway": "10.0.0.254", "protocol": "IPv4",
            "excludeIps": ["10.0.0.9..10.0.0.12", "10.0.0.2", "10.0.0.11..10.0.0.11", "10.0.0.2"]});
        let lacks = lacks(None, &spec);
        let list = json!(["10.0.0.9..10.0.0.12", "10.0.0.2", "10.0.0.11..10.0.0.11", "10.0.0.2", "10.0.0.254"]);
        assert_eq!(lacks["spec"], json!({"excludeIps": list}));
        let covered = json!({"cidrBlock": "10.0.0.0/24", "gateway": "10.0.0.1", "protocol": "IPv4",
            "excludeIps": ["10.0.0.1..10.0.0.9"]});
        assert!(!lacking(&subnet(None, &covered), None).contains_key("spec"));
    }

    #[test]
    fn the_old_gateway_is_excluded_no_longer_if_only_we_excluded_it() {
        let spec = json!({"cidrBlock": "10.0.0.0/24", "gateway": "10.0.0.254", "protocol": "IPv4",
            "excludeIps": ["10.0.0.7", "10.0.0.1"]});
        let ours = lacks(Some("10.0.0.1"), &spec);
        assert_eq!(ours, json!({"spec": {"excludeIps": ["10.0.0.7", "10.0.0.254"]}, "added": "10.0.0.254"}));
        let theirs = lacks(None, &spec);
        assert_eq!(theirs["spec"]["excludeIps"], json!(["10.0.0.7", "10.0.0.1", "10.0.0.254"]));
    }
}
