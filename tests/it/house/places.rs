//! In how many files a field is written.

use super::source::{File, files};

/// A field of a value type that event, row, view and command share, and the most files of the
/// product that may name it: the type's own, and those of the surface that ask for it and tell it.
const FIELDS: &[(&str, usize)] = &[("introduction", 4), ("notification", 4)];

/// The files whose product code says the word.
fn places<'a>(files: &'a [File], field: &str) -> Vec<&'a str> {
    let is_product = |file: &&File| {
        let in_crate = file.path.starts_with("crates/") || file.path.starts_with("projections/");
        in_crate && file.is_rust() && !file.is_test()
    };
    let names = |file: &&File| {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let mut lines = file.product_lines();
        lines.any(|(_, line)| line.split(|c| !is_part(c)).any(|word| word == field))
    };
    let named = files.iter().filter(is_product).filter(names);
    named.map(|file| file.path.as_str()).collect()
}

#[test]
fn a_field_is_written_in_few_places() {
    let files = files();
    for (field, files_max) in FIELDS {
        let places = places(&files, field);
        assert!(!places.is_empty(), "{field} is a field of nothing");
        let count = places.len();
        assert!(count <= *files_max, "{field} is in {count}: {places:?}");
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
