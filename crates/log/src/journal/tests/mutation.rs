//! Thousands of damaged journals: never a wrong event, never a silent loss between two that read.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

use super::*;

const JOURNALS: u64 = 2000;
const EVENTS: usize = 60;

struct Mutator {
    rng: ChaCha8Rng,
    done: Vec<String>,
}

impl Mutator {
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.rng.next_u64() % (end.max(1) as u64)).expect("small")
    }

    /// Does something to one of the files that a disk, a copy or a person could have done.
    fn damage(&mut self, files: &[PathBuf]) {
        let file = &files[self.below(files.len())];
        let other = &files[self.below(files.len())];
        let Ok(mut bytes) = fs::read(file) else {
            return;
        };
        let what = self.below(9);
        self.done.push(format!("{what} in {}", file.display()));
        let (from, to) = (self.below(bytes.len()), self.below(bytes.len()));
        let (begin, end) = (from.min(to), from.max(to));
        let end_of_few = bytes.len().min(begin + 1 + self.below(5000));
        match what {
            0 | 1 if !bytes.is_empty() => bytes[from] ^= 1 << self.below(8),
            2 => bytes[begin..end_of_few].fill(0),
            3 => self.rng.fill_bytes(&mut bytes[begin..end_of_few]),
            4 => bytes.truncate(from),
            5 => drop(bytes.drain(begin..end_of_few)),
            6 => bytes.copy_within(begin..end, self.below(begin + 1)),
            7 => bytes = fs::read(other).unwrap_or_default(),
            _ => {
                drop(fs::remove_file(file));
                return;
            }
        }
        fs::write(file, bytes).expect("writes");
    }
}

#[test]
fn a_damaged_journal_is_read_honestly() {
    let made = folder();
    let written = events(log(), EVENTS);
    let options = JournalOptions {
        segment_bytes: 11_000,
        archive: false,
        ..JournalOptions::default()
    };
    let journal = Journal::open_with(made.path(), options).expect("opens");
    append(&journal, &written[..20], 1);
    append(&journal, &written[20..], 8);
    drop(journal);
    let files = files(&made);
    assert!(files.len() > 3, "{} files", files.len());
    // What was reserved of them and not written is left out: it is only long.
    let whole: Vec<Vec<u8>> = files
        .iter()
        .map(|file| {
            let mut bytes = fs::read(file).expect("reads");
            let written = bytes.iter().rposition(|byte| *byte != 0).expect("a head");
            bytes.truncate(bytes.len().min(written + 256));
            bytes
        })
        .collect();
    for seed in 0..JOURNALS {
        for (file, bytes) in files.iter().zip(&whole) {
            fs::write(file, bytes).expect("writes");
        }
        let mut mutator = Mutator {
            rng: ChaCha8Rng::seed_from_u64(seed),
            done: Vec::new(),
        };
        for _ in 0..=mutator.below(3) {
            mutator.damage(&files);
        }
        let context = format!("seed {seed}: {:?}", mutator.done);
        check_honest(&read_only(&made), &written, &context);
        // Once in a while also as a server would, which goes on from there.
        if seed % 40 == 0 {
            goes_on(&made, &written, &context);
        }
    }
}

#[track_caller]
fn goes_on(made: &TempDir, written: &[StoredEvent], context: &str) {
    let journal = open(made);
    check_honest(&journal, written, context);
    let last = journal.bounds(log()).map_or(0, |(_, last)| last);
    let next = usize::try_from(last).expect("small");
    append(&journal, &written[next.min(written.len())..], 7);
    let again = open(made);
    check_honest(&again, written, context);
    let read = again.entries(log(), last + 1, EVENTS).expect("reads");
    assert_eq!(read, written[next.min(written.len())..], "{context}");
    let aside = fs::read_dir(made.path().join(log().stream_name())).expect("reads");
    for entry in aside.map(|entry| entry.expect("reads").path()) {
        fs::remove_file(entry).expect("removed");
    }
}
