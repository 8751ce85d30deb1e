//! Fields that are checked while they are read, and what an endpoint calls one that is not what it
//! must be. What a type here allows is in the OpenAPI document, too.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use hansard_desk::json::FieldFault;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::codes;

/// A row of an endpoint's table of fields: their codes by path (items of lists written `[]`). It
/// holds for everything below the path, too, unless a longer one does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    path: &'static str,
    missing: u32,
    wrong_type: u32,
    invalid: u32,
    too_many: u32,
}

impl Field {
    /// One code, whatever is wrong.
    pub(crate) const fn of(path: &'static str, code: u32) -> Self {
        Self {
            path,
            missing: code,
            wrong_type: code,
            invalid: code,
            too_many: code,
        }
    }

    /// A UserID: whatever service it is in, the gateway wants a string.
    pub(crate) const fn account(path: &'static str, code: u32) -> Self {
        Self::of(path, code).wrong_type(codes::ACCOUNT_NOT_A_STRING)
    }

    pub(crate) const fn missing(mut self, code: u32) -> Self {
        self.missing = code;
        self
    }

    pub(crate) const fn wrong_type(mut self, code: u32) -> Self {
        self.wrong_type = code;
        self
    }

    pub(crate) const fn too_many(mut self, code: u32) -> Self {
        self.too_many = code;
        self
    }

    /// The code of a fault by the longest row that names its field or something around it.
    pub(crate) fn code_of(rows: &[Self], path: &str, fault: &FieldFault) -> Option<u32> {
        let holds = |row: &&Self| {
            let rest = path.strip_prefix(row.path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let row = rows.iter().filter(holds).max_by_key(|row| row.path.len())?;
        Some(match fault {
            FieldFault::Missing => row.missing,
            FieldFault::WrongType => row.wrong_type,
            FieldFault::Invalid(_) => row.invalid,
            FieldFault::TooMany(_) => row.too_many,
        })
    }
}

/// A list of 1 to `MAX` items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Items<T, const MAX: usize>(pub(crate) Vec<T>);

impl<T: JsonSchema, const MAX: usize> JsonSchema for Items<T, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("ListOf{MAX}{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Vec::<T>::json_schema(generator);
        schema.insert("minItems".to_owned(), 1.into());
        schema.insert("maxItems".to_owned(), MAX.into());
        schema
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Items<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bounded<T, const MAX: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Bounded<T, MAX> {
            type Value = Items<T, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "at most {MAX}")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut kept = Vec::new();
                while let Some(item) = items.next_element()? {
                    if kept.len() == MAX {
                        return Err(A::Error::invalid_length(MAX + 1, &self));
                    }
                    kept.push(item);
                }
                if kept.is_empty() {
                    return Err(A::Error::custom("it is empty"));
                }
                Ok(Items(kept))
            }
        }
        deserializer.deserialize_seq(Bounded(PhantomData))
    }
}

/// A text of at most `MAX` bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text<const MAX: usize>(pub(crate) String);

impl<const MAX: usize> JsonSchema for Text<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("TextOf{MAX}").into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = String::json_schema(generator);
        schema.insert("maxLength".to_owned(), MAX.into());
        schema
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() > MAX {
            let info = format!("it is at most {MAX} bytes");
            return Err(D::Error::custom(info));
        }
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use hansard_desk::json::{BodyFault, read};
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        items: Items<u32, 2>,
        text: Option<Text<4>>,
    }

    const FIELDS: &[Field] = &[
        Field::of("Items", 1).missing(2).too_many(3),
        Field::of("Items[]", 4),
        Field::account("Text", 5),
    ];

    fn code(body: &Value) -> Option<u32> {
        match read::<Request>(body.to_string().as_bytes()) {
            Err(BodyFault::Field { path, fault }) => Field::code_of(FIELDS, &path, &fault),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_fault_of_a_field_has_its_code() {
        for (body, expected) in [
            (json!({}), 2),
            (json!({ "Items": null }), 2),
            (json!({ "Items": 7 }), 1),
            (json!({ "Items": [] }), 1),
            (json!({ "Items": [1, 2, 3] }), 3),
            (json!({ "Items": ["x"] }), 4),
            (json!({ "Items": [1], "Text": "five!" }), 5),
            (
                json!({ "Items": [1], "Text": 7 }),
                codes::ACCOUNT_NOT_A_STRING,
            ),
        ] {
            assert_eq!(code(&body), Some(expected), "{body}");
        }
        let body = json!({ "Items": [1, 2], "Text": "four" }).to_string();
        let request: Request = read(body.as_bytes()).expect("an object");
        assert_eq!(request.items, Items(vec![1, 2]));
        assert_eq!(request.text, Some(Text("four".to_owned())));
    }

    #[test]
    fn a_row_holds_for_what_is_below_it_and_for_nothing_else() {
        let fault = FieldFault::WrongType;
        let code = |path| Field::code_of(FIELDS, path, &fault);
        assert_eq!(code("Items[].Inside"), Some(4));
        assert_eq!(code("ItemsOfOthers"), None);
    }

    #[test]
    fn the_schema_says_what_is_required_and_bounded() {
        let schema = SchemaGenerator::default().into_root_schema_for::<Request>();
        let schema = schema.to_value();
        assert_eq!(schema["required"], json!(["Items"]));
        let items = &schema["properties"]["Items"];
        assert_eq!(
            (&items["minItems"], &items["maxItems"]),
            (&json!(1), &json!(2))
        );
        let text = schema["properties"]["Text"].to_string();
        assert!(text.contains("\"maxLength\":4"), "{text}");
    }
}
