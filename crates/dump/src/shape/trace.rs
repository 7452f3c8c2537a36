//! Watching a reader ask for fields.
//!
//! In: a type that serde can read. Out: its [`Shape`]: the fields that it asks for by name, all the way down. Works by
//! giving it a made-up value: every object has all the fields that the reader names, every list one item. Where a reader
//! takes anything (`deserialize_any`), nothing is known, and all is kept. Guarantees: ends, since each failed attempt
//! offers one reader another kind of value; a reader that refuses all of them is kept whole.

use super::Shape;
use serde::de::value::{Error, MapDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What can be offered to a reader that takes anything.
const OFFERS: u8 = 5;

/// The shape of what `T` reads.
pub(super) fn shape<T: DeserializeOwned>() -> Shape {
    let trace = Trace::default();
    // Each attempt but the last one moves one reader to its next offer, of which there are few.
    for _ in 0..1000 {
        trace.refused.borrow_mut().take();
        let mut shape = Shape::All;
        let tracer = Tracer { trace: &trace, path: String::new(), shape: &mut shape };
        match (T::deserialize(tracer), trace.refused.borrow_mut().take()) {
            (Ok(_), _) => return shape,
            (Err(_), Some(path)) => *trace.offers.borrow_mut().entry(path).or_default() += 1,
            (Err(_), None) => return Shape::All,
        }
    }
    Shape::All
}

#[derive(Default)]
struct Trace {
    /// By path: how many offers its reader has refused.
    offers: RefCell<BTreeMap<String, u8>>,
    /// The last offer made: if reading fails, this is what was refused.
    refused: RefCell<Option<String>>,
}

struct Tracer<'s> {
    trace: &'s Trace,
    path: String,
    shape: &'s mut Shape,
}

impl<'de> Deserializer<'de> for Tracer<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let offer = self.trace.offers.borrow().get(&self.path).copied().unwrap_or(0);
        *self.trace.refused.borrow_mut() = Some(self.path);
        match offer {
            0 => visitor.visit_unit(),
            1 => visitor.visit_u64(0),
            2 => visitor.visit_str(""),
            3 => visitor.visit_map(MapDeserializer::new(std::iter::empty::<(&str, &str)>())),
            4 => visitor.visit_bool(false),
            OFFERS.. => Err(Error::custom("nothing more to offer")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Self { trace, path, shape } = self;
        let mut item = Shape::All;
        let value = visitor.visit_seq(One { trace, path: path + "[]", item: Some(&mut item) })?;
        *shape = Shape::Items(Box::new(item));
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let Self { trace, path, shape } = self;
        let mut found = Vec::new();
        let value = visitor.visit_map(Fields { trace, path: &path, names: fields.iter(), found: &mut found })?;
        *shape = Shape::Fields(found);
        Ok(value)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(false)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(0)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(0)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str("")
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str("")
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u32 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct map enum
        identifier ignored_any
    }
}

/// A list of one item.
struct One<'s> {
    trace: &'s Trace,
    path: String,
    item: Option<&'s mut Shape>,
}

impl<'de> SeqAccess<'de> for One<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(shape) = self.item.take() else { return Ok(None) };
        seed.deserialize(Tracer { trace: self.trace, path: self.path.clone(), shape }).map(Some)
    }
}

/// An object with all the fields that its reader names.
struct Fields<'s> {
    trace: &'s Trace,
    path: &'s str,
    names: std::slice::Iter<'static, &'static str>,
    found: &'s mut Vec<(&'static str, Shape)>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(name) = self.names.next() else { return Ok(None) };
        self.found.push((name, Shape::All));
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some((name, shape)) = self.found.last_mut() else { return Err(Error::custom("a value without a key")) };
        let path = format!("{}.{name}", self.path);
        seed.deserialize(Tracer { trace: self.trace, path, shape })
    }
}
