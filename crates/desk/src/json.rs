//! Request bodies: an object, not too deep, read once.
//!
//! What callers write is told apart in one place, for every field of every endpoint: `null` is a
//! field that is not there (Go writes a nil list so), `[]` is an empty object (PHP).
//!
//! The common case is one pass of serde over the bytes. Only a body that says `null`, or that fails,
//! is looked at again: to leave the field out, to take `50.0` for 50, and to tell what is wrong with
//! it: no JSON, or which field. A name given twice is read again as the last one, as other JSON readers do.

mod lenient;
mod told;

use hansard_types::limits::REQUEST_JSON_DEPTH_MAX;
use lenient::Lenient;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_path_to_error::{Path, Segment};
pub use told::FieldFault;
use told::{Telling, Told};

/// What is wrong with a body. Never holds anything of its content but names of known fields.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    #[error("the body is not JSON")]
    NotJson,
    #[error("the body is not a JSON object; send {{}} when there is nothing to say")]
    NotAnObject,
    #[error("the body nests deeper than {REQUEST_JSON_DEPTH_MAX}")]
    TooDeep,
    #[error("{}", describe(path, fault))]
    Field {
        /// Where it is, items of lists written `[]`.
        path: String,
        fault: FieldFault,
    },
}

fn describe(path: &str, fault: &FieldFault) -> String {
    match fault {
        FieldFault::Missing => format!("{path} is missing"),
        FieldFault::WrongType => {
            format!("the field {path} has the wrong type or is out of range")
        }
        FieldFault::Invalid(what) | FieldFault::TooMany(what) => format!("{path}: {what}"),
    }
}

/// Reads an object.
///
/// # Errors
/// What is wrong with the body.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, BodyFault> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        Some(b'{') => {}
        Some(_) if serde_json::from_slice::<IgnoredAny>(body).is_ok() => {
            return Err(BodyFault::NotAnObject);
        }
        Some(_) | None => return Err(BodyFault::NotJson),
    }
    let shape = Shape::of(body);
    if shape.depth > REQUEST_JSON_DEPTH_MAX {
        return Err(BodyFault::TooDeep);
    }
    if shape.has_null {
        return read_again(body);
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = T::deserialize(Lenient(&mut json)).and_then(|read| json.end().map(|()| read));
    read.or_else(|_| read_again(body))
}

/// Whether brackets nest deeper than `depth_max`, without building anything.
#[must_use]
pub fn is_deeper_than(body: &[u8], depth_max: usize) -> bool {
    Shape::of(body).depth > depth_max
}

/// What can be told of a body without building anything.
struct Shape {
    /// How deep brackets nest.
    depth: usize,
    /// Whether a `null` stands anywhere but in a text: no other word of JSON begins as it does.
    has_null: bool,
}

