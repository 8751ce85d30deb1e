//! The registry of what is never reused: event names and versions, table kinds, reason codes and
//! projection names. It only grows; what the code no longer has stays, marked `retired` by hand.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Code, Numbered};

pub(super) const PATH: &str = "lock.json";

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    events: Vec<Event>,
    tables: Vec<Number>,
    reasons: Vec<Number>,
    projections: Vec<Name>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    name: String,
    version: u16,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Number {
    number: u16,
    name: String,
    /// The release that no longer had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retired: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retired: Option<String>,
}

/// The committed lock with what the code has added, and why it would not do where the code took
/// something away or used it for something else.
pub(super) fn merge(code: &Code, committed: Option<&Vec<u8>>) -> Result<(Value, Vec<String>)> {
    let mut lock: Lock = match committed {
        None => Lock::default(),
        Some(bytes) => serde_json::from_slice(bytes).context("schemas/lock.json")?,
    };
    let mut refusals = Vec::new();
    merge_events(code, &mut lock.events, &mut refusals);
    merge_numbers("table", &code.tables, &mut lock.tables, &mut refusals);
    merge_numbers("reason", &code.reasons, &mut lock.reasons, &mut refusals);
    merge_names(&code.projections, &mut lock.projections, &mut refusals);
    Ok((serde_json::to_value(lock)?, refusals))
}

fn merge_events(code: &Code, locked: &mut Vec<Event>, refusals: &mut Vec<String>) {
    for entry in locked.iter() {
        let known = code
            .events
            .iter()
            .any(|event| event.name == entry.name && event.version >= entry.version);
        if !known {
            refusals.push(format!(
                "event {} v{} is in the lock and not in the catalogue: events are read for ever",
                entry.name, entry.version
            ));
        }
    }
    for event in &code.events {
        let is_locked = |version: u16| {
            let same = |entry: &Event| entry.name == event.name && entry.version == version;
            locked.iter().any(same)
        };
        if event.version == 0 || (1..event.version).any(|version| !is_locked(version)) {
            refusals.push(format!(
                "event {} is at v{} without the versions before it: versions count from 1",
                event.name, event.version
            ));
        } else if !is_locked(event.version) {
            locked.push(Event {
                name: event.name.clone(),
                version: event.version,
            });
        }
    }
}

fn merge_numbers(
    kind: &str,
    code: &[Numbered],
    locked: &mut Vec<Number>,
    refusals: &mut Vec<String>,
) {
    for entry in locked.iter() {
        let in_code = code
            .iter()
            .find(|it| it.number == entry.number || it.name == entry.name);
        match (in_code, &entry.retired) {
            (None, Some(_)) => {}
            (None, None) => refusals.push(format!(
                "{kind} {} ({}) is in the lock and not in the code: add \"retired\": \"<release>\" \
                 to its entry; the number and the name are not used again",
                entry.name, entry.number
            )),
            (Some(it), None) if it.number == entry.number && it.name == entry.name => {}
            (Some(it), _) => refusals.push(format!(
                "{kind} {} ({}) takes a number or a name that the lock gives to {} ({}){}",
                it.name,
                it.number,
                entry.name,
                entry.number,
                if entry.retired.is_some() {
                    ", retired"
                } else {
                    ""
                }
            )),
        }
    }
    for (index, it) in code.iter().enumerate() {
        let before = &code[..index];
        if before
            .iter()
            .any(|other| other.number == it.number || other.name == it.name)
        {
            refusals.push(format!("{kind} {} ({}) is there twice", it.name, it.number));
        } else if !locked
            .iter()
            .any(|entry| entry.number == it.number || entry.name == it.name)
        {
            locked.push(Number {
                number: it.number,
                name: it.name.clone(),
                retired: None,
            });
        }
    }
    locked.sort_by_key(|entry| entry.number);
}

fn merge_names(code: &[String], locked: &mut Vec<Name>, refusals: &mut Vec<String>) {
    for entry in locked.iter() {
        match (code.contains(&entry.name), &entry.retired) {
            (true, None) | (false, Some(_)) => {}
            (false, None) => refusals.push(format!(
                "projection {} is in the lock and not in the code: add \"retired\": \"<release>\"",
                entry.name
            )),
            (true, Some(release)) => refusals.push(format!(
                "projection {} was retired in {release}: its name is not used again",
                entry.name
            )),
        }
    }
    for name in code {
        if !locked.iter().any(|entry| entry.name == *name) {
            locked.push(Name {
                name: name.clone(),
                retired: None,
            });
        }
    }
}
