//! Who is entitled to an address, and what names a claim.
//!
//! In: pods and the `spec` of claims. Out: [`HolderId`], [`NicId`], [`ClaimKey`]. Guarantees: a Pod is its UID, every other
//! holder its kind, namespace and name, so that an owner that is deleted and made again is the same holder.

use crate::life::split_ordinal;
use api::names::annotations;
use api::schema::{claim_name, read_claim_name};
use api::slim::{ClaimHolder, Pod, Str, Uid};
use ledger::{Addr, Nic};
use std::fmt;
use std::sync::Arc;

/// Who is entitled, as far as anything is decided by it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HolderId {
    /// A pod by its UID; a static pod by its config hash, since its mirror's UID changes with each mirror.
    Pod(Uid),
    /// Any other holder by its name: one text for all that speak of it, since each of its claims, records and looks does.
    Named(Arc<HolderName>),
}

/// What a holder that is no pod is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HolderName {
    /// Its kind.
    pub kind: Str,
    /// Its namespace; empty where the kind has none.
    pub namespace: Str,
    /// Its name.
    pub name: Str,
}

impl HolderId {
    /// The holder of a kind, namespace and name.
    #[must_use]
    pub fn named(kind: impl Into<Str>, namespace: impl Into<Str>, name: impl Into<Str>) -> Self {
        Self::Named(Arc::new(HolderName { kind: kind.into(), namespace: namespace.into(), name: name.into() }))
    }

    /// What it is called; none of a pod.
    #[must_use]
    pub fn name(&self) -> Option<&HolderName> {
        match self {
            Self::Pod(_) => None,
            Self::Named(name) => Some(name),
        }
    }

    /// Whether it is of a kind other than Pod.
    pub(super) fn is_of(&self, kinds: &[&str]) -> bool {
        self.name().is_some_and(|of| kinds.contains(&of.kind.as_str()))
    }

    /// The holder whose addresses a pod uses: a StatefulSet's ordinal, else the pod by itself.
    #[must_use]
    pub fn of_pod(pod: &Pod) -> Self {
        if ordinal_of(pod).is_some() {
            return Self::named(STATEFUL_SET, pod.meta.namespace.clone(), pod.meta.name.clone());
        }
        let hash = pod.meta.annotation(annotations::CONFIG_HASH).filter(|hash| !hash.is_empty());
        Self::Pod(hash.map_or_else(|| pod.meta.uid.clone(), Uid::parse))
    }

    /// What the holder of a pod's addresses is called once a StatefulSet has taken the pod over, or gone without it: its claims from before keep
    /// their names.
    pub(super) fn before(&self, (namespace, name): (&Str, &Str), user: &Uid) -> Self {
        match self {
            Self::Pod(_) => Self::named(STATEFUL_SET, namespace.clone(), name.clone()),
            Self::Named(_) => Self::Pod(user.clone()),
        }
    }

    /// Where the ordinals of a StatefulSet begin among all holders.
    pub(super) fn first_of_set(namespace: &Str, set: &str) -> Self {
        Self::named(STATEFUL_SET, namespace.clone(), format!("{set}-"))
    }

    /// Whether it may be an ordinal of a StatefulSet, by its name.
    pub(super) fn is_of_set(&self, namespace: &Str, set: &str) -> bool {
        self.name().is_some_and(|of| {
            of.kind == STATEFUL_SET
                && of.namespace == *namespace
                && of.name.strip_prefix(set).is_some_and(|rest| rest.starts_with('-'))
        })
    }

    /// Where the ordinals of a NAT gateway begin among all holders.
    pub(super) fn first_of_gateway(gateway: &str) -> Self {
        Self::named(GATEWAY, "", format!("{gateway}/"))
    }

    /// Whether it is an ordinal of a NAT gateway.
    pub(super) fn is_of_gateway(&self, gateway: &str) -> bool {
        let is_its = |of: &HolderName| of.name.strip_prefix(gateway).is_some_and(|rest| rest.starts_with('/'));
        self.name().is_some_and(|of| of.kind == GATEWAY && is_its(of))
    }

