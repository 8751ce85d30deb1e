//! Topics' ids in the server API: the GroupId, `@TOPIC#_`, and the topic's own part.

use hansard_types::{ConversationId, GroupId, TopicId};

use crate::endpoint::{Call, Failure};

const MARK: &str = "@TOPIC#_";

/// As answers name it.
pub(crate) fn written(group: &GroupId, topic: &TopicId) -> String {
    format!("{group}{MARK}{topic}")
}

/// Reads a topic of a group back; `None`: it is none.
fn read(group: &GroupId, text: &str) -> Option<TopicId> {
    let part = text.strip_prefix(group.as_str())?.strip_prefix(MARK)?;
    TopicId::new(part).ok()
}

/// A topic that a request names.
pub(crate) fn must_be(call: &Call<'_>, group: &GroupId, text: &str) -> Result<TopicId, Failure> {
    let info = "TopicId is the GroupId, @TOPIC#_ and 1 to 48 printable characters";
    read(group, text).ok_or_else(|| call.parameter(info))
}

/// The topic that a request may name: absent or empty, it is about the group itself.
pub(crate) fn of_request(
    call: &Call<'_>,
    group: &GroupId,
    text: Option<&str>,
) -> Result<Option<TopicId>, Failure> {
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| must_be(call, group, text)).transpose()
}

/// Where in a group a request that may name a topic is about.
pub(crate) fn place(
    call: &Call<'_>,
    group: &GroupId,
    text: Option<&str>,
) -> Result<ConversationId, Failure> {
    let topic = of_request(call, group, text)?;
    Ok(ConversationId::in_group(group, topic.as_ref()))
}
