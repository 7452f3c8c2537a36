//! What an operation on a subnet's book costs, by how much is held: `cargo bench -p ledger`.
//!
//! Every measured operation leaves the size as it was: for each allocation one address is released beforehand, outside
//! the measurement, and the other way round. Bytes are those allocated by one operation, on average. Beside the book
//! stand, in the same run, a plain `BTreeMap` of the same keys, which is the least that an ordered record costs, and a
//! sorted list of ranges that is copied on every change, which is what Kube-OVN's allocator does.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::{cell::RefCell, collections::BTreeMap, hint::black_box};

use divan::{AllocProfiler, Bencher};
use ledger::{Addr, AddrRange, Cidr, Family, HolderKey, MacBook, Nic, Request, SubnetBook, SubnetSpec};

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

const HELD: [usize; 4] = [1_000, 10_000, 50_000, 1_000_000];
const NO_EXCLUDES: [&str; 0] = [];

/// A holder as the engine has it: interned.
type Book<H> = SubnetBook<H, u16>;

/// SplitMix64: positions that are the same in every run.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn addr(&mut self, family: Family) -> Addr {
        let bits = self.next();
        match family {
            Family::V4 => Addr::v4(0x0a00_0000 | u32::try_from(bits & 0x00ff_ffff).unwrap()),
            Family::V6 => Addr::v6((0xfd << 120) | u128::from(bits)),
        }
    }
}

/// A book with so many addresses held at random positions of 10.0.0.0/8 or fd00::/64.
struct World<H> {
    book: Book<H>,
    macs: MacBook<H, u16>,
    held: Vec<Addr>,
    rng: Rng,
    family: Family,
    name: fn(u64) -> H,
    made: u64,
}

impl<H: HolderKey> World<H> {
    fn new(held: usize, family: Family, name: fn(u64) -> H) -> Self {
        let (cidr, gateway) = match family {
            Family::V4 => ("10.0.0.0/8", "10.0.0.1"),
            Family::V6 => ("fd00::/64", "fd00::1"),
        };
        let book = SubnetBook::new(SubnetSpec::parse(cidr, gateway, &NO_EXCLUDES).unwrap());
        let mut world = Self { book, macs: MacBook::new(), held: Vec::new(), rng: Rng(7), family, name, made: 0 };
        while world.held.len() < held {
            let addr = world.free();
            world.claim(addr);
        }
        world
    }

    /// A random address that is free.
    fn free(&mut self) -> Addr {
        loop {
            let addr = self.rng.addr(self.family);
            let gateway = self.book.spec().gateways().get(self.family);
            if self.book.holder_of(addr).is_none() && gateway != Some(addr) && addr.bits() & 0xff_ffff != 0 {
                return addr;
            }
        }
    }

    fn nic(&mut self) -> Nic<H, u16> {
        self.made += 1;
        // Holders come in no order, as names do.
        Nic::new((self.name)(self.made.wrapping_mul(0x9e37_79b9_7f4a_7c15)), 1)
    }

    fn claim(&mut self, addr: Addr) {
        let nic = self.nic();
        self.book.allocate(&mut self.macs, Request::this(nic, addr)).ok().unwrap();
        self.held.push(addr);
    }

    fn one_held(&mut self) -> Addr {
        let index = self.rng.below(self.held.len());
        self.held.swap_remove(index)
    }

    fn release_one(&mut self) {
        let addr = self.one_held();
        self.book.release(&mut self.macs, addr).unwrap();
    }
}

fn number(id: u64) -> u64 {
    id
}

fn text(id: u64) -> String {
    format!("default/pod-{id:016x}")
}

/// Allocates random addresses by name.
fn bench_static<H: HolderKey>(bencher: Bencher<'_, '_>, world: World<H>) {
    let world = RefCell::new(world);
    let inputs = || {
        let mut world = world.borrow_mut();
        world.release_one();
        let addr = world.free();
        (world.nic(), addr)
    };
    bencher.with_inputs(inputs).bench_local_values(|(nic, addr)| {
        let mut world = world.borrow_mut();
        let World { book, macs, held, .. } = &mut *world;
        // Two inputs of a batch may draw one address: one in 2^24.
        if book.allocate(macs, Request::this(nic, addr)).is_ok() {
            held.push(addr);
        }
    });
}

