//! What a book says: holders, counts, ranges.

use super::{HolderKey, Nic, NicName, SubnetBook, SubnetSpec, with_side, word};
use crate::{Accounting, Addr, AddrPair, AddrRange, Counts, Family};

impl<H: HolderKey, N: NicName> SubnetBook<H, N> {
    /// What the subnet is made of.
    #[must_use]
    pub const fn spec(&self) -> &SubnetSpec {
        &self.spec
    }

    /// Who holds `addr`.
    #[must_use]
    pub fn holder_of(&self, addr: Addr) -> Option<&Nic<H, N>> {
        let slot = with_side!(self, addr.family(), side => side.slot_of(word(addr)))?;
        self.nics.get(slot).map(|record| &record.nic)
    }

    /// The addresses of `nic`, none of them in a subnet without CIDR; nothing if the book does not know it. An address
    /// on record beyond one per family is in [`claims`](Self::claims) only.
    #[must_use]
    pub fn addrs_of(&self, nic: &Nic<H, N>) -> Option<AddrPair> {
        self.nics.get(self.nics.slot_of(nic)?).map(|record| record.addrs)
    }

    /// All NICs in order, which are sorted for it.
    pub fn nics(&self) -> impl Iterator<Item = (&Nic<H, N>, AddrPair)> {
        self.nics.sorted().into_iter().map(|record| (&record.nic, record.addrs))
    }

    /// The NICs of `holder` in order.
    pub fn nics_of<'a>(&'a self, holder: &'a H) -> impl Iterator<Item = (&'a Nic<H, N>, AddrPair)> {
        self.nics.of(holder).into_iter().map(|(_, record)| (&record.nic, record.addrs))
    }

    /// Every claim, by address.
    pub fn claims(&self) -> impl Iterator<Item = (Addr, &Nic<H, N>)> {
        self.claims_in(AddrRange::all(Family::V4)).chain(self.claims_in(AddrRange::all(Family::V6)))
    }

    /// The claims within `bounds`, by address.
    pub fn claims_in(&self, bounds: AddrRange) -> impl Iterator<Item = (Addr, &Nic<H, N>)> {
        let claims = self.v4.claims_in(bounds).chain(self.v6.claims_in(bounds));
        claims.filter_map(|claim| self.nics.claimant(claim))
    }

    /// The claims that are no usable addresses of the subnet.
    pub fn apart(&self) -> impl Iterator<Item = (Addr, &Nic<H, N>)> {
        self.v4.apart().chain(self.v6.apart()).filter_map(|claim| self.nics.claimant(claim))
    }

    /// The counts of `family`, in constant time; none when the subnet lacks it.
    #[must_use]
    pub fn counts(&self, family: Family) -> Option<Counts> {
        with_side!(self, family, side => side.counts())
    }

    /// The counts of the part of the subnet within `block`, in logarithmic time; none when the subnet lacks its family.
    #[must_use]
    pub fn counts_in(&self, block: AddrRange) -> Option<Counts> {
        with_side!(self, block.family(), side => side.counts_in(block))
    }

    /// The longest runs of available addresses within `block`, longest first, among equals the lower first; each in
    /// logarithmic time.
    pub fn longest_free_in(&self, block: AddrRange) -> impl Iterator<Item = AddrRange> + '_ {
        self.v4.longest_free_in(block).chain(self.v6.longest_free_in(block))
    }

    /// The sets of `family`, in linear time in their ranges; none when the subnet lacks it.
    #[must_use]
    pub fn accounting(&self, family: Family) -> Option<Accounting> {
        with_side!(self, family, side => side.accounting())
    }

    /// The sets of a pool, as [`accounting`](Self::accounting); `None` is the default pool, which has what is in no
    /// named one. Nothing when the subnet lacks the pool or the family.
    #[must_use]
    pub fn pool_accounting(&self, pool: Option<&str>, family: Family) -> Option<Accounting> {
        let addrs = match pool {
            Some(name) => Some(&self.pools.get(name)?.addrs),
            None => None,
        };
        with_side!(self, family, side => side.pool_accounting(addrs))
    }
}
