//! Stories of what is refused.

use super::shared::Story;
use crate::proof::network::network;
use crate::stage::managed::SUBNETS;
use serde_json::Value;
use testbed::{Look, need};

fn is_ready(subnet: &Value) -> bool {
    let conditions = subnet["status"]["conditions"].as_array();
    conditions.is_some_and(|all| all.iter().any(|said| said["type"] == "Ready" && said["status"] == "True"))
}

#[test]
fn m01_of_two_subnets_of_one_wire_that_overlap_one_gives_out_and_the_other_says_why_not() {
    need!(Controllers);
    let story = Story::on(&[("m01", "10.41.0.0/24")]);
    let other = "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: m01-late}\nspec: {cidrBlock: 10.41.0.128/25, provider: m01.default}\n";
    let path = format!("{SUBNETS}/m01-late");
    story.wait("the first to be Ready", || match story.admin.get(&format!("{SUBNETS}/m01")) {
        Ok(subnet) if is_ready(&subnet) => Look::Done(()),
        seen => Look::NotYet(format!("{seen:?}")),
    });
    story.bed.apply(other).unwrap();
    let refused = story.wait("the second to say why it gives out nothing", || {
        let subnet = story.admin.get(&path).unwrap();
        if subnet["status"].to_string().contains("m01") {
            Look::Done(subnet)
        } else {
            Look::NotYet(subnet["status"].to_string())
        }
    });
    assert!(!is_ready(&refused), "{}", refused["status"]);
    story.pod("m01-p", "m01");
    let claims = story.wait_number_on("m01", 1);
    assert_eq!(claims["10.41.0.2"], "Pod m01-p");
    assert!(!is_ready(&story.admin.get(&path).unwrap()));
    story.delete(&path);
    story.wait_gone(&path);
    story.remove_pod("m01-p");
    // Both at once: one of them.
    story
        .bed
        .apply(
            &[network("m01x", "10.42.0.0/24", ""), other.replace("10.41", "10.42").replace("m01", "m01x")]
                .join("---\n"),
        )
        .unwrap();
    story.wait("exactly one of two that came together to be Ready", || {
        let both = ["m01x", "m01x-late"].map(|name| story.admin.get(&format!("{SUBNETS}/{name}")).unwrap());
        let settled = both.iter().all(|subnet| subnet["status"]["conditions"].is_array());
        let ready = both.iter().filter(|subnet| is_ready(subnet)).count();
        if settled && ready == 1 { Look::Done(()) } else { Look::NotYet(format!("{ready} ready, settled: {settled}")) }
    });
    story.delete(&format!("{SUBNETS}/m01x-late"));
    story.wait_gone(&format!("{SUBNETS}/m01x-late"));
    story.ends(&["m01", "m01x"]);
}
