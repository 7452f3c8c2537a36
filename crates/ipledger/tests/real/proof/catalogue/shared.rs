//! The control planes that the stories of the catalogue share.
//!
//! In: names of networks. Out: [`Story`]: the control plane, with a controller that runs without a Lease, for as long as the value
//! lives. Guarantees: each has one story at a time; they go with the process of the tests.

use crate::proof::network::{network, pod};
use crate::stage::managed::{CLAIMS, EIPS, GATEWAYS, Managed, NO_LEASE, PODS, SUBNETS};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use testbed::Look;

/// KubeVirt's definitions, as far as anybody reads them here.
const KUBEVIRT: &str = r"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: PLURAL.kubevirt.io, annotations: {api-approved.kubernetes.io: unapproved}}
spec:
  group: kubevirt.io
  scope: Namespaced
  names: {kind: KIND, listKind: KINDList, plural: PLURAL, singular: SINGULAR}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
---
";

pub(super) const VMS: &str = "/apis/kubevirt.io/v1/namespaces/default/virtualmachines";
pub(super) const VMIS: &str = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances";

fn build() -> Mutex<Managed> {
    let managed = Managed::idle();
    for (kind, singular) in [("VirtualMachine", "virtualmachine"), ("VirtualMachineInstance", "virtualmachineinstance")]
    {
        let plural = format!("{singular}s");
        managed
            .bed
            .apply(&KUBEVIRT.replace("KIND", kind).replace("PLURAL", &plural).replace("SINGULAR", singular))
            .unwrap();
    }
    managed.bed.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]).unwrap();
    [VMS, VMIS].into_iter().for_each(|path| drop(managed.list(path)));
    ["node1", "node2"].into_iter().for_each(|node| managed.node(node));
    Mutex::new(managed)
}

