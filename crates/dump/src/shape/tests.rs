//! What is read of each kind, and that reading it is reading all.

use super::Shape;
use crate::json::tokens::Tokens;
use crate::json::walk::Walk;
use api::slim::{Kind, read};
use proptest::prelude::*;
use serde_json::{Map, Value};

#[test]
fn the_fields_that_are_read_and_that_snapshots_hold() {
    let lines: Vec<String> = Kind::ALL.into_iter().map(|kind| format!("{kind} {}", Shape::of(kind))).collect();
    insta::assert_snapshot!(lines.join("\n\n"));
}

fn pruned(kind: Kind, text: &[u8], redact: bool) -> Vec<u8> {
    let mut tokens = Tokens::default();
    tokens.index(text);
    let mut walk = if redact { Walk::redacting(text, &tokens) } else { Walk::new(text, &tokens) };
    let mut out = Vec::new();
    walk.keep(Shape::of(kind), &mut out).unwrap();
    out
}

/// A value of roughly this shape, with things in it that are not of the shape.
fn value(shape: &'static Shape) -> BoxedStrategy<Value> {
    let text = prop_oneof![
        Just("10.0.0.2"), Just("fd00::2"), Just("10.0.0.2,fd00::2"), Just("10.0.0.0/24"), Just("2026-11-23T23:06:58Z"), Just(""),
        Just("0a:58:0a:10:00:02"), Just("x"), Just("{\"type\":\"macvlan\",\"x\":1}"), Just("{\"plugins\":[{\"type\":\"bridge\",\"vlan\":\"7\"}]}"),
    ];
    let leaf = prop_oneof![
        6 => text.prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i32>().prop_map(Value::from),
        1 => prop::collection::vec(any::<i8>(), 0..3).prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("ovn.kubernetes.io/ip_address"), Just("a.b.kubernetes.io/allocated"), Just("app"), Just("ipledger.dev/x"), Just("sub2"),
    ];
    let pairs = prop::collection::vec((key, leaf.clone()), 0..4)
        .prop_map(|pairs| Value::from(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Map<_, _>>()));
    let shaped = match shape {
        Shape::All | Shape::Quoted(_) => return leaf.boxed(),
        Shape::Labels | Shape::Annotations => pairs.boxed(),
        Shape::Items(item) => prop::collection::vec(value(item), 0..3).prop_map(Value::from).boxed(),
        Shape::Fields(fields) => {
            let fields: Vec<_> = fields.iter().map(|(name, shape)| (Just(*name), prop::option::weighted(0.7, value(shape)))).collect();
            (fields, leaf.clone())
                .prop_map(|(fields, other)| {
                    let mut map: Map<String, Value> =
                        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
                    map.insert("unread".to_owned(), other);
                    Value::from(map)
                })
                .boxed()
        }
    };
    prop_oneof![12 => shaped, 1 => leaf].boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_kept_reads_as_the_whole_does(objects in Kind::ALL.map(|kind| value(Shape::of(kind)))) {
        for (kind, object) in Kind::ALL.into_iter().zip(objects) {
            let text = serde_json::to_vec_pretty(&object).unwrap();
            let whole = read(kind, &text);
            prop_assert_eq!(&read(kind, &pruned(kind, &text, false)), &whole, "{}", object);
            prop_assert_eq!(&read(kind, &pruned(kind, &text, true)), &whole, "{}", object);
        }
    }
}
