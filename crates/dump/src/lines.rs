//! Line and column of what could not be read.
//!
//! In: problems, in order of input and offset. Out: the same with lines. Guarantees: a file is read once more, and only if
//! there is a problem in it: counting the lines of every file would cost a seventh of the time that reading takes.

use crate::loaded::Unreadable;
use crate::source::{InputName, Place, Problem};
use std::fs::File;
use std::io::Read;

/// Finds the lines of the problems that have none yet.
pub(crate) fn resolve(problems: Vec<Problem>, inputs: &[InputName]) -> Vec<Unreadable> {
    let mut counter: Option<(u32, Counter)> = None;
    let mut resolved = Vec::with_capacity(problems.len());
    for mut problem in problems {
        let input = &inputs[problem.input as usize];
        if problem.place.line.is_none() && input.plain {
            if counter.as_ref().is_none_or(|(of, _)| *of != problem.input) {
                counter = input.path.as_ref().and_then(|path| File::open(path).ok()).map(|file| (problem.input, Counter::new(file)));
            }
            if let Some((_, counter)) = &mut counter {
                problem.place = counter.place(problem.place.offset);
            }
        }
        let mut unreadable = Unreadable::from(problem);
        unreadable.source.clone_from(&input.name);
        resolved.push(unreadable);
    }
    resolved
}

/// Counts lines forward through a file.
struct Counter {
    file: File,
    place: Place,
    chunk: Vec<u8>,
    /// What of the chunk was counted.
    counted: usize,
}

impl Counter {
    fn new(file: File) -> Self {
        Self { file, place: Place { offset: 0, line: Some((1, 1)) }, chunk: Vec::new(), counted: 0 }
    }

    /// The place of a byte, which is not before the last one that was asked for.
    fn place(&mut self, offset: u64) -> Place {
        while self.place.offset < offset {
            if self.counted == self.chunk.len() {
                self.counted = 0;
                self.chunk.clear();
                // A file that cannot be read a second time has no lines to tell.
                if self.file.by_ref().take(1 << 16).read_to_end(&mut self.chunk).unwrap_or(0) == 0 {
                    return Place { offset, line: None };
                }
            }
            let wanted = usize::try_from(offset - self.place.offset).unwrap_or(usize::MAX);
            let end = self.chunk.len().min(self.counted.saturating_add(wanted));
            self.place = self.place.after(&self.chunk[self.counted..end]);
            self.counted = end;
        }
        self.place
    }
}
