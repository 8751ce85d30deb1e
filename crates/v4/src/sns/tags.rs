//! What is kept about a friend, as tags and values.

use hansard_directory::FriendRow;
use hansard_types::profile::FRIEND_CUSTOM_PREFIX;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

pub(super) const GROUP: &str = "Tag_SNS_IM_Group";
pub(super) const REMARK: &str = "Tag_SNS_IM_Remark";
const SOURCE: &str = "Tag_SNS_IM_AddSource";
const WORDING: &str = "Tag_SNS_IM_AddWording";
const TIME: &str = "Tag_SNS_IM_AddTime";
/// All but custom ones.
const STANDARD: [&str; 5] = [SOURCE, REMARK, GROUP, WORDING, TIME];

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagValue {
    pub(super) tag: String,
    /// A string, a number (times, Unix seconds) or a list of strings (friend groups).
    pub(super) value: Value,
}

/// Whether there is such a tag; custom ones are known by who declares them.
pub(super) fn is_standard(tag: &str) -> bool {
    STANDARD.contains(&tag)
}

/// The value of a tag; `None` when nothing is kept under it.
pub(super) fn value_of(friend: &FriendRow, tag: &str) -> Option<Value> {
    let details = &friend.details;
    let text = |text: &String| (!text.is_empty()).then(|| json!(text));
    match tag {
        SOURCE => text(&details.source),
        REMARK => text(&details.remark),
        WORDING => text(&details.wording),
        GROUP => (!details.groups.is_empty()).then(|| json!(details.groups)),
        TIME => Some(json!(friend.added_at.seconds())),
        tag => {
            let name = tag.strip_prefix(FRIEND_CUSTOM_PREFIX)?;
            details.custom.get(name).map(|value| json!(value))
        }
    }
}

/// Everything that is kept, but custom fields.
pub(super) fn standard(friend: &FriendRow) -> impl Iterator<Item = TagValue> {
    STANDARD.iter().filter_map(|tag| {
        value_of(friend, tag).map(|value| TagValue {
            tag: (*tag).to_owned(),
            value,
        })
    })
}

/// Custom fields that are set.
pub(super) fn custom(friend: &FriendRow) -> impl Iterator<Item = TagValue> {
    friend.details.custom.iter().map(|(name, value)| TagValue {
        tag: format!("{FRIEND_CUSTOM_PREFIX}{name}"),
        value: json!(value),
    })
}
