//! What is committed under `schemas/` is what the code says, and what was released stays.

use std::path::{Path, PathBuf};

use hansard_events::{Event, json_of_body};
use serde_json::{Value, json};
use xtask::schemas::{self, Code, Files, Numbered};

fn committed() -> Files {
    schemas::read(&schemas::folder()).expect("schemas/ can be read")
}

fn today() -> Code {
    Code::today().expect("samples encode")
}

/// A made-up product with one of each.
fn made_up() -> Code {
    let mut code = today();
    code.events.truncate(1);
    code.tables = vec![numbered("directory.user_account", 0x0102)];
    code.reasons = vec![numbered("account_unknown", 100)];
    code.projections = vec!["directory".to_owned()];
    code.openapi = None;
    code.pages.clear();
    code
}

fn numbered(name: &str, number: u16) -> Numbered {
    Numbered {
        name: name.to_owned(),
        number,
    }
}

/// What `code` writes on top of `committed`; it must refuse nothing.
fn written(code: &Code, committed: &Files) -> Files {
    let generated = schemas::generate(code, committed).expect("it generates");
    assert_eq!(
        generated.refusals,
        Vec::<String>::new(),
        "nothing is refused"
    );
    let mut files = committed.clone();
    files.extend(generated.files);
    files
}

fn refusals(code: &Code, committed: &Files) -> Vec<String> {
    let generated = schemas::generate(code, committed).expect("it generates");
    generated.refusals
}

#[track_caller]
fn check_refused(code: &Code, committed: &Files, expected: &str) {
    let refusals = refusals(code, committed);
    assert!(
        refusals.iter().any(|refusal| refusal.contains(expected)),
        "expected a refusal with {expected:?}, got {refusals:?}"
    );
}

#[test]
fn the_committed_files_are_what_the_code_says() {
    let committed = committed();
    let generated = schemas::generate(&today(), &committed).expect("it generates");
    assert_eq!(generated.refusals, Vec::<String>::new());
    assert_eq!(
        schemas::drift(&committed, &generated.files),
        [],
        "run `cargo xtask schemas` and commit what it writes"
    );
}

#[test]
fn every_sample_fits_its_schema() {
    for event in today().events {
        let validator = jsonschema::validator_for(&event.schema).expect("a JSON Schema");
        let errors: Vec<String> = validator
            .iter_errors(&event.sample)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", event.name);
        assert!(
            !validator.is_valid(&json!({ "unrelated": 1 })),
            "{} accepts anything",
            event.name
        );
    }
}

#[test]
fn every_vector_reads_back_and_the_newest_is_what_is_written_today() {
    let committed = committed();
    let vectors = schemas::vector_names(&committed);
    for event in today().events {
        let of_event: Vec<_> = vectors.iter().filter(|it| it.event == event.name).collect();
        let newest = of_event.last().expect("every event has a vector");
        assert_eq!(
            newest.version, event.version,
            "{}: a vector of the newest version",
            event.name
        );
        for vector in &of_event {
            let decoded = Event::from_body(&event.name, vector.version, &committed[&vector.path]);
            let decoded = decoded.expect(&vector.path).expect(&vector.path);
            let body = decoded.body_bytes().expect("it encodes");
            let says = json_of_body(&body).expect("it is JSON");
            if vector.path == newest.path {
                assert_eq!(says, event.sample, "{}", vector.path);
                assert_eq!(committed[&vector.path], event.body, "{}", vector.path);
            }
        }
    }
    let known = |name: &str| today().events.iter().any(|event| event.name == name);
    assert!(
        vectors.iter().all(|vector| known(&vector.event)),
        "a vector of an event that the catalogue has lost"
    );
}

#[test]
fn generating_twice_changes_nothing() {
    let files = written(&today(), &Files::new());
    let again = schemas::generate(&today(), &files).expect("it generates");
    assert_eq!(schemas::drift(&files, &again.files), []);
    assert_eq!(again.refusals, Vec::<String>::new());
}

#[test]
fn drift_names_what_is_missing_and_what_differs() {
    let mut files = written(&made_up(), &Files::new());
    files.remove("catalogue.json");
    files.insert("asyncapi.json".to_owned(), b"{}".to_vec());
    let generated = schemas::generate(&made_up(), &files).expect("it generates");
    assert_eq!(
        schemas::drift(&files, &generated.files),
        [
            ("asyncapi.json".to_owned(), "differs"),
            ("catalogue.json".to_owned(), "missing")
        ]
    );
}

