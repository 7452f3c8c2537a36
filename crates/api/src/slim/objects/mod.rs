//! The slim kinds: of each object, only what somebody decides on.
//!
//! In: JSON of one object. Out: one struct per kind. Guarantees: a null, an absent field and an empty one read alike;
//! fields are typed where they are parsed, and a text that cannot be parsed stays in its [`Field`](super::Field). The complete types,
//! with every field, are in `schema`; these are not for writing.

/// Declares a slim struct: every field is optional in JSON, and null counts as absent.
macro_rules! slim {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $ty:ty = $json:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize)]
        #[serde(default)]
        pub struct $name {
            $($(#[$field_doc])* #[serde(rename = $json, deserialize_with = "crate::slim::field::nil")] pub $field: $ty,)*
        }

        impl crate::slim::Bad for $name {
            fn collect_bad(&self, path: crate::slim::Path<'_>, out: &mut Vec<crate::slim::Malformed>) {
                $(self.$field.collect_bad(crate::slim::Path::Field(&path, $json), out);)*
            }
        }
    )*};
}

mod gateway;
mod network;
mod pod;
mod record;
mod rule;
mod selector;
mod subnet;
mod vm;

pub use gateway::*;
pub use network::*;
pub use pod::*;
pub use record::*;
pub use rule::*;
pub use selector::*;
pub use subnet::*;
pub use vm::*;
