//! What to read again before a finding is believed.
//!
//! In: the indexed world and a finding. Out: the objects to read. Guarantees: every object that the finding names, and every
//! object from whose absence it was concluded.

use crate::finding::{Code, Finding};
use crate::holder::{IpRole, ip_role};
use crate::judge::Context;
use api::names;
use api::slim::{Ip, Kind};

/// Kind, namespace, name.
pub type Target = (Kind, String, String);

/// The objects to read again.
#[must_use]
pub fn targets(context: &Context<'_>, finding: &Finding) -> Vec<Target> {
    let mut targets: Vec<Target> =
        finding.objects.iter().map(|o| (o.kind, o.namespace.to_string(), o.name.to_string())).collect();
    match finding.code {
        Code::LeakedIp | Code::LeakedNic | Code::DuplicateAddress => {
            let ips = finding.objects.iter().filter(|object| object.kind == Kind::Ip);
            for ip in ips.filter_map(|object| context.world.ips.named(&object.name)) {
                holders(context, ip, &mut targets);
            }
        }
        Code::MissingRecord => targets.extend(own_record(finding)),
        Code::MissingReference => targets.extend(missing(finding)),
        _ => {}
    }
    targets
}

/// Everything that could hold or keep an IP object's address.
fn holders(context: &Context<'_>, ip: &Ip, targets: &mut Vec<Target>) {
    let (namespace, name) = (ip.spec.namespace.to_string(), ip.spec.pod_name.to_string());
    let mut add = |kind: Kind, namespace: &str, name: &str| targets.push((kind, namespace.to_owned(), name.to_owned()));
    match ip_role(ip) {
        IpRole::Node(node) => add(Kind::Node, "", node),
        IpRole::U2o | IpRole::Mcast => add(Kind::Subnet, "", &ip.spec.subnet),
        IpRole::VmNic(_) => {
            add(Kind::VirtualMachine, &namespace, &name);
            add(Kind::VirtualMachineInstance, &namespace, &name);
            add(Kind::Pod, &namespace, &name);
        }
        IpRole::PodNic(_) => {
            add(Kind::Pod, &namespace, &name);
            if let Some((set, ordinal)) = name.rsplit_once('-')
                && ordinal.parse::<u32>().is_ok()
            {
                add(Kind::StatefulSet, &namespace, set);
            }
            if let Some(gateway) = context.gateways.of_name(&ip.spec.pod_name) {
                add(Kind::VpcNatGateway, "", gateway);
            }
        }
    }
}

/// The IP object that a pod or node should have, whose name is in the subject: `pod/<namespace>/<name>/<provider>`.
fn own_record(finding: &Finding) -> Option<Target> {
    let (_, subject) = finding.id.as_str().split_once(':')?;
    let parts: Vec<&str> = subject.split('/').collect();
    let name = match parts.as_slice() {
        ["pod" | "vm", namespace, name, provider] => names::port_name(name, namespace, provider),
        ["node", name] => format!("node-{name}"),
        _ => return None,
    };
    Some((Kind::Ip, String::new(), name))
}

/// The missing object, which is the subject: `<plural>/[<namespace>/]<name>`.
fn missing(finding: &Finding) -> Option<Target> {
    let (_, subject) = finding.id.as_str().split_once(':')?;
    let (plural, path) = subject.split_once('/')?;
    let kind = Kind::from_resource(plural)?;
    let (namespace, name) = path.split_once('/').unwrap_or(("", path));
    Some((kind, namespace.to_owned(), name.to_owned()))
}
