//! `hansard replay`: what is in the log, from any position, with the server running or stopped.

mod merged;
mod range;
pub(crate) mod render;

use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Error, Result, anyhow};
use clap::Args;
use futures::StreamExt as _;
use futures::stream::FuturesOrdered;
use hansard_events::chain::{self, Chain};
use hansard_events::{CloudEvent, bucket, decode, partition_of};
use hansard_log::{Reader, StoredEvent};
use hansard_types::{ConversationId, LogId, Position, Timestamp, limits};

use crate::clock::now;
use crate::credentials::App;
use crate::logs::{LogArguments, Logs};
use crate::term;
use range::{Bound, Resolved};

const EXAMPLES: &str = "\
Examples:
  hansard replay --data-dir ~/hansard
  hansard replay --data-dir ~/hansard --conversation group:team --since 2h
  hansard replay --data-dir ~/hansard --since 0:1000 --until 0:2000 --json
  hansard replay --nats nats://user:password@127.0.0.1:4222 --app 1400000001 --json | jq .data

A line is: position, time, type, conversation, actor, short text. --json prints CloudEvents, the
same as GET /v1/apps/{app}/events. Nothing is changed, whether the server runs or not. Times are
those of the events; what was imported keeps its own time in data.sent_at.";

/// Show what is in the log: everything that was ever said, recalled messages too
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    log: LogArguments,
    #[command(flatten)]
    app: App,
    /// Only this conversation: group:<GroupId> or c2c:<UserID>:<UserID>, the smaller id first
    #[arg(long, value_name = "C")]
    conversation: Option<ConversationId>,
    /// From here on: a position (0:42), a time (2026-11-23T10:08:00Z) or how long ago (2h)
    #[arg(long, value_name = "T|POSITION")]
    since: Option<Bound>,
    /// Up to here, included
    #[arg(long, value_name = "T|POSITION")]
    until: Option<Bound>,
    /// What was said in live rooms, and who came and went, as far as that is kept
    #[arg(long)]
    live: bool,
    /// Print CloudEvents, one JSON object a line
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let logs = Logs::open(&arguments.log)?;
    let shown = show(&logs, &arguments).await;
    logs.close().await;
    shown?;
    Ok(ExitCode::SUCCESS)
}

async fn show(logs: &Logs, arguments: &Arguments) -> Result<()> {
    let mut all = logs.of_app(arguments.app.id()).await?;
    all.retain(|log| log.is_live() == arguments.live);
    if let Some(conversation) = arguments.conversation.as_ref().filter(|_| !arguments.live) {
        // It is in one of them.
        let partitions = u16::try_from(all.len()).unwrap_or(u16::MAX);
        let home = partition_of(conversation, partitions);
        all.retain(|log| log.partition == home);
    }
    let mut parts = Vec::with_capacity(all.len());
    for log in all {
        let reader = logs.reader(log).await?;
        let range = range(&reader, arguments).await?;
        let lines = Lines {
            log,
            filter: Filter::of(arguments.conversation.clone()),
            json: arguments.json,
        };
        parts.push((reader, range, Arc::new(lines)));
    }
    match &*parts {
        [(reader, range, lines)] => print(reader, range.clone(), lines).await,
        _ => merged::print(parts).await,
    }
}

/// What is wanted of one partition: a position bounds its own, a time all of them.
async fn range(reader: &Reader, arguments: &Arguments) -> Result<RangeInclusive<u64>> {
    let end = *reader.committed().borrow();
    let begins = begins(reader, end).await?;
    let now = now();
    let of = |bound: Option<Bound>| bound.and_then(|bound| bound.resolve(now, reader.id()));
    let at = match of(arguments.since) {
        None => begins,
        Some(Resolved::Sequence(sequence)) => sequence.max(begins),
        Some(Resolved::Time(time)) => first_from(reader, time, (begins, end)).await?,
    };
    let last = match of(arguments.until) {
        None => end,
        Some(Resolved::Sequence(sequence)) => sequence.min(end),
        Some(Resolved::Time(time)) => {
            first_from(reader, Timestamp(time.0.saturating_add(1)), (begins, end)).await? - 1
        }
    };
    Ok(at..=last)
}

