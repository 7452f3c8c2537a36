//! Which parts of an object are read: everything else is skipped, and left out of snapshots.
//!
//! In: a kind. Out: a tree of the fields that `api::slim` reads of its objects. Guarantees: taken from the readers
//! themselves by watching them ask for fields, so that a reader that learns a new field gets it; the golden file of this module's test shows
//! all of it, since it is also the list of what leaves a cluster in a snapshot.

#[cfg(test)]
mod tests;
mod trace;

use api::slim::{self, Kind};
use std::fmt;
use std::sync::OnceLock;

/// What is kept of a value. A value of another type than the shape's is kept as it is, so that the reader can say what
/// is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// All of it.
    All,
    /// These fields of an object.
    Fields(Vec<(&'static str, Shape)>),
    /// This much of each item of a list.
    Items(Box<Shape>),
    /// `metadata.labels`: which of them are read depends on key and value.
    Labels,
    /// `metadata.annotations`: which of them are read depends on the key.
    Annotations,
    /// This much of a JSON text in a string: the configuration of a NetworkAttachmentDefinition.
    Quoted(Box<Shape>),
}

/// The times in conditions and container states, which `api::slim::Newest` collects: its reader takes whatever comes, so
/// that watching it shows nothing.
const TIMED: [&str; 2] = ["conditions", "containerStatuses"];
const TIMES: [&str; 4] = ["lastTransitionTime", "lastUpdateTime", "lastHeartbeatTime", "lastProbeTime"];
const STATES: [&str; 2] = ["lastState", "state"];
const STATE: [&str; 2] = ["running", "terminated"];
const STATE_TIMES: [&str; 2] = ["finishedAt", "startedAt"];

impl Shape {
    /// What is read of the objects of a kind.
    pub(crate) fn of(kind: Kind) -> &'static Self {
        static SHAPES: OnceLock<Vec<Shape>> = OnceLock::new();
        let shapes = SHAPES.get_or_init(|| Kind::ALL.into_iter().map(Self::trace).collect());
        // `Kind::ALL` is in the order of the enum.
        shapes.get(kind as usize).unwrap_or(&Self::All)
    }

    fn trace(kind: Kind) -> Self {
        let shape = match kind {
            Kind::Subnet => trace::shape::<slim::Subnet>(),
            Kind::Ip => trace::shape::<slim::Ip>(),
            Kind::IpPool => trace::shape::<slim::IpPool>(),
            Kind::Vip => trace::shape::<slim::Vip>(),
            Kind::Vpc => trace::shape::<slim::Vpc>(),
            Kind::VpcNatGateway => trace::shape::<slim::VpcNatGateway>(),
            Kind::IptablesEip => trace::shape::<slim::IptablesEip>(),
            Kind::IptablesFipRule => trace::shape::<slim::IptablesFipRule>(),
            Kind::IptablesDnatRule => trace::shape::<slim::IptablesDnatRule>(),
            Kind::IptablesSnatRule => trace::shape::<slim::IptablesSnatRule>(),
            Kind::OvnEip => trace::shape::<slim::OvnEip>(),
            Kind::OvnFip | Kind::OvnSnatRule | Kind::OvnDnatRule => trace::shape::<slim::OvnRule>(),
            Kind::Vlan => trace::shape::<slim::Vlan>(),
            Kind::ProviderNetwork => trace::shape::<slim::ProviderNetwork>(),
            Kind::QosPolicy => trace::shape::<slim::QosPolicy>(),
            Kind::SwitchLbRule => trace::shape::<slim::SwitchLbRule>(),
            Kind::AddressClaim => trace::shape::<slim::AddressClaim>(),
            Kind::Pod => trace::shape::<slim::Pod>(),
            Kind::Node => trace::shape::<slim::Node>(),
            Kind::Namespace => trace::shape::<slim::Namespace>(),
            Kind::StatefulSet => trace::shape::<slim::StatefulSet>(),
            Kind::Deployment | Kind::ReplicaSet | Kind::DaemonSet | Kind::Job => trace::shape::<slim::Controller>(),
            Kind::NetworkAttachmentDefinition => trace::shape::<slim::Nad>().with(&["spec", "config"], Self::cni()),
            Kind::VirtualMachine => trace::shape::<slim::VirtualMachine>(),
            Kind::VirtualMachineInstance => trace::shape::<slim::VirtualMachineInstance>(),
        };
        shape.timed("")
    }

    /// What is read of a CNI configuration: one plugin, or a list of them.
    fn cni() -> Self {
        let plugin = trace::shape::<slim::NadPlugin>();
        match plugin.clone() {
            Self::Fields(mut fields) => {
                fields.push(("plugins", Self::Items(Box::new(plugin))));
                Self::Quoted(Box::new(Self::Fields(fields)))
            }
            whole => whole,
        }
    }

    /// Says more about what a reader takes as it comes: the times of [`TIMED`] fields, labels and annotations.
    fn timed(self, field: &str) -> Self {
        match self {
            Self::All if TIMED.contains(&field) => Self::times(),
            Self::All if field == "labels" => Self::Labels,
            Self::All if field == "annotations" => Self::Annotations,
            Self::Items(item) => Self::Items(Box::new(item.timed(""))),
            Self::Fields(fields) => {
                Self::Fields(fields.into_iter().map(|(name, shape)| (name, shape.timed(name))).collect())
            }
            leaf => leaf,
        }
    }

    /// Puts another shape in the place of the field at `path`, if there is one.
    fn with(mut self, path: &[&str], shape: Self) -> Self {
        let mut place = Some(&mut self);
        for key in path {
            place = match place {
                Some(Self::Fields(fields)) => fields.iter_mut().find(|(name, _)| name == key).map(|(_, shape)| shape),
                _ => None,
            };
        }
        if let Some(place) = place {
            *place = shape;
        }
        self
    }

    fn times() -> Self {
        let state = Self::Fields(STATE.map(|name| (name, Self::leaves(&STATE_TIMES))).into());
        let mut fields: Vec<_> = TIMES.map(|name| (name, Self::All)).into();
        fields.extend(STATES.map(|name| (name, state.clone())));
        Self::Items(Box::new(Self::Fields(fields)))
    }

    fn leaves(names: &[&'static str]) -> Self {
        Self::Fields(names.iter().map(|&name| (name, Self::All)).collect())
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => Ok(()),
            Self::Labels | Self::Annotations => f.write_str(" (those acted on)"),
            Self::Quoted(shape) => write!(f, " as JSON {shape}"),
            Self::Items(item) => write!(f, "[]{item}"),
            Self::Fields(fields) => {
                f.write_str("{")?;
                for (number, (name, shape)) in fields.iter().enumerate() {
                    let comma = if number > 0 { ", " } else { "" };
                    let colon = if matches!(shape, Self::Fields(_)) { " " } else { "" };
                    write!(f, "{comma}{name}{colon}{shape}")?;
                }
                f.write_str("}")
            }
        }
    }
}
