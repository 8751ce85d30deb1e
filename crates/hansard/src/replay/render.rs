//! How an event is shown: a line for people, or a CloudEvent in JSON.

use std::fmt::Write as _;

use hansard_events::message::Element;
use hansard_events::{
    AccountEvent, AppEvent, ConversationEvent, Event, GroupEvent, LiveEvent, MessageEvent,
    Recorded, RelationEvent, header,
};
use hansard_log::StoredEvent;
use hansard_types::{ConversationId, GroupId, Position, Seq, Timestamp, TopicId, UserId};

/// Characters of what was said on a line for people.
const TEXT_CHARS_MAX: usize = 80;

/// The conversation that an event is about; `None` for accounts and apps.
pub(crate) fn conversation_of(event: &Event) -> Option<ConversationId> {
    let group = |id: &GroupId| Some(ConversationId::Group(id.clone()));
    let topic = |id: &GroupId, topic: &TopicId| Some(ConversationId::in_group(id, Some(topic)));
    match event {
        Event::Message(MessageEvent::Sent(event)) => Some(event.conversation.clone()),
        Event::Message(MessageEvent::Edited(event)) => Some(event.conversation.clone()),
        Event::Message(MessageEvent::Recalled(event)) => Some(event.conversation.clone()),
        Event::Message(MessageEvent::ExtensionsChanged(event)) => Some(event.conversation.clone()),
        Event::Conversation(ConversationEvent::Read(event)) => Some(event.conversation.clone()),
        Event::Conversation(ConversationEvent::UnreadSet(event)) => {
            Some(event.conversation.clone())
        }
        Event::Conversation(ConversationEvent::Cleared(event)) => Some(event.conversation.clone()),
        Event::Conversation(ConversationEvent::ReceiptsSent(event)) => {
            Some(event.conversation.clone())
        }
        Event::Group(GroupEvent::Created(event)) => group(&event.group_id),
        Event::Group(GroupEvent::MembersAdded(event)) => group(&event.group_id),
        Event::Group(GroupEvent::MembersRemoved(event)) => group(&event.group_id),
        Event::Group(GroupEvent::ProfileChanged(event)) => group(&event.group_id),
        Event::Group(GroupEvent::Dissolved(event)) => group(&event.group_id),
        Event::Group(GroupEvent::MemberChanged(event)) => group(&event.group_id),
        Event::Group(GroupEvent::MembersMuted(event)) => group(&event.group_id),
        Event::Group(GroupEvent::OwnerChanged(event)) => group(&event.group_id),
        Event::Group(GroupEvent::RoomAdminsChanged(event)) => group(&event.group_id),
        Event::Group(GroupEvent::JoinRequested(event)) => group(&event.group_id),
        Event::Group(GroupEvent::JoinRefused(event)) => group(&event.group_id),
        Event::Group(GroupEvent::MembersBanned(event)) => group(&event.group_id),
        Event::Group(GroupEvent::MembersUnbanned(event)) => group(&event.group_id),
        Event::Group(GroupEvent::MembersImported(event)) => group(&event.group_id),
        Event::Group(GroupEvent::AttributesChanged(event)) => group(&event.group_id),
        Event::Group(GroupEvent::CountersChanged(event)) => group(&event.group_id),
        Event::Group(GroupEvent::TopicCreated(event)) => topic(&event.group_id, &event.topic_id),
        Event::Group(GroupEvent::TopicChanged(event)) => topic(&event.group_id, &event.topic_id),
        Event::Group(GroupEvent::MembersMarked(event)) => group(&event.group_id),
        Event::Group(GroupEvent::TopicsDestroyed(event)) => group(&event.group_id),
        Event::Group(GroupEvent::TopicMembersMuted(event)) => {
            topic(&event.group_id, &event.topic_id)
        }
        Event::Live(LiveEvent::Entered(event)) => group(&event.group_id),
        Event::Live(LiveEvent::Left(event)) => group(&event.group_id),
        Event::Account(_) | Event::Relation(_) | Event::App(_) => None,
    }
}