/// The control plane, as this story's own.
pub(super) struct Story(MutexGuard<'static, Managed>);

impl Story {
    /// With these networks: name and CIDR.
    pub(super) fn on(networks: &[(&str, &str)]) -> Self {
        // Two, so that a story need not wait for another one.
        static PLANES: [OnceLock<Mutex<Managed>>; 2] = [OnceLock::new(), OnceLock::new()];
        static STORIES: AtomicUsize = AtomicUsize::new(0);
        let turn = STORIES.fetch_add(1, Ordering::Relaxed);
        let plane = PLANES[turn % PLANES.len()].get_or_init(build);
        let mut story = Self(plane.lock().unwrap_or_else(PoisonError::into_inner));
        story.kill();
        story.clear();
        for (name, cidr) in networks {
            story.bed.apply(&network(name, cidr, "")).unwrap();
        }
        story.start();
        story
    }

    /// Takes away what a story that failed has left.
    fn clear(&mut self) {
        const SETS: &str = "/apis/apps/v1/namespaces/default/statefulsets";
        let mut kinds = [VMS, VMIS, GATEWAYS, EIPS, SETS, PODS, SUBNETS, CLAIMS].to_vec();
        kinds.retain(|path| !self.items(path).is_empty());
        if kinds.is_empty() {
            return;
        }
        self.start();
        self.wait("what a story left to be gone", || {
            let mut left = Vec::new();
            for path in [VMS, VMIS, GATEWAYS, EIPS, SETS, PODS, SUBNETS] {
                for object in self.items(path) {
                    let name = object["metadata"]["name"].as_str().unwrap_or_default();
                    let _ = self.admin.delete(&format!("{path}/{name}?gracePeriodSeconds=0"));
                    left.push(name.to_owned());
                }
            }
            self.agents_speak();
            left.extend(self.claims().into_keys());
            if left.is_empty() { Look::Done(()) } else { Look::NotYet(format!("{left:?}")) }
        });
        self.kill();
    }

    /// Waits until no StatefulSet and no pod is left.
    pub(super) fn wait_no_pods(&self) {
        self.wait("no StatefulSet and no pod", || {
            let sets = self.items("/apis/apps/v1/namespaces/default/statefulsets").len();
            let pods = self.items(PODS);
            for pod in pods.iter().filter(|_| sets == 0) {
                let name = pod["metadata"]["name"].as_str().unwrap_or_default();
                let _ = self.admin.delete(&format!("{PODS}/{name}?gracePeriodSeconds=0"));
            }
            if sets + pods.len() == 0 {
                Look::Done(())
            } else {
                Look::NotYet(format!("{sets} sets, {} pods", pods.len()))
            }
        });
    }

    /// Starts the controller.
    pub(super) fn start(&mut self) {
        self.go_with(&NO_LEASE);
    }

    pub(super) fn post(&self, path: &str, object: &Value) -> Value {
        self.admin.post(path, object).unwrap()
    }

    pub(super) fn delete(&self, path: &str) {
        self.admin.delete(path).unwrap();
    }

    /// A pod on a network.
    pub(super) fn pod(&self, name: &str, networks: &str) -> Value {
        self.post(PODS, &pod(name, networks, &Value::Null))
    }

    /// A pod that asks for an address.
    pub(super) fn pod_with(&self, name: &str, network: &str, address: &str) -> Value {
        self.post(PODS, &pod(name, network, &json!({format!("{network}.default.kubernetes.io/ip_address"): address})))
    }

    /// What a kubelet does in the end.
    pub(super) fn remove_pod(&self, name: &str) {
        self.delete(&format!("{PODS}/{name}?gracePeriodSeconds=0"));
    }

    /// Addresses of a Subnet by holder: kind and name.
    pub(super) fn claims_on(&self, subnet: &str) -> BTreeMap<String, String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let claims = self.items(CLAIMS).into_iter().filter(|claim| claim["spec"]["subnet"] == subnet);
        claims
            .map(|claim| {
                let holder = &claim["spec"]["holder"];
                (text(&claim["spec"]["address"]), format!("{} {}", text(&holder["kind"]), text(&holder["name"])))
            })
            .collect()
    }

    /// Waits until the claims on a Subnet are these, while agents say what they see.
    pub(super) fn wait_on(&self, subnet: &str, wanted: &[(&str, &str)]) {
        let wanted: BTreeMap<String, String> =
            wanted.iter().map(|(address, holder)| ((*address).to_owned(), (*holder).to_owned())).collect();
        self.wait(&format!("on {subnet} only {wanted:?}"), || {
            self.agents_speak();
            let claims = self.claims_on(subnet);
            if claims == wanted { Look::Done(()) } else { Look::NotYet(format!("{claims:?}")) }
        });
    }

    /// Waits until a Subnet has so many claims, while agents say what they see.
    pub(super) fn wait_number_on(&self, subnet: &str, wanted: usize) -> BTreeMap<String, String> {
        self.wait(&format!("{wanted} claims on {subnet}"), || {
            self.agents_speak();
            let claims = self.claims_on(subnet);
            if claims.len() == wanted { Look::Done(claims) } else { Look::NotYet(format!("{claims:?}")) }
        })
    }

    /// Waits until a pod was told this address.
    pub(super) fn wait_told(&self, pod: &str, network: &str, address: &str) {
        self.wait(&format!("{pod} to be told {address}"), || {
            self.agents_speak();
            let pod = self.admin.get(&format!("{PODS}/{pod}"));
            let key = format!("{network}.default.kubernetes.io/ip_address");
            let told = pod.as_ref().ok().and_then(|pod| pod["metadata"]["annotations"].get(&key)?.as_str());
            if told == Some(address) { Look::Done(()) } else { Look::NotYet(format!("{told:?}")) }
        });
    }

    /// Waits until an object is gone.
    pub(super) fn wait_gone(&self, path: &str) {
        self.wait(&format!("{path} to be gone"), || match self.admin.get(path) {
            Err(error) if error.status_code() == Some(404) => Look::Done(()),
            other => {
                self.agents_speak();
                Look::NotYet(format!("{other:?}"))
            }
        });
    }

    /// Starts the controller and waits until it has listed every kind.
    pub(super) fn start_and_list(&mut self) {
        let times = |story: &Self| story.log().matches("every kind has been listed").count();
        let before = times(self);
        self.start();
        self.wait("the controller to manage", || {
            if times(self) > before { Look::Done(()) } else { Look::NotYet("it lists".to_owned()) }
        });
    }

    /// Nothing is left on these networks; they go too.
    pub(super) fn ends(self, networks: &[&str]) {
        for name in networks {
            self.wait_on(name, &[]);
            self.assert_books(name);
            self.delete(&format!("{SUBNETS}/{name}"));
            self.wait_gone(&format!("{SUBNETS}/{name}"));
            self.delete(&format!("/apis/k8s.cni.cncf.io/v1/namespaces/default/network-attachment-definitions/{name}"));
        }
        self.wait_no_pods();
        self.assert_clean();
    }
}

impl Deref for Story {
    type Target = Managed;

    fn deref(&self) -> &Managed {
        &self.0
    }
}

impl DerefMut for Story {
    fn deref_mut(&mut self) -> &mut Managed {
        &mut self.0
    }
}
