//! Which Subnets the SwitchLBRules check the health of: those in which their endpoints are.
//!
//! In: SwitchLBRules, Subnets and pods. Out: [`Served`]. Guarantees: a rule whose endpoints cannot be told serves every
//! Subnet; a rule that picks pods by labels serves the Subnets of all pods of its namespace, since labels are not kept.

use crate::judge::Context;
use crate::record::Source;
use crate::world::subnets::SubnetId;
use api::slim::{Kind, SwitchLbRule};

/// Whether a rule has endpoints in a Subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Served {
    /// One may have.
    Yes,
    /// None has.
    No,
    /// It cannot be told: these kinds are not known completely.
    Unknown(Vec<Kind>),
}

impl Context<'_> {
    /// Whether any SwitchLBRule has endpoints in the Subnet of that name.
    #[must_use]
    pub fn rules_of_subnet(&self, subnet: &str) -> Served {
        let rules = || self.world.switch_lb_rules.iter();
        let id = self.subnets.named(subnet);
        if rules().any(|rule| id.is_none_or(|id| self.may_serve(rule, id))) {
            return Served::Yes;
        }
        let mut missing = self.missing(&[Kind::SwitchLbRule], "");
        for rule in rules().filter(|rule| !rule.spec.selector.is_empty()) {
            missing.extend(self.missing(&[Kind::Pod], &rule.spec.namespace));
        }
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() { Served::No } else { Served::Unknown(missing) }
    }

    fn may_serve(&self, rule: &SwitchLbRule, id: SubnetId) -> bool {
        let spec = &rule.spec;
        if spec.selector.is_empty() {
            let subnet = self.subnets.get(id);
            let outside =
                |endpoint: &api::slim::Field<ledger::Addr>| endpoint.get().is_some_and(|a| !subnet.contains(*a));
            return subnet.object.spec.cidr.get().is_none()
                || spec.endpoints.is_empty()
                || !spec.endpoints.iter().all(outside);
        }
        let wire = self.subnets.get(id).wire;
        let pods = self.records.on_wire(wire).iter().filter(|record| record.subnet == Some(id));
        pods.into_iter().any(|record| match record.source {
            Source::Pod(pod, _) => spec.namespace.is_empty() || pod.meta.namespace == spec.namespace,
            _ => false,
        })
    }
}
