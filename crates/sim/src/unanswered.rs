//! Claims that a controller asked for and has no answer about.
//!
//! In: what it hears, and what it sends. Out: the first [`Violation`]. Guarantees: until a read, a watch or an answer says what became
//! of a create, its address is its NIC's: neither is the address asked for on behalf of another NIC, nor another address for this one. By
//! the lock that the claim's name is, that would be put right later; it is a write too many, and an address that comes and goes.

use crate::oracle::Violation;
use api::slim::{Kind, Object};
use engine::manage::{Action, Claim, ClaimKey, Command, CommandId, Input, NewClaim, NicId, Outcome};
use std::collections::BTreeMap;

/// What a controller waits to hear about its claims.
#[derive(Debug, Default)]
pub(crate) struct Unanswered {
    sent: BTreeMap<CommandId, Sent>,
    /// What had no answer, and for whom it was asked.
    open: BTreeMap<ClaimKey, NicId>,
    /// What the last input said is not there: the request may still be applied, and may be made once more.
    missing: Option<(ClaimKey, NicId)>,
}

#[derive(Debug)]
enum Sent {
    Create(ClaimKey, NicId),
    Read(ClaimKey),
}

impl Unanswered {
    /// Takes in what the controller takes in.
    pub(crate) fn hear(&mut self, input: &Input) {
        self.missing = None;
        match input {
            Input::Done(id, outcome) => match (self.sent.remove(id), outcome) {
                (Some(Sent::Create(key, nic)), Outcome::Unknown) => drop(self.open.insert(key, nic)),
                (Some(Sent::Read(key)), Outcome::Missing) => self.missing = self.open.remove_entry(&key),
                (Some(Sent::Read(key)), Outcome::Done(_)) => drop(self.open.remove(&key)),
                _ => {}
            },
            Input::Seen(Object::AddressClaim(claim)) => {
                if let Some(claim) = Claim::of(claim) {
                    self.shown(|key| *key == claim.key);
                }
            }
            Input::Gone { kind: Kind::AddressClaim, name, .. } => self.shown(|key| key.object_name() == name.as_str()),
            _ => {}
        }
    }

    /// Whether a claim is asked for once more, after a read that did not find it.
    pub(crate) fn is_again(&self, claim: &NewClaim) -> bool {
        self.missing.as_ref().is_some_and(|(key, nic)| *key == claim.key && *nic == claim.nic)
    }

    /// A watch has shown a claim, or that it went: also what is still on its way has an answer then, should its own be lost.
    fn shown(&mut self, is_it: impl Fn(&ClaimKey) -> bool) {
        self.open.retain(|key, _| !is_it(key));
        self.sent.retain(|_, sent| !matches!(sent, Sent::Create(key, _) if is_it(key)));
    }

    /// Judges what it sends.
    pub(crate) fn sends(&mut self, command: &Command) -> Result<(), Violation> {
        match &command.action {
            Action::CreateClaim(claim) => {
                let (key, nic) = (&claim.key, &claim.nic);
                let rivals = self.open.iter().find(|(open, of)| {
                    let is_same = *open == key;
                    is_same != (*of == nic) && (is_same || open.addr.family() == key.addr.family())
                });
                if let Some((open, of)) = rivals {
                    let (open, of, addr) = (open.addr, of, key.addr);
                    return Err(Violation(format!(
                        "UNANSWERED: {addr} is asked for {nic:?}, and of {open} for {of:?} nobody knows yet"
                    )));
                }
                self.sent.insert(command.id, Sent::Create(key.clone(), nic.clone()));
            }
            Action::ReadClaim(key) => drop(self.sent.insert(command.id, Sent::Read(key.clone()))),
            _ => {}
        }
        Ok(())
    }
}
