//! Putting together what the threads read.
//!
//! In: the parts in the order of the input, and the lists that they are of. Out: [`Loaded`]. Guarantees: what a list says
//! about completeness is drawn from its items; of items without a kind all are read or none; of what cannot be read the first
//! parts are told and the others counted.

use super::doubt::{holds_others, that_or_all};
use super::{ListFact, ListRead, Loaded, Reader, Unreadable, kind_of_stem};
use crate::parse::{Part, pass_over, typed};
use crate::snapshot::{self, Manifest};
use api::slim::Kind;
use std::collections::BTreeSet;

/// So many parts that cannot be read are told one by one: nobody reads more.
const MOST_TOLD: usize = 100;

impl Reader<'_> {
    /// Puts the parts together, in order, and draws from each list what it says about completeness.
    pub(super) fn finish(mut self, mut parts: Vec<Part>) -> Loaded {
        self.untyped = parts.iter().map(|part| part.untyped_bytes).sum();
        for list in std::mem::take(&mut self.lists) {
            self.list(&list, &mut parts);
        }
        self.doubt_misnamed(&parts);
        let objects = parts.iter().map(|part| part.objects.len()).sum();
        self.loaded.objects.reserve_exact(objects);
        let mut untold = 0;
        for part in parts {
            self.loaded.objects.extend(part.objects);
            self.loaded.doubtful.extend(part.held.iter().map(|held| held.kind).chain(part.doubtful));
            self.loaded.held.extend(part.held);
            let room = MOST_TOLD.saturating_sub(self.loaded.unreadable.len());
            untold += part.untold + part.unreadable.len().saturating_sub(room) as u64;
            self.loaded.unreadable.extend(part.unreadable.into_iter().take(room));
            for (kind, passed) in part.passed_over {
                pass_over(&mut self.loaded.passed_over, kind, passed.count, || passed.first);
            }
            part.manifests.into_iter().for_each(|(place, manifest)| self.manifest(place, &manifest));
        }
        if untold > 0 {
            let reason = format!("{untold} more parts cannot be read: what is given may be no dump of a cluster");
            self.loaded.unreadable.push(Unreadable { path: "input".to_owned(), object: None, reason });
        }
        self.loaded
    }

    /// Takes the manifest of a snapshot. What one says that is not understood may be that kinds are missing.
    fn manifest(&mut self, path: String, json: &[u8]) {
        let reason = match serde_json::from_slice::<Manifest>(json) {
            Ok(manifest) if manifest.format > snapshot::FORMAT => format!(
                "a snapshot of format {}; this version reads formats up to {}, and takes nothing of it for complete",
                manifest.format,
                snapshot::FORMAT
            ),
            Ok(manifest) => return self.loaded.manifests.push(manifest),
            Err(error) => format!("the manifest of the snapshot cannot be read: {error}"),
        };
        self.loaded.doubtful.extend(Kind::ALL);
        self.loaded.unreadable.push(Unreadable { path, object: None, reason });
    }

    fn list(&mut self, list: &ListRead, parts: &mut [Part]) {
        let own = Kind::from_list(&list.header.api_version, &list.header.kind);
        let parts = parts.get_mut(list.batches.clone()).unwrap_or_default();
        self.untyped(list, own, parts);
        // A plain List says no kind: the file's name does, unless something else is in it.
        let by_name = || list.stem.as_deref().and_then(kind_of_stem).filter(|_| list.header.kind == "List");
        let Some(kind) = own.or_else(by_name) else { return };
        let mut namespaces = BTreeSet::new();
        for part in parts.iter() {
            if !part.unreadable.is_empty() || holds_others(part, kind) {
                return;
            }
            for parsed in &part.objects {
                let namespace = &parsed.object.meta().namespace;
                if kind.namespaced() && !namespaces.contains(namespace) {
                    namespaces.insert(namespace.clone());
                }
            }
        }
        let source = list.source.to_string();
        self.loaded.lists.push(ListFact { source, kind, continued: list.header.continued, namespaces });
    }

    /// Items that said no kind, of a list that said its own only after them.
    fn untyped(&mut self, list: &ListRead, own: Option<Kind>, parts: &mut [Part]) {
        let waiting = parts.iter().any(|part| part.untyped_bytes > 0);
        let place = || list.source.to_string();
        if waiting && self.untyped > self.limits.untyped {
            let reason = format!(
                "the list says its kind after its items, and such items are more than {} MiB in all: put `kind` before `items`",
                self.limits.untyped >> 20
            );
            parts.iter_mut().for_each(|part| part.untyped.clear());
            // No item was read: there may be any number of that kind.
            self.loaded.doubtful.extend(own);
            self.loaded.unreadable.push(Unreadable { path: place(), object: None, reason });
            return;
        }
        for part in parts {
            for (spot, bytes) in std::mem::take(&mut part.untyped) {
                let place = || spot.of(&list.source);
                match own {
                    Some(kind) => typed(part, kind, &bytes, &place),
                    None => {
                        self.loaded.doubtful.extend(that_or_all(list.stem.as_deref().and_then(kind_of_stem)));
                        let reason = || format!("an item without a kind, in a list of kind `{}`", list.header.kind);
                        part.refuse(None, reason, &place);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::input::Input;
    use crate::load::{Limits, Loaded, Options, load};
    use api::slim::Kind;
    use std::collections::BTreeSet;

    fn of_text(texts: &[&str], untyped: usize) -> Loaded {
        let input =
            |text: &&str| Input::Stream("f".to_owned(), Box::new(std::io::Cursor::new(text.as_bytes().to_vec())));
        let options = Options { threads: 2, limits: Limits { untyped, ..Limits::default() } };
        load(texts.iter().map(input).collect(), &options, &|_| {})
    }

    #[test]
    fn of_items_that_there_is_no_room_for_none_is_taken_for_all() {
        let list =
            r#"{"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}],"kind":"PodList","apiVersion":"v1"}"#;
        assert_eq!(of_text(&[list, list], 1000).objects.len(), 4);
        // There is room for the items of one list, and nobody knows which.
        let loaded = of_text(&[list, list], 60);
        assert!(loaded.objects.is_empty() && loaded.lists.iter().all(|list| list.namespaces.is_empty()));
        assert_eq!(loaded.unreadable.len(), 2, "{:?}", loaded.unreadable);
        assert_eq!(loaded.doubtful, BTreeSet::from([Kind::Pod]));
    }

    #[test]
    fn a_list_of_null_is_an_empty_one_wherever_its_kind_stands() {
        for list in [
            r#"{"kind":"PodList","apiVersion":"v1","items":null}"#,
            r#"{"items":null,"apiVersion":"v1","kind":"PodList"}"#,
            "apiVersion: v1\nkind: PodList\nitems:\n",
        ] {
            let loaded = of_text(&[list], 0);
            let kinds: Vec<_> = loaded.lists.iter().map(|list| (list.kind, list.continued)).collect();
            assert_eq!(kinds, [(Kind::Pod, false)], "{list}: {loaded:?}");
            assert!(loaded.unreadable.is_empty() && loaded.passed_over.is_empty(), "{list}: {loaded:?}");
        }
        let other = of_text(&[r#"{"items":null,"apiVersion":"v1","kind":"Secret"}"#], 0);
        assert_eq!(other.passed_over.len(), 1, "what is no list has other keys of that name: {other:?}");
    }

    #[test]
    fn a_snapshot_that_is_too_new_is_named_by_its_file() {
        let loaded = of_text(&["\n{\"apiVersion\":\"ipledger.dev/v1alpha1\",\"kind\":\"Snapshot\"}"], 0);
        assert_eq!(loaded.unreadable[0].path, "f:2:1 (byte 1)");
    }

    #[test]
    fn of_garbage_without_end_a_few_parts_are_told_and_the_rest_is_counted() {
        let loaded = of_text(&[&"{}\n".repeat(3 << 20)], 0);
        assert_eq!(loaded.unreadable.len(), 91, "ten of each of nine batches, and what remains");
        let last = &loaded.unreadable[90].reason;
        assert!(last.starts_with("3145638 more parts cannot be read"), "{last}");
    }
}
