//! Annotations of pods: which addresses each NIC has.
//!
//! In: the claims that a pod's NICs keep. Out: one patch with the annotations of all NICs that have what they want.
//! Guarantees: written once for all NICs of a pod; not before each of them is served or refused.

use crate::manage::command::Action;
use crate::manage::engine::Engine;
use crate::manage::holders::Entitled;
use crate::manage::want::Want;
use crate::record::provider_value;
use api::slim::{Pod, Str};
use ledger::AddrPair;
use std::collections::BTreeMap;

impl Engine {
    /// Tells a pod its addresses.
    pub(super) fn project_annotations(&mut self, entitled: &Entitled) {
        let Some(first) = entitled.wants.first() else { return };
        let holder = &first.nic.holder;
        let Some(pod) = self.state.pod(holder) else { return };
        let mut set = BTreeMap::new();
        for want in &entitled.wants {
            match self.served(want) {
                Some((subnet, addrs)) => self.annotate(pod, want, &subnet, addrs, &mut set),
                None if self.waiting.told(&want.nic).is_some() => {}
                None => return,
            }
        }
        if set.is_empty() {
            return;
        }
        let (namespace, name, uid) = (pod.meta.namespace.clone(), pod.meta.name.clone(), pod.meta.uid.clone());
        let version = pod.meta.resource_version.clone();
        self.send(Action::AnnotatePod { namespace, name, uid, version, set }, holder);
    }

    /// The annotations of one NIC, if any of them is not there yet.
    fn annotate(&self, pod: &Pod, want: &Want, subnet: &Str, addrs: AddrPair, set: &mut BTreeMap<String, String>) {
        let (provider, suffix) = &want.annotations;
        let text = addrs.to_string();
        let is = |name: &str, value: &str| {
            provider_value(&pod.meta.annotations, provider, &format!("{name}{suffix}")) == Some(value)
        };
        if is("allocated", "true") && is("ip_address", &text) {
            return;
        }
        let mut put = |name: &str, value: String| {
            set.insert(format!("{provider}.kubernetes.io/{name}{suffix}"), value);
        };
        put("allocated", "true".to_owned());
        put("ip_address", text);
        if let Some(spec) = self.state.books.spec(subnet) {
            put("cidr", spec.cidrs().to_string());
            put("gateway", spec.gateways().to_string());
        }
        if let Some(mac) = want.mac {
            put("mac_address", mac.to_string());
        }
    }
}