#[test]
fn what_the_lock_holds_is_not_taken_away() {
    let files = written(&made_up(), &Files::new());
    let mut without = made_up();
    without.events.clear();
    check_refused(
        &without,
        &files,
        "account.imported v1 is in the lock and not in the catalogue",
    );
    let mut without = made_up();
    without.tables.clear();
    check_refused(
        &without,
        &files,
        "table directory.user_account (258) is in the lock",
    );
    let mut without = made_up();
    without.reasons.clear();
    check_refused(
        &without,
        &files,
        "reason account_unknown (100) is in the lock",
    );
    let mut without = made_up();
    without.projections.clear();
    check_refused(&without, &files, "projection directory is in the lock");
}

#[test]
fn what_the_lock_holds_is_not_given_another_number_or_name() {
    let files = written(&made_up(), &Files::new());
    let mut renumbered = made_up();
    renumbered.reasons = vec![numbered("account_unknown", 101)];
    check_refused(
        &renumbered,
        &files,
        "reason account_unknown (101) takes a number or a name",
    );
    let mut renamed = made_up();
    renamed.tables = vec![numbered("directory.account", 0x0102)];
    check_refused(
        &renamed,
        &files,
        "table directory.account (258) takes a number or a name",
    );
    let mut doubled = made_up();
    doubled.tables.push(numbered("directory.other", 0x0102));
    check_refused(&doubled, &files, "directory.other (258) is there twice");
}

#[test]
fn what_is_retired_stays_in_the_lock_and_is_not_used_again() {
    let mut files = written(&made_up(), &Files::new());
    let mut lock: Value = serde_json::from_slice(&files["lock.json"]).expect("JSON");
    lock["reasons"][0]["retired"] = "0.2.0".into();
    lock["projections"][0]["retired"] = "0.2.0".into();
    files.insert("lock.json".to_owned(), lock.to_string().into_bytes());
    check_refused(&made_up(), &files, "account_unknown (100), retired");
    check_refused(
        &made_up(),
        &files,
        "projection directory was retired in 0.2.0",
    );

    let mut without = made_up();
    without.reasons.clear();
    without.projections.clear();
    let after = written(&without, &files);
    let lock: Value = serde_json::from_slice(&after["lock.json"]).expect("JSON");
    assert_eq!(lock["reasons"][0]["name"], "account_unknown");
}

#[test]
fn versions_count_from_one_without_holes() {
    let files = written(&made_up(), &Files::new());
    let mut skipped = made_up();
    skipped.events[0].version = 3;
    check_refused(&skipped, &files, "at v3 without the versions before it");
    let mut next = made_up();
    next.events[0].version = 2;
    let after = written(&next, &files);
    assert!(
        after.contains_key("events/account/imported.v1.msgpack"),
        "the old version's vector stays"
    );
    assert!(after.contains_key("events/account/imported.v2.msgpack"));
}

/// The made-up event with another sample.
fn with_sample(sample: Value) -> Code {
    let mut code = made_up();
    code.events[0].body = body_of(&sample);
    code.events[0].sample = sample;
    code
}

/// The MessagePack of a flat map of short strings, by hand: no codec writes what is not an event.
fn body_of(sample: &Value) -> Vec<u8> {
    let text = |text: &str| {
        let length = u8::try_from(text.len()).expect("short");
        [&[0xd9, length], text.as_bytes()].concat()
    };
    let map = sample.as_object().expect("a map");
    let mut body = vec![0x80 | u8::try_from(map.len()).expect("small")];
    for (key, value) in map {
        body.extend(text(key));
        body.extend(text(value.as_str().expect("a string")));
    }
    body
}

#[test]
fn a_vector_is_never_rewritten() {
    let before = with_sample(json!({ "user_id": "alice", "nick": "A" }));
    let files = written(&before, &Files::new());
    for wrong in [
        json!({ "user_id": "alice" }),
        json!({ "user_id": "bob", "nick": "A" }),
    ] {
        check_refused(
            &with_sample(wrong),
            &files,
            "schemas/events/account/imported.v1.msgpack is not rewritten",
        );
    }
}

