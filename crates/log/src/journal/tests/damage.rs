//! What is damaged is located, and nothing else is lost.

use std::os::unix::fs::FileExt as _;

use super::*;

/// Three rounds of four events, in one file.
fn twelve(folder: &TempDir) -> (Journal, Vec<StoredEvent>, Vec<usize>) {
    let journal = open(folder);
    let written = events(log(), 12);
    append(&journal, &written, 4);
    let places = places(folder, &journal);
    assert_eq!(places.len(), 4);
    (journal, written, places)
}

/// A file that follows the only one, so that all of that was acknowledged.
fn follow(folder: &TempDir, written: &[StoredEvent]) {
    let options = JournalOptions {
        segment_bytes: 1,
        archive: false,
        ..JournalOptions::default()
    };
    let journal = Journal::open_with(folder.path(), options).expect("opens");
    append(&journal, written, written.len());
    assert_eq!(files(folder).len(), 2);
}

#[test]
fn a_flipped_byte_anywhere_costs_one_event_or_the_round_whose_head_it_hit() {
    let folder = folder();
    let (journal, mut written, places) = twelve(&folder);
    drop(journal);
    let all = events(log(), 14);
    follow(&folder, &all[12..]);
    written = [written, all[12..].to_vec()].concat();
    let file = &files(&folder)[0];
    let whole = fs::read(file).expect("reads");
    let disk = fs::OpenOptions::new()
        .write(true)
        .open(file)
        .expect("opens");
    let put = |at: usize, byte: u8| disk.write_all_at(&[byte], at as u64).expect("writes");
    // Between the heads and the rounds there is nothing.
    for at in (0..64).chain(4096..4160).chain(places[0]..places[3]) {
        put(at, whole[at] ^ 0x10);
        let journal = read_only(&folder);
        let context = format!("byte {at}");
        assert_eq!(journal.bounds(log()), Some((1, 14)), "{context}");
        let missing = check_honest(&journal, &written, &context);
        put(at, whole[at]);
        assert_eq!(damaged(&journal, 14), missing, "{context}");
        let round = places.partition_point(|place| *place <= at);
        if round == 0 {
            assert!(missing.is_empty(), "{context}: {missing:?}");
            continue;
        }
        let first = 4 * (round as u64 - 1) + 1;
        if at < places[round - 1] + RoundHead::BYTES {
            let lost: Vec<u64> = (first..first + 4).collect();
            assert_eq!(missing, lost, "{context}, in a round's head");
        } else {
            assert!(missing.len() <= 1, "{context}: {missing:?}");
            assert!(missing.iter().all(|one| (first..first + 4).contains(one)));
        }
    }
    // A length in a round's table is made up for.
    for row in 0..4 {
        let mut bytes = whole.clone();
        bytes[places[1] + RoundHead::BYTES + 8 * row] ^= 0xff;
        fs::write(file, &bytes).expect("writes");
        assert_eq!(survivors(&read_only(&folder)).len(), 14, "row {row}");
    }
}

#[test]
fn a_flipped_byte_in_the_newest_file_is_told_or_taken_for_a_torn_end() {
    let folder = folder();
    let (journal, written, places) = twelve(&folder);
    let file = &files(&folder)[0];
    let whole = fs::read(file).expect("reads");
    for at in (0..places[3]).step_by(5) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(file, &bytes).expect("writes");
        let again = read_only(&folder);
        let context = format!("byte {at}");
        let missing = check_honest(&again, &written, &context);
        if at < places[2] || is_length(at, places[2], 4) {
            assert_eq!(again.bounds(log()), Some((1, 12)), "{context}");
            assert_eq!(damaged(&again, 12), missing, "{context}");
        } else {
            assert_eq!(again.bounds(log()), Some((1, 8)), "{context}");
        }
        // A journal that was open when it happened reads up to there, and says so from then on.
        if let Some(lost) = missing.first()
            && at < places[2]
        {
            let read = journal.entries(log(), 1, 99).expect("reads").len() as u64;
            assert_eq!(read, lost - 1, "{context}");
            assert_eq!(journal.entries(log(), *lost, 1).expect("reads"), []);
            assert!(damaged(&journal, 12).contains(lost), "{context}");
        }
    }
}