impl Shape {
    fn of(body: &[u8]) -> Self {
        let mut shape = Self {
            depth: 0,
            has_null: false,
        };
        let mut depth = 0_usize;
        let mut bytes = body.iter();
        while let Some(byte) = bytes.next() {
            match byte {
                b'{' | b'[' => {
                    depth += 1;
                    shape.depth = shape.depth.max(depth);
                }
                b'}' | b']' => depth = depth.saturating_sub(1),
                b'n' => shape.has_null = true,
                b'"' => {
                    while let Some(inside) = bytes.next() {
                        match inside {
                            b'"' => break,
                            b'\\' => {
                                bytes.next();
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        shape
    }
}

fn read_again<T: DeserializeOwned>(body: &[u8]) -> Result<T, BodyFault> {
    let mut value: Value = serde_json::from_slice(body).map_err(|_| BodyFault::NotJson)?;
    leave_nulls_out(&mut value);
    serde_path_to_error::deserialize(Lenient(Telling(value))).map_err(|error| {
        let mut path = written(error.path());
        let Told { fault, missing } = error.into_inner();
        if let Some(name) = missing {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(name);
        }
        BodyFault::Field { path, fault }
    })
}

/// Takes fields that say nothing away. What is in a list stays: to leave it out would move the
/// others.
fn leave_nulls_out(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(leave_nulls_out);
        }
        Value::Array(items) => items.iter_mut().for_each(leave_nulls_out),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn written(path: &Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { .. } => text.push_str("[]"),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Segment::Unknown => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use hansard_types::UserId;
    use proptest::prelude::*;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Request {
        name: Option<String>,
        items: Option<Vec<Item>>,
        push: Option<serde_json::Map<String, Value>>,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Item {
        number: Option<u32>,
    }

    fn fault(body: &str) -> BodyFault {
        read::<Request>(body.as_bytes()).expect_err("a fault")
    }

    #[test]
    fn unknown_fields_and_the_earlier_of_two_are_ignored() {
        let body = br#"{"name":"a","other":[1,{"x":null}],"name":"b"}"#;
        let request: Request = read(body).expect("an object");
        assert_eq!(request.name.as_deref(), Some("b"));
    }

    #[test]
    fn what_is_no_object_is_told_apart_from_what_is_no_json() {
        for body in ["[]", "null", "7", "\"{}\"", " true"] {
            assert_eq!(fault(body), BodyFault::NotAnObject, "{body}");
        }
        for body in ["", "  ", "{", "{\"a\":}", "{}x", "nope", "\u{feff}{}"] {
            assert_eq!(fault(body), BodyFault::NotJson, "{body}");
        }
        assert_eq!(
            read::<Request>(b"\xff{}").expect_err("a fault"),
            BodyFault::NotJson
        );
        assert_eq!(
            read::<Request>(b"{\"name\":\"\xff\"}"),
            Err(BodyFault::NotJson)
        );
    }

    #[test]
    fn a_wrong_type_names_its_field() {
        let cases = [
            (r#"{"name":7}"#, "name"),
            (r#"{"items":{}}"#, "items"),
            (
                r#"{"items":[{"number":1},{"number":"1"}]}"#,
                "items[].number",
            ),
            (r#"{"items":[{"number":4294967296}]}"#, "items[].number"),
            (r#"{"items":["x"]}"#, "items[]"),
            (r#"{"items":[[1]]}"#, "items[]"),
            (r#"{"items":[null]}"#, "items[]"),
            (r#"{"push":[1]}"#, "push"),
            (r#"{"push":"","name":null}"#, "push"),
        ];
        for (body, path) in cases {
            let expected = BodyFault::Field {
                path: path.to_owned(),
                fault: FieldFault::WrongType,
            };
            assert_eq!(fault(body), expected, "{body}");
        }
    }

    #[test]
    fn null_is_a_field_that_is_not_there() {
        let body = br#"{"name":null,"items":[{"number":null},{"number":3}],"push":null}"#;
        let request: Request = read(body).expect("an object");
        let items = [None, Some(3)].map(|number| Item { number });
        let expected = Request {
            items: Some(items.into()),
            ..Request::default()
        };
        assert_eq!(request, expected);
        // Whatever the field's type: here one that knows no null.
        #[derive(Debug, Default, PartialEq, Deserialize)]
        #[serde(default)]
        struct Plain {
            names: Vec<String>,
            count: u32,
            inside: Item,
        }
        let nulls: Plain =
            read(br#"{"names":null,"count":null,"inside":null}"#).expect("an object");
        assert_eq!(nulls, Plain::default());
        let said: Request = read(br#"{"name":"null","other":[null]}"#).expect("an object");
        assert_eq!(said.name.as_deref(), Some("null"));
    }

    #[test]
    fn an_empty_list_is_an_empty_object_where_one_is_wanted() {
        let request: Request =
            read(br#"{"items":[[],{"number":1}],"push":[]}"#).expect("an object");
        let items = [None, Some(1)].map(|number| Item { number });
        assert_eq!(request.items, Some(items.into()));
        assert_eq!(request.push, Some(serde_json::Map::new()));
        let none: Request = read(br#"{"items":[]}"#).expect("an object");
        assert_eq!(
            none.items,
            Some(Vec::new()),
            "a list that is wanted stays one"
        );
    }

    #[test]
    fn a_number_is_whole_however_it_is_written() {
        for (body, number) in [
            ("50.0", Some(50)),
            ("5e1", Some(50)),
            ("-0.0", Some(0)),
            ("50.5", None),
            ("-1.0", None),
            ("4294967296.0", None),
            ("1e300", None),
        ] {
            let body = format!("{{\"items\":[{{\"number\":{body}}}]}}");
            let found = read::<Request>(body.as_bytes()).ok();
            let expected = number.map(|number| Request {
                items: Some(vec![Item {
                    number: Some(number),
                }]),
                ..Request::default()
            });
            assert_eq!(found, expected, "{body}");
        }
    }

    #[test]
    fn a_number_that_is_not_what_was_written_is_not_whole() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Signed {
            number: i64,
        }
        for (body, number) in [
            ("-9223372036854775808", Some(i64::MIN)),
            ("-9223372036854775809", None),
            ("9007199254740992.0", Some(1 << 53)),
            ("9007199254740994.0", None),
            ("-9007199254740994.0", None),
        ] {
            let text = format!("{{\"number\":{body}}}");
            let found = read::<Signed>(text.as_bytes()).ok();
            assert_eq!(found.map(|signed| signed.number), number, "{body}");
        }
    }

    #[test]
    fn nesting_at_the_limit_is_taken_and_one_deeper_is_refused() {
        let nested = |depth: usize| {
            format!(
                "{{\"x\":{}{}}}",
                "[".repeat(depth - 1),
                "]".repeat(depth - 1)
            )
        };
        assert!(read::<Request>(nested(REQUEST_JSON_DEPTH_MAX).as_bytes()).is_ok());
        assert_eq!(
            fault(&nested(REQUEST_JSON_DEPTH_MAX + 1)),
            BodyFault::TooDeep
        );
        assert_eq!(fault(&"{\"x\":".repeat(100_000)), BodyFault::TooDeep);
        let in_text = format!("{{\"name\":\"{}\\\"\"}}", "[".repeat(100));
        assert!(
            read::<Request>(in_text.as_bytes()).is_ok(),
            "brackets in a text do not nest"
        );
    }

    #[test]
    fn what_is_missing_is_told_apart_from_what_is_not_allowed() {
        #[derive(Debug, Deserialize)]
        struct Strict {
            #[serde(rename = "user")]
            _user: UserId,
            #[serde(rename = "inside")]
            _inside: Inside,
        }
        #[derive(Debug, Deserialize)]
        struct Inside {
            #[serde(rename = "word")]
            _word: Word,
        }
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Word {
            Yes,
            No,
        }
        assert!(read::<Strict>(br#"{"user":"ann","inside":{"word":"no"}}"#).is_ok());
        let invalid = |what: &str| FieldFault::Invalid(what.to_owned());
        for (body, path, fault) in [
            (r#"{"inside":{"word":"yes"}}"#, "user", FieldFault::Missing),
            (r#"{"user":7}"#, "user", FieldFault::WrongType),
            (r#"{"user":""}"#, "user", invalid("an id may not be empty")),
            (
                r#"{"user":"ann","inside":{}}"#,
                "inside.word",
                FieldFault::Missing,
            ),
            (
                r#"{"user":"ann","inside":{"word":"perhaps"}}"#,
                "inside.word",
                invalid("it is one of yes, no"),
            ),
            (
                r#"{"user":"ann","inside":{"word":7}}"#,
                "inside.word",
                FieldFault::WrongType,
            ),
        ] {
            let expected = BodyFault::Field {
                path: path.to_owned(),
                fault,
            };
            let found = read::<Strict>(body.as_bytes()).expect_err("a fault");
            assert_eq!(found, expected, "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let has_brace = bytes.contains(&b'{');
            prop_assert!(read::<Request>(&bytes).is_err() || has_brace);
        }
    }
}
