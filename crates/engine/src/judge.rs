//! Judging a world: indexes first, then every check over them.
//!
//! In: a [`World`]. Out: a [`Report`]. Guarantees: deterministic; one pass to index, and checks that walk the indexes.

use crate::gateways::Gateways;
use crate::record::Records;
use crate::report::Report;
use crate::world::World;
use crate::world::subnets::Subnets;

/// The world with everything that checks look things up in.
#[derive(Debug)]
pub struct Context<'w> {
    /// The objects.
    pub world: &'w World,
    /// Subnets and wires.
    pub subnets: Subnets<'w>,
    /// NAT gateways.
    pub gateways: Gateways<'w>,
    /// Addresses on record.
    pub records: Records<'w>,
}

impl<'w> Context<'w> {
    /// Indexes a world.
    #[must_use]
    pub fn new(world: &'w World) -> Self {
        let mut subnets = Subnets::new(world);
        let records = Records::new(world, &mut subnets);
        Self { world, subnets, gateways: Gateways::new(world), records }
    }
}

/// Judges a world.
#[must_use]
pub fn judge(world: &World) -> Report {
    let context = Context::new(world);
    crate::findings::all(&context)
}
