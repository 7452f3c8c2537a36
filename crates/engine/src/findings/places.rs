//! Which addresses make the difference between a count and the truth.
//!
//! In: one family of an account. Out: [`Places`], which findings about addresses are held against. Guarantees: an address
//! that Kube-OVN counts once, as it should, makes no difference.

use crate::accounts::FamilyAccount;
use crate::finding::Finding;
use ledger::Addr;
use std::collections::BTreeSet;

/// The addresses of an account by the part that they have in a difference.
pub(super) struct Places<'a> {
    using: &'a [Addr],
    pub(super) uncounted: BTreeSet<Addr>,
    pub(super) apart: BTreeSet<Addr>,
    /// Those, and the ones that are counted more than once or left out.
    different: BTreeSet<Addr>,
}

impl<'a> Places<'a> {
    pub(super) fn of(account: &'a FamilyAccount<'_>) -> Self {
        let uncounted: BTreeSet<Addr> = account.uncounted.iter().map(|(addr, _)| *addr).collect();
        let apart: BTreeSet<Addr> = account.apart.iter().copied().collect();
        let surplus = account.surplus.iter().map(|(addr, _)| *addr);
        let different = surplus.chain(account.left_out.iter().copied()).chain(uncounted.iter().copied()).collect();
        Self { using: &account.using, uncounted, apart, different }
    }

    fn addresses<'f>(&self, finding: &'f Finding) -> impl Iterator<Item = Addr> + use<'f> {
        finding.addresses.iter().filter_map(|addr| addr.parse().ok())
    }

    pub(super) fn any_in(&self, finding: &Finding, set: &BTreeSet<Addr>) -> bool {
        self.addresses(finding).any(|addr| set.contains(&addr))
    }

    /// Whether the object of a finding is counted otherwise than as one usable address of this family.
    pub(super) fn differs(&self, finding: &Finding) -> bool {
        let plain = |addr: Addr| self.using.binary_search(&addr).is_ok() && !self.different.contains(&addr);
        !self.addresses(finding).any(plain)
    }
}
