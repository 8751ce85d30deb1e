//! In how many files a thing is written: the examples of the recipes in `crates/README.md`.

use super::source::{File, files};

/// A word, and the most files of the product that may say it.
const WORDS: &[(&str, usize)] = &[
    // Fields of a group: their type's file, and those of the surface that ask for one and tell it.
    // A topic has one of each name, in its type's file and in the surface's.
    ("introduction", 4 + 2),
    ("notification", 4 + 2),
    // A kind of mute: the event's file, the command that sets it, those of the surface that ask for
    // it and tell it; what is muted by it is in its own verb.
    ("c2c_until", 1),
    // An event: its struct, its row, who decides it, who folds it.
    ("FriendGroupRenamed", 4),
    // A command: its file, its folder's, its row, its endpoint; where an account gives it, too, that
    // side's file.
    ("MuteAccount", 4),
    ("DissolveGroup", 5),
    // An endpoint: its file and its row.
    ("DestroyGroup", 2),
    // A reason: its row, who refuses, the code that a service gives for it.
    ("FriendGroupTaken", 3),
];

/// The files whose product code says the word.
fn places<'a>(files: &'a [File], name: &str) -> Vec<&'a str> {
    let is_product = |file: &&File| {
        let in_crate = file.path.starts_with("crates/") || file.path.starts_with("projections/");
        in_crate && file.is_rust() && !file.is_test()
    };
    let names = |file: &&File| {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let mut lines = file.product_lines();
        lines.any(|(_, line)| line.split(|c| !is_part(c)).any(|word| word == name))
    };
    let named = files.iter().filter(is_product).filter(names);
    named.map(|file| file.path.as_str()).collect()
}

#[test]
fn a_thing_is_written_in_few_places() {
    let files = files();
    for (word, files_max) in WORDS {
        let places = places(&files, word);
        assert!(!places.is_empty(), "nothing is called {word}");
        let count = places.len();
        assert!(count <= *files_max, "{word} is in {count}: {places:?}");
    }
}

#[test]
fn only_product_code_that_says_the_word_is_a_place() {
    let files = [
        File::new("crates/events/src/a.rs", "pub introduction: String,"),
        File::new("projections/a/src/lib.rs", "row.introduction"),
        File::new("crates/v4/src/a.rs", "/// introduction\nintroductions();"),
        File::new("crates/v4/src/a/tests.rs", "introduction: None,"),
        File::new(
            "crates/v4/src/b.rs",
            "fn b() {}\n#[cfg(test)]\nmod tests {\n    introduction();\n}\n",
        ),
        File::new("benches/src/lib.rs", "introduction: None,"),
        File::new("crates/README.md", "introduction"),
    ];
    assert_eq!(
        places(&files, "introduction"),
        ["crates/events/src/a.rs", "projections/a/src/lib.rs"]
    );
}

/// The source files that a manual names, but for those with a blank to fill in (`<service>`).
fn named_in(manual: &str) -> Vec<&str> {
    let quoted = manual.split('`').skip(1).step_by(2);
    let is_file = |text: &&str| text.ends_with(".rs") && !text.contains(['<', ' ']);
    quoted.filter(is_file).collect()
}

#[test]
fn the_manuals_name_files_that_exist() {
    let files = files();
    for manual in ["README.md", "crates/README.md", "projections/README.md"] {
        let text = files.iter().find(|file| file.path == manual);
        let text = text.unwrap_or_else(|| panic!("{manual} is there"));
        let named = named_in(&text.text);
        assert!(!named.is_empty(), "{manual} names source files");
        for name in named {
            let end = name.trim_start_matches("…").trim_start_matches('/');
            let exists = files.iter().any(|file| {
                let before = file.path.strip_suffix(end);
                before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
            });
            assert!(exists, "{manual} names {name}");
        }
    }
}

#[test]
fn named_files_are_found_between_quotes() {
    let manual = "see `a/b.rs`, `<service>/mod.rs`, `…/c.rs` and a.rs; `cargo run x.rs`";
    assert_eq!(named_in(manual), ["a/b.rs", "…/c.rs"]);
}
