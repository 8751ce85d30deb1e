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

/// `VERSION` of a projection, from its source.
fn version_in(source: &str) -> Option<&str> {
    let (_, rest) = source.split_once("pub const VERSION: u32 = ")?;
    Some(rest.split_once(';')?.0)
}

/// The version that a row of the manual's table gives for a folder.
fn version_in_table<'a>(manual: &'a str, folder: &str) -> Option<&'a str> {
    let row = manual
        .lines()
        .find(|line| line.starts_with('|') && line.contains(&format!("`{folder}`")))?;
    row.split('|').nth(3).map(str::trim)
}

#[test]
fn the_manual_gives_each_projection_the_version_that_it_has() {
    let files = files();
    let text = |path: &str| files.iter().find(|file| file.path == path);
    let manual = text("projections/README.md").expect("there is a manual");
    let folders = package_folders(&files);
    let projections = folders.iter().filter(|it| it.starts_with("projections/"));
    for folder in projections {
        let source = text(&format!("{folder}/src/lib.rs")).expect("a crate has a root");
        let version = version_in(&source.text);
        assert!(version.is_some(), "{folder} has no VERSION");
        assert_eq!(version_in_table(&manual.text, folder), version, "{folder}");
    }
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
