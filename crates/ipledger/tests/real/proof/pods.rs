//! Pods of a story on the Subnet `ext`, one NIC each, by the dozen.
//!
//! In: a control plane, a prefix, numbers. Out: pods; waits for what becomes of them.

use super::network::pod;
use crate::stage::managed::{Managed, PODS};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use testbed::Look;

const TOLD: &str = "ext.default.kubernetes.io/ip_address";

pub(super) fn make_pods(managed: &Managed, prefix: &str, numbers: impl Iterator<Item = usize>) {
    for at in numbers {
        managed.admin.post(PODS, &pod(&format!("{prefix}{at}"), "ext", &Value::Null)).unwrap();
    }
}

pub(super) fn delete_pods(managed: &Managed, prefix: &str, numbers: impl Iterator<Item = usize>) {
    numbers.for_each(|at| drop(managed.admin.delete(&format!("{PODS}/{prefix}{at}")).unwrap()));
}

/// Waits until there are so many pods, each with an address of its own, and as many claims.
pub(super) fn wait_served(managed: &Managed, pods: usize) {
    managed.wait(&format!("{pods} pods with addresses"), || {
        let all = managed.items(PODS);
        let told: BTreeSet<&str> =
            all.iter().filter_map(|pod| pod["metadata"]["annotations"].get(TOLD)?.as_str()).collect();
        let (all, told, claims) = (all.len(), told.len(), managed.claims().len());
        let served = [all, told, claims] == [pods; 3];
        if served { Look::Done(()) } else { Look::NotYet(format!("{all} pods, {told} addresses, {claims} claims")) }
    });
    managed.assert_books("ext");
}

/// Waits until no controller has written anything for so long.
pub(super) fn wait_for_silence(managed: &Managed, silence: Duration) {
    let mut since = (Instant::now(), managed.bed.audit().mark().unwrap());
    managed.wait(&format!("{silence:?} without a write"), || {
        let writes = managed.writes(since.1);
        if writes.is_empty() {
            let over = since.0.elapsed() >= silence;
            return if over { Look::Done(()) } else { Look::NotYet("silence, but not for long".to_owned()) };
        }
        since = (Instant::now(), managed.bed.audit().mark().unwrap());
        Look::NotYet(format!("{writes:?}"))
    });
}
