//! Standing by: a second controller that knows all and does nothing, until it leads.
//!
//! In: whether it leads. Out: nothing by itself; the next step looks at everybody. Guarantees: who stands by asks for no call, and
//! observes all the same, so that it leads without another list; what was learned by waiting or by fresh reads while it led before is forgotten, as a
//! start forgets it: an owner that was absent then may have been there meanwhile.

use super::cooldown::Resting;
use super::engine::Engine;
use super::project::{Told, Waits, Written};
use api::slim::Str;

impl Engine {
    /// It leads from now on, or stands by. One that was made leads.
    ///
    /// Commands that are on their way keep their outcomes: who does not send one says that nobody knows what became of it.
    pub fn lead(&mut self, leads: bool) {
        if self.leads == leads {
            return;
        }
        self.leads = leads;
        if leads {
            self.forget_what_was_learned();
            self.look_at_everybody();
            self.look_at_accounts();
        }
    }

    /// Whether it leads.
    #[must_use]
    pub const fn leads(&self) -> bool {
        self.leads
    }

    /// Looks at everybody for whom there may be something to do.
    pub(super) fn look_at_everybody(&mut self) {
        self.dirty.extend(self.state.pods.keys().chain(self.state.claims.holders()).cloned());
        self.dirty.extend(self.state.kept.keys().cloned());
        self.look_at_rules();
    }

    /// Looks at all that is written once for many: another one may have written something else meanwhile.
    fn look_at_accounts(&mut self) {
        let world = &self.state.world;
        let subnets: Vec<Str> = world.subnets.iter().map(|subnet| subnet.meta.name.clone()).collect();
        let pools: Vec<Str> = world.pools.iter().map(|pool| pool.meta.name.clone()).collect();
        let namespaces: Vec<Str> = world.namespaces.iter().map(|namespace| namespace.meta.name.clone()).collect();
        subnets.iter().for_each(|name| self.state.books.touch(name));
        pools.iter().for_each(|name| self.state.books.pools.touch_named(name));
        namespaces.into_iter().for_each(|name| self.written.namespaces.touch(name));
    }

    /// What was learned before, or by answers that came late.
    fn forget_what_was_learned(&mut self) {
        self.state.absent.clear();
        self.state.disowned.clear();
        self.state.gone_pods.clear();
        self.state.lost_pods.clear();
        self.state.agents.forget_all_silence();
        (self.written, self.told) = (Written::default(), Told::default());
        (self.waits, self.resting) = (Waits::default(), Resting::default());
    }
}
