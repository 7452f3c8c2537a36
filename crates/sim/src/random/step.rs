//! What happens in a random run, one step after the other.
//!
//! In: nothing. Out: [`Step`]. Guarantees: a step means the same whatever came before it, so that a run stays a run when steps
//! are left out of it; where there is nothing that it could be about, it does nothing. Written as `Debug` shows it, a step
//! is Rust.

/// One step: what is done; how many turns are taken after that; and the order of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step(pub What, pub u8, pub u16);

/// All turns that there are: until nobody has anything to do.
pub const ALL: u8 = u8::MAX;

/// What is done. Names and addresses are small numbers: `Pod(2, ..)` is `p2`, address 5 is `172.17.0.5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Nothing but turns.
    Nothing,
    /// So many seconds pass.
    Pass(u8),
    /// Create a pod on a node.
    Pod(u8, u8, Ask),
    /// Delete a pod.
    DeletePod(u8, Grace),
    /// The containers of a pod end by themselves.
    Exit(u8),
    /// Create a StatefulSet, or scale it.
    Set(u8, u8),
    /// Delete a StatefulSet, with its pods or without.
    DeleteSet(u8, Pods),
    /// Delete a pod of a StatefulSet.
    DeleteOrdinal(u8, u8, Grace),
    /// Somebody breaks a pod's networks annotation, or mends it.
    Networks(u8, Networks),
    /// Somebody breaks the networks annotation of a StatefulSet's template, or mends it.
    Template(u8, Networks),
    /// Create a Vip; 0: any address.
    Vip(u8, u8),
    /// Delete a Vip.
    DeleteVip(u8),
    /// Reserve an address for a pod; 0: any.
    Reserve(u8, u8),
    /// Delete a reservation.
    Cancel(u8),
    /// Create an EIP of the gateway; 0: any address.
    Eip(u8, u8),
    /// Delete an EIP.
    DeleteEip(u8),
    /// Create a NAT rule of an EIP; the last number: which port or network it asks for, 3: none that can be read.
    Rule(Nat, u8, u8, u8),
    /// Delete a NAT rule.
    DeleteRule(Nat, u8),
    /// Create the gateway, or scale it.
    Gateway(u8),
    /// Delete the gateway.
    DeleteGateway,
    /// The gateway's program puts an EIP on its interface, if it may.
    Program(u8),
    /// It takes it off, if the EIP is not wanted any more.
    Unprogram(u8),
    /// Create a pool from one address to another.
    Pool(u8, u8),
    /// Delete the pool.
    DeletePool,
    /// Give the Subnet a block of this prefix length.
    Block(u8),
    /// Exclude an address of the Subnet beside its gateway; 0: none.
    Exclude(u8),
    /// Create a pool of these addresses, for another Namespace.
    PoolOfOthers(u8, u8),
    /// Create the Subnet anew.
    Subnet,
    /// Delete the Subnet.
    DeleteSubnet,
    /// A node loses its connection.
    CutOff(u8),
    /// It has it again.
    Connect(u8),
    /// A node loses its power.
    PowerOff(u8),
    /// Somebody says that a node without power is out of service; its pods are deleted.
    OutOfService(u8),
    /// Somebody deletes the Node object of a node without power; its pods are deleted.
    DropNode(u8),
    /// It has power again, and nothing of what ran there is left.
    Boot(u8),
    /// The wire of the first network has a name of its own: before anything is claimed there.
    NameWire,
    /// Pods that ask for any address of the first network ask for one MAC from now on, all for the same.
    OneMac,
    /// The controllers serve the primary network from now on, and each pod has a NIC on it.
    Primary,
    /// Create a Subnet of the primary network for the pods' Namespace.
    Team,
    /// Delete it.
    DeleteTeam,
    /// Create a second Subnet of the first network, with one address.
    Spill,
    /// Delete it.
    DeleteSpill,
    /// Create a virtual machine.
    Vm(u8),
    /// Run it on a node.
    RunVm(u8, u8),
    /// Stop it.
    StopVm(u8, Grace),
    /// Delete it.
    DeleteVm(u8),
    /// Migrate it to another node, while it runs.
    Migrate(u8),
    /// Its migration is over: it succeeded if it could.
    Migrated(u8),
    /// It failed.
    MigrationFailed(u8, Grace),
    /// An agent hears an address that nobody has claimed, and keeps it from being given out for a minute.
    Quarantine(u8),
    /// Kube-OVN gives an address to an OvnEip.
    OvnEip(u8),
    /// The OvnEip of an address is deleted.
    DeleteOvnEip(u8),
    /// Addresses of the Subnet that are freed rest for so many hours from now on; 0: not at all.
    Rest(u8),
    /// Somebody changes by hand what is not theirs; the number picks the object.
    Hand(Hand, u8),
    /// Something goes wrong at a later write of a controller: 1 is the next.
    Arm(Wrong, u8),
    /// A controller is killed, and another one starts.
    Crash(u8),
    /// A controller hears nothing of what happens.
    Deaf(u8),
    /// It hears it all.
    Hear(u8),
    /// Its watches expired: it lists everything again.
    Expire(u8),
    /// The agents make claims again that vanish, and ask the wire first, from now on.
    WatchOver,
    /// Somebody takes a snapshot of the storage.
    Save,
    /// Somebody puts the storage back to it.
    PutBack,
    /// The first of the writes that are late arrives.
    LateArrives,
}

