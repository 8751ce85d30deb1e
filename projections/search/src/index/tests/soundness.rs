//! What is checked of the files, and when.

use super::*;

fn unchecked() -> Options {
    Options {
        verify: false,
        ..options()
    }
}

/// Lets go of an index as the end of a process does, in order or not.
fn end(bench: Bench, in_order: bool) -> TempDir {
    let Bench {
        dir, index, reader, ..
    } = bench;
    if in_order {
        index.close().expect("closed");
    }
    drop(reader);
    dir
}

/// Changes one byte of a segment's list of terms, and says in which file.
fn damage(dir: &Path) -> String {
    let files = std::fs::read_dir(dir).expect("readable");
    let mut paths = files.map(|file| file.expect("readable").path());
    let terms = paths.find(|path| path.extension().is_some_and(|e| e == "term"));
    let terms = terms.expect("a segment has terms");
    let mut content = std::fs::read(&terms).expect("readable");
    content[3] ^= 1;
    std::fs::write(&terms, content).expect("writable");
    let name = terms.file_name().expect("a file");
    name.to_string_lossy().into_owned()
}

fn written() -> Bench {
    let mut bench = Bench::new();
    bench.say("group:team", 1, "hello");
    bench.commit();
    bench
}

#[test]
fn an_index_that_was_closed_is_opened_without_reading_it() {
    let dir = end(written(), true);
    damage(dir.path());
    let (mut index, _reader) = Index::open(dir.path(), unchecked()).expect("not looked at");
    assert!(index.check().is_none(), "there is nothing to check");
}

#[test]
fn what_a_new_index_was_given_is_not_checked_by_the_one_that_made_it() {
    assert!(Bench::new().index.check().is_none());
}

#[test]
fn after_a_crash_the_check_names_the_damaged_file() {
    let dir = end(written(), false);
    let file = damage(dir.path());
    let (mut index, _reader) = Index::open(dir.path(), unchecked()).expect("opened first");
    let check = index.check().expect("there is something to check");
    let error = check.run(|| true).expect_err("it is damaged").to_string();
    assert!(error.contains(&file), "{error}");
    assert!(error.contains(&dir.path().display().to_string()), "{error}");
    // It is not closed in order then, whatever is done: the next one checks again.
    index.close().expect("closed");
    let (mut index, _reader) = Index::open(dir.path(), unchecked()).expect("opened");
    assert!(index.check().is_some());
}

#[test]
fn a_check_is_due_until_the_index_is_closed_in_order() {
    let dir = end(written(), true);
    for in_order in [false, true] {
        let (mut index, _reader) = Index::open(dir.path(), unchecked()).expect("opened");
        if in_order {
            let check = index.check().expect("it was not closed");
            assert!(
                !check.run(|| false).expect("nothing is damaged"),
                "cut short"
            );
            assert!(check.run(|| true).expect("nothing is damaged"));
            index.close().expect("closed");
        }
    }
    let (mut index, _reader) = Index::open(dir.path(), unchecked()).expect("opened");
    assert!(index.check().is_none());
}

#[test]
fn nothing_is_merged_before_the_check() {
    let mut bench = written();
    let dir = std::mem::replace(&mut bench.dir, tempfile::tempdir().expect("a directory"));
    drop((bench.index, bench.reader));
    let (index, reader) = Index::open(dir.path(), unchecked()).expect("opened");
    (bench.index, bench.reader) = (index, reader);
    let segments = |bench: &Bench| {
        let segments = bench.index.index.searchable_segment_ids();
        segments.expect("readable").len()
    };
    for seq in 2..=20 {
        bench.say("group:team", seq, "hello");
        bench.commit();
    }
    assert_eq!(segments(&bench), 20);
    let check = bench.index.check().expect("it was not closed");
    assert!(check.run(|| true).expect("nothing is damaged"));
    bench.say("group:team", 21, "hello");
    bench.commit();
    let writer = bench.index.writer.take().expect("it is open");
    writer.wait_merging_threads().expect("merged");
    drop((bench.index, bench.reader));
    let (index, reader) = Index::open(dir.path(), options()).expect("opened");
    let ids = index.index.searchable_segment_ids().expect("readable");
    assert!(ids.len() < 20, "{} segments", ids.len());
    assert_eq!(
        reader.search(&Query::new("hello")).expect("a page").total,
        21
    );
}