#[divan::bench(args = HELD, sample_size = 500, sample_count = 200)]
fn static_v4(bencher: Bencher<'_, '_>, held: usize) {
    bench_static(bencher, World::new(held, Family::V4, number));
}

#[divan::bench(args = HELD, sample_size = 500, sample_count = 200)]
fn static_v6(bencher: Bencher<'_, '_>, held: usize) {
    bench_static(bencher, World::new(held, Family::V6, number));
}

#[divan::bench(args = HELD, sample_size = 500, sample_count = 200)]
fn static_v4_holders_are_texts(bencher: Bencher<'_, '_>, held: usize) {
    bench_static(bencher, World::new(held, Family::V4, text));
}

/// Allocates the next free address.
fn bench_next_free(bencher: Bencher<'_, '_>, held: usize, family: Family) {
    let world = RefCell::new(World::new(held, family, number));
    let inputs = || {
        let mut world = world.borrow_mut();
        // What was granted before is released instead of one of the random ones.
        world.release_one();
        world.nic()
    };
    bencher.with_inputs(inputs).bench_local_values(|nic| {
        let mut world = world.borrow_mut();
        let World { book, macs, held, .. } = &mut *world;
        let grant = book.allocate(macs, Request::any(nic)).ok().unwrap();
        held.push(grant.addrs.get(family).unwrap());
    });
}

#[divan::bench(args = HELD, sample_size = 500, sample_count = 200)]
fn next_free_v4(bencher: Bencher<'_, '_>, held: usize) {
    bench_next_free(bencher, held, Family::V4);
}

#[divan::bench(args = HELD, sample_size = 500, sample_count = 200)]
fn next_free_v6(bencher: Bencher<'_, '_>, held: usize) {
    bench_next_free(bencher, held, Family::V6);
}

/// Allocates when no address is unused any more: the one that was freed longest ago.
#[divan::bench(args = HELD, sample_size = 500, sample_count = 200)]
fn next_freed_v4(bencher: Bencher<'_, '_>, held: usize) {
    let mut filled = World::new(held, Family::V4, number);
    // The block is cut down to what is held, so that nothing in it is fresh.
    let all: Vec<_> = (1..=held + 500).map(|low| Addr::v4(0x0a00_0001 + u32::try_from(low).unwrap())).collect();
    filled.book = SubnetBook::new(
        SubnetSpec::parse("10.0.0.0/8", "10.0.0.1", &[format!("{}..10.255.255.254", all.last().unwrap())]).unwrap(),
    );
    filled.held.clear();
    all[..all.len() - 1].iter().for_each(|addr| filled.claim(*addr));
    let world = RefCell::new(filled);
    let inputs = || {
        let mut world = world.borrow_mut();
        world.release_one();
        world.nic()
    };
    bencher.with_inputs(inputs).bench_local_values(|nic| {
        let mut world = world.borrow_mut();
        let World { book, macs, held, .. } = &mut *world;
        let grant = book.allocate(macs, Request::any(nic)).ok().unwrap();
        held.push(grant.addrs.v4.unwrap());
    });
}

/// Releases random addresses.
fn bench_release(bencher: Bencher<'_, '_>, held: usize, family: Family) {
    let world = RefCell::new(World::new(held, family, number));
    let inputs = || {
        let mut world = world.borrow_mut();
        let gone = world.one_held();
        let addr = world.free();
        world.claim(addr);
        gone
    };
    bencher.with_inputs(inputs).bench_local_values(|addr| {
        let mut world = world.borrow_mut();
        let World { book, macs, .. } = &mut *world;
        book.release(macs, addr).is_some()
    });
}

