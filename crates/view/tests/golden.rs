//! What people see, as golden files: every rendering of small clusters.

mod common;

use common::{elsewhere, large, look, lost, one_of_everything, overlapping, report, twins};
use view::Look;
use view::audit::{Advice, Closing, Detail, Document, markdown, summary, table};
use view::who::{Query, who};

fn plain() -> Look {
    Look { width: 100, ..Look::default() }
}

fn audit_text(detail: Detail, look: &Look) -> String {
    let report = report(&one_of_everything().world());
    let mut text = String::new();
    table(&mut text, &report, detail, look);
    summary(&mut text, &report, Closing::whole(Advice::AddComplete), look);
    text
}

fn show_subnet(name: &str, cluster: &common::Cluster, look_as: &Look, wide: bool) -> String {
    look(&cluster.world(), |lens| view::subnet::subnet(lens, name).expect("it is there").render(look_as, wide))
}

fn who_is(query: &str) -> String {
    who_in(&one_of_everything().world(), query)
}

fn who_in(world: &engine::World, query: &str) -> String {
    let query = Query::parse(query).expect("a good query");
    look(world, |lens| who(lens, &query).render(&plain(), false))
}

#[test]
fn the_table_tells_each_cause_with_what_follows_from_it() {
    insta::assert_snapshot!("audit_table", audit_text(Detail::Brief, &plain()));
}

#[test]
fn the_wide_table_names_every_object() {
    insta::assert_snapshot!("audit_wide", audit_text(Detail::Wide, &plain()));
}

#[test]
fn a_narrow_terminal_and_ascii_lose_nothing() {
    let text = audit_text(Detail::Brief, &Look { width: 60, ascii: true, ..Look::default() });
    assert!(text.is_ascii());
    insta::assert_snapshot!("audit_narrow", text);
}

#[test]
fn colour_only_repeats_what_the_words_say() {
    let painted = audit_text(Detail::Brief, &Look { color: true, ..plain() });
    let mut bare = String::new();
    let mut rest = painted.as_str();
    while let Some(at) = rest.find('\u{1b}') {
        bare.push_str(&rest[..at]);
        rest = &rest[at + rest[at..].find('m').expect("a colour ends with m") + 1..];
    }
    bare.push_str(rest);
    assert_ne!(painted, bare, "there is colour");
    assert_eq!(bare, audit_text(Detail::Brief, &plain()));
}

#[test]
fn the_ticket_is_markdown() {
    insta::assert_snapshot!(
        "audit_markdown",
        markdown(&report(&one_of_everything().world()), Closing::whole(Advice::AddComplete))
    );
}

#[test]
fn the_document_has_the_promised_shape() {
    let json = serde_json::to_string_pretty(&Document(&report(&one_of_everything().world()))).expect("it serialises");
    insta::assert_snapshot!("audit_json", json);
}

#[test]
fn what_was_not_judged_is_said_in_one_line_per_class() {
    let mut report = report(&one_of_everything().world_where(&[]));
    report.coverage.unreadable.push(engine::report::UnreadableLine {
        path: "dump/pods.json:17:3".to_owned(),
        object: Some("Pod net/d".to_owned()),
        reason: "the file ends in the middle of an object".to_owned(),
    });
    let mut text = String::new();
    summary(&mut text, &report, Closing::whole(Advice::AddComplete), &plain());
    summary(&mut text, &report, Closing::whole(Advice::AllowList), &plain());
    insta::assert_snapshot!("audit_not_judged", text);
}

#[test]
fn a_clean_cluster_is_called_clean_only_where_all_of_it_was_judged() {
    let cluster = common::Cluster::default().with(common::nad());
    let text = |complete: &[api::slim::Kind]| {
        let mut text = String::new();
        summary(&mut text, &report(&cluster.world_where(complete)), Closing::whole(Advice::AddComplete), &plain());
        text
    };
    assert!(text(&api::slim::Kind::ALL).starts_with("clean: "));
    assert!(text(&[]).starts_with("no findings in what could be judged: "), "{}", text(&[]));
}

#[test]
fn what_was_left_out_on_purpose_makes_nothing_clean() {
    let report = report(&common::Cluster::default().with(common::nad()).world());
    let verdict = |closing: Closing<'_>| {
        let mut text = String::new();
        summary(&mut text, &report, closing, &plain());
        text.split(':').next().unwrap_or_default().to_owned()
    };
    let whole = Closing::whole(Advice::AddComplete);
    assert_eq!(verdict(whole), "clean");
    assert_eq!(verdict(Closing { narrowed: true, ..whole }), "no findings of those asked for");
    assert_eq!(verdict(Closing { known: 2, ..whole }), "no findings beside 2 known ones");
}

