//! A dump of any bytes: nothing panics from the file to the verdict, and what is read does not depend on how the bytes
//! come in.
#![no_main]

use dump::{Input, Limits, Loaded, Options, load};
use libfuzzer_sys::fuzz_target;
use std::io::Read;

/// Small bounds, so that inputs of a few kilobytes reach them.
const LIMITS: Limits = Limits { object: 1024, untyped: 512, yaml: 2048 };

/// A reader that gives a few bytes at a time.
struct Dribble {
    bytes: Vec<u8>,
    at: usize,
}

impl Read for Dribble {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let some = to.len().min(1 + self.at % 7).min(self.bytes.len() - self.at);
        to[..some].copy_from_slice(&self.bytes[self.at..self.at + some]);
        self.at += some;
        Ok(some)
    }
}

fn loaded(reader: Box<dyn Read + Send>) -> Loaded {
    let options = Options { threads: 1, limits: LIMITS };
    load(vec![Input::Stream("pods.json".to_owned(), reader)], &options, &|_| {})
}

/// What was read, as far as it can be compared.
fn told(loaded: &Loaded) -> String {
    let objects: Vec<_> = loaded.objects.iter().map(|parsed| parsed.object.meta()).collect();
    let Loaded { held, lists, manifests, unreadable, passed_over, bytes, .. } = loaded;
    format!("{objects:?} {held:?} {lists:?} {manifests:?} {unreadable:?} {passed_over:?} {bytes}")
}

fuzz_target!(|bytes: &[u8]| {
    let whole = loaded(Box::new(std::io::Cursor::new(bytes.to_vec())));
    let dribbled = loaded(Box::new(Dribble { bytes: bytes.to_vec(), at: 0 }));
    assert_eq!(told(&whole), told(&dribbled));
    let (world, unreadable) = dump::world(whole, &[], 0);
    assert!(unreadable.iter().all(|line| !line.reason.is_empty() && !line.path.is_empty()));
    let report = engine::judge(&world);
    assert!(report.findings.iter().all(|finding| !finding.message.is_empty() && !finding.objects.is_empty()));
});