#[divan::bench(args = HELD, sample_size = 500, sample_count = 200)]
fn release_v4(bencher: Bencher<'_, '_>, held: usize) {
    bench_release(bencher, held, Family::V4);
}

#[divan::bench(args = HELD, sample_size = 500, sample_count = 200)]
fn release_v6(bencher: Bencher<'_, '_>, held: usize) {
    bench_release(bencher, held, Family::V6);
}

#[divan::bench(args = HELD)]
fn snapshot_counts(bencher: Bencher<'_, '_>, held: usize) {
    let world = World::new(held, Family::V4, number);
    bencher.bench_local(|| black_box(&world.book).counts(Family::V4));
}

/// The four sets.
#[divan::bench(args = HELD, sample_count = 20, sample_size = 1)]
fn snapshot_sets(bencher: Bencher<'_, '_>, held: usize) {
    let world = World::new(held, Family::V4, number);
    bencher.bench_local(|| black_box(&world.book).accounting(Family::V4));
}

/// The counts and the longest free run of a random /24 of a /8, and of a random /80 of a /64.
#[divan::bench(args = HELD, sample_size = 500, sample_count = 100)]
fn block_v4(bencher: Bencher<'_, '_>, held: usize) {
    let world = World::new(held, Family::V4, number);
    bench_block(bencher, &world.book, Family::V4, 24);
}

#[divan::bench(args = HELD, sample_size = 500, sample_count = 100)]
fn block_v6(bencher: Bencher<'_, '_>, held: usize) {
    let world = World::new(held, Family::V6, number);
    bench_block(bencher, &world.book, Family::V6, 80);
}

fn bench_block(bencher: Bencher<'_, '_>, book: &Book<u64>, family: Family, length: u8) {
    let mut rng = Rng(3);
    let blocks = || Cidr::new(rng.addr(family), length).unwrap().range();
    bencher
        .with_inputs(blocks)
        .bench_local_values(|block: AddrRange| (book.counts_in(block), book.longest_free_in(block).next()));
}

/// For comparison: what an ordered map of the same keys costs.
#[divan::bench(args = HELD, sample_size = 500, sample_count = 200)]
fn beside_btreemap_insert(bencher: Bencher<'_, '_>, held: usize) {
    let mut rng = Rng(7);
    let map: BTreeMap<u32, u64> = (0..held).map(|_| (u32::try_from(rng.next() >> 32).unwrap(), 0)).collect();
    let map = RefCell::new(map);
    let inputs = || {
        let (gone, new) = (u32::try_from(rng.next() >> 32).unwrap(), u32::try_from(rng.next() >> 32).unwrap());
        let mut map = map.borrow_mut();
        let gone = map.range(gone..).next().or_else(|| map.iter().next()).map(|(key, _)| *key).unwrap();
        map.remove(&gone);
        new
    };
    bencher.with_inputs(inputs).bench_local_values(|key| map.borrow_mut().insert(key, 1));
}

/// For comparison: a sorted list of ranges that is copied on every change.
#[divan::bench(args = [1_000, 10_000, 50_000], sample_size = 50, sample_count = 20)]
fn beside_copied_list_insert(bencher: Bencher<'_, '_>, held: usize) {
    let mut rng = Rng(7);
    let mut list: Vec<(u32, u32)> =
        (0..held).map(|_| u32::try_from(rng.next() >> 32).unwrap()).map(|at| (at, at)).collect();
    list.sort_unstable();
    let list = RefCell::new(list);
    bencher.with_inputs(|| u32::try_from(rng.next() >> 32).unwrap()).bench_local_values(|at| {
        let mut list = list.borrow_mut();
        let slot = list.partition_point(|run| run.0 < at);
        let mut copy = Vec::with_capacity(list.len());
        copy.extend_from_slice(&list[..slot]);
        copy.push((at, at));
        copy.extend_from_slice(&list[slot + usize::from(slot < list.len())..]);
        *list = copy;
    });
}
