//! KubeVirt's virtual machines.
//!
//! In: JSON. Out: the structs, each with what somebody decides on. Guarantees: those of [`super`].

use super::StatusTimes;
use crate::slim::{Malformed, Meta, Newest, Sound, Str, Uid};

slim! {
    /// A KubeVirt VirtualMachine.
    VirtualMachine {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: Sound<VirtualMachineSpec> = "spec",
        /// What KubeVirt says.
        status: StatusTimes = "status",
    }
    /// `spec` of a VirtualMachine.
    VirtualMachineSpec {
        /// Template of its instance.
        template: VirtualMachineTemplate = "template",
    }
    /// `spec.template` of a VirtualMachine.
    VirtualMachineTemplate {
        /// Metadata of the instance and of its pods.
        meta: Meta = "metadata",
        /// Its networks.
        spec: VirtualMachineNetworks = "spec",
    }
    /// A KubeVirt VirtualMachineInstance.
    VirtualMachineInstance {
        /// Metadata.
        meta: Meta = "metadata",
        /// Its networks.
        spec: Sound<VirtualMachineNetworks> = "spec",
        /// What KubeVirt says.
        status: VirtualMachineInstanceStatus = "status",
    }
    /// Networks of a VM.
    VirtualMachineNetworks {
        /// One per interface.
        networks: Box<[VmNetwork]> = "networks",
    }
    /// A network of a VM: Multus, or the pod's own.
    VmNetwork {
        /// Name inside the VM's spec.
        name: Str = "name",
        /// Set for networks of Multus.
        multus: Option<VmMultus> = "multus",
    }
    /// `multus` of a VM's network.
    VmMultus {
        /// `[namespace/]name` of a NetworkAttachmentDefinition.
        network_name: Str = "networkName",
        /// Whether it replaces the primary network.
        default: bool = "default",
    }
    /// `status` of a VirtualMachineInstance.
    VirtualMachineInstanceStatus {
        /// Phase.
        phase: Str = "phase",
        /// When its conditions last changed.
        changed: Newest = "conditions",
        /// Its live migration, the last one or the present one.
        migration: VmMigrationState = "migrationState",
    }
    /// `status.migrationState` of a VirtualMachineInstance: written once the target pod runs.
    VmMigrationState {
        /// UID of the VirtualMachineInstanceMigration.
        migration_uid: Uid = "migrationUid",
        /// Name of the pod to which the machine moves.
        target_pod: Str = "targetPod",
    }
    /// A KubeVirt VirtualMachineInstanceMigration: one live migration of one machine.
    VirtualMachineInstanceMigration {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: VmMigrationSpec = "spec",
        /// What KubeVirt says.
        status: VmMigrationStatus = "status",
    }
    /// `spec` of a VirtualMachineInstanceMigration.
    VmMigrationSpec {
        /// The VirtualMachineInstance, in the same namespace.
        vmi_name: Str = "vmiName",
    }
    /// `status` of a VirtualMachineInstanceMigration.
    VmMigrationStatus {
        /// Phase.
        phase: Str = "phase",
    }
}

impl VirtualMachine {
    /// The networks that it is to have.
    ///
    /// # Errors
    /// Its spec cannot be read: it may have any.
    pub fn networks(&self) -> Result<&VirtualMachineNetworks, &Malformed> {
        match &self.spec {
            Sound::Is(spec) => Ok(&spec.template.spec),
            Sound::Bad(bad) => Err(bad),
        }
    }
}
