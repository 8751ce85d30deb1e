//! What the source may not say.

use super::source::{File, files};

/// The most lines of a file of a projection, which should be deletable and rebuilt alone.
const PROJECTION_LINES_MAX: usize = 500;

/// Words that are not used any more, and what is said instead.
const RETIRED: &[(&str, &str)] = &[
    // The vocabulary of design.md: one word for one thing.
    ("stream_offset", "position"),
    ("group_dismissed", "group.dissolved"),
    ("tenant_id", "app"),
];

/// Package registries are used through their clients; a file that names a host breaks elsewhere.
const REGISTRY_HOSTS: &[&str] = &[
    "crates\u{2e}io",
    "pypi\u{2e}org",
    "pythonhosted\u{2e}org",
    "deb\u{2e}debian\u{2e}org",
    "registry\u{2e}npmjs\u{2e}org",
];

fn found(file: &File, line: usize, what: &str) -> String {
    format!("{}:{line}: {what}", file.path)
}

/// Lines of code that say one of these, in any Rust file.
fn leftovers(file: &File) -> Vec<String> {
    let banned = [
        ("todo!(", "finish it, or say what is missing as an error"),
        (
            "unimplemented!(",
            "finish it, or say what is missing as an error",
        ),
        ("dbg!(", "use tracing, or nothing"),
        ("#[allow(", "use #[expect(.., reason = \"..\")]"),
        ("#![allow(", "use #![expect(.., reason = \"..\")]"),
    ];
    say(file, file.code_lines(), &banned)
}

/// Tests wait for something, never for a while.
fn sleeps(file: &File) -> Vec<String> {
    if !file.is_test() {
        return Vec::new();
    }
    let why = "wait for what you wait for, with a deadline";
    let banned = [
        ("thread::sleep(", why),
        ("time::sleep(", why),
        ("tokio::time::sleep", why),
    ];
    say(file, file.code_lines(), &banned)
}

/// Nothing assumes that a partition is the only one: the directory's has a name.
fn first_partitions(file: &File) -> Vec<String> {
    let in_product = file.path.starts_with("crates/") || file.path.starts_with("projections/");
    let is_measured = file.path.contains("/fuzz/") || file.path.contains("/examples/");
    if !in_product || file.is_test() || is_measured {
        return Vec::new();
    }
    let is_first = |line: &str| {
        let made = line.split_once("LogId::new(");
        made.is_some_and(|(_, rest)| rest.contains(", 0)"))
    };
    let lines = file.product_lines().filter(|(_, line)| is_first(line));
    let why = "say LogId::directory, or ask which";
    lines.map(|(line, _)| found(file, line, why)).collect()
}

/// Deciders, events, types and projections give the same result whenever they run.
fn clocks(file: &File) -> Vec<String> {
    let pure = [
        "crates/domain/",
        "crates/events/",
        "crates/types/",
        "projections/",
    ];
    let follows = ["projections/search/"];
    let path = file.path.as_str();
    let held = |folders: &[&str]| folders.iter().any(|folder| path.starts_with(folder));
    if !held(&pure) || file.is_test() || path.contains("/examples/") {
        return Vec::new();
    }
    let mut banned = vec![
        ("SystemTime", "time is an argument"),
        ("Uuid::now", "ids are arguments"),
    ];
    if !held(&follows) {
        banned.push(("Instant", "time is an argument"));
    }
    say(file, file.product_lines(), &banned)
}

fn say(
    file: &File,
    lines: impl Iterator<Item = (usize, String)>,
    banned: &[(&str, &str)],
) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, line) in lines {
        for (word, instead) in banned {
            let begins_word = |at: usize| {
                let before = line[..at].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
            };
            if line.match_indices(word).any(|(at, _)| begins_word(at)) {
                wrong.push(found(file, number, &format!("{word} ({instead})")));
            }
        }
    }
    wrong
}

fn too_long(file: &File) -> Vec<String> {
    let lines = file.text.lines().count();
    if !file.path.starts_with("projections/") || file.is_test() || lines <= PROJECTION_LINES_MAX {
        return Vec::new();
    }
    vec![found(
        file,
        lines,
        &format!("more than {PROJECTION_LINES_MAX} lines"),
    )]
}

/// Every crate opens with what it is.
fn untitled(file: &File) -> Vec<String> {
    let is_root = file.path.ends_with("src/lib.rs") || file.path.ends_with("src/main.rs");
    if !is_root || file.text.starts_with("//! ") {
        return Vec::new();
    }
    vec![found(file, 1, "a crate opens with //! and what it is")]
}

fn retired_names(file: &File) -> Vec<String> {
    let numbered = file.text.lines().enumerate();
    let lines = numbered.map(|(index, line)| (index + 1, line.to_owned()));
    say(file, lines, RETIRED)
}

