use super::*;

const NAME: &str = "HANSARD_7_0";
const EVENTS: u64 = 10;

fn record(number: u64, sequence: u64) -> Vec<u8> {
    let subject = format!("hansard.7.0.message.sent.{:02x}", sequence % 3);
    let body = format!("NATS/1.0\r\n\r\nevent {sequence}");
    let size = RECORD_HEAD_BYTES + subject.len() + 4 + body.len() + CHECKSUM_BYTES;
    let length = u32::try_from(size).expect("small") | HAS_HEADERS;
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend_from_slice(&sequence.to_le_bytes());
    bytes.extend_from_slice(&(1_794_000_000_000 + sequence.cast_signed()).to_le_bytes());
    let subject_length = u16::try_from(subject.len()).expect("small");
    bytes.extend_from_slice(&subject_length.to_le_bytes());
    bytes.extend_from_slice(subject.as_bytes());
    bytes.extend_from_slice(&12_u32.to_le_bytes());
    bytes.extend_from_slice(body.as_bytes());
    let hasher = hasher(&format!("{NAME}-{number}"));
    let own = checksum(
        &hasher,
        [&bytes[4..20], subject.as_bytes(), body.as_bytes()],
    );
    bytes.extend_from_slice(&own);
    bytes
}

fn block(number: u64, sequences: std::ops::RangeInclusive<u64>) -> Vec<u8> {
    sequences
        .flat_map(|sequence| record(number, sequence))
        .collect()
}

/// What is known of a stream of one event.
fn begun() -> Index {
    let first = record(1, 1);
    let read = Record::read(&first, &hasher(&format!("{NAME}-1"))).expect("it is whole");
    let mut index = Index {
        bytes: 0,
        first_time: read.time,
        last: 0,
        last_time: 0,
        subjects: BTreeMap::new(),
        blocks: Vec::new(),
        checksum: [0; 8],
    };
    index.add(1, &read);
    index
}

/// What is known of a stream of so many events, in blocks of four.
fn known(events: u64) -> Index {
    let mut index = begun();
    let mut reached = false;
    for number in 1..=events.div_ceil(4) {
        let records = block(number, 4 * number - 3..=events.min(4 * number));
        let added = index.add_block(number, &records, NAME, &mut reached);
        added.expect("nothing else is in it");
    }
    index
}

/// A stream of [`EVENTS`] events with an index of the first `indexed`.
fn stream(indexed: u64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let msgs = folder.path().join("msgs");
    fs::create_dir(&msgs).expect("made");
    for number in 1..=EVENTS.div_ceil(4) {
        let records = block(number, 4 * number - 3..=EVENTS.min(4 * number));
        fs::write(msgs.join(format!("{number}.blk")), records).expect("written");
    }
    fs::write(msgs.join(INDEX), known(indexed).encode(NAME)).expect("written");
    folder
}

fn index_of(stream: &tempfile::TempDir) -> Vec<u8> {
    fs::read(stream.path().join("msgs").join(INDEX)).expect("reads")
}

#[test]
fn what_was_stored_since_is_added() {
    for indexed in 1..EVENTS {
        let stream = stream(indexed);
        let added = bring_up_to_date(stream.path(), NAME).expect("reads");
        assert_eq!(added, Some(EVENTS - indexed));
        let index = Index::decode(&index_of(&stream), NAME).expect("it is one");
        assert_eq!(index, known(EVENTS), "of {indexed}");
    }
    let index = known(EVENTS);
    let numbers: Vec<_> = index
        .blocks
        .iter()
        .map(|one| (one.number, one.last))
        .collect();
    assert_eq!(numbers, [(1, 4), (2, 8), (3, 10)]);
    let events: u64 = index.subjects.values().map(|held| held.events).sum();
    assert_eq!((index.subjects.len(), events), (3, EVENTS));
}

#[test]
fn an_index_that_is_up_to_date_or_not_there_is_left_as_it_is() {
    let stream = stream(EVENTS);
    let before = index_of(&stream);
    assert_eq!(bring_up_to_date(stream.path(), NAME).expect("reads"), None);
    assert_eq!(index_of(&stream), before);
    fs::remove_file(stream.path().join("msgs").join(INDEX)).expect("removed");
    assert_eq!(bring_up_to_date(stream.path(), NAME).expect("reads"), None);
}

#[test]
fn what_is_damaged_torn_or_unknown_is_left_to_nats_server() {
    let whole = stream(6);
    let left_alone = |file: &str, bytes: &[u8], context: &str| {
        let stream = stream(6);
        fs::write(stream.path().join("msgs").join(file), bytes).expect("written");
        let before = index_of(&stream);
        let added = bring_up_to_date(stream.path(), NAME).expect("reads");
        assert_eq!(added, None, "{file} {context}");
        assert_eq!(index_of(&stream), before, "{file} {context}");
    };
    for file in [INDEX, "2.blk", "3.blk"] {
        let bytes = fs::read(whole.path().join("msgs").join(file)).expect("reads");
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            // The length of a record's headers is in no checksum, and nothing is made of it.
            let record = record(2, 6).len();
            let headers = RECORD_HEAD_BYTES + "hansard.7.0.message.sent.00".len();
            if file != INDEX && (headers..headers + 4).contains(&(at % record)) {
                continue;
            }
            left_alone(file, &flipped, &format!("byte {at}"));
        }
        left_alone(file, &bytes[..bytes.len() - 1], "torn");
    }
    let first = block(1, 1..=4);
    left_alone("1.blk", &first[..first.len() - 1], "an older one is torn");
    left_alone("2.blk", &block(2, 5..=5), "its last event is gone");
    left_alone("3.blk", &block(3, 10..=10), "one is missing");
    left_alone("3.blk", &block(2, 9..=10), "of another place");
    for mark in [1 << 63, 1 << 62] {
        // A deleted event, or the news of one.
        left_alone("3.blk", &record(3, 9 | mark), "deleted");
    }
    let mut version = known(6).encode(NAME);
    version[1] += 1;
    let end = version.len() - CHECKSUM_BYTES;
    let own = checksum(&hasher(NAME), [&version[..end]]);
    version[end..].copy_from_slice(&own);
    left_alone(INDEX, &version, "of another version");
}
