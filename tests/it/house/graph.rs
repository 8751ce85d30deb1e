//! Dependencies point one way.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use super::source::root;

/// What each crate of ours may name of ours, in normal and build dependencies. A crate that is
/// not here is not allowed anything: a new crate begins with a line here.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("hansard-types", &[]),
    ("hansard-events", &["hansard-types"]),
    ("hansard-domain", &["hansard-types", "hansard-events"]),
    ("hansard-store", &["hansard-types"]),
    ("hansard-log", &["hansard-types", "hansard-events"]),
    (
        "hansard-projector",
        &["hansard-types", "hansard-events", "hansard-store"],
    ),
    ("hansard-directory", PROJECTION),
    ("hansard-groups", PROJECTION),
    ("hansard-conversations", PROJECTION),
    ("hansard-search", PROJECTION),
    (
        "hansard-engine",
        &[
            "hansard-types",
            "hansard-events",
            "hansard-domain",
            "hansard-log",
            "hansard-store",
            "hansard-projector",
            "hansard-directory",
            "hansard-groups",
            "hansard-conversations",
        ],
    ),
    (
        "hansard-desk",
        &[
            "hansard-types",
            "hansard-events",
            "hansard-domain",
            "hansard-engine",
            "hansard-directory",
        ],
    ),
    ("hansard-v4", SURFACE),
    ("hansard-v1", SURFACE),
    (
        "hansard-http",
        &[
            "hansard-types",
            "hansard-desk",
            "hansard-v4",
            "hansard-v1",
            "hansard-projector",
            // For its in-process server for tests only.
            "hansard-engine",
            "hansard-search",
        ],
    ),
    ("hansard-client", &["hansard-types"]),
    ("hansard", ANY),
    (
        "hansard-testkit",
        &[
            "hansard-types",
            "hansard-events",
            "hansard-store",
            "hansard-projector",
        ],
    ),
    ("hansard-tests", ANY),
    ("hansard-benches", ANY),
    ("xtask", ANY),
];

const PROJECTION: &[&str] = &[
    "hansard-types",
    "hansard-events",
    "hansard-store",
    "hansard-projector",
];

/// Surfaces read through the projections' readers and write through the desk: they never see the
/// engine, the log or the store.
const SURFACE: &[&str] = &[
    "hansard-types",
    "hansard-events",
    "hansard-domain",
    "hansard-desk",
    "hansard-projector",
    "hansard-directory",
    "hansard-groups",
    "hansard-conversations",
    "hansard-search",
];

const ANY: &[&str] = &["*"];

/// Who may name what is not ours, where few may.
const ONLY: &[(&str, &[&str])] = &[
    ("async-nats", &["hansard-log"]),
    ("rocksdb", &["hansard-store"]),
    ("tantivy", &["hansard-search"]),
    ("tantivy-tokenizer-api", &["hansard-search"]),
    ("axum", &["hansard-v1", "hansard-http"]),
    ("reqwest", &["hansard-client", "hansard-tests"]),
    ("clap", &["hansard", "xtask"]),
    (
        "anyhow",
        &["hansard", "xtask", "hansard-tests", "hansard-benches"],
    ),
    ("rmp-serde", &["hansard-events", "hansard-store"]),
];

/// The pure crates, and all that they may name besides ours.
const PURE: &[(&str, &[&str])] = &[
    ("hansard-domain", &["thiserror"]),
    (
        "hansard-types",
        &["percent-encoding", "schemars", "serde", "thiserror"],
    ),
];

/// No crate names these, in any kind of dependency.
const NEVER: &[&str] = &[
    "openssl",
    "native-tls",
    "chrono",
    "lazy_static",
    "once_cell",
];

/// A package and what it names: dependency and whether only its tests see it.
type Graph = BTreeMap<String, Vec<(String, bool)>>;

fn graph_of(metadata: &Value) -> Graph {
    let packages = metadata["packages"].as_array().expect("packages");
    let text = |value: &Value| value.as_str().expect("a name").to_owned();
    let named = |package: &Value| -> Vec<(String, bool)> {
        let dependencies = package["dependencies"].as_array().expect("dependencies");
        let one = |it: &Value| (text(&it["name"]), it["kind"] == "dev");
        dependencies.iter().map(one).collect()
    };
    let one = |package: &Value| (text(&package["name"]), named(package));
    packages.iter().map(one).collect()
}

