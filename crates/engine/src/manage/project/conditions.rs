//! Conditions of Subnets and IPPools.
//!
//! In: the conditions that an object has, and what is to be said. Out: the conditions that it should have. Guarantees: those
//! of other types stay, in their places; one that says the same already keeps its times, so that nothing is written when
//! nothing changes; the status of an `Error` that is over goes back to `False` (Kube-OVN leaves it `True`).

use api::slim::{Condition, Field, Time};
use serde_json::{Map, Value, json};

/// What one condition should say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Say<'a> {
    pub(super) type_: &'a str,
    pub(super) status: bool,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
}

/// Whether everything is well with an object, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Health {
    Well,
    /// It cannot be used as it is written.
    Faulty(Box<str>),
    /// It is being deleted and waits: for what.
    Going(String),
}

/// The conditions that an object should have.
pub(super) fn with(known: &[Condition], say: &[Say<'_>], generation: u32, now: Time) -> Vec<Condition> {
    let mut conditions = known.to_vec();
    for say in say {
        match conditions.iter_mut().find(|condition| condition.type_ == say.type_) {
            Some(condition) => update(condition, say, generation, now),
            None => {
                let mut condition = Condition { type_: say.type_.into(), ..Condition::default() };
                update(&mut condition, say, generation, now);
                conditions.push(condition);
            }
        }
    }
    conditions
}

fn update(condition: &mut Condition, say: &Say<'_>, generation: u32, now: Time) {
    let status = if say.status { "True" } else { "False" };
    let generation = i64::from(generation);
    if condition.status == status
        && condition.reason == say.reason
        && *condition.message == *say.message
        && condition.generation == generation
    {
        return;
    }
    if condition.status != status {
        condition.changed = Field::Is(now);
    }
    condition.status = status.into();
    condition.reason = say.reason.into();
    condition.message = say.message.into();
    condition.generation = generation;
    condition.updated = Field::Is(now);
}

/// `Error` while there is one; afterwards that it is over. Nothing where there never was one.
pub(super) fn error<'a>(known: &[Condition], fault: Option<&'a str>, reason: &'a str) -> Option<Say<'a>> {
    let was = known.iter().any(|condition| condition.type_ == "Error");
    (fault.is_some() || was).then(|| Say {
        type_: "Error",
        status: fault.is_some(),
        reason,
        message: fault.unwrap_or_default(),
    })
}

/// Conditions in Kubernetes' own form, as a claim has them (`metav1.Condition`).
pub(in crate::manage) fn standard(conditions: &[Condition]) -> Value {
    let one = |condition: &Condition| {
        let changed = condition.changed.get().map(Time::to_string);
        json!({
            "type": condition.type_.as_str(), "status": condition.status.as_str(), "reason": condition.reason.as_str(),
            "message": &*condition.message, "lastTransitionTime": changed,
        })
    };
    conditions.iter().map(one).collect()
}

/// Conditions in Kube-OVN's form.
pub(super) fn kube_ovn(conditions: &[Condition]) -> Value {
    let time = |field: &Field<Time>| field.get().map(Time::to_string).unwrap_or_default();
    let one = |condition: &Condition| {
        let texts = [
            ("type", condition.type_.to_string()),
            ("status", condition.status.to_string()),
            ("reason", condition.reason.to_string()),
            ("message", condition.message.to_string()),
            ("lastUpdateTime", time(&condition.updated)),
            ("lastTransitionTime", time(&condition.changed)),
        ];
        let texts = texts.into_iter().filter(|(_, text)| !text.is_empty());
        let mut fields: Map<String, Value> = texts.map(|(key, text)| (key.to_owned(), text.into())).collect();
        if condition.generation != 0 {
            fields.insert("observedGeneration".to_owned(), condition.generation.into());
        }
        Value::Object(fields)
    };
    conditions.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: Say<'_> = Say { type_: "Ready", status: true, reason: "Set", message: "" };

    #[test]
    fn what_is_said_already_keeps_its_times_and_what_changed_gets_new_ones() {
        let first = with(&[], &[READY], 1, Time(10));
        assert_eq!(with(&first, &[READY], 1, Time(20)), first);
        let later = with(&first, &[READY], 2, Time(20));
        assert_eq!((later[0].updated.get(), later[0].changed.get()), (Some(&Time(20)), Some(&Time(10))));
        let other = Condition { type_: "Theirs".into(), ..Condition::default() };
        assert_eq!(with(std::slice::from_ref(&other), &[READY], 1, Time(10))[0], other);
    }

    #[test]
    fn an_error_that_is_over_says_so() {
        assert!(error(&[], None, "Set").is_none());
        let failed = with(&[], &[error(&[], Some("bad"), "Failed").unwrap()], 1, Time(10));
        assert_eq!((failed[0].status.as_str(), &*failed[0].message), ("True", "bad"));
        let over = with(&failed, &[error(&failed, None, "Set").unwrap()], 2, Time(20));
        assert_eq!((over[0].status.as_str(), &*over[0].message), ("False", ""));
    }
}
