//! What the loader refuses, so that no input can take its memory, its stack or its time.
//!
//! Each limit is far above what Kubernetes itself allows, and is named in the error that it causes.

/// Largest object. An API server takes requests of up to 3 MiB, and etcd values of 1.5 MiB; printing with indentation
/// makes up to four times of that.
pub const MAX_OBJECT: usize = 16 << 20;

/// Deepest nesting of an object. Pods reach 12, a custom resource definition about 40.
pub const MAX_DEPTH: u32 = 100;

/// Largest `metadata` of a list, which holds a resource version and a continue token.
pub const MAX_HEADER: usize = 64 << 10;

/// Largest text of list items that is held back, over all inputs, until the list says of which kind they are: only where
/// it says so after them, and only for input that cannot be read twice (standard input, gzip).
pub const MAX_HELD: usize = 64 << 20;

/// How many unreadable objects are described one by one; the others are counted.
pub const MAX_DESCRIBED: usize = 1000;

/// How many kinds that are not ours are counted apart; the others are counted together.
pub const MAX_IGNORED_KINDS: usize = 1000;

/// How deep folders are read: links can make a folder contain itself.
pub const MAX_FOLDERS: usize = 32;

/// Text that is cut off the input at once and handed to a thread: large enough that handing over costs nothing, small
/// enough that a few of them do not matter.
pub(crate) const BATCH: usize = 1 << 20;
