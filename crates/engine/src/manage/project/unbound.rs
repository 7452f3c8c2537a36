//! Attachments of a pod that nobody gives addresses for.
//!
//! In: the attachments of a pod, the NetworkAttachmentDefinitions. Out: what is said of those that ask for addresses from here, and
//! have no Subnet. Guarantees: nothing is said of what Kube-OVN's controller says while it works, nor of a pod that has
//! what it was told.

use crate::manage::engine::Engine;
use crate::manage::holders::Entitled;
use crate::manage::id::HolderId;
use crate::manage::state::Wires;
use crate::networks::networks_of_meta;
use crate::record::provider_value;
use api::slim::{Field, NadManager};
use std::collections::BTreeSet;

/// Address manager of a NetworkAttachmentDefinition whose addresses come from here.
const OURS: &str = "ipledger";

impl Engine {
    /// The providers of a pod's attachments that have no Subnet, in the words of Kube-OVN (`pkg/controller/pod.go`,
    /// getPodAttachmentNet).
    pub(super) fn unbound(&self, holder: &HolderId, entitled: Option<&Entitled>) -> Vec<String> {
        let bound = entitled.filter(|entitled| entitled.may_grow && !entitled.occupant.node.is_empty());
        let (Some(entitled), Some(pod)) = (bound, self.state.pod(holder)) else { return Vec::new() };
        if self.state.world.nads.is_empty() {
            return Vec::new();
        }
        let networks = networks_of_meta(&pod.meta, &pod.meta.namespace);
        let asked = networks.attachments.iter().filter(|of| self.asks_here(&of.namespace, &of.name));
        let providers: BTreeSet<String> = asked.map(|of| format!("{}.{}", of.name, of.namespace)).collect();
        // What it has from a Subnet that is gone it goes on with.
        let is_told = |of: &str| provider_value(&pod.meta.annotations, of, "allocated") == Some("true");
        let is_wanted = |of: &str| entitled.wants.iter().any(|want| want.annotations.0 == of);
        let lacking = providers
            .iter()
            .filter(|of| !self.state.books.has_provider(&self.state.world, of) && !is_wanted(of) && !is_told(of));
        lacking.map(|of| format!("NoSubnet: provider {of} is not bound to any subnet")).collect()
    }

    /// Whether the links of a NetworkAttachmentDefinition are to have their addresses from here, as far as it says.
    fn asks_here(&self, namespace: &str, name: &str) -> bool {
        let nad = self.state.world.nads.get(namespace, name);
        let Some(Field::Is(config)) = nad.map(|nad| &nad.spec.config) else { return false };
        let is_listed = match &self.settings.wires {
            Wires::All => true,
            Wires::These(wires) => wires.contains(format!("{name}.{namespace}").as_str()),
        };
        is_listed
            && match config.manager() {
                NadManager::Ovn => false,
                NadManager::IpamOnly => !self.state.rival.works(),
                NadManager::Other => config.plugins.iter().any(|plugin| plugin.ipam.type_ == OURS),
            }
    }

    /// Kube-OVN's controller works from now on, or does not any more: who tells the pods of attachments without a Subnet has changed.
    /// NetworkAttachmentDefinitions are few.
    pub(in crate::manage) fn about_all_unbound(&mut self) {
        let names = self.state.world.nads.iter().map(|nad| (nad.meta.namespace.clone(), nad.meta.name.clone()));
        names.collect::<Vec<_>>().iter().for_each(|(namespace, name)| self.about_unbound(namespace, name));
    }

    /// The pods of an attachment that has no Subnet are looked at: what they are told of it may have changed.
    pub(in crate::manage) fn about_unbound(&mut self, namespace: &str, name: &str) {
        let provider = format!("{name}.{namespace}");
        if !self.state.books.has_provider(&self.state.world, &provider) {
            self.dirty.extend(self.state.at_provider.get(provider.as_str()).into_iter().flatten().cloned());
        }
    }
}
