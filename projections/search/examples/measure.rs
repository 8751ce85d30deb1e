//! Indexes a corpus of chat and measures: documents a second, bytes a document, latency of
//! queries.
//!
//! `cargo run --release -p hansard-search --example measure -- <times> <corpus.jsonl.gz>...`
//!
//! A line of a corpus is a JSON object with `at`, `type` (only `message` is taken), `conversation`,
//! `sender` and `text`. Every file is indexed `times` over, each time into other conversations.

#![expect(
    clippy::print_stdout,
    reason = "a program that reports on its standard output"
)]

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use hansard_events::message::{Element, MessageSent};
use hansard_events::{Envelope, Event, EventId, Provenance, Recorded, Sample};
use hansard_search::{Index, Options, Query, Reader};
use hansard_types::{AppId, ConversationId, GroupId, LogId, Seq, Timestamp, UserId};

const COMMIT_EVENTS: usize = 10_000;
const ROUNDS: usize = 200;
/// Conversations of a busy viewer.
const VIEWER_CONVERSATIONS: usize = 500;

const QUERIES: &[&str] = &[
    "kernel",
    "the",
    "how to install",
    "\"does not work\"",
    "酒店",
    "北京大学",
    "的",
    "提供租车服务",
    "사랑",
    "여자친구",
    "이별",
    "학교 힘들어",
    "nvidia driver xorg",
    "nonexistentword",
];

#[derive(serde::Deserialize)]
struct Line {
    at: u64,
    #[serde(rename = "type")]
    kind: String,
    conversation: String,
    sender: String,
    #[serde(default)]
    text: String,
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program of its own, with two arguments"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let times: usize = arguments.next().ok_or("how many times?")?.parse()?;
    let paths: Vec<String> = arguments.collect();
    let dir = tempfile::tempdir()?;
    let (mut index, _) = Index::open(dir.path(), Options::default())?;
    let log = read(&paths, times)?;
    println!(
        "{} messages in {} files, {times} times",
        log.len(),
        paths.len()
    );

    let start = Instant::now();
    let mut commits = Vec::new();
    for batch in log.chunks(COMMIT_EVENTS) {
        for recorded in batch {
            index.apply(recorded)?;
        }
        let start = Instant::now();
        index.commit()?;
        commits.push(start.elapsed());
    }
    let elapsed = start.elapsed();
    let rate = log.len() as f64 / elapsed.as_secs_f64();
    println!(
        "indexed in {elapsed:.2?}: {rate:.0} documents/s; commits {}",
        spread(&mut commits)
    );
    drop(index);
    let open = Instant::now();
    let (mut index, reader) = Index::open(dir.path(), Options::default())?;
    println!("opened and verified in {:.2?}", open.elapsed());
    let merge = Instant::now();
    index.merge_deleted()?;
    let bytes = size(dir.path())?;
    println!(
        "{} bytes, {:.1} a document; merged in {:.2?}",
        bytes,
        bytes as f64 / log.len() as f64,
        merge.elapsed()
    );
    measure(&reader, &viewer(&log))
}

fn measure(reader: &Reader, viewer: &[ConversationId]) -> Result<(), Box<dyn Error>> {
    println!(
        "| query | matches | everywhere | a viewer of {} conversations |",
        viewer.len()
    );
    println!("|---|---|---|---|");
    for text in QUERIES {
        let everywhere = Query::new(text);
        let viewed = Query {
            conversations: Some(viewer.to_vec()),
            ..Query::new(text)
        };
        let total = reader.search(&everywhere)?.total;
        let mut columns = Vec::new();
        for query in [&everywhere, &viewed] {
            let mut latencies = Vec::with_capacity(ROUNDS);
            for _ in 0..ROUNDS {
                let start = Instant::now();
                reader.search(query)?;
                latencies.push(start.elapsed());
            }
            columns.push(spread(&mut latencies));
        }
        println!("| {text} | {total} | {} |", columns.join(" | "));
    }
    Ok(())
}

fn read(paths: &[String], times: usize) -> Result<Vec<Recorded>, Box<dyn Error>> {
    let mut log = Vec::new();
    for path in paths {
        for time in 0..times {
            for line in BufReader::new(GzDecoder::new(File::open(path)?)).lines() {
                let line: Line = serde_json::from_str(&line?)?;
                if line.kind == "message" {
                    let sequence = u64::try_from(log.len())? + 1;
                    log.push(recorded(sequence, time, line)?);
                }
            }
        }
    }
    Ok(log)
}

fn recorded(sequence: u64, time: usize, line: Line) -> Result<Recorded, Box<dyn Error>> {
    let name = format!("{}-{time}", line.conversation);
    let sender: String = line
        .sender
        .chars()
        .map(|c| if c.is_ascii() { c } else { '_' })
        .collect();
    let sent = MessageSent {
        conversation: ConversationId::Group(GroupId::new(&name)?),
        seq: Seq(sequence),
        sender: UserId::new(sender.get(..sender.len().min(32)).unwrap_or("unknown"))?,
        sent_at: Timestamp(line.at),
        elements: vec![Element::text(&line.text)],
        ..MessageSent::sample()
    };
    let envelope = Envelope {
        id: EventId::from_u128(u128::from(sequence)),
        name: "message.sent".into(),
        version: 1,
        log: LogId::new(AppId(1), 0),
        time: Timestamp(line.at),
        provenance: Provenance {
            actor: "measure".to_owned(),
            correlation: None,
            causation: None,
        },
        chain: [0; 32],
    };
    let event = Some(Event::from(sent));
    Ok(Recorded {
        sequence,
        envelope,
        event,
        erased: false,
    })
}

/// Conversations spread evenly over the log.
fn viewer(log: &[Recorded]) -> Vec<ConversationId> {
    let step = (log.len() / VIEWER_CONVERSATIONS).max(1);
    let mut conversations: Vec<ConversationId> = Vec::new();
    for recorded in log.iter().step_by(step) {
        if let Some(Event::Message(hansard_events::MessageEvent::Sent(sent))) = &recorded.event {
            conversations.push(sent.conversation.clone());
        }
    }
    conversations.sort();
    conversations.dedup();
    conversations
}

fn spread(latencies: &mut [Duration]) -> String {
    latencies.sort_unstable();
    let at = |percent: usize| latencies.get((latencies.len() - 1) * percent / 100);
    format!(
        "p50 {:.2?}, p99 {:.2?}",
        at(50).copied().unwrap_or_default(),
        at(99).copied().unwrap_or_default()
    )
}

fn size(dir: &std::path::Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for file in std::fs::read_dir(dir)? {
        bytes += file?.metadata()?.len();
    }
    Ok(bytes)
}
