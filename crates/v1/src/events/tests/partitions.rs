//! An app with several partitions as one stream.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use hansard_types::{Position, Positions};
use serde_json::Value;

use super::{Following, positions};
use crate::testing::{TestApi, TestOptions, say};

const PARTITIONS: u16 = 3;

/// Groups in every partition, and so many messages in each of them.
async fn api(messages: u32) -> TestApi {
    let options = TestOptions {
        partitions: PARTITIONS,
        ..TestOptions::default()
    };
    let api = TestApi::start_with(options).await;
    for id in ["a", "b", "c", "d", "e", "f"] {
        api.create_group(id, &["bob"]).await;
        for random in 1..=messages {
            say(&api, id, "bob", random, "hi").await;
            api.advance_ms(1);
        }
    }
    api
}

fn parsed(line: &Value) -> Position {
    let text = line["hansardposition"].as_str().expect("a text");
    text.parse().expect("a position")
}

/// Each partition in its own order and without holes, and all of them by time.
fn are_in_order(lines: &[Value]) {
    let mut last: BTreeMap<u16, u64> = BTreeMap::new();
    for line in lines {
        let Position {
            partition,
            sequence,
        } = parsed(line);
        let before = last.insert(partition, sequence).unwrap_or(0);
        assert_eq!(sequence, before + 1, "{line}");
    }
    assert_eq!(last.len(), usize::from(PARTITIONS), "{last:?}");
    let by_time = |line: &Value| {
        (
            line["time"].as_str().map(str::to_owned),
            parsed(line).partition,
        )
    };
    assert!(lines.is_sorted_by_key(by_time));
}

#[tokio::test]
async fn what_is_there_comes_by_time_in_one_answer_and_in_pages() {
    let api = api(4).await;
    let whole = api.v1("events").await;
    let lines = whole.lines();
    are_in_order(&lines);
    let (mut next, mut paged) = (String::from("0:1"), Vec::new());
    while next != whole.header("hansard-next") {
        let page = api.v1(&format!("events?from={next}&limit=7")).await;
        assert!(!page.lines().is_empty(), "from {next}");
        paged.extend(page.lines());
        next = page.header("hansard-next");
    }
    assert_eq!(paged, lines);
    let one = api
        .v1("events?from=0:1,1:1000,2:1000&until=0:3")
        .await
        .lines();
    assert_eq!(positions(&one), ["0:1", "0:2", "0:3"]);
    for from in ["3:1", "7", "0:1,0:2", "1:"] {
        let response = api.v1(&format!("events?from={from}")).await;
        assert_eq!(response.status, StatusCode::BAD_REQUEST, "{from}");
    }
}

#[tokio::test]
async fn a_stream_that_is_taken_up_again_by_its_id_misses_and_repeats_nothing() {
    let api = api(2).await;
    let end: Positions = api
        .v1("events")
        .await
        .header("hansard-log-end")
        .parse()
        .expect("ends");
    let mut stream = Following::open(&api, "?follow=sse", &[]).await;
    let (mut seen, mut id) = (Vec::new(), String::new());
    for round in 0..12_u32 {
        for group in ["a", "b", "c", "d", "e", "f"] {
            say(&api, group, "bob", 1000 + round, "later").await;
        }
        let piece = stream.next().await.expect("events");
        for event in piece
            .split_terminator("\n\n")
            .filter(|text| !text.starts_with(':'))
        {
            let (head, data) = event.split_once("\ndata: ").expect("an event");
            id = head.strip_prefix("id: ").expect("an id").to_owned();
            let line: Value = serde_json::from_str(data).expect("JSON");
            seen.push(parsed(&line));
        }
        stream = Following::open(&api, "?follow=sse", &[("last-event-id", &id)]).await;
    }
    let mut last: BTreeMap<u16, u64> = BTreeMap::new();
    for position in seen {
        let before = last
            .insert(position.partition, position.sequence)
            .unwrap_or(0);
        assert_eq!(position.sequence, before + 1);
    }
    assert!(
        end.iter().all(|end| last[&end.partition] >= end.sequence),
        "{last:?}"
    );
}
