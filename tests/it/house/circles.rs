//! No room of a crate (a file of `src/` and the folder of its name) uses one that uses it: each can
//! be read, and changed, after those that it stands on.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{File, files};

/// Rooms that are there for tests.
const FOR_TESTS: [&str; 3] = ["conformance", "testing", "tests"];

type Rooms = BTreeMap<String, BTreeSet<String>>;

/// What each room of a crate uses of the others. Names that the crate shows to everyone count as
/// the room that they come from.
fn rooms(files: &[File], folder: &str) -> Rooms {
    let source = format!("{folder}/src/");
    let mut code: BTreeMap<String, String> = BTreeMap::new();
    let mut shown = BTreeMap::new();
    for file in files
        .iter()
        .filter(|file| file.is_rust() && !file.is_test())
    {
        let Some(path) = file.path.strip_prefix(&source) else {
            continue;
        };
        let room = path.split(['/', '.']).next().unwrap_or_default();
        if FOR_TESTS.contains(&room) {
            continue;
        }
        let text: Vec<String> = file.product_lines().map(|(_, line)| line).collect();
        let text = text.join("\n");
        if ["lib.rs", "main.rs"].contains(&path) {
            shown = shown_by(&text);
            continue;
        }
        let own = code.entry(room.to_owned()).or_default();
        if path.contains('/') {
            own.push_str(&text);
        } else {
            // Above a room's own file is the crate.
            own.push_str(&text.replace("super::", "crate::"));
        }
        own.push('\n');
    }
    let used = |room: &String, text: &str| {
        let names = used_of_crate(text);
        let rooms = names
            .into_iter()
            .filter_map(|name| match code.contains_key(&name) {
                true => Some(name),
                false => shown.get(&name).cloned(),
            });
        rooms.filter(|other| other != room).collect()
    };
    let used = code
        .iter()
        .map(|(room, text)| (room.clone(), used(room, text)));
    used.collect()
}

/// What the roof of a crate shows, and the room that it comes from.
fn shown_by(roof: &str) -> BTreeMap<String, String> {
    let mut shown = BTreeMap::new();
    for item in roof.split(';') {
        let Some((_, path)) = item
            .rsplit_once(" use ")
            .filter(|(before, _)| before.contains("pub"))
        else {
            continue;
        };
        let Some((room, rest)) = path.trim().split_once("::") else {
            continue;
        };
        for name in rest.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
            shown.insert(name.to_owned(), room.to_owned());
        }
    }
    shown
}

/// The first names behind `crate::`, also in braces.
fn used_of_crate(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, marker) in text.match_indices("crate::") {
        let rest = &text[at + marker.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.extend(first_name(rest));
            continue;
        };
        let (mut depth, mut begins) = (0, true);
        for (at, character) in list.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => begins = true,
                _ if begins && !character.is_whitespace() => {
                    names.extend(first_name(&list[at..]));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    names
}

fn first_name(text: &str) -> Option<String> {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    let name = &text[..end.unwrap_or(text.len())];
    (!name.is_empty()).then(|| name.to_owned())
}

/// Rooms that reach each other, each pair once.
fn circles(rooms: &Rooms) -> Vec<(String, String)> {
    let reached = |from: &String| {
        let mut reached = BTreeSet::new();
        let mut open = vec![from];
        while let Some(room) = open.pop() {
            let used = rooms.get(room).into_iter().flatten();
            open.extend(used.filter(|other| reached.insert((*other).clone())));
        }
        reached
    };
    let reached: BTreeMap<&String, BTreeSet<String>> =
        rooms.keys().map(|room| (room, reached(room))).collect();
    let mut found = Vec::new();
    for (room, others) in &reached {
        let back = |other: &&String| reached.get(other).is_some_and(|its| its.contains(*room));
        let behind = others.iter().filter(|other| *other > *room).filter(back);
        found.extend(behind.map(|other| ((*room).clone(), other.clone())));
    }
    found
}

#[test]
fn no_room_of_a_crate_uses_one_that_uses_it() {
    let files = files();
    let mut found = Vec::new();
    for crate_name in ["desk", "engine", "http", "log", "v1", "v4"] {
        let folder = format!("crates/{crate_name}");
        let rooms = rooms(&files, &folder);
        assert!(rooms.len() > 1, "{folder} has rooms");
        found.extend(
            circles(&rooms)
                .into_iter()
                .map(|pair| (folder.clone(), pair)),
        );
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_circle_is_found_through_the_roof_and_in_braces() {
    let files = [
        File::new(
            "crates/a/src/lib.rs",
            "mod one;\nmod two;\npub use two::{Two, Other};\n",
        ),
        File::new(
            "crates/a/src/one.rs",
            "use crate::{\n    Other, three::{Deep, x},\n};\n",
        ),
        File::new("crates/a/src/two/inner.rs", "fn f() { crate::one::g() }\n"),
        File::new("crates/a/src/three.rs", "// crate::one\n"),
        File::new("crates/a/src/four.rs", "use super::five;\n"),
        File::new("crates/a/src/five/inner.rs", "use super::four;\n"),
        File::new("crates/a/src/five.rs", "use super::four::g;\n"),
    ];
    let rooms = rooms(&files, "crates/a");
    assert_eq!(rooms["three"], BTreeSet::new());
    let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    assert_eq!(circles(&rooms), [pair("five", "four"), pair("one", "two")]);
}
