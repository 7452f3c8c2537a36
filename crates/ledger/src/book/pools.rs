//! Named pools: addresses that free choices leave alone unless they ask for the pool.

use super::{HolderKey, NicName, SubnetBook, ground::PoolId, side::Pool};
use crate::{AddrRange, AddrSets};

/// Why a pool cannot be as asked. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// It has no name.
    #[error("a pool needs a name: without one it is the default pool, which has what is in no other")]
    Unnamed,
    /// It shares addresses with another one of the subnet.
    #[error("pool {pool:?} would share {range} with pool {other:?}")]
    Overlap {
        /// What was to be set.
        pool: Box<str>,
        /// Which has the addresses already.
        other: Box<str>,
        /// The first addresses that both would have.
        range: AddrRange,
    },
}

impl<H: HolderKey, N: NicName> SubnetBook<H, N> {
    /// Makes or replaces the pool `name`. What of `addrs` is not usable is without effect until the subnet grows.
    /// Addresses that are held change the pool with their holders undisturbed.
    ///
    /// # Errors
    /// When it shares an address with another pool, or has no name.
    pub fn set_pool(&mut self, name: &str, addrs: AddrSets) -> Result<(), PoolError> {
        if name.is_empty() {
            return Err(PoolError::Unnamed);
        }
        for (other, pool) in self.pools.iter().filter(|(other, _)| other.as_ref() != name) {
            if let Some(range) = addrs.first_shared(&pool.addrs) {
                return Err(PoolError::Overlap { pool: name.into(), other: other.clone(), range });
            }
        }
        let before = self.pools.remove(name);
        let id = before.as_ref().map_or(PoolId(self.next_pool), |pool| pool.id);
        if before.is_none() {
            self.next_pool += 1;
        }
        let had = before.map(|pool| pool.addrs).unwrap_or_default();
        self.v4.set_pool(id, &had, &addrs);
        self.v6.set_pool(id, &had, &addrs);
        self.pools.insert(name.into(), Pool { id, addrs });
        Ok(())
    }

    /// Removes the pool `name`: its addresses go back to the default pool. Whether there was one.
    pub fn remove_pool(&mut self, name: &str) -> bool {
        let Some(pool) = self.pools.remove(name) else { return false };
        let none = AddrSets::new();
        self.v4.set_pool(pool.id, &pool.addrs, &none);
        self.v6.set_pool(pool.id, &pool.addrs, &none);
        true
    }

    /// The named pools and what they were configured with.
    pub fn pools(&self) -> impl Iterator<Item = (&str, &AddrSets)> {
        self.pools.iter().map(|(name, pool)| (name.as_ref(), &pool.addrs))
    }
}
