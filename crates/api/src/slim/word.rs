//! Fields that are one of a few words.
//!
//! In: JSON text. Out: [`Phase`], [`RestartPolicy`], [`PodType`], each a byte in place of a text: there are a hundred thousand of
//! them. Guarantees: absent, null and empty are one; a word that nobody here knows is told from all that are known.

use serde::de::{self, Deserialize, Deserializer, Visitor};
use std::fmt;

/// Declares the words of a field.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
        pub enum $name {
            /// Absent or empty.
            #[default]
            Absent,
            $($(#[$word_doc])* $word,)*
            /// Another word.
            Other,
        }

        impl $name {
            /// Reads a word.
            #[must_use]
            pub fn of(text: &str) -> Self {
                match text {
                    "" => Self::Absent,
                    $(stringify!($word) => Self::$word,)*
                    _ => Self::Other,
                }
            }

            /// The word, empty where there is none.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    Self::Absent => "",
                    $(Self::$word => stringify!($word),)*
                    Self::Other => "Other",
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Word;
                impl Visitor<'_> for Word {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a word")
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        Ok($name::of(text))
                    }
                }
                deserializer.deserialize_str(Word)
            }
        }
    )*};
}

words! {
    /// `status.phase` of a Pod.
    Phase {
        /// Its containers do not all run yet.
        Pending,
        /// It runs.
        Running,
        /// All its containers ended well.
        Succeeded,
        /// All its containers ended, one of them not well.
        Failed,
        /// Its node says nothing.
        Unknown,
    }
    /// `spec.restartPolicy` of a Pod.
    RestartPolicy {
        /// Its containers are started again, however they end.
        Always,
        /// Those that fail are.
        OnFailure,
        /// None is.
        Never,
    }
    /// `spec.podType` of an IP object: which kind of owner keeps the addresses.
    PodType {
        /// An ordinal of a StatefulSet.
        StatefulSet,
        /// A machine of KubeVirt's.
        VirtualMachine,
    }
}

impl Phase {
    /// Whether all containers have ended: a pod in this phase uses nothing any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_prints_as_it_was_read_and_an_unknown_one_is_none_of_the_known() {
        for word in ["", "Pending", "Running", "Succeeded", "Failed", "Unknown"] {
            assert_eq!(Phase::of(word).as_str(), word);
        }
        assert_eq!(Phase::of("running"), Phase::Other);
        let read = |json| serde_json::from_str::<Option<PodType>>(json).ok().flatten().unwrap_or_default();
        assert_eq!((read("null"), read("\"VirtualMachine\"")), (PodType::Absent, PodType::VirtualMachine));
    }
}
