//! What is found, in what order.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::analyzer::tests::any_text;
use crate::{Cursor, Query};

#[test]
fn every_language_is_found_inside_a_sentence() {
    let mut bench = Bench::new();
    for (seq, text) in [
        (1, "明天的会议改到三点"),
        (2, "오늘회의는3시"),
        (3, "The Meeting moved to 3pm"),
        (4, "明日の会議は渋谷のカフェで"),
        (5, "Ｆｕｌｌ　Ｗｉｄｔｈ ﾊﾝｶｸ"),
        (
            6,
            "\u{1112}\u{116C}\u{110B}\u{1174}\u{1109}\u{1175}\u{11AF}",
        ),
        (7, "Встреча в кафе naïve"),
        (8, "学生在大学里"),
    ] {
        bench.say("group:team", seq, text);
    }
    bench.commit();
    for (query, seqs) in [
        ("会议", vec![1]),
        ("会", vec![4, 1]),
        ("회의", vec![6, 2]),
        ("회의실", vec![6]),
        ("meeting", vec![3]),
        ("MEETING 3pm", vec![3]),
        ("meeting 4pm", vec![]),
        ("\"meeting moved\"", vec![3]),
        ("\"moved meeting\"", vec![]),
        ("カフェ", vec![4]),
        ("谷のカ", vec![4]),
        ("full width", vec![5]),
        ("ハンカク", vec![5]),
        ("встреча КАФЕ", vec![7]),
        ("naïve", vec![7]),
        ("大学", vec![8]),
        ("大学生", vec![]),
        ("学生 大学", vec![8]),
        ("3시 회의", vec![2]),
    ] {
        assert_eq!(bench.seqs(query), seqs, "{query}");
    }
}

/// Four messages in three conversations and two segments.
fn filtered() -> Bench {
    let mut bench = Bench::new();
    bench.apply(sent("group:one", 1, "alice", 100, "hello"));
    bench.apply(sent("group:two", 1, "bob", 200, "hello"));
    bench.apply(sent("c2c:alice:bob", 1, "alice", u64::MAX, "hello"));
    bench.commit();
    bench.apply(sent("group:one", 2, "bob", 300, "hello"));
    bench.commit();
    bench
}

impl Bench {
    fn check(&self, change: impl FnOnce(&mut Query), expected: &[&str]) {
        let mut query = Query::new("hello");
        change(&mut query);
        let page = self.reader.search(&query).expect("a page");
        let found: Vec<String> = page.hits.iter().map(shown).collect();
        assert_eq!(found, expected, "{query:?}");
        assert_eq!(
            page.total,
            u64::try_from(expected.len()).expect("few"),
            "{query:?}"
        );
        assert_eq!(page.next, None, "{query:?}");
    }
}

#[test]
fn filters_must_all_hold() {
    let bench = filtered();
    let all = [
        "c2c:alice:bob/1",
        "group:one/2",
        "group:two/1",
        "group:one/1",
    ];
    let one = || Some(conversation("group:one"));
    let list = |names: &[&str]| Some(names.iter().map(|name| conversation(name)).collect());
    bench.check(|_| {}, &all);
    bench.check(
        |query| query.conversation = one(),
        &["group:one/2", "group:one/1"],
    );
    bench.check(
        |query| query.sender = Some(user("bob")),
        &["group:one/2", "group:two/1"],
    );
    bench.check(|query| query.sender = Some(user("carol")), &[]);
    bench.check(
        |query| query.conversations = list(&["group:two"]),
        &["group:two/1"],
    );
    bench.check(|query| query.conversations = list(&[]), &[]);
    bench.check(|query| query.conversations = list(&["group:absent"]), &[]);
    let one_of_two = |query: &mut Query| {
        query.conversations = list(&["group:two", "group:one", "group:one"]);
        query.sender = Some(user("bob"));
    };
    bench.check(one_of_two, &["group:one/2", "group:two/1"]);
    let not_allowed = |query: &mut Query| {
        query.conversations = list(&["group:two"]);
        query.conversation = one();
    };
    bench.check(not_allowed, &[]);
    let hit = bench
        .reader
        .search(&Query::new("hello"))
        .expect("a page")
        .hits
        .remove(0);
    assert_eq!(
        (hit.sender, hit.sent_at),
        (user("alice"), Timestamp(u64::MAX))
    );
}

#[test]
fn times_are_from_the_first_on_and_before_the_second() {
    let bench = filtered();
    for (after, before, expected) in [
        (Some(200), Some(300), &["group:two/1"][..]),
        (Some(u64::MAX), None, &["c2c:alice:bob/1"]),
        (None, Some(101), &["group:one/1"]),
        (None, Some(100), &[]),
        (None, Some(0), &[]),
        (Some(300), Some(200), &[]),
    ] {
        let times = |query: &mut Query| {
            query.after = after.map(Timestamp);
            query.before = before.map(Timestamp);
        };
        bench.check(times, expected);
    }
}

