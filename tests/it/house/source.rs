//! The files of the checkout, as the checks read them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A text file of the checkout.
#[derive(Debug, Clone)]
pub(super) struct File {
    /// From the root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    pub(super) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    pub(super) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether only tests are built from it.
    pub(super) fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
    }

    /// Its lines and their numbers, without comments and without what stands in string literals:
    /// what the compiler would call code.
    pub(super) fn code_lines(&self) -> impl Iterator<Item = (usize, String)> {
        let numbered = self.text.lines().enumerate();
        numbered.map(|(index, line)| (index + 1, without_literals(line)))
    }

    /// As [`File::code_lines`], up to the unit tests at its end.
    pub(super) fn product_lines(&self) -> impl Iterator<Item = (usize, String)> {
        let tests_begin = self
            .text
            .lines()
            .position(|line| line.starts_with("#[cfg(test)]"));
        let end = if self.text.contains("#[cfg(test)]\nmod tests {") {
            tests_begin.unwrap_or(usize::MAX)
        } else {
            usize::MAX
        };
        self.code_lines().filter(move |(line, _)| *line <= end)
    }
}

/// Cuts a `//` comment and empties string literals of one line: enough for searching for calls.
fn without_literals(line: &str) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut characters = line.chars().peekable();
    let mut in_string = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' if in_string => {
                characters.next();
            }
            '"' => {
                in_string = !in_string;
                kept.push(character);
            }
            '/' if !in_string && characters.peek() == Some(&'/') => break,
            _ if in_string => {}
            _ => kept.push(character),
        }
    }
    kept
}

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every text file that is, or would be, under version control.
pub(super) fn files() -> Vec<File> {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "-z",
        ])
        .current_dir(root())
        .output()
        .expect("git lists the files");
    assert!(listed.status.success(), "git ls-files: {listed:?}");
    let names = String::from_utf8(listed.stdout).expect("paths are UTF-8");
    let mut files = Vec::new();
    for path in names.split_terminator('\0') {
        // What is not there was deleted and not committed yet; what is not text is not source.
        let Ok(bytes) = std::fs::read(root().join(path)) else {
            continue;
        };
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(File::new(path, &text));
        }
    }
    assert!(files.len() > 50, "the checkout is there");
    files
}

#[test]
fn literals_and_comments_are_not_code() {
    let file = File::new(
        "a.rs",
        "let a = \"todo!()\"; // dbg!(a)\n/// dbg!\nlet \"\\\"x\" = b; c();",
    );
    let lines: Vec<String> = file.code_lines().map(|(_, line)| line).collect();
    assert_eq!(lines, ["let a = \"\"; ", "", "let \"\" = b; c();"]);
}

#[test]
fn unit_tests_are_not_product() {
    let file = File::new(
        "a.rs",
        "fn a() {}\n#[cfg(test)]\nmod tests {\n    sleep();\n}\n",
    );
    assert!(
        file.product_lines()
            .all(|(_, line)| !line.contains("sleep"))
    );
    assert!(file.code_lines().any(|(_, line)| line.contains("sleep")));
}
