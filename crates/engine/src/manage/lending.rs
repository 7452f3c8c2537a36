//! Who uses the addresses of another holder: the pod that an address is reserved for, the borrower of a Vip.
//!
//! In: of each holder, whose addresses it wants to use. Out: lookups both ways. Guarantees: an entry for each pair and no
//! other.

use super::id::HolderId;
use super::multi::Multi;
use std::collections::{BTreeMap, BTreeSet};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Lending {
    by_lender: Multi<HolderId, HolderId>,
    by_user: BTreeMap<HolderId, BTreeSet<HolderId>>,
}

impl Lending {
    /// Takes note of whose addresses a holder wants to use; the lenders for which that changed.
    pub(super) fn set(&mut self, user: &HolderId, lenders: BTreeSet<HolderId>) -> BTreeSet<HolderId> {
        let before = self.by_user.remove(user).unwrap_or_default();
        before.difference(&lenders).for_each(|lender| self.by_lender.remove(lender, user));
        lenders.difference(&before).for_each(|lender| self.by_lender.insert(lender.clone(), user.clone()));
        let changed = before.symmetric_difference(&lenders).cloned().collect();
        if !lenders.is_empty() {
            self.by_user.insert(user.clone(), lenders);
        }
        changed
    }

    /// Whose addresses a holder wants to use.
    pub(super) fn lenders(&self, user: &HolderId) -> impl Iterator<Item = &HolderId> {
        self.by_user.get(user).into_iter().flatten()
    }

    /// Who wants to use the addresses of a holder.
    pub(super) fn users(&self, lender: &HolderId) -> impl Iterator<Item = &HolderId> {
        self.by_lender.of(lender)
    }
}
