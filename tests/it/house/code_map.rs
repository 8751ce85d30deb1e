//! The README's code map names every crate.

use super::source::{File, files};

/// Folders of packages, from the manifests in the tree: `crates/log`, `projections/groups`.
fn package_folders(files: &[File]) -> Vec<&str> {
    let manifests = files
        .iter()
        .filter(|file| file.path.starts_with("crates/") || file.path.starts_with("projections/"));
    manifests
        .filter_map(|file| file.path.strip_suffix("/Cargo.toml"))
        .collect()
}

/// The packages that a text does not name as `crates/log` or, in a list of `crates/`, as `log/`.
fn unnamed<'a>(text: &str, folders: &[&'a str]) -> Vec<&'a str> {
    let named = |folder: &str| {
        let short = folder.rsplit('/').next().unwrap_or(folder);
        let words = || text.split(|c: char| !(c.is_alphanumeric() || "/_-".contains(c)));
        let short = format!("{short}/");
        words().any(|word| word.trim_end_matches('/') == folder || word == short)
    };
    folders.iter().copied().filter(|it| !named(it)).collect()
}

fn check(readme: &str, filter: &str) {
    let files = files();
    let text = files.iter().find(|file| file.path == readme);
    let text = text.map(|file| file.text.as_str()).unwrap_or_default();
    let mut folders = package_folders(&files);
    folders.retain(|folder| folder.starts_with(filter));
    let missing = unnamed(text, &folders);
    assert!(missing.is_empty(), "{readme} does not name {missing:?}");
}

#[test]
fn the_readme_names_every_crate() {
    check("README.md", "");
}

#[test]
fn the_manuals_of_the_folders_name_what_is_in_them() {
    check("crates/README.md", "crates/");
    check("projections/README.md", "projections/");
}

#[test]
fn a_crate_that_the_map_lacks_is_named() {
    let map = "crates/\n  log/   the log\nprojections/groups: rosters, not catalog/ or blog/";
    let folders = [
        "crates/log",
        "projections/groups",
        "crates/store",
        "crates/cat",
    ];
    assert_eq!(unnamed(map, &folders), ["crates/store", "crates/cat"]);
}

#[test]
fn package_folders_are_found() {
    let files = [
        File::new("crates/log/Cargo.toml", ""),
        File::new("crates/log/src/lib.rs", ""),
        File::new("tests/Cargo.toml", ""),
    ];
    assert_eq!(package_folders(&files), ["crates/log"]);
}