#[test]
fn a_small_subnet_is_drawn_by_address() {
    insta::assert_snapshot!("subnet_ext", show_subnet("ext", &one_of_everything(), &plain(), false));
    insta::assert_snapshot!("subnet_ext_wide", show_subnet("ext", &one_of_everything(), &plain(), true));
}

#[test]
fn why_the_status_differs_is_said_or_why_that_is_not_known() {
    let world = one_of_everything().world_where(&[]);
    let text = look(&world, |lens| view::subnet::subnet(lens, "ext").expect("it is there").render(&plain(), false));
    let lines: Vec<&str> = text.lines().skip(6).take(2).collect();
    insta::assert_snapshot!("subnet_ext_not_judged", lines.join("\n"));
}

#[test]
fn a_large_subnet_is_drawn_by_blocks_and_a_v6_one_by_its_occupied_rows() {
    let text = show_subnet("big", &large(), &plain(), false);
    insta::assert_snapshot!("subnet_big", text);
    let narrow = show_subnet("big", &large(), &Look { width: 80, ascii: true, ..Look::default() }, false);
    let map = narrow.lines().filter(|line| line.trim_start().starts_with("10.16.")).take(16);
    assert!(map.map(|line| line.chars().count()).all(|width| width <= 80), "{narrow}");
}

