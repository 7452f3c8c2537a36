//! The numbers that the runs of a node begin with, in order.
//!
//! In: numbers by slot; the caller knows how many are in use. Out: the same, and how many are at or below a number.
//! Guarantee: no operation moves more than a node's numbers. Those of IPv6 that are in one node are of one /64 nearly
//! always: their upper half is kept once then, so that a node has half the cache lines.

use super::WIDTH;

/// The numbers of a node, in ascending order.
pub(crate) trait Keys<W>: Clone {
    /// No slot is in use.
    fn none() -> Self;
    fn get(&self, slot: usize) -> W;
    /// How many are `at` or below. Slots that are not in use may count as well.
    fn rank(&self, at: W) -> usize;
    /// Another number at `slot`, of `len` in use.
    fn set(&mut self, slot: usize, len: usize, key: W);
    /// Puts in a number at `slot`; of `len` in use, those from there on move one up.
    fn open(&mut self, slot: usize, len: usize, key: W);
    /// Takes out the number at `slot`; of `len` in use, those behind it move one down.
    fn close(&mut self, slot: usize, len: usize);
    /// Those from `from` on are in use no more.
    fn cut(&mut self, from: usize);
}

/// A number that stands in slots that are not in use: the greatest.
trait Free: Copy + Ord {
    const FREE: Self;
}

impl Free for u32 {
    const FREE: Self = Self::MAX;
}

impl Free for u64 {
    const FREE: Self = Self::MAX;
}

impl Free for u128 {
    const FREE: Self = Self::MAX;
}

impl<T: Free> Keys<T> for [T; WIDTH] {
    fn none() -> Self {
        [T::FREE; WIDTH]
    }

    fn get(&self, slot: usize) -> T {
        self[slot]
    }

    /// Some of each cache line are looked at first, then those between two of them: no look waits for the one before
    /// it, so that a node that is not in the cache costs the time of one miss, where halving it costs several, one after
    /// the other.
    fn rank(&self, at: T) -> usize {
        // Four IPv6 addresses are a cache line, and eight of their halves; of IPv4 addresses few are left to compare one
        // by one.
        let stride = const { if size_of::<T>() == 16 { 4 } else { 8 } };
        let whole = self.iter().skip(stride - 1).step_by(stride).filter(|&&key| key <= at).count();
        let start = (whole * stride).min(WIDTH - stride);
        start + self[start..start + stride].iter().filter(|&&key| key <= at).count()
    }

    fn set(&mut self, slot: usize, _: usize, key: T) {
        self[slot] = key;
    }

    fn open(&mut self, slot: usize, len: usize, key: T) {
        self.copy_within(slot..len, slot + 1);
        self[slot] = key;
    }

    fn close(&mut self, slot: usize, len: usize) {
        self.copy_within(slot + 1..len, slot);
        self[len - 1] = T::FREE;
    }

    fn cut(&mut self, from: usize) {
        self[from..].fill(T::FREE);
    }
}

/// Numbers of 128 bits.
#[derive(Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are the large one, which is the one that must not cost a miss more"
)]
pub(crate) enum Halves {
    /// The upper half of all, and their lower ones.
    Near(u64, [u64; WIDTH]),
    /// Such as differ in their upper halves, or did.
    Far(Box<[u128; WIDTH]>),
}

const fn split(key: u128) -> (u64, u64) {
    #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
    let lower = key as u64;
    ((key >> 64) as u64, lower)
}

const fn join(upper: u64, lower: u64) -> u128 {
    ((upper as u128) << 64) | lower as u128
}

impl Halves {
    /// Gets ready for `key` beside the `len` numbers in use.
    fn admit(&mut self, len: usize, key: u128) {
        let Self::Near(upper, lower) = self else { return };
        let (its, _) = split(key);
        if len == 0 {
            *upper = its;
        } else if *upper != its {
            let mut whole = Box::new([u128::FREE; WIDTH]);
            whole.iter_mut().zip(&lower[..len]).for_each(|(whole, &lower)| *whole = join(*upper, lower));
            *self = Self::Far(whole);
        }
    }
}

impl Keys<u128> for Halves {
    fn none() -> Self {
        Self::Near(0, Keys::none())
    }

    fn get(&self, slot: usize) -> u128 {
        match self {
            Self::Near(upper, lower) => join(*upper, lower[slot]),
            Self::Far(whole) => whole[slot],
        }
    }

