//! Commands without an outcome, and objects about which the last word is still to come.
//!
//! In: actions, outcomes, what watches say. Out: whether an object may be written now. Guarantees: one command per object
//! at a time; an object that turned out to be other than the watch has shown is left alone until a watch or a list shows it; a
//! deletion that is seen while a command is on its way is not undone by the command's answer.

use super::command::{Action, Command, CommandId, ObjectId, Occupant};
use super::id::HolderId;
use api::slim::Kind;
use ledger::Addr;
use std::collections::{BTreeMap, BTreeSet};

/// A command that is on its way.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) action: Action,
    /// Who is looked at again when it is done.
    pub(super) holder: HolderId,
    /// The object was seen to go meanwhile.
    pub(super) gone: bool,
    /// A watch has shown the object meanwhile.
    pub(super) seen: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Flight {
    last: u64,
    sent: BTreeMap<CommandId, Sent>,
    busy: BTreeMap<ObjectId, CommandId>,
    /// Holders that asked for a command on an object while it was busy.
    refused: BTreeMap<ObjectId, BTreeSet<HolderId>>,
    blind: BTreeSet<ObjectId>,
}

impl Flight {
    /// Whether an object is to be left alone for now.
    pub(super) fn is_busy(&self, object: &ObjectId) -> bool {
        self.busy.contains_key(object) || self.blind.contains(object)
    }

    /// Whether a claim is on its way out.
    pub(super) fn is_deleting(&self, claim: &ObjectId) -> bool {
        let sent = self.busy.get(claim).and_then(|id| self.sent.get(id));
        sent.is_some_and(|sent| matches!(sent.action, Action::DeleteClaim { .. }))
    }

    /// The IP object of a user of an address that is about to say so, as was decided while its claim was to stay.
    pub(super) fn record_asked<'a>(&self, addr: Addr, users: impl Iterator<Item = &'a Occupant>) -> Option<ObjectId> {
        users.filter(|user| !user.name.is_empty()).find_map(|user| {
            // Each NIC of a pod has its own, and their names begin with the pod's.
            let prefix = format!("{}.{}.", user.name, user.namespace);
            let first = ObjectId::named(Kind::Ip, &prefix.as_str().into());
            let of_pod = |object: &ObjectId| object.kind == Kind::Ip && object.name.starts_with(&prefix);
            let mut asked = self.busy.range(first..).take_while(|(object, _)| of_pod(object));
            let says = |id: &CommandId| match self.sent.get(id).map(|sent| &sent.action) {
                Some(Action::CreateIp(ip) | Action::UpdateIp { ip, .. }) => ip.addrs.get(addr.family()) == Some(addr),
                _ => false,
            };
            asked.find(|(_, id)| says(id)).map(|(object, _)| object.clone())
        })
    }

    /// Sends a command; none while the object is busy. Whoever asks is looked at again once it is not.
    pub(super) fn send(&mut self, action: Action, holder: &HolderId) -> Option<Command> {
        let object = action.object();
        if self.is_busy(&object) {
            self.refused.entry(object).or_default().insert(holder.clone());
            return None;
        }
        self.last += 1;
        let id = CommandId(self.last);
        self.busy.insert(object, id);
        self.sent.insert(id, Sent { action: action.clone(), holder: holder.clone(), gone: false, seen: false });
        Some(Command { id, action })
    }

    /// Whoever waits for an object that is busy is looked at again once it is not.
    pub(super) fn await_turn(&mut self, object: ObjectId, holder: HolderId) {
        self.refused.entry(object).or_default().insert(holder);
    }

    /// Who asked for a command on an object while it was busy, if it is not any more.
    pub(super) fn waited(&mut self, object: &ObjectId) -> BTreeSet<HolderId> {
        if self.is_busy(object) { BTreeSet::new() } else { self.refused.remove(object).unwrap_or_default() }
    }

    /// Takes note of an outcome; none for a command that this engine never gave, as after a restart.
    pub(super) fn done(&mut self, id: CommandId) -> Option<Sent> {
        let sent = self.sent.remove(&id)?;
        self.busy.remove(&sent.action.object());
        Some(sent)
    }

    /// Leaves an object alone until a watch shows it.
    pub(super) fn wait_for_watch(&mut self, object: ObjectId) {
        self.blind.insert(object);
    }

    /// A watch has shown an object.
    pub(super) fn seen(&mut self, object: &ObjectId) {
        self.blind.remove(object);
        if let Some(sent) = self.busy.get(object).and_then(|id| self.sent.get_mut(id)) {
            sent.seen = true;
        }
    }

    /// All that there is of a kind has been listed: of what the list lacks no watch will say anything. Who waited for that.
    pub(super) fn listed(&mut self, kind: Kind) -> BTreeSet<HolderId> {
        let blind: Vec<ObjectId> = self.blind.iter().filter(|object| object.kind == kind).cloned().collect();
        self.blind.retain(|object| object.kind != kind);
        blind.iter().flat_map(|object| self.waited(object)).collect()
    }

    /// A watch has shown that an object went.
    pub(super) fn gone(&mut self, object: &ObjectId) {
        self.blind.remove(object);
        if let Some(sent) = self.busy.get(object).and_then(|id| self.sent.get_mut(id)) {
            sent.gone = true;
        }
    }

    /// How many commands are on their way.
    pub(super) fn len(&self) -> usize {
        self.sent.len()
    }
}