/// `position  time  type  conversation  actor  short text`.
pub(crate) fn line(stored: &StoredEvent, recorded: &Recorded) -> String {
    let envelope = &recorded.envelope;
    let position = Position::new(envelope.log.partition, recorded.sequence);
    let time = stored.event.header(header::TIME).unwrap_or("-");
    let conversation = recorded.event.as_ref().and_then(conversation_of);
    let conversation = conversation.map_or_else(|| "-".to_owned(), |one| one.to_string());
    let (actor, text) = match &recorded.event {
        Some(event) => (actor(event, &envelope.provenance.actor), summary(event)),
        None => {
            let version = envelope.version;
            let text = if recorded.erased {
                "(its content was erased)".to_owned()
            } else {
                format!("(version {version} is not known to this release)")
            };
            (envelope.provenance.actor.clone(), text)
        }
    };
    format!(
        "{position}  {time}  {}  {conversation}  {}  {}",
        plain(&envelope.name, usize::MAX),
        plain(&actor, usize::MAX),
        plain(&text, usize::MAX)
    )
}

/// Who it is about, rather than the administrator who called.
fn actor(event: &Event, caller: &str) -> String {
    match event {
        Event::Message(MessageEvent::Sent(event)) => event.sender.to_string(),
        Event::Message(MessageEvent::Edited(event)) => event.edited_by.to_string(),
        Event::Message(MessageEvent::Recalled(event)) => event.recalled_by.to_string(),
        Event::Message(MessageEvent::ExtensionsChanged(event)) => event.changed_by.to_string(),
        Event::Conversation(ConversationEvent::Read(event)) => event.reader.to_string(),
        Event::Conversation(ConversationEvent::UnreadSet(event)) => event.reader.to_string(),
        Event::Conversation(ConversationEvent::ReceiptsSent(event)) => event.reader.to_string(),
        Event::Live(LiveEvent::Entered(event)) => event.user_id.to_string(),
        Event::Account(_)
        | Event::Live(LiveEvent::Left(_))
        | Event::Conversation(ConversationEvent::Cleared(_))
        | Event::Relation(_)
        | Event::Group(_)
        | Event::App(_) => caller.to_owned(),
    }
}

fn summary(event: &Event) -> String {
    match event {
        Event::Message(MessageEvent::Sent(event)) => {
            format!("#{} {}", event.seq, text_of(&event.elements))
        }
        Event::Message(MessageEvent::Edited(event)) => {
            format!("#{} says now {}", event.seq, text_of(&event.elements))
        }
        Event::Conversation(ConversationEvent::ReceiptsSent(event)) => {
            format!("confirmed {}", numbers(&event.seqs))
        }
        Event::Message(MessageEvent::ExtensionsChanged(event)) => keys(
            &format!("#{} keeps", event.seq),
            event.changed.iter().map(|one| &one.key),
        ),
        Event::Message(MessageEvent::Recalled(event)) => {
            let reason = event
                .reason
                .as_deref()
                .map_or(String::new(), |text| format!(": {text}"));
            format!("recalled {}{reason}", numbers(&event.seqs))
        }
        Event::Conversation(ConversationEvent::UnreadSet(event)) => {
            format!("{} has read up to {} as set", event.reader, event.read_seq)
        }
        Event::Conversation(ConversationEvent::Cleared(event)) => {
            format!("cleared up to {}", event.up_to)
        }
        Event::Conversation(ConversationEvent::Read(event)) => {
            format!("read up to #{}", event.up_to)
        }
        Event::Live(LiveEvent::Entered(event)) => {
            format!("is there until {}", event.until.seconds())
        }
        Event::Live(LiveEvent::Left(event)) => {
            let how = if event.lapsed { " (in silence)" } else { "" };
            format!("{} left{how}", accounts(&event.accounts))
        }
        Event::Account(event) => account_summary(event),
        Event::Relation(event) => relation_summary(event),
        Event::Group(event) => group_summary(event),
        Event::App(AppEvent::Created(event)) => format!("app {}", event.app_id),
        Event::App(AppEvent::SettingsChanged(event)) => format!("app {}", event.app_id),
    }
}