fn registry_hosts(file: &File) -> Vec<String> {
    let mut wrong = Vec::new();
    // Cargo writes the host of its registry into the lock file.
    if file.path == "Cargo.lock" {
        return wrong;
    }
    for (index, line) in file.text.lines().enumerate() {
        for host in REGISTRY_HOSTS {
            if line.contains(host) {
                wrong.push(found(file, index + 1, &format!("names the host {host}")));
            }
        }
    }
    wrong
}

/// Runs a check over the tree.
#[track_caller]
fn tree(rust_only: bool, check: fn(&File) -> Vec<String>) {
    let files = files();
    let wanted = files.iter().filter(|file| file.is_rust() || !rust_only);
    let wrong: Vec<String> = wanted.flat_map(check).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn nothing_is_left_over() {
    tree(true, leftovers);
}

#[test]
fn no_partition_is_written_in_by_hand() {
    tree(true, first_partitions);
}

#[test]
fn no_test_sleeps() {
    tree(true, sleeps);
}

#[test]
fn pure_crates_read_no_clock() {
    tree(true, clocks);
}

#[test]
fn files_of_projections_stay_short() {
    tree(true, too_long);
}

#[test]
fn every_crate_says_what_it_is() {
    tree(true, untitled);
}

#[test]
fn retired_names_stay_retired() {
    let outside_of_the_table = |file: &File| {
        if file.path == "tests/it/house/tidy.rs" {
            Vec::new()
        } else {
            retired_names(file)
        }
    };
    tree(false, outside_of_the_table);
}

#[test]
fn no_file_names_a_registry_host() {
    tree(false, registry_hosts);
}

/// That a check passes one text and names the line of another.
#[track_caller]
fn check(check: fn(&File) -> Vec<String>, path: &str, good: &str, bad: &str) {
    let wrong = check(&File::new(path, good));
    assert!(wrong.is_empty(), "{good:?} is fine: {wrong:?}");
    let wrong = check(&File::new(path, &format!("//! A crate.\n{bad}\n")));
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].starts_with(&format!("{path}:2: ")), "{wrong:?}");
}

#[test]
fn each_leftover_is_named() {
    let path = "crates/log/src/a.rs";
    for bad in [
        "todo!()",
        "unimplemented!()",
        "dbg!(1)",
        "#[allow(dead_code)]",
        "#![allow(x)]",
    ] {
        let good = format!("// {bad}\nlet text = \"{bad}\";");
        check(leftovers, path, &good, bad);
    }
}

#[test]
fn a_sleeping_test_is_named() {
    let bad = "    std::thread::sleep(second);";
    check(sleeps, "tests/it/journey.rs", "wait_for(ready);", bad);
    check(
        sleeps,
        "crates/log/src/a/tests.rs",
        "",
        "time::sleep(second).await;",
    );
    let product = File::new("crates/log/src/server.rs", bad);
    assert_eq!(sleeps(&product), Vec::<String>::new());
}

#[test]
fn a_clock_in_a_pure_crate_is_named() {
    let good = "/// Not an Instant.\nfn decide(now: Timestamp) {}";
    let bad = "let now = Instant::now();";
    check(clocks, "crates/domain/src/message.rs", good, bad);
    check(
        clocks,
        "projections/search/src/index.rs",
        bad,
        "SystemTime::now();",
    );
    let elsewhere = File::new("crates/engine/src/clock.rs", bad);
    assert_eq!(clocks(&elsewhere), Vec::<String>::new());
}

#[test]
fn a_long_file_of_a_projection_is_named() {
    let long = "fn a() {}\n".repeat(PROJECTION_LINES_MAX + 1);
    let path = "projections/groups/src/apply.rs";
    assert_eq!(too_long(&File::new(path, &long)).len(), 1);
    assert_eq!(too_long(&File::new(path, &long[10..])).len(), 0);
    assert_eq!(
        too_long(&File::new("projections/groups/src/tests.rs", &long)).len(),
        0
    );
}

#[test]
fn an_untitled_crate_is_named() {
    let path = "crates/log/src/lib.rs";
    assert_eq!(untitled(&File::new(path, "use std::fmt;\n")).len(), 1);
    assert_eq!(untitled(&File::new(path, "//! The log.\n")).len(), 0);
}

#[test]
fn a_partition_that_is_written_in_by_hand_is_named() {
    let path = "crates/engine/src/a.rs";
    check(
        first_partitions,
        path,
        "LogId::new(app, at)",
        "LogId::new(app, 0)",
    );
}

#[test]
fn a_retired_name_and_a_registry_host_are_named() {
    let path = "README.md";
    check(retired_names, path, "the position", "the stream_offset");
    let bad = format!("see https://{}/crates/x", REGISTRY_HOSTS[0]);
    check(registry_hosts, path, "the package registry", &bad);
}
