//! What somebody changes by hand.
//!
//! In: a hand, a number that picks the object, the cluster. Out: the cluster with it done. Guarantees: what follows from it by
//! right is noted as excused; where there is no such object, nothing is done.

use super::people::address;
use super::step::Hand;
use crate::cluster::Cluster;
use crate::node::CLAIMS;
use model::Request;
use serde_json::{Value, json};
use std::sync::Arc;

/// The finalizer that hands put on.
const HOLD: &str = "hands.test/hold";

/// Does it.
pub(super) fn work(cluster: &mut Cluster, hand: Hand, pick: u8) {
    match hand {
        Hand::DeleteClaim => {
            let Some(path) = claim(cluster, pick) else { return };
            delete_claim(cluster, path);
        }
        Hand::DeleteClaims => {
            for claim in cluster.server.objects("ipledger.dev", "addressclaims") {
                delete_claim(cluster, format!("{CLAIMS}/{}", name(&claim)));
            }
        }
        Hand::StripClaim => patch(cluster, claim(cluster, pick), json!({"metadata": {"labels": null}})),
        Hand::HoldClaim => patch(cluster, claim(cluster, pick), json!({"metadata": {"finalizers": [HOLD]}})),
        Hand::DeleteIp => {
            let Some(ip) = ip(cluster, pick) else { return };
            touch_ip(cluster, &ip);
            cluster.server.handle(Request::delete(ip_path(&ip)), cluster.now);
        }
        Hand::HoldIp | Hand::AdoptIp => {
            let finalizer = if hand == Hand::HoldIp { HOLD } else { "kubeovn.io/kube-ovn-controller" };
            let path = ip(cluster, pick).map(|ip| ip_path(&ip));
            patch(cluster, path, json!({"metadata": {"finalizers": [finalizer]}}));
        }
        Hand::EditIp => {
            let Some(ip) = ip(cluster, pick) else { return };
            touch_ip(cluster, &ip);
            let other = address(2 + pick % 5);
            let spec = json!({"v4IpAddress": other, "ipAddress": other});
            patch(cluster, Some(ip_path(&ip)), json!({"spec": spec}));
        }
        Hand::StripPod | Hand::EditPod => edit_pod(cluster, hand, pick),
        Hand::HoldPod => {
            let path = pod(cluster, pick).map(|pod| pod_path(&pod));
            patch(cluster, path, json!({"metadata": {"finalizers": [HOLD]}}));
        }
        Hand::FreeSubnet => {
            let path = "/apis/kubeovn.io/v1/subnets/ext".to_owned();
            patch(cluster, Some(path), json!({"metadata": {"finalizers": []}}));
        }
        Hand::LetGo => let_go(cluster),
    }
}

/// As if it had never been: who had its address may lose it by right.
fn delete_claim(cluster: &mut Cluster, path: String) {
    cluster.excuse(&path);
    cluster.server.handle(Request::delete(path), cluster.now);
}

/// Takes the finalizers off that hands put on.
pub(super) fn let_go(cluster: &mut Cluster) {
    let mut claims = cluster.server.objects("ipledger.dev", "addressclaims");
    let mut ips = cluster.server.objects("kubeovn.io", "ips");
    [&mut claims, &mut ips].into_iter().for_each(|objects| objects.retain(|object| is_held(object)));
    // What was deleted by hand goes now.
    let is_deleted = |object: &&Arc<Value>| !object["metadata"]["deletionTimestamp"].is_null();
    claims.iter().filter(is_deleted).for_each(|claim| cluster.excuse(&format!("{CLAIMS}/{}", name(claim))));
    ips.iter().filter(is_deleted).for_each(|ip| touch_ip(cluster, ip));
    let claims = claims.iter().map(|claim| format!("{CLAIMS}/{}", name(claim)));
    let pods = cluster.server.objects("", "pods");
    let pods = pods.iter().filter(|pod| is_held(pod)).map(|pod| pod_path(pod));
    let ips = ips.iter().map(|ip| ip_path(ip));
    for path in claims.chain(pods).chain(ips).collect::<Vec<_>>() {
        patch(cluster, Some(path), json!({"metadata": {"finalizers": []}}));
    }
}

fn edit_pod(cluster: &mut Cluster, hand: Hand, pick: u8) {
    let Some(pod) = pod(cluster, pick) else { return };
    cluster.excuses.touched(text(&pod, "namespace"), name(&pod));
    let (is, at) = match hand {
        Hand::EditPod => (json!("true"), json!(address(2 + pick % 5))),
        _ => (Value::Null, Value::Null),
    };
    let annotations =
        json!({"macvlan.default.kubernetes.io/allocated": is, "macvlan.default.kubernetes.io/ip_address": at});
    patch(cluster, Some(pod_path(&pod)), json!({"metadata": {"annotations": annotations}}));
}

fn patch(cluster: &mut Cluster, path: Option<String>, body: Value) {
    if let Some(path) = path {
        cluster.server.handle(Request::merge_patch(path, body), cluster.now);
    }
}

/// Notes that the IP object of this name is about to go: a reservation by right, one that a controller made by hand.
pub(super) fn touch_record(cluster: &mut Cluster, name: &str) {
    let Some(ip) = cluster.server.object("kubeovn.io", "ips", "", name) else { return };
    if is_made(&ip) {
        return touch_ip(cluster, &ip);
    }
    let (namespace, pod) = pod_of(&ip);
    cluster.excuses.record_gone(namespace, pod);
}

fn touch_ip(cluster: &mut Cluster, ip: &Value) {
    let (namespace, pod) = pod_of(ip);
    cluster.excuses.touched(namespace, pod);
}

/// Namespace and name of the pod that an IP object is for.
fn pod_of(ip: &Value) -> (&str, &str) {
    let spec = |field: &str| ip["spec"][field].as_str().unwrap_or_default();
    (spec("namespace"), spec("podName"))
}

fn is_held(object: &Value) -> bool {
    object["metadata"]["finalizers"].as_array().is_some_and(|all| all.iter().any(|one| one == HOLD))
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object["metadata"][field].as_str().unwrap_or_default()
}

fn name(object: &Value) -> &str {
    text(object, "name")
}

fn picked(objects: Vec<Arc<Value>>, pick: u8) -> Option<Arc<Value>> {
    let at = usize::from(pick) % objects.len().max(1);
    objects.into_iter().nth(at)
}

fn claim(cluster: &Cluster, pick: u8) -> Option<String> {
    let claim = picked(cluster.server.objects("ipledger.dev", "addressclaims"), pick)?;
    Some(format!("{CLAIMS}/{}", name(&claim)))
}

/// One that a controller made: what people reserve is theirs to change.
fn ip(cluster: &Cluster, pick: u8) -> Option<Arc<Value>> {
    let mut ips = cluster.server.objects("kubeovn.io", "ips");
    ips.retain(|ip| is_made(ip));
    picked(ips, pick)
}

/// Whether a controller made an IP object.
fn is_made(ip: &Value) -> bool {
    ip["metadata"]["labels"]["ovn.kubernetes.io/ip_reserved"] == "false"
}

fn pod(cluster: &Cluster, pick: u8) -> Option<Arc<Value>> {
    picked(cluster.server.objects("", "pods"), pick)
}

fn ip_path(ip: &Value) -> String {
    format!("/apis/kubeovn.io/v1/ips/{}", name(ip))
}

fn pod_path(pod: &Value) -> String {
    format!("/api/v1/namespaces/{}/pods/{}", text(pod, "namespace"), name(pod))
}
