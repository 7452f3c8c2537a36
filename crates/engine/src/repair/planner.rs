//! Which findings have a safe action, and which need a person.
//!
//! In: the indexed world, its report. Out: a [`Plan`]. Guarantees: an action needs a finding that is more than possible, an
//! object with Kube-OVN's finalizer (so that its controller releases), and addresses that nobody else has on record.

use super::shared::releases_nothing;
use super::{Action, Change, Decision, Guard, Plan};
use crate::finding::{Certainty, Code, Finding, Severity};
use crate::holder::{IpRole, ip_role};
use crate::judge::Context;
use crate::life::{Gone, Life, Retainer};
use crate::report::Report;
use api::names::labels;
use api::slim::{Field, Ip, Kind, Vip};
use ledger::Addr;

/// Plans the repair of what a report found.
#[must_use]
pub fn plan(context: &Context<'_>, report: &Report) -> Plan {
    let mut plan = Plan::default();
    for finding in &report.findings {
        match action(context, finding) {
            Ok(Some(action)) => plan.actions.push(action),
            Ok(None) => {}
            Err(decide) => {
                plan.decisions.push(Decision { finding: finding.id.clone(), message: finding.message.clone(), decide });
            }
        }
    }
    // NICs of living holders first, whole holders next, labels last; each in the order of the report.
    plan.actions.sort_by_key(|action| {
        match (&action.change, action.finding.as_str().starts_with(Code::LeakedNic.name())) {
            (Change::Delete, true) => 0,
            (Change::Delete, false) => 1,
            (Change::SetLabels(_), _) => 2,
        }
    });
    plan
}

/// The action of a finding; nothing where it goes away with another one; or what a person has to decide.
fn action(context: &Context<'_>, finding: &Finding) -> Result<Option<Action>, String> {
    if finding.certainty == Certainty::Possible {
        return Err("it is only possible: look again in a minute".to_owned());
    }
    match finding.code {
        Code::LeakedIp => leaked(context, finding).map(Some),
        Code::LeakedNic => leaked_nic(context, finding).map(Some),
        Code::LabelDrift => label(context, finding).map(Some),
        Code::CountMismatch | Code::OverCapacity | Code::RangeMismatch if !finding.follows.is_empty() => Ok(None),
        _ if finding.severity == Severity::Info => Ok(None),
        _ => Err(finding.fix.clone()),
    }
}

fn leaked(context: &Context<'_>, finding: &Finding) -> Result<Action, String> {
    let Some(object) = finding.objects.first() else { return Err(finding.fix.clone()) };
    match object.kind {
        Kind::Ip => match context.world.ips.named(&object.name) {
            Some(ip) => leaked_ip(context, finding, ip),
            None => Err(finding.fix.clone()),
        },
        Kind::Vip => match context.world.vips.named(&object.name) {
            Some(vip) => leaked_vip(context, finding, vip),
            None => Err(finding.fix.clone()),
        },
        _ => Err(
            "a claim is released by proof that nothing uses its address: `ipledger release`, once the controller runs"
                .to_owned(),
        ),
    }
}

fn addresses(v4: &Field<Addr>, v6: &Field<Addr>) -> Vec<Addr> {
    [v4, v6].into_iter().filter_map(Field::get).copied().collect()
}

fn base(
    finding: &Finding,
    version: &str,
    change: Change,
    afterwards: String,
    guards: Vec<Guard>,
    frees: Vec<Addr>,
) -> Action {
    Action {
        finding: finding.id.clone(),
        object: finding.objects[0].clone(),
        resource_version: version.to_owned(),
        change,
        reason: finding.message.clone(),
        afterwards,
        guards,
        frees,
    }
}

fn leaked_ip(context: &Context<'_>, finding: &Finding, ip: &Ip) -> Result<Action, String> {
    if let Some(reason) = releases_nothing(&ip.meta) {
        return Err(reason.to_owned());
    }
    let guards = match context.life_of_ip(ip) {
        // The allocator knows such an address by another owner than the one that the deletion names.
        Life::Gone(Gone::Special(..)) => return Err(finding.fix.clone()),
        Life::Gone(gone) => guards_of(ip, &gone),
        _ => return Err(finding.fix.clone()),
    };
    if let Some(decide) = context.shared_release(ip) {
        return Err(decide);
    }
    let frees = addresses(&ip.spec.v4, &ip.spec.v6);
    Ok(base(finding, &ip.meta.resource_version, Change::Delete, afterwards(&frees, &ip.spec.subnet), guards, frees))
}

fn afterwards(frees: &[Addr], subnet: &str) -> String {
    let list = frees.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match frees.is_empty() {
        true => format!("the record is gone, and Subnet {subnet} is not counted for it any more"),
        false => format!("{list} is available in Subnet {subnet} again"),
    }
}

