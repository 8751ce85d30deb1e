use hansard_events::message::{Element, MessageSent};
use hansard_events::{Envelope, EventId, Provenance, Sample};
use hansard_search::Query;
use hansard_types::{AppId, LogId, Seq, Timestamp, limits};

use super::*;

const LOG: LogId = LogId {
    app: AppId(7),
    partition: 0,
};

struct Bench {
    _folder: tempfile::TempDir,
    data: DataDir,
    indexes: Arc<Indexes>,
    shelf: Shelf,
}

fn shelf(data: &DataDir, indexes: &Arc<Indexes>) -> Shelf {
    let may_check = Arc::new(Semaphore::new(limits::SEARCH_CHECKS_AT_ONCE_MAX));
    Shelf::new(data, LOG, Arc::clone(indexes), may_check)
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let data = DataDir::create(&folder.path().join("data")).expect("made");
        let indexes = Arc::new(Indexes::default());
        let shelf = shelf(&data, &indexes);
        Self {
            _folder: folder,
            data,
            indexes,
            shelf,
        }
    }

    /// What the next process finds.
    fn again(&mut self) {
        self.indexes = Arc::new(Indexes::default());
        self.shelf = shelf(&self.data, &self.indexes);
    }

    fn path(&self) -> PathBuf {
        path(&self.data, LOG).expect("readable")
    }

    /// How many messages a search finds.
    fn found(&self) -> u64 {
        let readers = self.indexes.readers.read();
        let reader = readers.get(&LOG).expect("an index answers");
        reader.search(&Query::new("hello")).expect("a page").total
    }
}

fn message(sequence: u64) -> Recorded {
    let sent = MessageSent {
        seq: Seq(sequence),
        elements: vec![Element::text("hello")],
        ..MessageSent::sample()
    };
    Recorded {
        sequence,
        envelope: Envelope {
            id: EventId::from_u128(u128::from(sequence)),
            name: "message.sent".into(),
            version: 1,
            log: LOG,
            time: Timestamp(sequence),
            provenance: Provenance {
                actor: "administrator".to_owned(),
                correlation: None,
                causation: None,
            },
            chain: [1; 32],
        },
        event: Some(sent.into()),
        erased: false,
    }
}

fn write(search: &mut Search, sequences: std::ops::RangeInclusive<u64>) {
    for sequence in sequences {
        search.apply(&message(sequence)).expect("applied");
    }
    search.commit().expect("committed");
}

/// Changes the files of a kind.
fn damage(path: &std::path::Path, extension: &str, change: impl Fn(&mut Vec<u8>)) {
    for entry in std::fs::read_dir(path).expect("readable") {
        let file = entry.expect("readable").path();
        if file.extension().is_some_and(|found| found == extension) {
            let mut content = std::fs::read(&file).expect("readable");
            change(&mut content);
            std::fs::write(&file, content).expect("writable");
        }
    }
}

/// As the death of the process leaves it.
fn kill(mut search: Search) {
    drop(search.index.take());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_index_is_built_again_beside_the_one_that_answers() {
    let mut bench = Bench::new();
    let mut search = bench.shelf.open().expect("new");
    write(&mut search, 1..=3);
    kill(search);
    let first = bench.path();
    // Not what this search reads: it goes on answering.
    damage(&first, "pos", |content| content[0] ^= 1);
    bench.again();

    let search = bench.shelf.open().expect("opened without looking at it");
    assert_eq!(bench.found(), 3, "it answers");
    let damage = bench.shelf.damaged().await.to_string();
    assert!(damage.contains(&first.display().to_string()), "{damage}");
    drop(search);
    bench.shelf.discard().expect("set aside");

    let mut search = bench.shelf.open().expect("new");
    assert_eq!(search.checkpoint(0), None, "from the log's beginning");
    write(&mut search, 1..=2);
    assert_eq!(bench.found(), 3, "the old one goes on answering");
    write(&mut search, 3..=4);
    assert_eq!(bench.found(), 4, "and is overtaken");
    assert!(matches!(first.try_exists(), Ok(false)), "and removed");
    drop(search);

    bench.again();
    let search = bench.shelf.open().expect("opened");
    assert_eq!(search.checkpoint(0).map(|at| at.sequence), Some(4));
    assert!(bench.shelf.checks.is_empty(), "it was closed in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_does_not_open_is_begun_anew_beside_it() {
    type Change = fn(&mut Vec<u8>);
    let changes: [(&str, Change); 3] = [
        ("json", |content| content.truncate(10)),
        ("term", |content| content.truncate(10)),
        ("fast", |content| content.fill(0xff)),
    ];
    for (extension, change) in changes {
        let mut bench = Bench::new();
        let mut search = bench.shelf.open().expect("new");
        write(&mut search, 1..=3);
        drop(search);
        let first = bench.path();
        damage(&first, extension, change);
        bench.again();
        let mut search = bench.shelf.open().expect("begun anew");
        assert_eq!(search.checkpoint(0), None, "{extension}");
        assert!(matches!(first.try_exists(), Ok(false)), "{extension}");
        write(&mut search, 1..=3);
        assert_eq!(bench.found(), 3, "{extension}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_was_broken_off_goes_on() {
    let mut bench = Bench::new();
    let mut search = bench.shelf.open().expect("new");
    write(&mut search, 1..=3);
    drop(search);
    bench.shelf.discard().expect("set aside");
    let mut search = bench.shelf.open().expect("new");
    write(&mut search, 1..=2);
    kill(search);
    bench.again();
    let mut search = bench.shelf.open().expect("opened");
    assert_eq!(search.checkpoint(0).map(|at| at.sequence), Some(2));
    write(&mut search, 3..=3);
    assert_eq!(bench.found(), 3);
    let folders = on_disk(&folder(&bench.data), LOG).expect("readable");
    assert_eq!(folders.len(), 1, "{folders:?}");
}
