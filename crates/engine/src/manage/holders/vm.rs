//! A KubeVirt virtual machine: entitled while it exists, running or stopped, and has that network.
//!
//! In: the machine, its launcher pods. Out: its wants; which NIC of it a pod's NIC uses; the fate of its claims once it is gone.
//! Guarantees: launcher pods own nothing, so that the addresses stay from one to the next; nothing is claimed before the
//! first of them is bound to a node; a machine that KubeVirt shows only as an instance or as a pod is one too.

use super::{Entitled, lost, named, owner, pod};
use crate::manage::claims::Claim;
use crate::manage::fate::{Fate, Place, Unread};
use crate::manage::id::{HolderId, NicId, Title, VM};
use crate::manage::state::State;
use crate::manage::want::{Class, Want};
use crate::networks::networks_of_vm;
use api::names::annotations;
use api::slim::{Kind, Meta, Str, Time, Uid, VirtualMachineNetworks, VirtualMachineSpec};
use std::collections::BTreeMap;

/// The holder of a name.
pub(in crate::manage) fn holder(namespace: &str, name: &str) -> HolderId {
    HolderId::named(VM, namespace, name)
}

/// The NIC of a machine: by provider, since its launcher pods name their interfaces as they like; and by its place among
/// those of one provider.
fn nic(holder: &HolderId, provider: &str, nth: u32) -> NicId {
    let name = if nth > 1 { format!("{provider}.{nth}") } else { provider.to_owned() };
    NicId::new(holder.clone(), name.into())
}

/// The NIC of a machine that a NIC of its launcher pod uses.
pub(super) fn lender(meta: &Meta, namespace: &str, provider: &str, nth: u32) -> Option<NicId> {
    let instance = meta.owner("kubevirt.io", "VirtualMachineInstance").filter(|owner| !owner.name.is_empty())?;
    Some(nic(&holder(namespace, &instance.name), provider, nth))
}

/// What a machine should hold; none where it is gone.
pub(super) fn entitled(state: &State, namespace: &Str, name: &Str) -> Option<Entitled> {
    let holder = holder(namespace, name);
    let (vm, vmi) = (state.world.vms.get(namespace, name), state.world.vmis.get(namespace, name));
    let (user, occupant) = state.borrower(&holder).unzip();
    let user = user.and_then(|user| state.pod(user));
    let template = match (vm, vmi) {
        (Some(vm), _) => vm.spec.get().map(|VirtualMachineSpec { template: it }| (&it.meta, &it.spec)),
        (None, Some(vmi)) => vmi.spec.get().map(|spec| (&vmi.meta, spec)),
        // All that shows it is its pod, which says what it asks for.
        (None, None) if user.is_some() => None,
        (None, None) => return None,
    };
    let template = template.map_or_else(Meta::default, |(meta, spec)| with_networks(meta, spec, namespace));
    let is_going = vm.map(|vm| &vm.meta).or(vmi.map(|vmi| &vmi.meta)).is_some_and(Meta::is_deleted);
    let subject = pod::Subject {
        holder: holder.clone(),
        namespace,
        name,
        meta: user.map_or(&template, |pod| &pod.meta),
        ordinal: None,
        user: Uid::None,
        borrows: false,
    };
    let occupant = occupant.unwrap_or_default();
    let pod::Wants { nics: wants, unread } = wants(state, &subject);
    let (wants, unread) = if is_going { (lost::only(state, &occupant, wants), None) } else { (wants, unread) };
    // Without a launcher it is given only what is kept for it already.
    let is_kept = !wants.is_empty() && wants.iter().all(|want| want.class == Class::Record);
    Some(Entitled {
        title: Title { kind: VM.into(), namespace: namespace.clone(), name: name.clone() },
        wants,
        unread,
        occupant,
        programmed: None,
        arrival: user.and_then(|pod| pod.meta.created.get().copied()),
        may_grow: !is_going && user.map_or(is_kept, |pod| !pod.meta.is_deleted()),
        holder,
    })
}

fn wants(state: &State, subject: &pod::Subject<'_>) -> pod::Wants {
    let mut times: BTreeMap<Str, u32> = BTreeMap::new();
    let mut named = |want: Want| {
        let provider = want.annotations.0.clone();
        let nth = times.entry(provider.clone()).or_default();
        *nth += 1;
        Want { nic: nic(&subject.holder, &provider, *nth), ..want }
    };
    let pod::Wants { nics, unread } = pod::wants(state, subject);
    pod::Wants { nics: nics.into_iter().map(&mut named).collect(), unread }
}

/// The metadata of a launcher pod before there is one: what it asks for, and the networks of the machine.
fn with_networks(meta: &Meta, spec: &VirtualMachineNetworks, namespace: &str) -> Meta {
    let networks = networks_of_vm(Ok(spec), namespace);
    let mut names: Vec<String> =
        networks.attachments.iter().map(|it| format!("{}/{}", it.namespace, it.name)).collect();
    let given = meta.annotations.iter().map(|(key, value)| (Str::from(key), Str::from(value)));
    let mut pairs: BTreeMap<Str, Str> = given.collect();
    if !networks.primary && !names.is_empty() {
        pairs.insert(annotations::DEFAULT_NETWORK.into(), names.remove(0).into());
    }
    pairs.insert(annotations::NETWORKS.into(), names.join(",").into());
    Meta { annotations: pairs.into_iter().collect(), ..Meta::default() }
}

/// What becomes of the claims of a machine that is gone, or has that network no longer.
pub(super) fn fate(state: &State, claim: &Claim, now: Time, grace: i64) -> Fate {
    let Some((kind, namespace, name)) = owner(&claim.nic.holder) else { return Fate::Keep };
    named::fate(state, claim, now, grace, (kind, &namespace, &name))
}

/// What cannot be read of a machine that is to stay: the spec of the object that shows it, or what its next launcher pod will ask for.
pub(super) fn unread(state: &State, namespace: &Str, name: &Str) -> Option<Unread> {
    let (vm, vmi) = (state.world.vms.get(namespace, name), state.world.vmis.get(namespace, name));
    let (kind, meta, spec) = match (vm, vmi) {
        (Some(vm), _) => {
            let template = vm.spec.get().map(|VirtualMachineSpec { template: it }| (&it.meta, &it.spec));
            (Kind::VirtualMachine, &vm.meta, template.ok_or_else(|| vm.spec.bad()))
        }
        (None, Some(vmi)) => {
            let spec = vmi.spec.get().map(|spec| (&vmi.meta, spec));
            (Kind::VirtualMachineInstance, &vmi.meta, spec.ok_or_else(|| vmi.spec.bad()))
        }
        (None, None) => return None,
    };
    if meta.is_deleted() {
        return None;
    }
    let of = (kind, namespace, name);
    let (template, spec) = match spec {
        Ok(spec) => spec,
        Err(bad) => return bad.map(|bad| pod::unread_of(of, Place::Spec, &bad.reason)),
    };
    // A launcher pod that is to use its addresses says what it asks for.
    if let Some((user, _)) = state.borrower(&holder(namespace, name)) {
        return pod::unread(state.pod(user)?);
    }
    let networks = networks_of_vm(Ok(spec), namespace).malformed;
    let networks = networks.first().map(|(_, reason)| pod::unread_of(of, Place::Spec, reason));
    // Its own list of networks replaces that of the template.
    networks.or_else(|| pod::unread_in(&with_networks(template, spec, namespace), of, Place::Template))
}