/// What must still be gone when the record is deleted: all that could use or keep the address.
fn guards_of(ip: &Ip, gone: &Gone<'_>) -> Vec<Guard> {
    let absent = |kind: Kind, namespace: &str, name: &str| Guard::Absent {
        kind,
        namespace: namespace.into(),
        name: name.into(),
    };
    let (namespace, pod) = (ip.spec.namespace.as_str(), ip.spec.pod_name.as_str());
    let no_pod = || absent(Kind::Pod, namespace, pod);
    match gone {
        Gone::Pod(..) => vec![no_pod()],
        Gone::HostNetwork(..) => vec![Guard::PodOnHostNetwork { namespace: namespace.into(), name: pod.into() }],
        Gone::StatefulSet(_, set) => vec![no_pod(), absent(Kind::StatefulSet, namespace, set)],
        Gone::Ordinal { set, ordinal } => vec![
            no_pod(),
            Guard::OrdinalBeyond {
                namespace: set.meta.namespace.clone(),
                name: set.meta.name.clone(),
                ordinal: *ordinal,
            },
        ],
        Gone::Vm(namespace, name) => vec![
            absent(Kind::VirtualMachine, namespace, name),
            absent(Kind::VirtualMachineInstance, namespace, name),
            no_pod(),
        ],
        Gone::Gateway(gateway) => {
            let workload = pod.strip_suffix("-0").unwrap_or(pod);
            vec![no_pod(), absent(Kind::VpcNatGateway, "", gateway), absent(Kind::StatefulSet, namespace, workload)]
        }
        Gone::Node(name) => vec![absent(Kind::Node, "", name)],
        Gone::Subnet(name) => vec![absent(Kind::Subnet, "", name)],
        // Never planned.
        Gone::Special(..) => Vec::new(),
        Gone::SwitchLbRules => Vec::new(),
        Gone::Other(kind, name) => vec![absent(*kind, "", name)],
    }
}

/// Kube-OVN releases a Vip by its name alone, which IptablesEIPs and OvnEips share with it.
fn leaked_vip(context: &Context<'_>, finding: &Finding, vip: &Vip) -> Result<Action, String> {
    let name = vip.meta.name.as_str();
    let world = context.world;
    if world.eips.named(name).is_some() || world.ovn_eips.named(name).is_some() {
        return Err(format!(
            "an EIP is called {name} too: Kube-OVN releases by name, and could release the EIP's address with it"
        ));
    }
    if let Some(reason) = releases_nothing(&vip.meta) {
        return Err(reason.to_owned());
    }
    if !vip.spec.type_.is_empty() && context.subnets.named(&vip.spec.subnet).is_none() {
        return Err("its Subnet is gone, and Kube-OVN cannot finish the deletion of such a Vip".to_owned());
    }
    let frees = addresses(&vip.status.v4, &vip.status.v6);
    if !world.switch_lb_rules.is_empty() {
        return Err(format!(
            "SwitchLBRules are left, with endpoints elsewhere: see that none of them checks pods of Subnet {}, then {}",
            vip.spec.subnet, finding.fix
        ));
    }
    let guards = vec![Guard::NoneLeft { kind: Kind::SwitchLbRule }];
    Ok(base(finding, &vip.meta.resource_version, Change::Delete, afterwards(&frees, &vip.spec.subnet), guards, frees))
}

fn leaked_nic(context: &Context<'_>, finding: &Finding) -> Result<Action, String> {
    let Some(ip) = finding.objects.first().and_then(|object| context.world.ips.named(&object.name)) else {
        return Err(finding.fix.clone());
    };
    let (IpRole::PodNic(Some(provider)) | IpRole::VmNic(Some(provider))) = ip_role(ip) else {
        return Err(finding.fix.clone());
    };
    if let Some(reason) = releases_nothing(&ip.meta) {
        return Err(reason.to_owned());
    }
    if let Some(decide) = context.shared_release(ip) {
        return Err(decide);
    }
    let guards = match context.life_of_ip(ip) {
        Life::Alive(Some(pod)) => vec![Guard::PodWithoutNic {
            namespace: pod.meta.namespace.clone(),
            name: pod.meta.name.clone(),
            uid: pod.meta.uid.clone(),
            provider: provider.to_owned(),
        }],
        Life::Retained(Retainer::StatefulSet(set)) => vec![
            Guard::Absent { kind: Kind::Pod, namespace: ip.spec.namespace.clone(), name: ip.spec.pod_name.clone() },
            Guard::TemplateWithoutNic {
                namespace: set.meta.namespace.clone(),
                name: set.meta.name.clone(),
                provider: provider.to_owned(),
            },
        ],
        _ => return Err(format!("no pod shows which NICs its holder has now: {}", finding.fix)),
    };
    let frees = addresses(&ip.spec.v4, &ip.spec.v6);
    Ok(base(finding, &ip.meta.resource_version, Change::Delete, afterwards(&frees, &ip.spec.subnet), guards, frees))
}

/// Labels of IP objects are read by other tools only; those of EIPs, Vips and rules are what Kube-OVN counts and finds by,
/// and change what it does.
fn label(context: &Context<'_>, finding: &Finding) -> Result<Action, String> {
    let ip =
        finding.objects.first().filter(|object| object.kind == Kind::Ip).and_then(|o| context.world.ips.named(&o.name));
    let Some(ip) = ip.filter(|ip| context.subnets.named(&ip.spec.subnet).is_some()) else {
        return Err(format!(
            "Kube-OVN counts and finds by this label, so that setting it changes what it does: {}",
            finding.fix
        ));
    };
    let right = [(labels::SUBNET, ip.spec.subnet.as_str()), (labels::NODE_NAME, ip.spec.node_name.as_str())];
    let wrong = right.into_iter().filter(|(key, value)| ip.meta.label(key).is_some_and(|is| is != *value));
    let changes: Vec<_> = wrong.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    if changes.is_empty() {
        return Err(finding.fix.clone());
    }
    let afterwards = format!("the labels of IP {} say what its spec says", ip.meta.name);
    Ok(base(finding, &ip.meta.resource_version, Change::SetLabels(changes), afterwards, Vec::new(), Vec::new()))
}