#[test]
fn a_wide_terminal_has_room_for_percents() {
    let text = show_subnet("big", &large(), &Look { width: 200, ..plain() }, false);
    insta::assert_snapshot!("subnet_big_percents", text.lines().take(9).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_subnet_as_json() {
    let json = look(&one_of_everything().world(), |lens| {
        serde_json::to_string_pretty(&view::subnet::subnet(lens, "ext")).expect("it serialises")
    });
    insta::assert_snapshot!("subnet_ext_json", json);
}

#[test]
fn overviews_are_tables() {
    let cluster = one_of_everything();
    look(&cluster.world(), |lens| {
        insta::assert_snapshot!("show_subnets", view::show::subnets(lens).render(&plain(), false));
        insta::assert_snapshot!("show_pools", view::show::pools(lens).render(&plain()));
        insta::assert_snapshot!("show_holders", view::show::holders(lens).render(&plain(), true));
    });
    look(&large().world(), |lens| {
        insta::assert_snapshot!("show_subnets_large", view::show::subnets(lens).render(&plain(), false));
    });
}

#[test]
fn an_address_is_answered_whoever_has_it() {
    for (name, query) in [
        ("who_gateway_nic", "172.31.9.2"),
        ("who_kept", "172.31.9.4"),
        ("who_leaked", "172.31.9.5"),
        ("who_reserved", "::ffff:172.31.9.6"),
        ("who_duplicate", "172.31.9.7/28"),
    ] {
        insta::assert_snapshot!(name, who_is(query));
    }
}

#[test]
fn an_address_that_nobody_has_is_answered_too() {
    for (name, query) in [
        ("who_gateway", "172.31.9.1"),
        ("who_free_in_pool", "172.31.9.9"),
        ("who_free", "172.31.9.11"),
        ("who_excluded", "172.31.9.13"),
        ("who_broadcast", "172.31.9.15"),
        ("who_outside", "192.0.2.1"),
    ] {
        insta::assert_snapshot!(name, who_is(query));
    }
}

#[test]
fn pods_gateways_and_macs_are_answered() {
    for (name, query) in [
        ("who_pod", "net/web-0"),
        ("who_gateway_name", "gw1"),
        ("who_mac", "00-00-00-00-00-0B"),
        ("who_nobody", "nobody"),
    ] {
        insta::assert_snapshot!(name, who_is(query));
    }
}

#[test]
fn an_address_looks_free_only_where_all_records_are_known() {
    let world = one_of_everything().world_where(&[api::slim::Kind::Subnet]);
    insta::assert_snapshot!("who_not_sure", who_in(&world, "172.31.9.11"));
    let text = look(&world, |lens| view::subnet::subnet(lens, "ext").expect("it is there").render(&plain(), false));
    insta::assert_snapshot!("subnet_not_sure", text.lines().take(6).collect::<Vec<_>>().join("\n"));
}

#[test]
fn lost_addresses_are_told_from_free_ones() {
    insta::assert_snapshot!("subnet_lost", show_subnet("ext", &lost(), &plain(), false));
    insta::assert_snapshot!("who_lost", who_in(&lost().world(), "172.31.9.6"));
    // Beside the lost ones: free for everybody.
    assert!(who_in(&lost().world(), "172.31.9.9").contains("nothing stops it"));
}

#[test]
fn where_two_subnets_of_a_wire_overlap_both_are_told() {
    insta::assert_snapshot!("who_overlap", who_in(&overlapping().world(), "10.9.0.129"));
}

#[test]
fn why_a_subnets_status_differs_is_not_what_is_wrong_with_a_pool_of_it() {
    let world = overlapping().world();
    let reason =
        look(&world, |lens| view::subnet::subnet(lens, "all").expect("it is there").v4.and_then(|v4| v4.reason));
    assert!(reason.is_some_and(|reason| reason.starts_with("v4usingIPs 5, really 1")));
}

#[test]
fn a_pod_of_two_namespaces_is_told_twice_or_by_its_namespace() {
    insta::assert_snapshot!("who_twins", who_in(&twins().world(), "a"));
    let one = who_in(&twins().world(), "other/a");
    assert!(one.contains("Pod other/a") && !one.contains("Pod net/a"), "{one}");
    assert!(who_in(&twins().world(), "none/a").contains("there is a pod other/a"));
}

#[test]
fn a_name_of_something_else_leads_on() {
    for (query, hint) in [
        ("ext", "`ipledger show subnet ext`"),
        ("printers", "`ipledger show pools`"),
        ("web", "`ipledger who net/web-0`"),
        ("net/web", "`ipledger who net/web-0`"),
    ] {
        assert!(who_is(query).contains(hint), "{query}: {}", who_is(query));
    }
}

#[test]
fn a_nic_that_its_holder_no_longer_has_is_used_by_nobody() {
    insta::assert_snapshot!("who_without_nic", who_in(&elsewhere().world(), "172.31.9.9"));
    let text = show_subnet("ext", &elsewhere(), &plain(), false);
    let row = text.lines().find(|line| line.contains("172.31.9.9 ")).expect("it is listed");
    assert!(row.contains("Pod net/c") && row.ends_with("no longer has this NIC"), "{row}");
}

#[test]
fn a_reservation_with_a_pod_behind_it_says_so() {
    let printer = common::pod("printer", None, "ext", "172.31.9.6", "00:00:00:00:00:06");
    let text = who_in(&one_of_everything().with(printer).world(), "172.31.9.6");
    assert!(text.contains("reserved: pod net/printer uses it"), "{text}");
}

#[test]
fn on_a_narrow_terminal_every_table_keeps_to_its_columns() {
    let narrow = Look { width: 80, fit: true, ..Look::default() };
    let query = Query::parse("172.31.9.5").expect("an address");
    let texts = look(&one_of_everything().world(), |lens| {
        [
            ("who_terminal", who(lens, &query).render(&narrow, false)),
            ("subnet_terminal", view::subnet::subnet(lens, "ext").expect("it is there").render(&narrow, false)),
            ("show_holders_terminal", view::show::holders(lens).render(&narrow, true)),
        ]
    });
    for (name, text) in texts {
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{name}:\n{text}");
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn a_24_is_drawn_by_address_and_a_64_with_its_gaps_fits_a_terminal() {
    let narrow = Look { width: 80, fit: true, ..Look::default() };
    insta::assert_snapshot!("subnet_24", show_subnet("all", &overlapping(), &narrow, false));
    let text = show_subnet("big", &large(), &narrow, false);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn a_cidr_that_cannot_be_read_is_not_taken_for_none() {
    let spec = serde_json::json!({"protocol": "IPv4", "cidrBlock": "10.1.0.0/99", "provider": "mv.net"});
    let cluster = common::Cluster::default().with(common::subnet("bad", spec, serde_json::json!({})));
    let text = show_subnet("bad", &cluster, &plain(), false);
    assert!(text.contains("its CIDR cannot be read: ") && text.contains("10.1.0.0/99"), "{text}");
    assert!(!text.contains("MAC addresses only"), "{text}");
    let all = look(&cluster.world(), |lens| view::show::subnets(lens).render(&plain(), false));
    assert!(all.contains("10.1.0.0/99 (cannot be read)"), "{all}");
}

#[test]
fn nics_that_have_a_mac_and_no_address_are_shown() {
    let world = common::layer_2().world();
    insta::assert_snapshot!("who_mac_only", who_in(&world, "02:00:00:00:00:01"));
    insta::assert_snapshot!("who_pod_mac_only", who_in(&world, "net/a"));
    look(&world, |lens| {
        insta::assert_snapshot!("show_holders_mac_only", view::show::holders(lens).render(&plain(), false));
        insta::assert_snapshot!("show_subnets_mac_only", view::show::subnets(lens).render(&plain(), true));
        let json = serde_json::to_value(view::show::holders(lens)).expect("it serialises");
        assert_eq!(json["holders"][0]["addresses"], serde_json::json!([]), "what has an address stays as it was");
        assert_eq!(json["holders"][0]["macs"][0]["mac"], "02:00:00:00:00:01");
    });
}