/// What a pod asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Any address.
    Free,
    /// This one.
    This(u8),
    /// Any of the pool.
    Pooled,
    /// Any, and one NIC on a second network, which has both families.
    Two,
    /// The Vip's.
    Borrow(u8),
    /// This one, which it says that it has already.
    Steal(u8),
    /// What is refused.
    Refused(Refusal),
}

/// What a pod asks for that nobody can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// An address that no Subnet has.
    Outside,
    /// The gateway's address.
    Gateway,
    /// A pool that is not there.
    Pool,
    /// A MAC that is none.
    Mac,
    /// Networks that cannot be read.
    Unreadable,
}

/// What an annotation for Multus says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Networks {
    /// What was meant.
    Readable,
    /// The same, so that nobody can read it.
    Unreadable,
}

/// A kind of NAT rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nat {
    /// IptablesFIPRule
    Fip,
    /// IptablesDnatRule
    Dnat,
    /// IptablesSnatRule
    Snat,
}

/// How a pod is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grace {
    /// Its containers are stopped first.
    Normal,
    /// It is gone from the API at once, whatever its node does.
    Zero,
}

/// What becomes of the pods of a StatefulSet that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pods {
    /// They go with it.
    Go,
    /// They stay, for one that is made again.
    Stay,
}

/// What somebody does by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hand {
    /// Deletes a claim.
    DeleteClaim,
    /// Deletes all claims.
    DeleteClaims,
    /// Takes the labels off a claim.
    StripClaim,
    /// Puts a finalizer on a claim.
    HoldClaim,
    /// Deletes an IP object.
    DeleteIp,
    /// Puts a finalizer on an IP object.
    HoldIp,
    /// Puts Kube-OVN's finalizer on an IP object.
    AdoptIp,
    /// Writes another address into an IP object that a controller made.
    EditIp,
    /// Takes the annotations off a pod.
    StripPod,
    /// Writes another address into the annotations of a pod.
    EditPod,
    /// Puts a finalizer on a pod.
    HoldPod,
    /// Takes all finalizers off the Subnet.
    FreeSubnet,
    /// Takes every finalizer off that was put on by hand.
    LetGo,
}

/// What goes wrong at one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// The controller dies after it.
    CrashAfter,
    /// The controller dies before it.
    CrashBefore,
    /// Its answer is lost.
    DropReply,
    /// It is lost.
    Lose,
    /// It is applied later.
    Late,
}