#[test]
fn a_head_that_is_gone_is_made_up_for_by_its_copy() {
    let folder = folder();
    let (journal, written, _) = twelve(&folder);
    drop(journal);
    let file = &files(&folder)[0];
    let whole = fs::read(file).expect("reads");
    for range in [0..4096, 4096..8192] {
        fs::write(file, &whole).expect("writes");
        change(file, |bytes| bytes[range.clone()].fill(0));
        let journal = open(&folder);
        assert_eq!(journal.entries(log(), 1, 99).expect("reads"), written);
        let damage = journal.damage(log());
        assert_eq!(damage.len(), 1, "{range:?}");
        assert!(damage[0].events.is_empty(), "{range:?}: {damage:?}");
        assert_eq!(&damage[0].path, file);
    }
}

#[test]
fn a_zeroed_head_over_bytes_that_are_not_zero_is_damage() {
    let folder = folder();
    let (journal, written, _) = twelve(&folder);
    drop(journal);
    change(&files(&folder)[0], |bytes| bytes[..8192].fill(0));
    for journal in [read_only(&folder), open(&folder)] {
        assert_eq!(journal.bounds(log()), None);
        let damage = journal.damage(log());
        assert_eq!(damage.len(), 1);
        assert_eq!(damage[0].events, 1..=u64::MAX);
        assert_eq!(damage[0].path, files(&folder)[0]);
        assert_eq!(journal.logs(), [log()]);
    }
    // It is not written over: what is appended next goes elsewhere.
    let journal = open(&folder);
    append(&journal, &written, 4);
    assert!(
        damaged(&journal, 12).is_empty(),
        "{:?}",
        journal.damage(log())
    );
    assert_eq!(open(&folder).entries(log(), 1, 99).expect("reads"), written);
    let aside = folder
        .path()
        .join("HANSARD_7_0/00000000000000000001.seg.set-aside-1");
    assert!(aside.is_file(), "it is kept");
}

#[test]
fn a_newest_file_that_does_not_read_leaves_the_others() {
    let folder = folder();
    let written = events(log(), 8);
    append(&small(&folder), &written[..6], 2);
    let newest = &files(&folder)[2];
    change(newest, |bytes| bytes[..8192].fill(0x5a));
    let journal = open(&folder);
    assert_eq!(journal.bounds(log()), Some((1, 4)));
    assert_eq!(journal.damage(log())[0].events, 5..=u64::MAX);
    append(&journal, &written[4..], 2);
    let again = open(&folder);
    assert_eq!(again.entries(log(), 1, 99).expect("reads"), written);
    assert_eq!(again.damage(log()), []);
}

#[test]
fn a_zeroed_block_is_a_hole_and_what_is_behind_it_reads() {
    let folder = folder();
    let journal = open(&folder);
    let written = events(log(), 200);
    append(&journal, &written, 5);
    let places = places(&folder, &journal);
    drop(journal);
    let file = &files(&folder)[0];
    let whole = fs::read(file).expect("reads");
    for begin in (places[0]..places[places.len() - 3] - 4096).step_by(4096) {
        fs::write(file, &whole).expect("writes");
        change(file, |bytes| bytes[begin..begin + 4096].fill(0));
        let journal = read_only(&folder);
        let context = format!("zeros from {begin}");
        assert_eq!(journal.bounds(log()), Some((1, 200)), "{context}");
        let missing = check_honest(&journal, &written, &context);
        assert_eq!(damaged(&journal, 200), missing, "{context}");
        assert!((1..30).contains(&missing.len()), "{context}: {missing:?}");
        // Any place behind the hole is found.
        let last = *missing.last().expect("one");
        let read = journal.entries(log(), last + 1, 3).expect("reads");
        let index = usize::try_from(last).expect("small");
        assert_eq!(read, written[index..index + 3], "{context}");
    }
}

#[test]
fn a_file_that_was_cut_short_ends_where_it_was_cut() {
    let folder = folder();
    let (journal, _, places) = twelve(&folder);
    drop(journal);
    let written = events(log(), 14);
    follow(&folder, &written[12..]);
    let file = &files(&folder)[0];
    let whole = fs::read(file).expect("reads");
    for cut in (places[0]..places[3]).step_by(11) {
        fs::write(file, &whole[..cut]).expect("writes");
        let journal = open(&folder);
        let context = format!("cut at {cut}");
        assert_eq!(journal.bounds(log()), Some((1, 14)), "{context}");
        let missing = check_honest(&journal, &written, &context);
        let first = missing.first().copied().expect("some are lost");
        assert_eq!(missing, (first..=12).collect::<Vec<u64>>(), "{context}");
        let whole_rounds = places.partition_point(|place| *place <= cut) as u64 - 1;
        assert!(first > 4 * whole_rounds, "{context}: from {first}");
        assert!(journal.damage(log()).iter().all(|one| one.path == *file));
    }
}

