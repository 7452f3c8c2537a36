//! The committed CRD files are what the types say.
//!
//! In: `config/crds`. Out: a failure that names each file that differs, or, with `WRITE_CRDS=1`, the files written anew
//! (`cargo xtask crds --write`).

#![allow(clippy::unwrap_used)] // A test program: its helpers may fail as its tests may.

use api::crds;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/crds")
}

fn expected() -> BTreeMap<String, String> {
    crds::all().iter().map(|crd| (crds::file_name(crd), crds::to_yaml(crd))).collect()
}

fn committed() -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder()).map(|entries| entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>());
    let paths = entries.unwrap_or_default().into_iter().filter(|path| path.extension().is_some_and(|e| e == "yaml"));
    // Which of them `kubectl apply -k` takes is no definition.
    let paths = paths.filter(|path| path.file_name().is_some_and(|name| name != "kustomization.yaml"));
    paths
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap()))
        .collect()
}

fn write(expected: &BTreeMap<String, String>) {
    fs::create_dir_all(folder()).unwrap();
    for name in committed().keys().filter(|name| !expected.contains_key(*name)) {
        fs::remove_file(folder().join(name)).unwrap();
    }
    for (name, text) in expected {
        fs::write(folder().join(name), text).unwrap();
    }
}

#[test]
fn the_committed_files_are_what_the_types_say() {
    let expected = expected();
    if std::env::var_os("WRITE_CRDS").is_some_and(|value| value == "1") {
        write(&expected);
    }
    let committed = committed();
    let names = expected.keys().chain(committed.keys().filter(|name| !expected.contains_key(*name)));
    let differ: Vec<&String> = names.filter(|name| expected.get(*name) != committed.get(*name)).collect();
    assert!(differ.is_empty(), "config/crds differs from the types in {differ:?}: run `cargo xtask crds --write`");
}

#[test]
fn yaml_and_json_of_a_crd_say_the_same() {
    for crd in crds::all() {
        let yaml: serde_json::Value = serde_saphyr::from_str(&crds::to_yaml(&crd)).unwrap();
        assert_eq!(yaml, serde_json::to_value(&crd).unwrap(), "{}", crds::file_name(&crd));
    }
}