/// Every edge that the rules do not allow, in words.
fn violations(graph: &Graph) -> Vec<String> {
    let mut wrong = Vec::new();
    for (package, dependencies) in graph {
        let row = MAY_DEPEND_ON.iter().find(|(name, _)| name == package);
        let Some((_, allowed)) = row else {
            wrong.push(format!(
                "{package} is not in the table of tests/it/house/graph.rs"
            ));
            continue;
        };
        for (dependency, dev) in dependencies {
            let ours = graph.contains_key(dependency) || dependency.starts_with("hansard");
            let may = allowed.contains(&dependency.as_str()) || *allowed == ANY;
            if ours && !dev && !may {
                wrong.push(format!("{package} may not depend on {dependency}"));
            }
            wrong.extend(foreign(package, dependency, *dev));
        }
    }
    wrong
}

fn foreign(package: &str, dependency: &str, dev: bool) -> Option<String> {
    if NEVER.contains(&dependency) {
        return Some(format!("{package} names {dependency}: nobody does"));
    }
    let only = ONLY.iter().find(|(name, _)| *name == dependency);
    if let Some((_, allowed)) = only
        && !allowed.contains(&package)
        && !dev
    {
        return Some(format!(
            "{package} names {dependency}: only {allowed:?} may"
        ));
    }
    let pure = PURE.iter().find(|(name, _)| *name == package);
    if let Some((_, allowed)) = pure
        && !dev
        && !dependency.starts_with("hansard")
        && !allowed.contains(&dependency)
    {
        return Some(format!("{package} is pure and names {dependency}"));
    }
    None
}

#[test]
fn dependencies_point_one_way() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "cargo metadata: {output:?}");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let wrong = violations(&graph_of(&metadata));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A made-up workspace: package, dependency, kind.
#[track_caller]
fn check(package: &str, dependency: &str, kind: Option<&str>, expected: Option<&str>) {
    let metadata = serde_json::json!({ "packages": [
        { "name": package, "dependencies": [{ "name": dependency, "kind": kind }] },
    ] });
    let expected: Vec<&str> = expected.into_iter().collect();
    let wrong = violations(&graph_of(&metadata));
    assert_eq!(wrong, expected, "{package} -> {dependency} ({kind:?})");
}

#[test]
fn an_edge_against_the_direction_is_named() {
    check(
        "hansard-domain",
        "hansard-store",
        None,
        Some("hansard-domain may not depend on hansard-store"),
    );
    check(
        "hansard-v4",
        "hansard-engine",
        None,
        Some("hansard-v4 may not depend on hansard-engine"),
    );
    check(
        "hansard-v1",
        "hansard-log",
        None,
        Some("hansard-v1 may not depend on hansard-log"),
    );
    check(
        "hansard-desk",
        "axum",
        None,
        Some("hansard-desk names axum: only [\"hansard-v1\", \"hansard-http\"] may"),
    );
    check(
        "hansard-groups",
        "hansard-directory",
        None,
        Some("hansard-groups may not depend on hansard-directory"),
    );
    check("hansard-engine", "hansard-log", None, None);
    check("hansard-v4", "hansard-engine", Some("dev"), None);
}

#[test]
fn an_engine_of_others_has_one_owner() {
    check(
        "hansard-engine",
        "rocksdb",
        None,
        Some("hansard-engine names rocksdb: only [\"hansard-store\"] may"),
    );
    check("hansard-store", "rocksdb", None, None);
    check(
        "hansard-client",
        "openssl",
        Some("dev"),
        Some("hansard-client names openssl: nobody does"),
    );
}

#[test]
fn a_pure_crate_takes_nothing_that_does_io() {
    check(
        "hansard-domain",
        "tokio",
        None,
        Some("hansard-domain is pure and names tokio"),
    );
    check("hansard-domain", "thiserror", None, None);
}

#[test]
fn a_crate_without_a_row_is_named() {
    check(
        "hansard-helpers",
        "serde",
        None,
        Some("hansard-helpers is not in the table of tests/it/house/graph.rs"),
    );
}
