//! Faults, planted at known rates.
use super::cluster::Cluster;
use super::story::Books;
use anyhow::Result;

pub(super) struct Faults {
    pub(super) on: bool,
}

impl Faults {
    pub(super) fn after_eip(&mut self, _: &mut Cluster, _: &str, _: &str, _: &str) -> Result<()> {
        Ok(())
    }
    pub(super) fn plant(&mut self, _: &mut Cluster, _: &mut Books) -> Result<()> {
        Ok(())
    }
}
