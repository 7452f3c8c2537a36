//! What must still hold at the moment of an action.
//!
//! In: a guard, and a fresh reading of the object that it is about. Out: whether the action may go on, or why not.
//! Guarantees: pure; an unknown or failed reading never lets an action go on (the shell does not call this then).

use crate::life::ordinals;
use crate::networks::networks_of_meta;
use crate::record::{allocated_providers, is_finished};
use api::slim::{Kind, Object, Str, Uid};

/// A condition on one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// The object does not exist.
    Absent {
        /// Kind.
        kind: Kind,
        /// Namespace; empty for cluster-scoped kinds.
        namespace: Str,
        /// Name.
        name: Str,
    },
    /// The pod is the same one, and has no NIC of that provider.
    PodWithoutNic {
        /// Namespace of the pod.
        namespace: Str,
        /// Its name.
        name: Str,
        /// Its UID when it was judged.
        uid: Uid,
        /// The provider.
        provider: String,
    },
    /// The pod, if there is one, is on its node's network.
    PodOnHostNetwork {
        /// Namespace of the pod.
        namespace: Str,
        /// Its name.
        name: Str,
    },
    /// The StatefulSet has no such ordinal, or is gone.
    OrdinalBeyond {
        /// Namespace of the StatefulSet.
        namespace: Str,
        /// Its name.
        name: Str,
        /// The ordinal.
        ordinal: i64,
    },
    /// No object of that kind is left.
    NoneLeft {
        /// The kind.
        kind: Kind,
    },
    /// The StatefulSet's template has no NIC of that provider.
    TemplateWithoutNic {
        /// Namespace of the StatefulSet.
        namespace: Str,
        /// Its name.
        name: Str,
        /// The provider.
        provider: String,
    },
}

/// Why an action may not go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

impl Guard {
    /// What to read: one object, or for [`Guard::NoneLeft`] any object of the kind.
    #[must_use]
    pub fn target(&self) -> (Kind, &str, &str) {
        match self {
            Self::NoneLeft { kind } => (*kind, "", ""),
            Self::Absent { kind, namespace, name } => (*kind, namespace, name),
            Self::PodWithoutNic { namespace, name, .. } | Self::PodOnHostNetwork { namespace, name } => {
                (Kind::Pod, namespace, name)
            }
            Self::OrdinalBeyond { namespace, name, .. } | Self::TemplateWithoutNic { namespace, name, .. } => {
                (Kind::StatefulSet, namespace, name)
            }
        }
    }

    /// Whether it is about any object of a kind, and not about one by name.
    #[must_use]
    pub fn wants_any(&self) -> bool {
        matches!(self, Self::NoneLeft { .. })
    }

    /// Whether it holds, given what was read just now; `None`: the server says that there is no such object.
    ///
    /// # Errors
    /// The reason why the action may not go on.
    pub fn check(&self, found: Option<&Object>) -> Result<(), Refusal> {
        let (kind, namespace, name) = self.target();
        let what = if namespace.is_empty() { format!("{kind} {name}") } else { format!("{kind} {namespace}/{name}") };
        let refuse = |reason: &str| Err(Refusal(format!("{what} {reason}")));
        match (self, found) {
            (Self::NoneLeft { .. }, None) => Ok(()),
            (Self::NoneLeft { kind }, Some(left)) => {
                Err(Refusal(format!("{kind} {} is left, which may need it", left.meta().name)))
            }
            (Self::Absent { .. } | Self::PodOnHostNetwork { .. } | Self::OrdinalBeyond { .. }, None) => Ok(()),
            (Self::Absent { .. }, Some(_)) => refuse("exists again"),
            (Self::PodOnHostNetwork { .. }, Some(Object::Pod(pod))) if pod.spec.host_network => Ok(()),
            (Self::PodOnHostNetwork { .. }, Some(_)) => refuse("is not on its node's network any more"),
            (Self::OrdinalBeyond { ordinal, .. }, Some(Object::StatefulSet(set))) => {
                let (first, after) = ordinals(set);
                if (first..after).contains(ordinal) { refuse(&format!("has ordinal {ordinal} again")) } else { Ok(()) }
            }
            (Self::PodWithoutNic { uid, provider, .. }, Some(Object::Pod(pod))) => {
                if pod.meta.uid != *uid {
                    refuse("was made anew")
                } else if is_finished(pod) {
                    refuse("has come to its end; its addresses go with it")
                } else if allocated_providers(&pod.meta.annotations).any(|allocated| allocated == provider)
                    || networks_of_meta(&pod.meta, &pod.meta.namespace).has(provider)
                {
                    refuse(&format!("has a NIC of {provider} again"))
                } else {
                    Ok(())
                }
            }
            (Self::TemplateWithoutNic { provider, .. }, Some(Object::StatefulSet(set))) => {
                if networks_of_meta(&set.spec.template.meta, &set.meta.namespace).has(provider) {
                    refuse(&format!("has a NIC of {provider} again"))
                } else {
                    Ok(())
                }
            }
            (Self::PodWithoutNic { .. } | Self::TemplateWithoutNic { .. }, None) => refuse("is gone; audit again"),
            (_, Some(_)) => refuse("is of another kind than was asked for"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::slim::read;

    fn object(kind: Kind, json: &str) -> Object {
        read(kind, json.as_bytes()).unwrap().object
    }

    #[test]
    fn what_came_back_stops_an_action() {
        let absent = Guard::Absent { kind: Kind::Pod, namespace: "a".into(), name: "p".into() };
        let pod = object(Kind::Pod, r#"{"metadata":{"name":"p","namespace":"a"}}"#);
        assert_eq!(absent.check(None), Ok(()));
        assert_eq!(absent.check(Some(&pod)).unwrap_err().to_string(), "Pod a/p exists again");
    }

    #[test]
    fn a_scaled_up_statefulset_has_its_ordinal_again() {
        let beyond = Guard::OrdinalBeyond { namespace: "a".into(), name: "web".into(), ordinal: 2 };
        let set = |replicas: u8| {
            object(Kind::StatefulSet, &format!(r#"{{"metadata":{{"name":"web"}},"spec":{{"replicas":{replicas}}}}}"#))
        };
        assert!(beyond.check(Some(&set(2))).is_ok());
        assert!(beyond.check(Some(&set(3))).is_err());
        assert!(beyond.check(None).is_ok());
    }

    #[test]
    fn a_pod_made_anew_is_another_pod() {
        let guard = Guard::PodWithoutNic {
            namespace: "a".into(),
            name: "p".into(),
            uid: Uid::parse("1"),
            provider: "mv.a".to_owned(),
        };
        let pod = |uid: &str, nets: &str| {
            object(
                Kind::Pod,
                &format!(
                    r#"{{"metadata":{{"name":"p","namespace":"a","uid":"{uid}","annotations":{{"k8s.v1.cni.cncf.io/networks":"{nets}"}}}}}}"#
                ),
            )
        };
        assert!(guard.check(Some(&pod("1", ""))).is_ok());
        assert!(guard.check(Some(&pod("2", ""))).is_err());
        assert!(guard.check(Some(&pod("1", "mv"))).is_err());
        assert!(guard.check(None).is_err());
    }
}
