//! Which events a reader wants.

use std::borrow::Cow;

use hansard_desk::Committed;
use hansard_events::{CloudEvent, CodecError, bucket, header, json_of_body};
use hansard_types::{ConversationId, Position};
use serde_json::Value;

use crate::{Problem, reading};

/// Names of types in one filter.
const TYPES_MAX: usize = 32;

/// By type and by conversation; both must hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct EventFilter {
    types: Vec<String>,
    conversation: Option<Wanted>,
}

#[derive(Debug, Clone)]
struct Wanted {
    conversation: ConversationId,
    written: String,
    /// The last part of the subjects of its events.
    bucket: String,
}

impl EventFilter {
    /// `types` is a list with commas; an entry that ends in `.` or `.*` is a whole family.
    pub(crate) fn new(types: Option<&str>, conversation: Option<&str>) -> Result<Self, Problem> {
        let names = types.unwrap_or_default().split(',').map(str::trim);
        let types: Vec<String> = names
            .filter(|name| !name.is_empty())
            .map(|name| name.strip_suffix('*').unwrap_or(name).to_owned())
            .collect();
        if types.len() > TYPES_MAX {
            return Err(Problem::invalid(format!(
                "type names at most {TYPES_MAX} types"
            )));
        }
        let conversation = conversation.map(wanted).transpose()?;
        Ok(Self {
            types,
            conversation,
        })
    }

    /// The event's line, or `None` when it is not wanted.
    pub(crate) fn line<'a>(
        &self,
        position: Position,
        stored: &'a Committed,
    ) -> Result<Option<Cow<'a, str>>, CodecError> {
        let kind = stored.event.header(header::TYPE).unwrap_or_default();
        let by_type = self.types.is_empty()
            || self.types.iter().any(|wanted| {
                kind == wanted || (wanted.ends_with('.') && kind.starts_with(wanted.as_str()))
            });
        if !by_type {
            return Ok(None);
        }
        let Some(wanted) = &self.conversation else {
            return Ok(Some(stored.line(position)?.into()));
        };
        // Most events are passed over without reading their body.
        if stored.event.subject().rsplit('.').next() != Some(wanted.bucket.as_str()) {
            return Ok(None);
        }
        // What an erased event was about is in the event that records its erasure.
        if stored.event.is_erased() {
            return Ok(None);
        }
        let data = json_of_body(stored.event.body())?;
        let line = || CloudEvent::with_data(&stored.event, position, data.clone()).to_line();
        Ok(wanted.is_about(&data).then(line).map(Cow::Owned))
    }
}

fn wanted(text: &str) -> Result<Wanted, Problem> {
    let conversation = reading::conversation(text)?;
    let written = conversation.to_string();
    let bucket = format!("{:02x}", bucket(&conversation.spread_key()));
    Ok(Wanted {
        conversation,
        written,
        bucket,
    })
}

impl Wanted {
    fn is_about(&self, data: &Value) -> bool {
        if let Some(conversation) = data.get("conversation").and_then(Value::as_str) {
            return conversation == self.written;
        }
        match (
            &self.conversation,
            data.get("group_id").and_then(Value::as_str),
        ) {
            (ConversationId::Group(group), Some(id)) => group.as_str() == id,
            (ConversationId::Topic(group, topic), Some(id)) => {
                let is_it = |value: &Value| value.as_str() == Some(topic.as_str());
                let topics = data.get("topics").and_then(Value::as_array);
                group.as_str() == id
                    && (data.get("topic_id").is_some_and(is_it)
                        || topics.is_some_and(|topics| topics.iter().any(is_it)))
            }
            (ConversationId::Group(_) | ConversationId::Topic(..) | ConversationId::C2c(..), _) => {
                false
            }
        }
    }
}
