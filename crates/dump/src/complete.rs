//! From what was read to a world: which kinds are known completely.
//!
//! In: [`Loaded`], the kinds that the caller declares complete, how long "in flight" is. Out: a world and what could not be
//! read. Guarantees: a list makes its kind complete only if it says that nothing follows; a namespaced kind only in the
//! namespaces that occur in it; a snapshot makes complete what its manifest lists; a kind of which a part could not be read
//! is never complete.

use super::load::{Loaded, Unreadable};
use api::slim::Kind;
use engine::World;
use engine::report::UnreadableLine;
use engine::world::{Builder, Reading, Settings};

/// Makes a world of what was loaded.
#[must_use]
pub fn world(loaded: Loaded, complete: &[Kind], grace: i64) -> (World, Vec<UnreadableLine>) {
    let mut builder = Builder::default();
    let coverage = builder.coverage();
    for &kind in complete {
        coverage.complete(kind);
    }
    for list in loaded.lists.iter().filter(|list| !list.continued) {
        if list.kind.namespaced() {
            coverage.complete_in(list.kind, list.namespaces.iter().cloned());
        } else {
            coverage.complete(list.kind);
        }
    }
    let mut settings = Settings { grace, ..Settings::default() };
    for manifest in &loaded.manifests {
        manifest.complete_kinds().for_each(|kind| coverage.complete(kind));
    }
    // Only a reading in the right order, and only if it is all there is, can prove absence.
    if let [manifest] = loaded.manifests.as_slice() {
        settings.now = manifest.time();
        if manifest.ordered && loaded.lists.is_empty() {
            settings.reading = Reading::Ordered;
        }
    }
    // What breaks off, or cannot be read, is not complete, whoever says so.
    let coverage = builder.coverage();
    loaded.doubtful.iter().for_each(|&kind| coverage.doubt(kind));
    loaded.held.into_iter().for_each(|held| builder.add_unreadable(held));
    loaded.objects.into_iter().for_each(|parsed| builder.add(parsed));
    let unreadable = loaded.unreadable.into_iter().map(line).collect();
    (builder.build(settings), unreadable)
}

fn line(unreadable: Unreadable) -> UnreadableLine {
    UnreadableLine { path: unreadable.path, object: unreadable.object, reason: unreadable.reason }
}
