//! `hansard replay`: what is in the log, from any position, with the server running or stopped.

mod range;
pub(crate) mod render;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;
use hansard_events::{CloudEvent, bucket, decode};
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
    let reader = logs.reader(LogId::new(arguments.app.id(), 0)).await?;
    let end = *reader.committed().borrow();
    let now = now();
    let mut at = match arguments.since.map(|bound| bound.resolve(now)) {
        None => 1,
        Some(Resolved::Sequence(sequence)) => sequence.max(1),
        Some(Resolved::Time(time)) => first_from(&reader, time, end).await?,
    };
    let last = match arguments.until.map(|bound| bound.resolve(now)) {
        None => end,
        Some(Resolved::Sequence(sequence)) => sequence.min(end),
        Some(Resolved::Time(time)) => {
            first_from(&reader, Timestamp(time.0.saturating_add(1)), end).await? - 1
        }
    };
    let filter = Filter::of(arguments.conversation.clone());
    while at <= last {
        let left = usize::try_from(last - at + 1).unwrap_or(usize::MAX);
        let events = reader.read(at, left.min(limits::READ_BATCH_MAX)).await?;
        for stored in &events {
            show_one(stored, reader.id(), &filter, arguments.json)?;
            at = stored.sequence + 1;
        }
    }
    Ok(())
}

/// The first sequence whose event is not before a time: time never runs backwards in a log.
async fn first_from(reader: &Reader, time: Timestamp, end: u64) -> Result<u64> {
    let (mut low, mut high) = (1, end + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let read = reader.read_recorded(middle, 1).await?;
        let event = read.first().context("the log ends before its end")?;
        if event.envelope.time < time {
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
            let suffix = format!(".{:02x}", bucket(&one.to_string()));
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

fn show_one(stored: &StoredEvent, log: LogId, filter: &Filter, json: bool) -> Result<()> {
    if !filter.may_pass(&stored.event.subject) {
        return Ok(());
    }
    let recorded = decode(stored.sequence, &stored.event)
        .with_context(|| format!("event {} does not read: run the audit", stored.sequence))?;
    if let Some((wanted, _)) = &filter.conversation {
        let about = recorded.event.as_ref().and_then(render::conversation_of);
        if about.as_ref() != Some(wanted) {
            return Ok(());
        }
    }
    if json {
        let position = Position::new(log.partition, stored.sequence);
        let event = CloudEvent::new(&stored.event, position)
            .with_context(|| format!("the body of event {position} does not read"))?;
        term::json(&event)
    } else {
        Ok(term::line(render::line(stored, &recorded))?)
    }
}
