//! What is generated under `schemas/`. Pure, from [`Code`] and what is committed: [`generate`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

mod asyncapi;
mod code;
mod lock;
mod vector;

pub use code::{Code, EventType, Numbered};
pub use vector::{VectorName, vector_names};

/// Files by their path under `schemas/`.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What should be there, and what was not done and why.
#[derive(Debug, Default)]
pub struct Generated {
    pub files: Files,
    pub refusals: Vec<String>,
}

/// `schemas/` of this checkout.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

/// Everything that should be under `schemas/`.
///
/// # Errors
/// When the committed lock is not what it should be.
pub fn generate(code: &Code, committed: &Files) -> Result<Generated> {
    let mut generated = Generated::default();
    for (name, page) in &code.pages {
        let page = page.clone().into_bytes();
        generated.files.insert(name.clone(), page);
    }
    let mut put = |path: String, content: &Value| -> Result<()> {
        generated.files.insert(path, pretty(content)?);
        Ok(())
    };
    put("catalogue.json".to_owned(), &catalogue(code))?;
    put("asyncapi.json".to_owned(), &asyncapi::document(code))?;
    if let Some(openapi) = &code.openapi {
        put("openapi.json".to_owned(), openapi)?;
    }
    for event in &code.events {
        put(event.path("schema.json"), &schema(event))?;
        put(event.path("sample.json"), &event.sample)?;
    }
    let (locked, mut refusals) = lock::merge(code, committed.get(lock::PATH))?;
    put(lock::PATH.to_owned(), &locked)?;
    for event in &code.events {
        match vector::keep_or_add(event, committed) {
            vector::Outcome::Keep => {}
            vector::Outcome::Add(path) => {
                generated.files.insert(path, event.body.clone());
            }
            vector::Outcome::Refuse(why) => refusals.push(why),
        }
    }
    keep_what_was_released(code, committed, &mut generated.files, &mut refusals);
    generated.refusals = refusals;
    Ok(generated)
}

/// Files of older versions, and every vector, stay as they are.
fn keep_what_was_released(
    code: &Code,
    committed: &Files,
    files: &mut Files,
    refusals: &mut Vec<String>,
) {
    for (path, content) in committed {
        if files.contains_key(path) || !path.starts_with("events/") {
            continue;
        }
        let belongs = code.events.iter().any(|event| {
            (1..=event.version).any(|version| {
                let stem = event.stem(version);
                let rest = path.strip_prefix(&stem).unwrap_or_default();
                rest.ends_with(".msgpack") || [".schema.json", ".sample.json"].contains(&rest)
            })
        });
        if belongs {
            files.insert(path.clone(), content.clone());
        } else {
            refusals.push(format!(
                "schemas/{path} belongs to no event of the catalogue: an event that was released \
                 stays in it; one that never was: delete the file"
            ));
        }
    }
}

/// Which committed files are not what they should be: path and what is wrong.
#[must_use]
pub fn drift(committed: &Files, wanted: &Files) -> Vec<(String, &'static str)> {
    let mut drift = Vec::new();
    for (path, content) in wanted {
        match committed.get(path) {
            None => drift.push((path.clone(), "missing")),
            Some(there) if there != content => drift.push((path.clone(), "differs")),
            Some(_) => {}
        }
    }
    drift
}

/// The files under a folder, by their path in it.
///
/// # Errors
/// When they cannot be read.
pub fn read(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = std::fs::read_dir(&next);
        for entry in entries.with_context(|| format!("cannot read {}", next.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder)?.to_string_lossy().into_owned();
            let content = std::fs::read(&path);
            files.insert(
                name,
                content.with_context(|| format!("cannot read {}", path.display()))?,
            );
        }
    }
    Ok(files)
}

fn catalogue(code: &Code) -> Value {
    let rows: Vec<Value> = code
        .events
        .iter()
        .map(|event| {
            json!({
                "name": event.name,
                "version": event.version,
                "family": event.family,
                "since": event.since,
                "summary": event.summary,
            })
        })
        .collect();
    json!({ "events": rows })
}

/// The struct's JSON Schema, under the event's own name and words: the Rust name is no contract.
fn schema(event: &EventType) -> Value {
    let mut schema = json!({
        "$schema": event.schema["$schema"],
        "title": format!("{} v{}", event.name, event.version),
        "description": event.summary,
    });
    for (key, value) in event.schema.as_object().into_iter().flatten() {
        if schema.get(key).is_none() {
            schema[key] = value.clone();
        }
    }
    schema
}

fn pretty(value: &Value) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}
