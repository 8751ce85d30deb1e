//! Fields that are checked while they are read, and what an endpoint calls one that is not what it
//! must be. What a type here allows is in the OpenAPI document, too.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use hansard_desk::json::FieldFault;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, IntoDeserializer, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

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

    pub(crate) const fn invalid(mut self, code: u32) -> Self {
        self.invalid = code;
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

/// A list of at most `MAX` items; empty when it is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct List<T, const MAX: usize>(pub(crate) Vec<T>);

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: JsonSchema, const MAX: usize> JsonSchema for List<T, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("ListOf{MAX}{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Vec::<T>::json_schema(generator);
        schema.insert("maxItems".to_owned(), MAX.into());
        schema
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bounded<T, const MAX: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Bounded<T, MAX> {
            type Value = List<T, MAX>;

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
                Ok(List(kept))
            }
        }
        deserializer.deserialize_seq(Bounded(PhantomData))
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
        format!("ItemsOf{MAX}{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = List::<T, MAX>::json_schema(generator);
        schema.insert("minItems".to_owned(), 1.into());
        schema
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Items<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let List(items) = List::<T, MAX>::deserialize(deserializer)?;
        if items.is_empty() {
            return Err(D::Error::custom("it is empty"));
        }
        Ok(Self(items))
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

/// A text of 1 to `MAX` bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name<const MAX: usize>(pub(crate) String);

impl<const MAX: usize> JsonSchema for Name<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("NameOf{MAX}").into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Text::<MAX>::json_schema(generator);
        schema.insert("minLength".to_owned(), 1.into());
        schema
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Name<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(text) = Text::<MAX>::deserialize(deserializer)?;
        if text.is_empty() {
            return Err(D::Error::custom("it is empty"));
        }
        Ok(Self(text))
    }
}

/// A whole number of at most `MAX`; 0 when it is not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct AtMost<const MAX: usize>(pub(crate) usize);

impl<const MAX: usize> JsonSchema for AtMost<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("AtMost{MAX}").into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = usize::json_schema(generator);
        schema.insert("maximum".to_owned(), MAX.into());
        schema
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for AtMost<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = usize::deserialize(deserializer)?;
        if number > MAX {
            return Err(D::Error::custom(format!("it is at most {MAX}")));
        }
        Ok(Self(number))
    }
}

/// What is written as a text, and need not be there: many clients send every field they know,
/// empty when it is not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OrEmpty<T>(pub(crate) Option<T>);

impl<T> Default for OrEmpty<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: JsonSchema> JsonSchema for OrEmpty<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{}OrEmpty", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [generator.subschema_for::<T>(), { "const": "" }] })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OrEmpty<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Written<T> {
            type Value = OrEmpty<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                if text.is_empty() {
                    return Ok(OrEmpty(None));
                }
                T::deserialize(text.into_deserializer()).map(|read| OrEmpty(Some(read)))
            }
        }
        deserializer.deserialize_str(Written(PhantomData))
    }
}

/// For the schema of a request: one of the fields is there and says something.
pub(crate) fn one_of(names: &[&str]) -> Value {
    let alternatives = names.iter().map(|name| {
        json!({ "required": [name], "properties": {
            *name: { "not": { "enum": [null, "", []] } },
        } })
    });
    alternatives.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansard_desk::json::{BodyFault, read};
    use hansard_types::UserId;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        items: Items<u32, 2>,
        text: Option<Text<4>>,
        #[serde(default)]
        list: List<u32, 2>,
        #[serde(default)]
        name: OrEmpty<Name<4>>,
        #[serde(default)]
        count: AtMost<9>,
        #[serde(default)]
        user: OrEmpty<UserId>,
        #[serde(default)]
        word: OrEmpty<Word>,
    }

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    enum Word {
        On,
        Off,
    }

    const FIELDS: &[Field] = &[
        Field::of("Items", 1).missing(2).too_many(3),
        Field::of("Items[]", 4),
        Field::account("Text", 5),
        Field::of("List", 6).too_many(7),
        Field::of("Name", 8),
        Field::of("Count", 9).invalid(10),
        Field::of("User", 11).wrong_type(12),
        Field::of("Word", 13).wrong_type(14),
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
            (json!({ "Items": [1], "List": [1, 2, 3] }), 7),
            (json!({ "Items": [1], "List": [""] }), 6),
            (json!({ "Items": [1], "Name": "five!" }), 8),
            (json!({ "Items": [1], "Count": 10 }), 10),
            (json!({ "Items": [1], "Count": -1 }), 9),
            (json!({ "Items": [1], "User": "a\u{7}" }), 11),
            (json!({ "Items": [1], "User": 7 }), 12),
            (json!({ "Items": [1], "Word": "on" }), 13),
            (json!({ "Items": [1], "Word": true }), 14),
        ] {
            assert_eq!(code(&body), Some(expected), "{body}");
        }
        let empty = json!({ "Items": [1], "List": [], "Name": "", "User": "", "Word": "" });
        let said = json!({ "Items": [1], "List": [2], "Name": "four", "Count": 9, "User": "ann",
            "Word": "Off" });
        let [empty, said] = [empty, said].map(|body| {
            let request: Request = read(body.to_string().as_bytes()).expect("an object");
            request
        });
        assert_eq!((empty.list.0, empty.count.0), (Vec::new(), 0));
        assert_eq!(
            (empty.name.0, empty.user.0, empty.word.0),
            (None, None, None)
        );
        assert_eq!((said.list.0, said.count.0), (vec![2], 9));
        assert_eq!(said.name.0, Some(Name("four".to_owned())));
        assert_eq!(said.user.0.as_ref().map(UserId::as_str), Some("ann"));
        assert_eq!(said.word.0, Some(Word::Off));
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
        assert_eq!(schema["properties"]["List"]["maxItems"], 2);
        assert_eq!(schema["properties"]["Count"]["maximum"], 9);
        let name = &schema["properties"]["Name"]["anyOf"];
        assert_eq!(
            (&name[0]["minLength"], &name[1]),
            (&json!(1), &json!({ "const": "" }))
        );
    }
}
