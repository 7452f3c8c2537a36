//! Stories of pods: restarts of the controller, static addresses, many rounds.

use super::shared::Story;
use crate::proof::network::{eip, pod};
use crate::stage::managed::{CLAIMS, EIPS, PODS};
use serde_json::{Value, json};
use testbed::{Look, need};

#[test]
fn u02_an_address_on_macvlan_is_still_its_pods_after_the_controller_was_killed() {
    need!(Controllers);
    let mut story = Story::on(&[("u02", "10.2.0.0/29")]);
    story.pod("u02-p1", "u02");
    story.wait_on("u02", &[("10.2.0.2", "Pod u02-p1")]);
    story.kill();
    story.pod("u02-p2", "u02");
    story.post(EIPS, &eip("u02-e", "u02-gw", "u02"));
    story.start();
    let claims = story.wait_number_on("u02", 3);
    assert_eq!(claims["10.2.0.2"], "Pod u02-p1");
    story.assert_books("u02");
    ["u02-p1", "u02-p2"].into_iter().for_each(|pod| story.remove_pod(pod));
    story.delete(&format!("{EIPS}/u02-e"));
    story.ends(&["u02"]);
}

#[test]
fn u04_a_static_address_whose_pod_went_while_the_controller_was_down_waits_for_the_agent() {
    need!(Controllers);
    let mut story = Story::on(&[("u04", "10.4.0.0/29")]);
    story.pod_with("u04-a", "u04", "10.4.0.5");
    story.wait_on("u04", &[("10.4.0.5", "Pod u04-a")]);
    story.kill();
    story.remove_pod("u04-a");
    let next = story.pod_with("u04-b", "u04", "10.4.0.5");
    story.start();
    // Nobody said that the first one's interface is gone: the second one waits, and is told for whom.
    story.wait("the second one to be told", || {
        let events = story.items("/api/v1/namespaces/default/events");
        let about: Vec<&Value> = events
            .iter()
            .filter(|event| event["involvedObject"]["name"] == "u04-b")
            .map(|event| &event["message"])
            .collect();
        let is_told = about.iter().any(|text| text.as_str().unwrap_or_default().contains("u04-a"));
        if is_told { Look::Done(()) } else { Look::NotYet(format!("{about:?}")) }
    });
    assert_eq!(story.claims_on("u04")["10.4.0.5"], "Pod u04-a");
    assert!(is_only_asked(&story, "u04-b"));
    // Once it did, nobody needs to do anything.
    story.wait_on("u04", &[("10.4.0.5", "Pod u04-b")]);
    story.wait_told("u04-b", "u04", "10.4.0.5");
    let claim = story.admin.get(&format!("{CLAIMS}/u04.default.10.4.0.5")).unwrap();
    assert_eq!(claim["spec"]["holder"]["uid"], next["metadata"]["uid"]);
    story.remove_pod("u04-b");
    story.ends(&["u04"]);
}

/// Whether a pod has not been given what it asks for.
fn is_only_asked(story: &Story, pod: &str) -> bool {
    let pod = story.admin.get(&format!("{PODS}/{pod}")).unwrap();
    pod["metadata"]["annotations"].get("u04.default.kubernetes.io/allocated").is_none()
}

#[test]
fn l09_rounds_of_pods_with_and_without_a_name_for_the_interface_bring_the_count_back() {
    need!(Controllers);
    let story = Story::on(&[("l09", "10.9.0.0/28")]);
    for round in 0..10 {
        let named = if round % 2 == 0 { "l09@ext0" } else { "l09" };
        let name = format!("l09-{round}");
        story.pod(&name, named);
        story.wait_number_on("l09", 1);
        story.wait_using_of("l09", 1);
        story.remove_pod(&name);
        story.wait_on("l09", &[]);
        story.wait_using_of("l09", 0);
    }
    story.ends(&["l09"]);
}

#[test]
fn x02_the_attachment_the_subnet_the_gateway_and_its_pod_go_in_one_file() {
    need!(Controllers);
    let story = Story::on(&[]);
    for round in 0..3 {
        let network = crate::proof::network::network("x02", "10.22.0.0/28", "");
        let gateway = crate::proof::network::gateway("x02-gw", "x02");
        let objects = [gateway, eip("x02-e", "x02-gw", "x02"), pod("x02-p", "x02", &json!({}))];
        let yaml = network + &objects.iter().map(|object| format!("{object}\n---\n")).collect::<String>();
        story.bed.apply(&yaml).unwrap();
        // In every other round before anything was served.
        if round % 2 == 0 {
            story.wait_number_on("x02", 3);
        }
        let path = story.bed.run().folder().join("x02.yaml");
        std::fs::write(&path, &yaml).unwrap();
        let force = ["--wait=false", "--grace-period=0", "--force"];
        story.bed.kubectl(&[&["delete", "-f", path.to_str().unwrap()], &force[..]].concat()).unwrap();
        story.wait_gone("/apis/kubeovn.io/v1/subnets/x02");
        assert!(story.claims_on("x02").is_empty());
        story.wait_no_pods();
    }
    story.ends(&[]);
}