    /// Whether it is a virtual machine.
    pub(super) fn is_vm(&self) -> bool {
        self.is_of(&[VM])
    }

    /// Whether what its pod was told says what it has, where its claims are lost.
    pub(super) fn has_by_pod(&self) -> bool {
        self.is_of(&[GATEWAY, VM])
    }

    /// Whether it has one pod after the other, each of which may ask for something else.
    pub(super) fn has_pods(&self) -> bool {
        self.is_of(&[STATEFUL_SET, VM])
    }

    /// The holder that a claim names.
    #[must_use]
    pub fn of_claim(holder: &ClaimHolder) -> Self {
        if holder.kind == POD {
            return Self::Pod(holder.uid.clone());
        }
        // The ordinal of a gateway stands before its Subnet in the NIC: each has a pod of its own.
        if let Some((ordinal, _)) = holder.nic.split_once('/').filter(|_| holder.kind == GATEWAY) {
            return Self::named(GATEWAY, "", format!("{}/{ordinal}", holder.name));
        }
        Self::named(holder.kind.clone(), holder.namespace.clone(), holder.name.clone())
    }
}

impl fmt::Display for HolderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod(uid) => write!(f, "Pod {uid}"),
            Self::Named(of) if of.namespace.is_empty() => write!(f, "{} {}", of.kind, of.name),
            Self::Named(of) => write!(f, "{} {}/{}", of.kind, of.namespace, of.name),
        }
    }
}

/// `spec.holder.kind` of a pod's claims.
pub(super) const POD: &str = "Pod";
/// `spec.holder.kind` of an ordinal's claims.
pub(super) const STATEFUL_SET: &str = "StatefulSet";
/// `spec.holder.kind` of a NAT gateway's own claims.
pub(super) const GATEWAY: &str = "VpcNatGateway";
/// `spec.holder.kind` of a virtual machine's claims.
pub(super) const VM: &str = "VirtualMachine";
/// `spec.holder.kind` of an address that answered without a claim.
pub(super) const QUARANTINE: &str = "Quarantine";
/// `spec.holder.kind` of a Vip's claims.
pub(super) const VIP: &str = "Vip";
/// `spec.holder.kind` of an IptablesEIP's claims.
pub(super) const EIP: &str = "IptablesEIP";
/// `spec.holder.kind` of what a user's IP object reserves.
pub(super) const RESERVATION: &str = "Reservation";

/// The ordinal of a StatefulSet's pod: the set's name and the number.
pub(super) fn ordinal_of(pod: &Pod) -> Option<(&str, i64)> {
    let owner = pod.meta.owner("apps", "StatefulSet")?;
    split_ordinal(&pod.meta.name).filter(|(set, _)| owner.name == *set)
}

/// A holder in the words that people use: what a claim says of it beside its identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Title {
    /// Kind of the holder.
    pub kind: Str,
    /// Its namespace; empty where the kind has none.
    pub namespace: Str,
    /// Its name.
    pub name: Str,
}

impl Title {
    /// The title of a pod.
    #[must_use]
    pub fn of_pod(pod: &Pod) -> Self {
        let kind = if ordinal_of(pod).is_some() { STATEFUL_SET } else { POD };
        Self { kind: kind.into(), namespace: pod.meta.namespace.clone(), name: pod.meta.name.clone() }
    }
}

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            return write!(f, "{} {}", self.kind, self.name);
        }
        write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
    }
}

/// A NIC of a holder, as `spec.holder.nic` names it: `net1`.
pub type NicId = Nic<HolderId, Str>;

/// What no two claims share. Orders by wire, then by address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimKey {
    /// The wire, as it stands in `spec.wire`.
    pub wire: Str,
    /// The address.
    pub addr: Addr,
}

impl ClaimKey {
    /// The key of the object of a name; none where no claim is called like that.
    pub(super) fn of_object_name(name: &str) -> Option<Self> {
        read_claim_name(name).map(|(wire, addr)| Self { wire: wire.into(), addr })
    }

    /// The name of the object.
    #[must_use]
    pub fn object_name(&self) -> String {
        claim_name(&self.wire, self.addr)
    }
}

impl fmt::Display for ClaimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.addr, self.wire)
    }
}