#[test]
fn a_file_that_is_missing_is_named() {
    let folder = folder();
    let written = events(log(), 10);
    append(&small(&folder), &written, 2);
    let files = files(&folder);
    fs::remove_file(&files[2]).expect("removed");
    for journal in [read_only(&folder), open(&folder)] {
        assert_eq!(journal.bounds(log()), Some((1, 10)));
        assert_eq!(check_honest(&journal, &written, "the middle one"), [5, 6]);
        let damage = journal.damage(log());
        assert_eq!(damage.len(), 1);
        assert_eq!((&damage[0].path, &damage[0].events), (&files[2], &(5..=6)));
    }
    // Without the newest it ends earlier, without the oldest it begins later: the log and the read
    // models know what it should hold.
    fs::remove_file(&files[4]).expect("removed");
    assert_eq!(open(&folder).bounds(log()), Some((1, 8)));
    fs::remove_file(&files[0]).expect("removed");
    assert_eq!(open(&folder).bounds(log()), Some((3, 8)));
}

#[test]
fn a_damaged_middle_file_costs_its_own_events() {
    let folder = folder();
    let written = events(log(), 6);
    append(&small(&folder), &written, 2);
    let middle = &files(&folder)[1];
    let whole = fs::read(middle).expect("reads");
    let other = fs::read(&files(&folder)[0]).expect("reads");
    for bytes in [vec![0; whole.len()], Vec::new(), vec![0xa5; 10_000], other] {
        fs::write(middle, &bytes).expect("writes");
        let journal = open(&folder);
        let context = format!("{} bytes", bytes.len());
        assert_eq!(check_honest(&journal, &written, &context), [3, 4]);
        assert_eq!(&journal.damage(log())[0].path, middle, "{context}");
    }
}

#[test]
fn a_file_of_another_log_is_not_read_as_this_ones() {
    let folder = folder();
    let journal = open(&folder);
    let written = events(log(), 3);
    append(&journal, &written, 3);
    let other = LogId::new(AppId(8), 0);
    journal
        .append(other, 1, &raw(&events(other, 3)))
        .expect("writes");
    drop(journal);
    let theirs = folder.path().join(other.stream_name());
    fs::copy(segment::path_of(&theirs, 1), &files(&folder)[0]).expect("copied");
    let journal = open(&folder);
    assert_eq!(journal.bounds(log()), None);
    let damage = journal.damage(log());
    assert!(damage[0].what.contains("8/0"), "{damage:?}");
}

/// A round as a message could hold it, by someone who knows the format, and even an epoch.
fn forged(epoch: round::Epoch, first: u64) -> RawEvent {
    let mut body = Vec::new();
    let events = events(log(), 3);
    round::encode(Seal::new(epoch), first, &raw(&events), &mut body).expect("encodes");
    RawEvent::new("hansard.7.0.message.sent.00", std::iter::empty(), &body)
}

#[test]
fn a_message_that_looks_like_a_round_confuses_nothing() {
    let folder = folder();
    let written = events(log(), 6);
    append(&open(&folder), &written[..2], 2);
    // The bytes of a whole later round, under an epoch of the sender's, and as the format was
    // before it had epochs: 24 bytes and the checksum of zeros.
    let forged = [forged([7; 16], 4), forged([0; 16], 5)];
    let journal = open(&folder);
    let round: Vec<&RawEvent> = forged.iter().collect();
    journal.append(log(), 3, &round).expect("writes");
    let places = places(&folder, &journal);
    drop(journal);
    // The round with the forged ones is torn: nothing of it was acknowledged, and nothing in it
    // is taken for a later round.
    change(&files(&folder)[0], |bytes| {
        bytes[places[1]..places[1] + 20].fill(0);
    });
    let journal = open(&folder);
    assert_eq!(journal.bounds(log()), Some((1, 2)));
    assert_eq!(journal.damage(log()), []);
    append(&journal, &written[2..], 1);
    assert_eq!(open(&folder).entries(log(), 1, 9).expect("reads"), written);
}

#[test]
fn a_later_head_counts_only_with_what_it_promises() {
    let folder = folder();
    let (journal, written, places) = twelve(&folder);
    drop(journal);
    // Of the last round nothing but the head is left, and the one before it has none.
    change(&files(&folder)[0], |bytes| {
        bytes[places[1]..places[1] + 20].fill(0);
        bytes[places[2] + RoundHead::BYTES..].fill(0);
    });
    let journal = open(&folder);
    assert_eq!(journal.bounds(log()), Some((1, 4)));
    append(&journal, &written[4..], 4);
    assert_eq!(open(&folder).entries(log(), 1, 99).expect("reads"), written);
}
