//! Whatever the CIDR: the map stays small, the work goes by what is on record, and nothing panics.

mod common;

use common::{Cluster, look, subnet};
use serde_json::json;
use view::subnet::{MapCell, MapRow, SubnetView};

fn view_of(cidr: &str, gateway: &str, held: &[&str]) -> SubnetView {
    let spec = json!({"cidrBlock": cidr, "gateway": gateway, "provider": "mv.net"});
    let mut cluster = Cluster::default().with(subnet("s", spec, json!({})));
    for (i, addr) in held.iter().enumerate() {
        let (v4, v6) = if addr.contains(':') { ("", *addr) } else { (*addr, "") };
        cluster = cluster.with(common::ip(&format!("p{i}"), "", "s", v4, v6, ""));
    }
    look(&cluster.world(), |lens| view::subnet::subnet(lens, "s").expect("it is there"))
}

fn family(view: &SubnetView) -> &view::subnet::FamilyView {
    view.v4.as_ref().or(view.v6.as_ref()).expect("it has a family")
}

fn cells(view: &SubnetView) -> Vec<&MapCell> {
    let rows = family(view).map.rows.iter();
    rows.flat_map(|row| if let MapRow::Cells { cells, .. } = row { cells.as_slice() } else { &[] }).collect()
}

#[test]
fn no_map_has_more_than_256_cells_and_every_one_renders() {
    let v4 = (0..=32).map(|length| (format!("10.0.0.0/{length}"), "10.0.0.1", "10.0.0.9"));
    let v6 = (0..=128).map(|length| (format!("fd00::/{length}"), "fd00::1", "fd00::ab:9"));
    for (cidr, gateway, held) in v4.chain(v6) {
        let view = view_of(&cidr, gateway, &[held]);
        let count = cells(&view).len();
        assert!((1..=256).contains(&count), "{cidr}: {count} cells");
        let text = view.render(&view::Look::default(), false);
        assert!(text.contains(held), "{cidr} lists its holder:\n{text}");
    }
}

#[test]
fn scattered_holders_of_a_64_are_drawn_in_coarser_blocks() {
    let held: Vec<String> = (1_u64..200).map(|i| format!("fd00::{:x}:0:0:{:x}", i % 251, i)).collect();
    let held: Vec<&str> = held.iter().map(String::as_str).collect();
    let view = view_of("fd00::/64", "fd00::1", &held);
    let using: u128 = cells(&view)
        .into_iter()
        .map(|cell| if let MapCell::Block { using, .. } = cell { using.0.as_u128().expect("few") } else { 0 })
        .sum();
    assert_eq!(using, 199, "every address is in one cell");
    assert!(cells(&view).len() <= 256);
}

#[test]
fn holders_side_by_side_in_a_64_are_drawn_by_address() {
    let view = view_of("fd00::/64", "fd00::1", &["fd00::2", "fd00::3", "fd00::ffff:1"]);
    assert_eq!(family(&view).map.cell, 128);
    let rows = &family(&view).map.rows;
    let kinds: Vec<bool> = rows.iter().map(|row| matches!(row, MapRow::Gap { .. })).collect();
    assert_eq!(kinds, [false, true, false, true], "a row, a gap, a row, a gap");
}

#[test]
fn rows_of_the_list_cover_every_address_once() {
    let view = view_of("10.0.0.0/24", "10.0.0.1", &["10.0.0.2", "10.0.0.200", "10.0.0.255"]);
    let family = family(&view);
    let listed: u128 = family.list.iter().filter_map(|row| row.count.0.as_u128()).sum();
    assert_eq!(listed, 254 + 1, "254 usable ones, and the broadcast address that is on record");
    let firsts: Vec<&str> = family.list.iter().map(|row| row.first.as_str()).collect();
    assert_eq!(firsts, ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.200", "10.0.0.201", "10.0.0.255"]);
}