#[test]
fn pages_have_every_hit_once_in_order() {
    let mut bench = Bench::new();
    let mut expected = Vec::new();
    for number in 0..120_u64 {
        // Few times and conversations, so that every tie-breaker is needed.
        let (to, sent_at) = (format!("group:g{}", number % 4), number / 4 % 3);
        bench.apply(sent(&to, number, "alice", sent_at, "hello"));
        expected.push((std::cmp::Reverse(sent_at), to, std::cmp::Reverse(number)));
        // Several segments, which do not all have every conversation.
        if number % 17 == 3 {
            bench.commit();
        }
    }
    bench.commit();
    expected.sort();
    let expected: Vec<String> = expected
        .iter()
        .map(|(_, to, number)| format!("{to}/{}", number.0))
        .collect();
    for limit in [1, 7, 100] {
        let mut query = Query {
            limit,
            ..Query::new("hello")
        };
        let mut found = Vec::new();
        loop {
            let page = bench.reader.search(&query).expect("a page");
            assert_eq!(page.total, 120);
            assert!(page.hits.len() <= limit);
            found.extend(page.hits.iter().map(shown));
            let Some(next) = page.next else { break };
            query.cursor = Some(next.to_string().parse().expect("our own cursor"));
        }
        assert_eq!(found, expected, "pages of {limit}");
    }
    // A cursor at what was recalled since, or of a conversation that is gone, still holds.
    bench.apply(recalled("group:g1", &[1, 5, 9]));
    bench.commit();
    let cursor = Cursor {
        sent_at: Timestamp(0),
        conversation: conversation("group:g0zzz"),
        seq: Seq(1),
    };
    let query = Query {
        limit: 100,
        cursor: Some(cursor),
        ..Query::new("hello")
    };
    let after: BTreeSet<String> = bench.find(&query).into_iter().collect();
    let still = |hit: &&String| {
        let gone = ["group:g1/1", "group:g1/5", "group:g1/9"];
        !hit.starts_with("group:g0/") && !gone.contains(&hit.as_str())
    };
    let expected: BTreeSet<String> = expected[80..].iter().filter(still).cloned().collect();
    assert_eq!(after, expected);
}

#[test]
fn a_limit_of_nothing_counts_and_a_limit_of_everything_is_cut() {
    let mut bench = Bench::new();
    for seq in 1..=150 {
        bench.say("group:team", seq, "hello");
    }
    bench.commit();
    let page = |limit| {
        let query = Query {
            limit,
            ..Query::new("hello")
        };
        bench.reader.search(&query).expect("a page")
    };
    let none = page(0);
    assert_eq!((none.hits.len(), none.next, none.total), (0, None, 150));
    let all = page(usize::MAX);
    assert_eq!(
        (all.hits.len(), all.next.is_some(), all.total),
        (100, true, 150)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_part_of_a_run_finds_its_message(
        texts in prop::collection::vec("[会议大学生明天回의회는시あカー々]{2,9}", 1..8),
        from in 0..8_usize,
        length in 1..9_usize,
    ) {
        let mut bench = Bench::new();
        for (seq, text) in (1..).zip(&texts) {
            bench.say("group:team", seq, &format!("a {text}，b"));
        }
        bench.commit();
        for text in &texts {
            let part: String = text.chars().skip(from).take(length).collect();
            if part.is_empty() {
                continue;
            }
            // Against a scan of the texts: nothing is missed and nothing else is found.
            let mut expected: Vec<u64> =
                (1..).zip(&texts).filter(|(_, other)| other.contains(&part)).map(|(s, _)| s).collect();
            expected.reverse();
            prop_assert_eq!(bench.seqs(&part), expected, "{}", part);
        }
    }

    #[test]
    fn any_message_is_found_by_its_own_text_and_any_query_is_answered(
        texts in prop::collection::vec(any_text(), 1..12),
        others in prop::collection::vec(any_text(), 1..12),
    ) {
        let mut bench = Bench::new();
        for (seq, text) in (1..).zip(&texts) {
            bench.say("group:team", seq, text);
        }
        bench.commit();
        for (seq, text) in (1..).zip(&texts) {
            match bench.reader.search(&Query::new(text)) {
                Ok(page) => prop_assert!(page.hits.iter().any(|hit| hit.seq.0 == seq)),
                Err(error) => prop_assert!(matches!(error, Error::QueryEmpty)),
            }
        }
        for query in &others {
            let answer = bench.reader.search(&Query::new(query));
            prop_assert!(matches!(answer, Ok(_) | Err(Error::QueryEmpty)));
            for text in &texts {
                let shown = crate::highlight(&Query::new(query), text);
                prop_assert!(shown.is_empty() == text.is_empty());
            }
        }
    }
}
