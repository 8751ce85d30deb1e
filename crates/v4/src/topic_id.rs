//! Topics' ids in the server API: the GroupId, `@TOPIC#_`, and the topic's own part.

use hansard_types::{GroupId, TopicId};

use crate::endpoint::{Call, Failure};

const MARK: &str = "@TOPIC#_";

/// As answers name it.
pub(crate) fn written(group: &GroupId, topic: &TopicId) -> String {
    format!("{group}{MARK}{topic}")
}

/// Reads a topic of a group back; `None`: it is none.
pub(crate) fn read(group: &GroupId, text: &str) -> Option<TopicId> {
    let part = text.strip_prefix(group.as_str())?.strip_prefix(MARK)?;
    TopicId::new(part).ok()
}

/// Where a request that may name a topic is about: absent or empty, the group itself.
pub(crate) fn of_request(
    call: &Call<'_>,
    group: &GroupId,
    text: Option<&str>,
) -> Result<Option<TopicId>, Failure> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let wrong = || {
        let info = "TopicId is the GroupId, @TOPIC#_ and 1 to 48 printable characters";
        call.parameter(info)
    };
    read(group, text).map(Some).ok_or_else(wrong)
}
