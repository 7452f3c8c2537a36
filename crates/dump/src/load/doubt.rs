//! Which kinds may have been in what could not be read.
//!
//! In: what broke off, or could not be opened, with the name of its file. Out: kinds of [`super::Loaded::doubtful`]. Guarantees: a
//! file's name tells the kind only as long as nothing else was found in it; where nothing tells it, every kind is doubted.

use super::{Reader, kind_of_stem};
use crate::parse::Part;
use crate::split::Header;
use api::slim::Kind;
use std::ops::Range;

/// A file that broke off: what was read of it, and the kind that it is named after.
pub(super) struct Broken {
    batches: Range<usize>,
    named: Kind,
}

/// The kind, or every one where none is known.
pub(crate) fn that_or_all(kind: Option<Kind>) -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(move |other| kind.is_none_or(|kind| kind == *other))
}

/// Whether there is anything in a part beside readable objects of a kind.
pub(super) fn holds_others(part: &Part, kind: Kind) -> bool {
    // Objects of a kind of that name in another API group are something else as well.
    let others = !part.passed_over.is_empty() || !part.manifests.is_empty();
    others || part.objects.iter().any(|parsed| parsed.object.kind() != kind)
}

impl Reader<'_> {
    /// Notes which kinds the rest of a broken input may hold; `from`: its first batch. What comes after a list that breaks off
    /// is lost with it, so that a list's own kind says less than a file's name.
    pub(super) fn doubt(&mut self, list: Option<&Header>, stem: Option<&str>, from: usize) {
        let Some(named) = stem.and_then(kind_of_stem) else {
            self.loaded.doubtful.extend(Kind::ALL);
            return;
        };
        self.loaded.doubtful.insert(named);
        self.loaded.doubtful.extend(list.and_then(|header| Kind::from_list(&header.api_version, &header.kind)));
        self.broken.push(Broken { batches: from..self.number, named });
    }

    /// Doubts every kind where a file that broke off held more than its name says.
    pub(super) fn doubt_misnamed(&mut self, parts: &[Part]) {
        let is_misnamed = |broken: &Broken| {
            let parts = parts.get(broken.batches.clone()).unwrap_or_default();
            parts.iter().any(|part| holds_others(part, broken.named))
        };
        if self.broken.iter().any(is_misnamed) {
            self.loaded.doubtful.extend(Kind::ALL);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::input::Input;
    use crate::load::{Loaded, Options, load};
    use api::slim::Kind;
    use std::collections::BTreeSet;
    use std::io::{Cursor, Write};

    const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"d"}}"#;
    const IP: &str = r#"{"apiVersion":"kubeovn.io/v1","kind":"IP","metadata":{"name":"a.d"}}"#;

    fn read(input: Input) -> Loaded {
        load(vec![input], &Options::default(), &|_| {})
    }

    fn of_file(name: &str, bytes: &[u8]) -> Loaded {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), bytes).unwrap();
        read(Input::Path(folder.path().to_owned()))
    }

    fn of_stream(text: &str) -> Loaded {
        read(Input::Stream("stdin".to_owned(), Box::new(Cursor::new(text.as_bytes().to_vec()))))
    }

    fn cut(text: &str) -> &str {
        &text[..text.len() - 20]
    }

    fn all() -> BTreeSet<Kind> {
        BTreeSet::from(Kind::ALL)
    }

    #[test]
    fn where_nothing_says_what_was_lost_every_kind_is_doubted() {
        let list = format!(r#"{{"apiVersion":"v1","items":[{POD},{POD}],"kind":"List"}}"#);
        let cases = [
            ("a YAML file", of_file("everything.yaml", b"apiVersion: v1\nkind: List\nitems:\n- kind: Pod\n  bad: [\n")),
            ("objects one after the other", of_file("rest.json", cut(&format!("{POD}\n{POD}")).as_bytes())),
            ("garbage", of_file("rest.json", b"garbage garbage")),
            ("a file in which nothing was written", of_file("rest.json", b"")),
            ("a List", of_stream(cut(&list))),
            ("what would come after a typed list", of_stream(cut(&list.replace(r#""List""#, r#""PodList""#)))),
            ("a stream of objects", of_stream(cut(&format!("{POD}\n{POD}")))),
            ("one of several YAML documents", of_stream(&format!("---\nkind: Pod\n\tbad: x\n---\n{POD}\n"))),
            ("a bare array", of_stream(&format!("[{POD}]"))),
            ("an object without a kind", of_stream(&format!(r#"{POD} {{"metadata":{{"name":"x"}}}}"#))),
            (
                "an item without a kind",
                of_stream(&format!(
                    r#"{{"apiVersion":"v1","kind":"List","items":[{{"metadata":{{"name":"x"}}}},{POD}]}}"#
                )),
            ),
            (
                "the manifest of a snapshot",
                of_stream(&format!(r#"{POD} {{"apiVersion":"ipledger.dev/v1alpha1","kind":"Snapshot","format":99}}"#)),
            ),
        ];
        for (what, loaded) in cases {
            assert_eq!(loaded.doubtful, all(), "{what}");
            assert_eq!(loaded.unreadable.len(), 1, "{what}: {:?}", loaded.unreadable);
            // Whoever says that all is complete.
            let (world, _) = crate::world(loaded, &Kind::ALL, 60);
            assert_eq!(world.coverage.not_complete().count(), Kind::ALL.len(), "{what}");
        }
    }

    #[test]
    fn a_packed_snapshot_that_is_cut_off_leaves_no_kind_complete() {
        let lines = format!("{POD}\n{IP}\n").repeat(1000);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(lines.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        let loaded = of_file("snapshot.json.gz", &packed[..packed.len() - 30]);
        assert_eq!(loaded.doubtful, all());
    }

    #[test]
    fn a_files_name_says_which_kind_was_lost_unless_there_is_something_else_in_it() {
        let pods = BTreeSet::from([Kind::Pod]);
        assert_eq!(of_file("pods.json", b"garbage").doubtful, pods);
        assert_eq!(of_file("pods.json", b"").doubtful, pods);
        assert_eq!(of_file("pods.yaml", b"kind: Pod\n\tbad: x\n").doubtful, pods);
        assert_eq!(of_file("pods.json", b"{}").doubtful, pods);
        assert_eq!(of_file("pods.json", cut(&format!("{POD}\n{POD}")).as_bytes()).doubtful, pods);
        assert_eq!(of_file("pods.json", cut(&format!("{IP}\n{POD}")).as_bytes()).doubtful, all());
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_doubted_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        for (name, doubted) in [("pods.json", BTreeSet::from([Kind::Pod])), ("rest.json", all())] {
            let loaded = read(Input::Path(folder.path().join(name)));
            assert_eq!((loaded.doubtful, loaded.unreadable.len()), (doubted, 1), "{name}");
        }
        let mut broken = vec![0x1f, 0x8b, 8];
        broken.extend_from_slice(b"garbage");
        assert_eq!(of_file("pods.json.gz", &broken).doubtful, BTreeSet::from([Kind::Pod]));
    }
}