#[test]
fn a_spoilt_vector_is_named() {
    let before = with_sample(json!({ "user_id": "alice" }));
    let mut files = written(&before, &Files::new());
    let path = "events/account/imported.v1.msgpack";
    files.get_mut(path).expect("a vector").push(0);
    check_refused(
        &before,
        &files,
        "imported.v1.msgpack is not the body of an event",
    );
}

#[test]
fn a_new_optional_field_adds_a_vector_beside_the_old() {
    let before = with_sample(json!({ "user_id": "alice" }));
    let files = written(&before, &Files::new());
    let more = with_sample(json!({ "user_id": "alice", "nick": "A" }));
    let after = written(&more, &files);
    let old = "events/account/imported.v1.msgpack";
    assert_eq!(after[old], files[old]);
    assert_eq!(
        after["events/account/imported.v1.r2.msgpack"],
        more.events[0].body
    );
    assert_eq!(written(&more, &after), after);
}

#[test]
fn a_file_of_no_event_is_named() {
    let mut files = written(&made_up(), &Files::new());
    files.insert(
        "events/account/exported.v1.sample.json".to_owned(),
        Vec::new(),
    );
    check_refused(
        &made_up(),
        &files,
        "exported.v1.sample.json belongs to no event",
    );
}

#[test]
fn every_channel_of_the_asyncapi_document_has_its_message_and_schema() {
    let files = written(&today(), &Files::new());
    let document: Value = serde_json::from_slice(&files["asyncapi.json"]).expect("JSON");
    for event in today().events {
        let channel = &document["channels"][&event.name];
        let address = channel["address"].as_str().expect("an address");
        assert!(
            address.ends_with(&format!(".{}.{{bucket}}", event.name)),
            "{address}"
        );
        let message = &document["components"]["messages"][&event.name];
        let reference = message["payload"]["schema"]["$ref"]
            .as_str()
            .expect("a reference");
        assert!(
            files.contains_key(reference.trim_start_matches("./")),
            "{reference}"
        );
    }
}

/// `Table` statics in source text: name and kind.
fn tables_in(source: &str) -> Vec<(String, String)> {
    let mut tables = Vec::new();
    for part in source.split(": Table = Table {").skip(1) {
        let field = |name: &str| {
            let (_, rest) = part.split_once(&format!("{name}: "))?;
            let (value, _) = rest.split_once(',')?;
            Some(value.trim_matches('"').to_owned())
        };
        tables.push((
            field("name").expect("a table has a name"),
            field("kind").expect("a table has a kind"),
        ));
    }
    tables
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn tables_are_found_in_source() {
    let source = "static A: Table = Table {\n    name: \"x.y_z\",\n    kind: 0x0102,\n};";
    assert_eq!(
        tables_in(source),
        [("x.y_z".to_owned(), "0x0102".to_owned())]
    );
}

/// The generator's list of tables is written by hand: this names one that it lacks. Tables of
/// tests, examples and the conformance suite are nobody's data.
#[test]
fn every_table_of_the_tree_is_in_the_lock() {
    let root = schemas::folder().join("..");
    let locked = today().tables;
    let mut files = Vec::new();
    rust_files(&root.join("crates"), &mut files);
    rust_files(&root.join("projections"), &mut files);
    let mut missing = Vec::new();
    for file in files {
        let path = file.strip_prefix(&root).expect("below the root");
        let path = path.to_string_lossy();
        if [
            "/tests",
            "/conformance",
            "/benches/",
            "/examples/",
            "/xtask/",
        ]
        .iter()
        .any(|skipped| path.contains(skipped))
        {
            continue;
        }
        let source = std::fs::read_to_string(&file).expect("source");
        let product = source
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .expect("a part");
        let code: Vec<&str> = product
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        for (name, kind) in tables_in(&code.join("\n")) {
            let digits = kind.trim_start_matches("0x");
            let number = u16::from_str_radix(digits, 16).expect("a kind in hex");
            if !locked.contains(&numbered(&name, number)) {
                missing.push(format!("{path}: {name} ({kind})"));
            }
        }
    }
    assert_eq!(
        missing,
        Vec::<String>::new(),
        "add its TABLES to crates/xtask/src/schemas/code.rs"
    );
}
