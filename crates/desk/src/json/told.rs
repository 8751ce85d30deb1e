//! Reading once more what could not be read, to tell what is wrong with which field: it is missing,
//! of another type, or holds what its type does not allow.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error, Expected, IntoDeserializer, Unexpected, Visitor};
use serde_json::Value;

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldFault {
    Missing,
    /// Of another type, or a number out of range.
    WrongType,
    /// Its type says why.
    Invalid(String),
    /// A list that holds more than it may.
    TooMany(String),
}

/// A [`FieldFault`] on its way out of a reader.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) fault: FieldFault,
    /// The missing field's name: it has no place of its own.
    pub(super) missing: Option<&'static str>,
}

impl Told {
    fn of(fault: FieldFault) -> Self {
        Self {
            fault,
            missing: None,
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.fault)
    }
}

impl std::error::Error for Told {}

impl Error for Told {
    fn custom<T: fmt::Display>(what: T) -> Self {
        Self::of(FieldFault::Invalid(what.to_string()))
    }

    fn invalid_type(_found: Unexpected<'_>, _expected: &dyn Expected) -> Self {
        Self::of(FieldFault::WrongType)
    }

    /// What readers of numbers say of one that is too large or negative.
    fn invalid_value(_found: Unexpected<'_>, _expected: &dyn Expected) -> Self {
        Self::of(FieldFault::WrongType)
    }

    fn invalid_length(_length: usize, expected: &dyn Expected) -> Self {
        Self::of(FieldFault::TooMany(format!("it holds {expected}")))
    }

    fn unknown_variant(_found: &str, allowed: &'static [&'static str]) -> Self {
        Self::of(FieldFault::Invalid(format!(
            "it is one of {}",
            allowed.join(", ")
        )))
    }

    fn missing_field(name: &'static str) -> Self {
        Self {
            fault: FieldFault::Missing,
            missing: Some(name),
        }
    }
}

/// `50.0` is a whole number, as JSON Schema has it: some languages know no others. Not beyond
/// 2^53, where a number is no longer what was written: one a little out of range would become
/// another that is in it.
fn whole(number: f64) -> Option<i64> {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    let is_whole = number.fract() == 0.0 && number.abs() <= EXACT_MAX;
    is_whole.then(|| format!("{number:.0}").parse().ok())?
}

/// A value whose reader tells what is wrong.
pub(super) struct Telling(pub(super) Value);

impl<'de> IntoDeserializer<'de, Told> for Telling {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Telling {
    type Error = Told;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Told> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(is_true) => visitor.visit_bool(is_true),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => {
                    let number = number.as_f64().unwrap_or(f64::NAN);
                    match whole(number) {
                        Some(whole) => visitor.visit_i64(whole),
                        None => visitor.visit_f64(number),
                    }
                }
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => {
                visitor.visit_seq(SeqDeserializer::new(items.into_iter().map(Telling)))
            }
            Value::Object(fields) => {
                let fields = fields
                    .into_iter()
                    .map(|(name, value)| (name, Telling(value)));
                visitor.visit_map(MapDeserializer::new(fields))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Told> {
        if self.0.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Told> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Told> {
        match self.0 {
            Value::String(text) => visitor.visit_enum(text.into_deserializer()),
            Value::Object(fields) => {
                let fields = fields
                    .into_iter()
                    .map(|(name, value)| (name, Telling(value)));
                visitor.visit_enum(MapAccessDeserializer::new(MapDeserializer::new(fields)))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                Err(Told::of(FieldFault::WrongType))
            }
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