    fn rank(&self, at: u128) -> usize {
        match (self, split(at)) {
            (Self::Near(upper, _), (its, _)) if its < *upper => 0,
            (Self::Near(upper, _), (its, _)) if its > *upper => WIDTH,
            (Self::Near(_, lower), (_, its)) => lower.rank(its),
            (Self::Far(whole), _) => whole.rank(at),
        }
    }

    fn set(&mut self, slot: usize, len: usize, key: u128) {
        self.admit(len, key);
        match self {
            Self::Near(_, lower) => lower.set(slot, len, split(key).1),
            Self::Far(whole) => whole.set(slot, len, key),
        }
    }

    fn open(&mut self, slot: usize, len: usize, key: u128) {
        self.admit(len, key);
        match self {
            Self::Near(_, lower) => lower.open(slot, len, split(key).1),
            Self::Far(whole) => whole.open(slot, len, key),
        }
    }

    fn close(&mut self, slot: usize, len: usize) {
        match self {
            Self::Near(_, lower) => lower.close(slot, len),
            Self::Far(whole) => whole.close(slot, len),
        }
    }

    fn cut(&mut self, from: usize) {
        match self {
            Self::Near(_, lower) => lower.cut(from),
            Self::Far(whole) => whole.cut(from),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A few numbers around the ends of a few /64s, the greatest of all among them.
    fn key() -> BoxedStrategy<u128> {
        let upper = prop_oneof![5 => Just(7_u64), 1 => Just(0), 1 => Just(8), 1 => Just(u64::MAX)];
        (upper, prop_oneof![0_u64..40, u64::MAX - 40..=u64::MAX]).prop_map(|(upper, lower)| join(upper, lower)).boxed()
    }

    #[derive(Clone, Debug)]
    enum Edit {
        Put(u128),
        Take(usize),
        Move(usize, u128),
        Cut(usize),
    }

    fn edits(key: BoxedStrategy<u128>) -> impl Strategy<Value = Vec<Edit>> {
        let edit = prop_oneof![
            8 => key.clone().prop_map(Edit::Put),
            3 => any::<usize>().prop_map(Edit::Take),
            3 => (any::<usize>(), key).prop_map(|(slot, key)| Edit::Move(slot, key)),
            1 => any::<usize>().prop_map(Edit::Cut),
        ];
        proptest::collection::vec(edit, 0..200)
    }

    fn check(edits: Vec<Edit>, probes: &[u128]) -> Result<Halves, TestCaseError> {
        let (mut keys, mut list) = (Halves::none(), Vec::<u128>::new());
        for edit in edits {
            match edit {
                Edit::Put(key) if list.len() < WIDTH => {
                    if let Err(slot) = list.binary_search(&key) {
                        keys.open(slot, list.len(), key);
                        list.insert(slot, key);
                    }
                }
                Edit::Take(slot) if !list.is_empty() => {
                    keys.close(slot % list.len(), list.len());
                    list.remove(slot % list.len());
                }
                Edit::Move(slot, key) if !list.is_empty() => {
                    let slot = slot % list.len();
                    // It stays between its neighbours.
                    if list[..slot].iter().all(|&below| below < key)
                        && list[slot + 1..].iter().all(|&above| key < above)
                    {
                        keys.set(slot, list.len(), key);
                        list[slot] = key;
                    }
                }
                Edit::Cut(from) => {
                    let from = from % (list.len() + 1);
                    keys.cut(from);
                    list.truncate(from);
                }
                Edit::Put(_) | Edit::Take(_) | Edit::Move(..) => {}
            }
            prop_assert!((0..list.len()).map(|slot| keys.get(slot)).eq(list.iter().copied()));
            for &at in probes.iter().chain(&list) {
                prop_assert_eq!(keys.rank(at).min(list.len()), list.partition_point(|&key| key <= at));
            }
        }
        Ok(keys)
    }

    proptest! {
        #[test]
        fn numbers_of_all_networks_are_found_where_they_are(
            edits in edits(key()),
            probes in proptest::collection::vec(key(), 8),
        ) {
            check(edits, &probes)?;
        }

        #[test]
        fn numbers_of_one_network_take_half_the_room(
            edits in edits((0_u64..200).prop_map(|lower| join(9, lower)).boxed()),
            probes in proptest::collection::vec(key(), 8),
        ) {
            prop_assert!(matches!(check(edits, &probes)?, Halves::Near(..)));
        }
    }
}
