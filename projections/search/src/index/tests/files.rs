//! The directory: what is in it, what is refused.

use std::collections::BTreeSet;

use super::*;

impl Bench {
    /// Whether any segment file holds a term. Term dictionaries are automata, so the bytes of a
    /// term do not stand in them one after the other: every dictionary is opened and asked.
    fn holds(&self, term: &str) -> bool {
        let segments = self.index.index.searchable_segments().expect("segments");
        let known: BTreeSet<String> = segments.iter().map(|s| s.id().uuid_string()).collect();
        for file in std::fs::read_dir(self.dir.path()).expect("readable") {
            let name = file
                .expect("readable")
                .file_name()
                .into_string()
                .expect("text");
            let is_segments = name.starts_with(|c: char| c.is_ascii_hexdigit());
            let segment = name.split('.').next().unwrap_or_default();
            assert!(
                !is_segments || known.contains(segment),
                "{name} was left behind"
            );
        }
        segments.iter().any(|segment| {
            let segment = tantivy::SegmentReader::open(segment).expect("a segment");
            let terms = segment
                .inverted_index(self.index.fields.text)
                .expect("an index");
            terms.terms().term_ord(term).expect("readable").is_some()
        })
    }
}

#[test]
fn recalled_text_leaves_the_files() {
    let mut bench = Bench::new();
    for seq in 1..=20 {
        bench.say("group:team", seq, &format!("hello number{seq}"));
    }
    bench.say("group:team", 21, "xylophonist 密码本");
    bench.commit();
    assert!(bench.holds("xylophonist") && bench.holds("密码"));
    bench.apply(recalled("group:team", &[21]));
    bench.commit();
    assert_eq!(bench.seqs("xylophonist"), [0; 0]);
    assert!(
        bench.holds("xylophonist"),
        "deleted documents keep their terms until a merge"
    );
    bench.index.merge_deleted().expect("merged");
    for term in ["xylophonist", "密码", "密", "本"] {
        assert!(!bench.holds(term), "{term} is still in a file");
    }
    assert_eq!(bench.seqs("number7"), [7]);
    // It goes on, and the checkpoint came through.
    bench.say("group:team", 22, "again");
    bench.commit();
    let mut bench = bench.reopen();
    assert_eq!(
        bench
            .index
            .checkpoint(0)
            .map(|checkpoint| checkpoint.sequence),
        Some(23)
    );
    assert_eq!(bench.seqs("again"), [22]);
    // A segment of which nothing is left, and a recall that merging commits.
    bench.apply(recalled("group:team", &[22]));
    bench.index.merge_deleted().expect("merged");
    assert!(!bench.holds("again"), "the word is still in a file");
    assert_eq!(bench.reader.searchable_to(), [Position::new(0, 24)]);
}

#[test]
fn merging_waits_for_no_search_and_breaks_none() {
    let mut bench = Bench::new();
    for seq in 1..=200 {
        bench.say("group:team", seq, "hello");
        if seq % 9 == 0 {
            bench.commit();
        }
    }
    bench.commit();
    let held = bench.reader.reader.searcher();
    for round in 0..5 {
        bench.apply(recalled("group:team", &[round * 7 + 1, round * 7 + 3]));
        bench.index.merge_deleted().expect("merged");
        let page = bench.reader.search(&Query::new("hello")).expect("a page");
        assert_eq!(page.total, 198 - round * 2);
    }
    assert_eq!(held.num_docs(), 200, "an old search still sees what it saw");
    drop(held);
    bench.index.merge_deleted().expect("merged");
    assert!(bench.holds("hello"), "and its files are gone with it");
}

#[test]
fn a_second_writer_is_refused() {
    let bench = Bench::new();
    let second = Index::open(bench.dir.path(), options()).map(|_| ());
    assert!(matches!(second, Err(Error::Locked { .. })), "{second:?}");
    let bench = bench.reopen();
    drop(bench);
}

#[test]
fn the_version_on_disk_is_known_without_opening() {
    let bench = Bench::new();
    assert_eq!(
        Index::version_on_disk(bench.dir.path()).ok(),
        Some(Some(crate::VERSION))
    );
    let empty = tempfile::tempdir().expect("a directory");
    assert_eq!(Index::version_on_disk(empty.path()).ok(), Some(None));
    assert_eq!(
        Index::version_on_disk(&empty.path().join("absent")).ok(),
        Some(None)
    );
    let is_made = empty.path().join("absent").try_exists();
    assert!(matches!(is_made, Ok(false)), "asking makes nothing");
}

/// Rewrites `meta.json`, which says what an index is.
fn tamper(dir: &Path, from: &str, to: &str) {
    let path = dir.join("meta.json");
    let meta = std::fs::read_to_string(&path).expect("readable");
    assert!(meta.contains(from), "{meta}");
    std::fs::write(path, meta.replace(from, to)).expect("writable");
}

#[test]
fn another_version_or_schema_is_refused_with_what_to_do() {
    let version = format!("\\\"version\\\":{}", crate::VERSION);
    for (from, to, kind) in [
        (version.as_str(), "\\\"version\\\":9", "is of version 9"),
        (
            version.as_str(),
            "\\\"verzion\\\":1",
            "is of version unknown",
        ),
        (
            "\"name\": \"sender\"",
            "\"name\": \"author\"",
            "has another schema",
        ),
        (
            "\\\"partitions\\\"",
            "\\\"divisions\\\"",
            "checkpoint cannot be read",
        ),
        ("{", "", "is damaged"),
    ] {
        let Bench {
            dir, index, reader, ..
        } = Bench::new();
        drop((index, reader));
        tamper(dir.path(), from, to);
        let Err(error) = Index::open(dir.path(), options()) else {
            panic!("{to} was opened");
        };
        let text = error.to_string();
        assert!(
            text.contains(kind) && text.contains("rebuild the projection"),
            "{text}"
        );
    }
}

#[test]
fn a_flipped_byte_is_noticed_on_open() {
    let mut bench = Bench::new();
    bench.say("group:team", 1, "hello");
    bench.commit();
    let Bench {
        dir, index, reader, ..
    } = bench;
    drop((index, reader));
    let files = std::fs::read_dir(dir.path()).expect("readable");
    let mut paths = files.map(|file| file.expect("readable").path());
    let terms = paths.find(|path| path.extension().is_some_and(|e| e == "term"));
    let terms = terms.expect("a segment has terms");
    let mut content = std::fs::read(&terms).expect("readable");
    content[3] ^= 1;
    std::fs::write(&terms, content).expect("writable");
    let opened = Index::open(dir.path(), options()).map(|_| ());
    assert!(matches!(opened, Err(Error::Damaged { .. })), "{opened:?}");
}
