use hansard_events::json_of_body;
use serde_json::Value;

use super::{EventType, Files};

/// What a golden vector's path says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VectorName {
    pub path: String,
    /// The wire name.
    pub event: String,
    pub version: u16,
    /// From 1; a compatible change (a new optional field) adds the next one.
    pub revision: u16,
}

/// The golden vectors among files, by event, version and revision.
#[must_use]
pub fn vector_names(files: &Files) -> Vec<VectorName> {
    let mut names: Vec<VectorName> = files.keys().filter_map(|path| parse(path)).collect();
    names.sort_by(|a, b| (&a.event, a.version, a.revision).cmp(&(&b.event, b.version, b.revision)));
    names
}

/// `events/<family>/<name>.v<N>.msgpack`, or `.v<N>.r<R>.msgpack` from the second revision.
fn parse(path: &str) -> Option<VectorName> {
    let stem = path.strip_prefix("events/")?.strip_suffix(".msgpack")?;
    let (family, rest) = stem.split_once('/')?;
    let (name, numbers) = rest.split_once(".v")?;
    let (version, revision) = match numbers.split_once(".r") {
        None => (numbers, "1"),
        Some(both) => both,
    };
    Some(VectorName {
        path: path.to_owned(),
        event: format!("{family}.{name}"),
        version: version.parse().ok()?,
        revision: revision.parse().ok()?,
    })
}

pub(super) enum Outcome {
    Keep,
    /// The path of a vector that is written now, once.
    Add(String),
    Refuse(String),
}

/// A vector is never rewritten. Today's sample may say more than the newest one (an optional field
/// or a kind of element was added): that is a new vector beside it. If it says less, or something else, the wire format
/// has changed for those who have such events in their logs.
pub(super) fn keep_or_add(event: &EventType, committed: &Files) -> Outcome {
    let newest = vector_names(committed)
        .into_iter()
        .rfind(|name| name.event == event.name && name.version == event.version);
    let Some(newest) = newest else {
        return Outcome::Add(event.path("msgpack"));
    };
    let bytes = &committed[&newest.path];
    if *bytes == event.body {
        return Outcome::Keep;
    }
    let Ok(vector) = json_of_body(bytes) else {
        return Outcome::Refuse(format!(
            "schemas/{} is not the body of an event: restore it",
            newest.path
        ));
    };
    if grew(&vector, &event.sample) {
        let revision = newest.revision + 1;
        return Outcome::Add(event.path(&format!("r{revision}.msgpack")));
    }
    Outcome::Refuse(format!(
        "schemas/{} is not rewritten, and today's sample of {} is not what it says plus new \
         fields. Logs hold such events: restore the sample, or give the event a new version with an \
         upcast. If no release has written it yet: delete the file and run again",
        newest.path, event.name
    ))
}

/// Whether `new` says everything that `old` says, and perhaps more fields, or more items of a list
/// (elements of kinds that there were not then).
fn grew(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => old
            .iter()
            .all(|(key, value)| new.get(key).is_some_and(|newer| grew(value, newer))),
        (Value::Array(old), Value::Array(new)) => {
            old.len() <= new.len() && old.iter().zip(new).all(|(old, new)| grew(old, new))
        }
        (old, new) => old == new,
    }
}
