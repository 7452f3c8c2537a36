//! Buffers that go round between the thread that cuts and those that parse.
//!
//! In: buffers that nobody needs any more. Out: the same again, empty. Guarantees: as many as are in use at a time, and none
//! that one large object made larger than others need. Memory that was just written is the quickest to write again; new
//! memory costs a page fault every 4 KiB.

use std::sync::{Arc, Mutex, PoisonError};

/// A few batches: what is larger came from a single large object.
const LARGEST: usize = 8 << 20;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spare(Arc<Mutex<Vec<Vec<u8>>>>);

impl Spare {
    /// An empty buffer.
    pub(crate) fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Takes a buffer back.
    pub(crate) fn give(&self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= LARGEST {
            buffer.clear();
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_empty_unless_it_is_too_large_to_keep() {
        let spare = Spare::default();
        let mut buffer = spare.take();
        buffer.extend_from_slice(&[7; 100]);
        spare.give(buffer);
        spare.give(Vec::with_capacity(LARGEST + 1));
        let again = spare.take();
        assert!(again.is_empty() && again.capacity() >= 100);
        assert_eq!(spare.take().capacity(), 0);
    }
}
