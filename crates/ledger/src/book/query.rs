//! What a book says: holders, counts, ranges.

use super::{Entry, HolderKey, Nic, NicName, SubnetBook, SubnetSpec, ground::Ground, with_side, word};
use crate::{Accounting, Addr, AddrPair, AddrRange, Counts, Family, word::Word};

impl<H: HolderKey, N: NicName> SubnetBook<H, N> {
    /// What the subnet is made of.
    #[must_use]
    pub const fn spec(&self) -> &SubnetSpec {
        &self.spec
    }

    /// Who holds `addr`.
    #[must_use]
    pub fn holder_of(&self, addr: Addr) -> Option<&Nic<H, N>> {
        with_side!(self, addr.family(), side => side.holder_of(word(addr)))
    }

    /// The addresses of `nic`, none of them in a subnet without CIDR; nothing if the book does not know it. An address
    /// on record beyond one per family is in [`claims`](Self::claims) only.
    #[must_use]
    pub fn addrs_of(&self, nic: &Nic<H, N>) -> Option<AddrPair> {
        self.nics.get(nic).map(|entry| entry.addrs)
    }

    /// All NICs in order.
    pub fn nics(&self) -> impl Iterator<Item = (&Nic<H, N>, AddrPair)> {
        self.nics.iter().map(|(nic, Entry { addrs, .. })| (nic, *addrs))
    }

    /// The NICs of `holder` in order.
    pub fn nics_of<'a>(&'a self, holder: &'a H) -> impl Iterator<Item = (&'a Nic<H, N>, AddrPair)> {
        let from = Nic::new(holder.clone(), N::least());
        let all = self.nics.range(from..).take_while(move |(nic, _)| nic.holder == *holder);
        all.map(|(nic, entry)| (nic, entry.addrs))
    }

    /// Every claim, by address.
    pub fn claims(&self) -> impl Iterator<Item = (Addr, &Nic<H, N>)> {
        let v4 = self.v4.claims_in(AddrRange::all(Family::V4));
        v4.chain(self.v6.claims_in(AddrRange::all(Family::V6)))
    }

    /// The claims within `bounds`, by address.
    pub fn claims_in(&self, bounds: AddrRange) -> impl Iterator<Item = (Addr, &Nic<H, N>)> {
        self.v4.claims_in(bounds).chain(self.v6.claims_in(bounds))
    }

    /// The claims that are no usable addresses of the subnet.
    pub fn apart(&self) -> impl Iterator<Item = (Addr, &Nic<H, N>)> {
        let v4 = self.v4.apart().map(|(at, nic)| (at.addr(), nic));
        v4.chain(self.v6.apart().map(|(at, nic)| (at.addr(), nic)))
    }

    /// The counts of `family`, in constant time; none when the subnet lacks it.
    #[must_use]
    pub fn counts(&self, family: Family) -> Option<Counts> {
        with_side!(self, family, side => side.ground.as_ref().map(Ground::counts))
    }

    /// The counts of the part of the subnet within `block`, in logarithmic time; none when the subnet lacks its family.
    #[must_use]
    pub fn counts_in(&self, block: AddrRange) -> Option<Counts> {
        with_side!(self, block.family(), side => {
            side.ground.as_ref().zip(Word::ends(block)).map(|(ground, ends)| ground.counts_in(ends))
        })
    }

    /// The longest runs of available addresses within `block`, longest first, among equals the lower first; each in
    /// logarithmic time.
    pub fn longest_free_in(&self, block: AddrRange) -> impl Iterator<Item = AddrRange> + '_ {
        let (v4, v6) = (self.v4.ground.as_ref().zip(Word::ends(block)), self.v6.ground.as_ref().zip(Word::ends(block)));
        let v4 = v4.map(|(ground, ends)| ground.longest_free_in(ends).map(Word::range));
        let v6 = v6.map(|(ground, ends)| ground.longest_free_in(ends).map(Word::range));
        v4.into_iter().flatten().chain(v6.into_iter().flatten())
    }

    /// The sets of `family`, in linear time in their ranges; none when the subnet lacks it.
    #[must_use]
    pub fn accounting(&self, family: Family) -> Option<Accounting> {
        with_side!(self, family, side => side.ground.as_ref().map(|ground| ground.accounting(side.apart_runs())))
    }

    /// The sets of a pool, as [`accounting`](Self::accounting); `None` is the default pool, which has what is in no
    /// named one. Nothing when the subnet lacks the pool or the family.
    #[must_use]
    pub fn pool_accounting(&self, pool: Option<&str>, family: Family) -> Option<Accounting> {
        let addrs = match pool {
            Some(name) => Some(self.pools.get(name)?.addrs.get(family)),
            None => None,
        };
        with_side!(self, family, side => side.ground.as_ref().map(|ground| ground.pool_accounting(addrs)))
    }
}
