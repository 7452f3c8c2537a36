//! docs/failures.md says what there is.
//!
//! In: the table, the sources of the tests that it names. Out: claims. Guarantees: each item has one row; each row names a test
//! that is there, or says why there is none; each test here is in the table; what is open is called so.

use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

/// The numbers of the catalogue. It has gaps.
const ITEMS: &str = "U01 U02 U03 U04 U05 U06 U09 U10 U11 U12 U13 U15 U16 U17 U18 U21 \
    L01 L02 L03 L04 L05 L06 L07 L09 L10 L11 L12 L13 L14 L15 L16 C01 C02 C04 C06 C07 C08 C09 \
    A01 A02 A03 A04 A06 A07 A09 A11 R01 R02 R03 R04 R06 R08 R09 G01 G02 G04 G06 G07 G08 \
    V01 V02 V03 V06 V07 V08 V09 M01 M03 M04 M05 M06 M07 M08 M09 M12 M13 M14 \
    D01 D02 D03 D04 D06 D07 D10 D11 D12 D13 D14 X01 X02 X03 X04 X05 X08 X09 B01 B03 \
    W01 W02 W04 W06 W07 P01 P02 P03 K02 K03 K05 K07 K08 Y01 Y02";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// One row: item, what failed, where it is proven or why it is not, which test runs it on real processes.
struct Row {
    item: String,
    proof: String,
    text: String,
}

fn rows() -> Vec<Row> {
    let text = read_to_string(root().join("docs/failures.md")).unwrap();
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let is_item = |item: &str| item.len() == 3 && item[1..].bytes().all(|byte| byte.is_ascii_digit());
    let lines = text.lines().filter(|line| line.starts_with("| ")).map(|line| (line, cells(line)));
    let rows = lines.filter(|(_, cells)| is_item(&cells[0]));
    rows.map(|(line, cells)| Row { item: cells[0].clone(), proof: cells[2].clone(), text: line.to_owned() }).collect()
}

/// The tests that a text names: `file.rs::name`, a file of this folder or, with its folders, of the project.
fn tests(text: &str) -> Vec<(PathBuf, String)> {
    let quoted = text.split('`').skip(1).step_by(2);
    let named = quoted.filter_map(|quoted| quoted.split_once(".rs::"));
    let path = |file: &str| match file.contains('/') {
        true => root().join(format!("{file}.rs")),
        false => root().join(format!("crates/sim/tests/failures/{file}.rs")),
    };
    named.map(|(file, name)| (path(file), name.to_owned())).collect()
}

#[test]
fn each_item_of_the_catalogue_has_one_row() {
    let mut found: Vec<String> = rows().into_iter().map(|row| row.item).collect();
    let mut wanted: Vec<&str> = ITEMS.split_whitespace().collect();
    assert_eq!(wanted.len(), 112);
    found.sort();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
}

#[test]
fn each_row_names_tests_that_are_there_or_says_why_there_is_none() {
    for row in rows() {
        let tests = tests(&row.proof);
        assert_eq!(
            tests.is_empty(),
            row.proof.starts_with("none: "),
            "either, in the row of {}: {}",
            row.item,
            row.proof
        );
        for (path, name) in self::tests(&row.text) {
            let source =
                read_to_string(&path).unwrap_or_else(|error| panic!("{}: {}: {error}", row.item, path.display()));
            let (before, _) = source
                .split_once(&format!("fn {name}("))
                .unwrap_or_else(|| panic!("{}: {} has no test {name}", row.item, path.display()));
            let attributes: String = before.lines().rev().take_while(|line| !line.is_empty()).collect();
            assert!(
                attributes.contains("test]") || attributes.contains("proptest!"),
                "{}: {name} is no test",
                row.item
            );
            let is_open = attributes.contains("ignore = \"open");
            assert!(
                !is_open || row.text.contains("open: "),
                "{}: {name} is open, and the row does not say so",
                row.item
            );
        }
    }
}

#[test]
fn each_test_that_is_called_after_an_item_is_in_the_row_of_that_item() {
    let folder = root().join("crates/sim/tests/failures");
    let rows = rows();
    let mut tests_here = BTreeSet::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let source = read_to_string(entry.unwrap().path()).unwrap();
        let names =
            source.split("#[test]").skip(1).filter_map(|rest| Some(rest.split_once("fn ")?.1.split_once('(')?.0));
        tests_here.extend(names.map(str::to_owned));
    }
    let is_of = |name: &str, item: &str| name.to_uppercase().starts_with(&format!("{item}_"));
    for name in &tests_here {
        let Some(row) = rows.iter().find(|row| is_of(name, &row.item)) else { continue };
        assert!(tests(&row.proof).iter().any(|(_, named)| named == name), "{} does not name {name}", row.item);
    }
    assert!(tests_here.iter().filter(|name| rows.iter().any(|row| is_of(name, &row.item))).count() > 80);
}
