//! What is held for nobody's pod: quarantines, and addresses that another manager gave to OvnEips; and freed addresses that rest.
//!
//! In: a step, the wire of the first network. Out: the requests of an agent, of Kube-OVN and of people. Guarantees: none depends on what is there; the server may refuse
//! it.

use super::people::{KUBE_OVN, address, create};
use super::step::What;
use crate::node::CLAIMS;
use api::schema::claim_name;
use ledger::Addr;
use model::{Request, Timestamp};
use serde_json::{Value, json};

/// For how long an agent that hears an address which nobody has claimed keeps it from being given out.
const QUARANTINE: i64 = 60;

/// The requests of a step that is about these.
pub(super) fn requests(what: What, wire: &str, now: Timestamp) -> Vec<Request> {
    match what {
        What::Quarantine(addr) => vec![Request::post(CLAIMS, quarantine(addr, wire, now.plus_secs(QUARANTINE)))],
        What::OvnEip(addr) => {
            let given = json!({"status": {"v4Ip": address(addr)}});
            vec![
                create("ovn-eips", "OvnEip", &format!("o{addr}"), &json!({"externalSubnet": "ext"})),
                Request::merge_patch(format!("{KUBE_OVN}/ovn-eips/o{addr}/status"), given),
            ]
        }
        What::DeleteOvnEip(addr) => vec![Request::delete(format!("{KUBE_OVN}/ovn-eips/o{addr}"))],
        What::Rest(hours) => {
            let text = if hours == 0 { Value::Null } else { json!(format!("{hours}h")) };
            let annotations = json!({"ipledger.dev/cooldown": text});
            let subnet = format!("{KUBE_OVN}/subnets/ext");
            vec![Request::merge_patch(subnet, json!({"metadata": {"annotations": annotations}}))]
        }
        _ => Vec::new(),
    }
}

fn quarantine(addr: u8, wire: &str, until: Timestamp) -> Value {
    let addr = address(addr);
    let name = addr.parse::<Addr>().map(|addr| claim_name(wire, addr)).unwrap_or_default();
    json!({"apiVersion": "ipledger.dev/v1alpha1", "kind": "AddressClaim", "metadata": {"name": name},
        "spec": {"wire": wire, "address": addr, "subnet": "ext", "holder": {"kind": "Quarantine", "name": "stray"}},
        "status": {"quarantine": {"until": until.to_string()}}})
}
