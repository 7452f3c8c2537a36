//! What people see, as golden files: every rendering of small clusters.

mod common;

use common::{large, look, one_of_everything, report};
use view::Look;
use view::audit::{Advice, Detail, Document, markdown, summary, table};
use view::who::{Query, who};

fn plain() -> Look {
    Look { width: 100, ..Look::default() }
}

fn audit_text(detail: Detail, look: &Look) -> String {
    let report = report(&one_of_everything().world());
    let mut text = String::new();
    table(&mut text, &report, detail, look);
    summary(&mut text, &report, Advice::AddComplete, look);
    text
}

fn show_subnet(name: &str, cluster: &common::Cluster, look_as: &Look, wide: bool) -> String {
    look(&cluster.world(), |lens| view::subnet::subnet(lens, name).expect("it is there").render(look_as, wide))
}

fn who_is(query: &str) -> String {
    let query = Query::parse(query).expect("a good query");
    look(&one_of_everything().world(), |lens| who(lens, &query).render(&plain()))
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
    let text = audit_text(Detail::Brief, &Look { width: 60, ascii: true, color: false });
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
    insta::assert_snapshot!("audit_markdown", markdown(&report(&one_of_everything().world()), Advice::AddComplete));
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
    summary(&mut text, &report, Advice::AddComplete, &plain());
    summary(&mut text, &report, Advice::AllowList, &plain());
    insta::assert_snapshot!("audit_not_judged", text);
}

#[test]
fn a_clean_cluster_is_called_clean_only_where_all_of_it_was_judged() {
    let cluster = common::Cluster::default().with(common::nad());
    let text = |complete: &[api::slim::Kind]| {
        let mut text = String::new();
        summary(&mut text, &report(&cluster.world_where(complete)), Advice::AddComplete, &plain());
        text
    };
    assert!(text(&api::slim::Kind::ALL).starts_with("clean: "));
    assert!(text(&[]).starts_with("no findings in what could be judged: "), "{}", text(&[]));
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
    let lines: Vec<&str> = text.lines().skip(4).take(3).collect();
    insta::assert_snapshot!("subnet_ext_not_judged", lines.join("\n"));
}

#[test]
fn a_large_subnet_is_drawn_by_blocks_and_a_v6_one_by_its_occupied_rows() {
    let text = show_subnet("big", &large(), &plain(), false);
    insta::assert_snapshot!("subnet_big", text);
    let narrow = show_subnet("big", &large(), &Look { width: 80, ascii: true, color: false }, false);
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