/// Prints what is in a range: while batches are made into lines on as many threads as there are
/// processors, the next are read.
async fn print(reader: &Reader, range: RangeInclusive<u64>, lines: &Arc<Lines>) -> Result<()> {
    let batches_max = std::thread::available_parallelism().map_or(2, |threads| threads.get() + 1);
    let mut made = FuturesOrdered::new();
    let (mut at, last) = range.into_inner();
    // The chain value before the batch, which its first event follows from.
    let mut before = (at == 1).then(|| chain::genesis(reader.id()));
    loop {
        if at <= last && made.len() < batches_max {
            let left = usize::try_from(last - at + 1).unwrap_or(usize::MAX);
            let events = reader.read(at, left.min(limits::READ_BATCH_MAX)).await?;
            at += events.len() as u64;
            let after = events.last().and_then(StoredEvent::chain);
            let (lines, value) = (Arc::clone(lines), std::mem::replace(&mut before, after));
            made.push_back(tokio::task::spawn_blocking(move || {
                lines.of(&events, value)
            }));
        } else if let Some(text) = made.next().await {
            let (text, failed) = text.context("a task of the replay ended")?;
            term::text(&text)?;
            failed.map_or(Ok(()), Err)?;
        } else {
            return Ok(());
        }
    }
}

/// The first event that is kept, and the word that others have aged out.
async fn begins(reader: &Reader, end: u64) -> Result<u64> {
    if !reader.id().is_live() {
        return Ok(1);
    }
    match reader.read(1, 1).await {
        Err(hansard_log::Error::AgedOut { begins, .. }) => {
            let first = Position::new(reader.id().partition, begins);
            term::note(format_args!("what came before {first} has aged out"));
            Ok(begins.min(end + 1))
        }
        read => read.map(|_| 1).map_err(Error::from),
    }
}

/// The first sequence whose event is not before a time: time never runs backwards in a log.
async fn first_from(reader: &Reader, time: Timestamp, (begins, end): (u64, u64)) -> Result<u64> {
    let (mut low, mut high) = (begins, end + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let read = reader.read_shared(middle, 1).await?;
        let event = read.first().context("the log ends before its end")?;
        if event.recorded()?.envelope.time < time {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// What to show. The bucket in the subject tells most of what is not wanted without a look inside.
struct Filter {
    conversation: Option<(ConversationId, String)>,
}

impl Filter {
    fn of(conversation: Option<ConversationId>) -> Self {
        let with_bucket = |one: ConversationId| {
            let suffix = format!(".{:02x}", bucket(&one.spread_key()));
            (one, suffix)
        };
        Self {
            conversation: conversation.map(with_bucket),
        }
    }

    fn may_pass(&self, subject: &str) -> bool {
        self.conversation
            .as_ref()
            .is_none_or(|(_, suffix)| subject.ends_with(suffix))
    }
}

/// How events become lines.
struct Lines {
    log: LogId,
    filter: Filter,
    json: bool,
}

impl Lines {
    /// The lines of events, each of which must follow from the one before it; up to one that does
    /// not, and why.
    fn of(&self, events: &[StoredEvent], before: Option<Chain>) -> (String, Option<Error>) {
        let (mut text, mut value) = (String::new(), before);
        for stored in events {
            let said = stored.chain();
            let follows =
                |value: Chain| said.is_some() && chain::next(&value, &stored.event) == said;
            let added = if value.is_none_or(follows) {
                self.add(stored, &mut text)
            } else {
                Err(anyhow!("its hash does not follow from the event before it"))
            };
            if let Err(error) = added {
                let what = format!("event {} does not read: run the audit", stored.sequence);
                return (text, Some(error.context(what)));
            }
            value = said;
        }
        (text, None)
    }

    fn add(&self, stored: &StoredEvent, text: &mut String) -> Result<()> {
        if !self.filter.may_pass(stored.event.subject()) {
            return Ok(());
        }
        let recorded = decode(stored.sequence, &stored.event)?;
        if let Some((wanted, _)) = &self.filter.conversation {
            let about = recorded.event.as_ref().and_then(render::conversation_of);
            if about.as_ref() != Some(wanted) {
                return Ok(());
            }
        }
        if self.json {
            let position = Position::new(self.log.partition, stored.sequence);
            let event = CloudEvent::new(&stored.event, position)?;
            text.push_str(&serde_json::to_string(&event)?);
        } else {
            text.push_str(&render::line(stored, &recorded));
        }
        text.push('\n');
        Ok(())
    }
}