fn account_summary(event: &AccountEvent) -> String {
    match event {
        AccountEvent::Imported(event) => {
            let nick = event
                .nick
                .as_deref()
                .map_or(String::new(), |nick| format!(" ({nick})"));
            format!("{}{nick}", event.user_id)
        }
        AccountEvent::Deleted(event) => event.user_id.to_string(),
        AccountEvent::Forgotten(event) => {
            let users = event
                .accounts
                .iter()
                .map(|account| account.user_id.as_str());
            users.collect::<Vec<_>>().join(", ")
        }
        AccountEvent::SignaturesRevoked(event) => {
            let up_to = event.issued_up_to_seconds;
            format!("{} (issued up to {up_to})", event.user_id)
        }
        AccountEvent::Muted(event) => {
            let until = |(name, until): (&str, Timestamp)| match until {
                Timestamp(0) => format!(" {name}: may speak"),
                Timestamp::FOREVER => format!(" {name}: for good"),
                Timestamp(ms) => format!(" {name}: until {ms}"),
            };
            let changed: String = event.changed().map(until).collect();
            format!("{}{changed}", event.user_id)
        }
        AccountEvent::ProfileChanged(event) => {
            let tags: Vec<&str> = event.fields.keys().map(String::as_str).collect();
            format!("{} {}", event.user_id, tags.join(" "))
        }
    }
}

fn relation_summary(event: &RelationEvent) -> String {
    let both = |both: bool| if both { "<->" } else { "->" };
    match event {
        RelationEvent::Requested(event) => {
            format!("{} {} {}?", event.from, both(event.both), event.to)
        }
        RelationEvent::RequestRefused(event) => format!("{} refuses {}", event.by, event.from),
        RelationEvent::Befriended(event) => {
            format!("{} {} {}", event.from, both(event.both), event.to)
        }
        RelationEvent::Unfriended(event) => {
            format!("{} {} {} no more", event.from, both(event.both), event.to)
        }
        RelationEvent::FriendsCleared(event) => event.user.to_string(),
        RelationEvent::FriendChanged(event) => format!("{} of {}", event.from, event.to),
        RelationEvent::Blocked(event) => format!("{} blocks {}", event.user, event.blocked),
        RelationEvent::Unblocked(event) => format!("{} unblocks {}", event.user, event.blocked),
        RelationEvent::GroupsAdded(event) => {
            format!("{}: {}", event.user, event.groups.join(", "))
        }
        RelationEvent::GroupsDeleted(event) => {
            format!("{}: {}", event.user, event.groups.join(", "))
        }
        RelationEvent::GroupRenamed(event) => {
            format!("{}: {} is {}", event.user, event.group, event.name)
        }
        RelationEvent::GroupLeft(event) => {
            format!(
                "{}: {} - {}",
                event.user,
                event.group,
                accounts(&event.friends)
            )
        }
    }
}

/// `#3 #7`.
fn numbers(seqs: &[Seq]) -> String {
    let seqs: Vec<String> = seqs.iter().map(|seq| format!("#{seq}")).collect();
    seqs.join(" ")
}

fn group_summary(event: &GroupEvent) -> String {
    match event {
        GroupEvent::Created(event) => {
            let (kind, members) = (event.group_type.wire_name(), event.members.len());
            format!("{} ({kind}, {members} members)", event.name)
        }
        GroupEvent::MembersAdded(event) => format!("+ {}", accounts(&event.accounts)),
        GroupEvent::MembersRemoved(event) => format!("- {}", accounts(&event.accounts)),
        GroupEvent::ProfileChanged(event) => event
            .change
            .name
            .as_deref()
            .map_or_else(|| "profile".to_owned(), |name| format!("name {name}")),
        GroupEvent::Dissolved(_) => "dissolved".to_owned(),
        GroupEvent::MemberChanged(event) => match event.change.role {
            Some(role) => format!("{} is {role}", event.user_id),
            None => format!("{} is kept differently", event.user_id),
        },
        GroupEvent::MembersMuted(event) => {
            let accounts = accounts(&event.accounts);
            format!("{accounts} {}", muted_until(event.until))
        }
        GroupEvent::TopicMembersMuted(event) => {
            let (accounts, topic) = (accounts(&event.accounts), &event.topic_id);
            format!("{accounts} {} in topic {topic}", muted_until(event.until))
        }
        GroupEvent::MembersMarked(event) => {
            let what = if event.are_set { "marked" } else { "unmarked" };
            let users = event.members.iter().map(|one| &one.user_id);
            format!("{} {what}", accounts_of(users))
        }
        GroupEvent::TopicCreated(event) => {
            format!("topic {} {}", event.topic_id, event.profile.name)
        }
        GroupEvent::TopicChanged(event) => format!("topic {} changed", event.topic_id),
        GroupEvent::TopicsDestroyed(event) => {
            let topics: Vec<&str> = event.topics.iter().map(TopicId::as_str).collect();
            format!("- topics {}", topics.join(" "))
        }
        GroupEvent::RoomAdminsChanged(event) => {
            let what = if event.are_admins { "now" } else { "no longer" };
            format!("{} {what} administrators", accounts(&event.accounts))
        }
        GroupEvent::OwnerChanged(event) => format!("{} is the owner", event.owner),
        GroupEvent::JoinRequested(event) => match &event.invited_by {
            Some(by) => format!("{by} invites {}", accounts(&event.accounts)),
            None => format!("{} asks to join", accounts(&event.accounts)),
        },
        GroupEvent::JoinRefused(event) => format!("{} is not let in", event.user_id),
        GroupEvent::MembersBanned(event) => {
            format!(
                "{} banned until {}",
                accounts(&event.accounts),
                event.until.0
            )
        }
        GroupEvent::MembersUnbanned(event) => {
            format!("{} may come in again", accounts(&event.accounts))
        }
        GroupEvent::MembersImported(event) => {
            let users = event.members.iter().map(|one| &one.user_id);
            format!("+ {} (imported)", accounts_of(users))
        }
        GroupEvent::AttributesChanged(event) => {
            keys("attributes", event.set.keys().chain(&event.removed))
        }
        GroupEvent::CountersChanged(event) => {
            keys("counters", event.values.keys().chain(&event.removed))
        }
    }
}

fn keys<'a>(what: &str, keys: impl Iterator<Item = &'a String>) -> String {
    let keys: Vec<&str> = keys.map(String::as_str).collect();
    format!("{what} {}", keys.join(" "))
}

fn muted_until(until: Timestamp) -> String {
    match until {
        Timestamp(0) => "may speak".to_owned(),
        Timestamp::FOREVER => "muted for good".to_owned(),
        Timestamp(ms) => format!("muted until {ms}"),
    }
}

fn accounts_of<'a>(users: impl Iterator<Item = &'a UserId>) -> String {
    accounts(&users.cloned().collect::<Vec<_>>())
}

fn accounts(accounts: &[UserId]) -> String {
    const SHOWN_MAX: usize = 5;
    let mut text = String::new();
    for account in accounts.iter().take(SHOWN_MAX) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(account.as_str());
    }
    if accounts.len() > SHOWN_MAX {
        // Writing to a String cannot fail.
        let _infallible = write!(text, " and {} more", accounts.len() - SHOWN_MAX);
    }
    text
}

fn text_of(elements: &[Element]) -> String {
    let mut text = String::new();
    for element in elements {
        if !text.is_empty() {
            text.push(' ');
        }
        match element {
            Element::Text {
                text: said,
                extra: _,
            } => text.push_str(&plain(said, TEXT_CHARS_MAX)),
            Element::Face { .. }
            | Element::Custom { .. }
            | Element::Location(_)
            | Element::Sound(_)
            | Element::Image(_)
            | Element::File(_)
            | Element::Video(_)
            | Element::Merged(_) => {
                // Writing to a String cannot fail.
                let _infallible = write!(text, "[{}]", element.kind());
            }
        }
    }
    plain(&text, TEXT_CHARS_MAX)
}

/// Text that cannot do anything to a terminal: no control characters, none that turn the
/// direction of writing, and no more than so many.
fn plain(text: &str, chars_max: usize) -> String {
    // Most of a log is ids and English.
    if text.len() <= chars_max && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    for (count, one) in text.chars().enumerate() {
        if count == chars_max {
            shown.push('…');
            break;
        }
        let turns = matches!(one, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        shown.push(if one.is_control() || turns { ' ' } else { one });
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_speak_to_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\nc\u{202e}d", 100), "a [2Jb c d");
        assert_eq!(plain("회의는 3시", 3), "회의는…");
        assert_eq!(plain("회의는", 3), "회의는");
    }
}
