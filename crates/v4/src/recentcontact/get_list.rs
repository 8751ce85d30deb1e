//! `recentcontact/get_list`: an account's conversations, the latest first.
//!
//! A page ends at (`TimeStamp`, `StartIndex`): the second of its last conversation, and how many
//! of that second have been returned. A group's entry is made from the group when it is read, so
//! a message to a group of any size is one write: a page costs about its own length, and four rows
//! for each group that the account is in.

use std::cmp::Reverse;

use hansard_conversations::Contact;
use hansard_types::limits::{
    JOINED_GROUPS_READ_MAX, RECENT_CONTACTS_PAGE_MAX, RECENT_CONTACTS_SKIPPED_MAX,
};
use hansard_types::{ConversationId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Answered, Call, Failure, Operation, Reading};
use crate::typed::AtMost;

/// `AssistFlags`: conversations without a message are listed too.
const EMPTY_CONVERSATIONS: u64 = 1 << 1;

pub(crate) struct GetList;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetListRequest {
    #[serde(rename = "From_Account")]
    from_account: UserId,
    /// 0 for the first page, then what the page before returned, as the three below.
    time_stamp: u64,
    start_index: AtMost<RECENT_CONTACTS_SKIPPED_MAX>,
    #[expect(dead_code, reason = "nothing can be pinned yet")]
    top_time_stamp: u64,
    #[expect(dead_code, reason = "nothing can be pinned yet")]
    top_start_index: u64,
    /// Bit 1: conversations without a message are listed too. Nothing can be pinned yet.
    assist_flags: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetListResponse {
    /// At most 100.
    session_item: Vec<SessionItem>,
    /// 1 on the last page, else 0.
    complete_flag: u8,
    time_stamp: u64,
    start_index: u64,
    top_time_stamp: u64,
    top_start_index: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct SessionItem {
    /// 1 one-to-one, 2 group.
    #[serde(rename = "Type")]
    kind: u8,
    #[serde(rename = "To_Account", skip_serializing_if = "Option::is_none")]
    to_account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<String>,
    /// Unix seconds.
    msg_time: u64,
    top_flag: u8,
}

impl Operation for GetList {
    const SUMMARY: &'static str = "Lists an account's conversations, the latest first";
    type Request = GetListRequest;
    type Response = GetListResponse;

    async fn call(
        call: &Call<'_>,
        request: GetListRequest,
    ) -> Result<Answered<GetListResponse>, Failure> {
        let GetListRequest {
            from_account: user,
            time_stamp: time,
            start_index: AtMost(skip),
            top_time_stamp: _,
            top_start_index: _,
            assist_flags,
        } = request;
        let skip = u64::try_from(skip).unwrap_or(u64::MAX);
        let with_empty = assist_flags & EMPTY_CONVERSATIONS != 0;
        call.there_must_be(&user)?;
        let page = call.read(|reads| {
            let sessions = sessions(reads, &user, (time, skip), with_empty)?;
            Ok(page(sessions, time, skip))
        });
        page.await.map(Answered::read)
    }
}

/// An account's conversations, the latest first: all groups, and of the one-to-one conversations
/// as many as can be on the page that begins after (`time`, `skip`), and one more.
fn sessions(
    call: &Reading<'_>,
    user: &UserId,
    (time, skip): (u64, u64),
    with_empty: bool,
) -> Result<Vec<SessionItem>, Failure> {
    let skipped = usize::try_from(skip).unwrap_or(usize::MAX);
    let contacts_max = skipped.saturating_add(RECENT_CONTACTS_PAGE_MAX + 1);
    let from = (time > 0 || skip > 0).then_some(time);
    let contacts = call.everywhere().contacts(user, from, contacts_max);
    let mut items = Vec::new();
    for contact in contacts.map_err(Failure::broken)? {
        let Contact {
            peer,
            shown_seconds,
        } = contact;
        // They come last.
        if shown_seconds == 0 {
            break;
        }
        items.push(SessionItem {
            kind: 1,
            to_account: Some(peer.as_str().to_owned()),
            group_id: None,
            msg_time: shown_seconds,
            top_flag: 0,
        });
    }
    let joined = call.everywhere().joined(user, JOINED_GROUPS_READ_MAX);
    for joined in joined.map_err(Failure::broken)? {
        let group_id = joined.group_id.as_str().to_owned();
        let conversation = ConversationId::Group(joined.group_id);
        let head = call.conversations_with(&conversation).head(&conversation);
        let head = head.map_err(Failure::broken)?;
        let is_empty = head.last_shown_seq.0 == 0;
        if is_empty && !with_empty {
            continue;
        }
        let time = if is_empty {
            joined.member.joined_at
        } else {
            head.last_shown_at
        };
        items.push(SessionItem {
            kind: 2,
            to_account: None,
            group_id: Some(group_id),
            msg_time: time.seconds(),
            top_flag: 0,
        });
    }
    // Total, so that pages fit together: the same account or group is there once.
    items.sort_by(|one, other| {
        let key = |item: &SessionItem| {
            (
                Reverse(item.msg_time),
                item.kind,
                item.to_account.clone(),
                item.group_id.clone(),
            )
        };
        key(one).cmp(&key(other))
    });
    Ok(items)
}

/// The page that begins after `skip` conversations of the second `time`; at the top when both
/// are 0.
fn page(sessions: Vec<SessionItem>, time: u64, skip: u64) -> GetListResponse {
    let is_first = time == 0 && skip == 0;
    let mut of_second = 0;
    let mut left = sessions.into_iter().filter(|item| {
        if is_first || item.msg_time < time {
            return true;
        }
        if item.msg_time > time {
            return false;
        }
        of_second += 1;
        of_second > skip
    });
    let mut session_item = Vec::new();
    while session_item.len() < RECENT_CONTACTS_PAGE_MAX {
        match left.next() {
            Some(item) => session_item.push(item),
            None => break,
        }
    }
    let complete = left.next().is_none();
    let last_time = session_item.last().map_or(time, |item| item.msg_time);
    let here = session_item
        .iter()
        .filter(|item| item.msg_time == last_time)
        .count();
    let before = if last_time == time { skip } else { 0 };
    GetListResponse {
        complete_flag: u8::from(complete),
        time_stamp: last_time,
        start_index: before + u64::try_from(here).unwrap_or(u64::MAX),
        top_time_stamp: 0,
        top_start_index: 0,
        session_item,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{TestApi, text};

    const PATH: &str = "recentcontact/get_list";

    fn ask(flags: u64) -> Value {
        json!({
            "From_Account": "bob", "TimeStamp": 0, "StartIndex": 0, "TopTimeStamp": 0,
            "TopStartIndex": 0, "AssistFlags": flags,
        })
    }

    #[tokio::test]
    async fn one_to_one_and_groups_are_merged_by_their_last_message() {
        let api = TestApi::start().await;
        for (from, random, time) in [("alice", 1, 1_793_999_000_u64), ("carol", 2, 1_793_000_000)] {
            let body = json!({
                "From_Account": from, "To_Account": "bob", "MsgRandom": random,
                "MsgTimeStamp": time, "MsgBody": [text("hi")],
            });
            api.v4_ok("openim/sendmsg", body).await;
        }
        api.create_group("team", &["bob"]).await;
        api.create_group("quiet", &["bob"]).await;
        let body = json!({ "GroupId": "team", "From_Account": "alice", "Random": 3,
            "MsgBody": [text("hi all")] });
        api.v4_ok("group_open_http_svc/send_group_msg", body).await;
        let list = api.v4_ok(PATH, ask(0)).await;
        let names: Vec<&str> = list["SessionItem"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|item| item["To_Account"].as_str().or(item["GroupId"].as_str()))
            .collect();
        assert_eq!(names, ["team", "alice", "carol"]);
        assert_eq!(list["CompleteFlag"], 1);
        assert_eq!(list["ErrorDisplay"], "");
        let all = api.v4_ok(PATH, ask(2)).await;
        assert_eq!(
            all["SessionItem"].as_array().map(Vec::len),
            Some(4),
            "with the quiet one"
        );
    }

    #[test]
    fn pages_fit_together_also_within_one_second() {
        let item = |number: u64, msg_time: u64| SessionItem {
            kind: 1,
            to_account: Some(format!("{number:04}")),
            group_id: None,
            msg_time,
            top_flag: 0,
        };
        let sessions = || {
            (0..350)
                .map(|number| item(number, 1000 - number / 150))
                .collect()
        };
        let (mut time, mut skip) = (0, 0);
        let mut seen = Vec::new();
        loop {
            let page = page(sessions(), time, skip);
            (time, skip) = (page.time_stamp, page.start_index);
            assert!(page.session_item.len() <= 100, "at most 100 on a page");
            seen.extend(
                page.session_item
                    .into_iter()
                    .filter_map(|item| item.to_account),
            );
            if page.complete_flag == 1 {
                break;
            }
        }
        let expected: Vec<String> = (0..350).map(|number| format!("{number:04}")).collect();
        assert_eq!(seen, expected);
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        let with = |name: &str, value: Value| {
            let mut body = ask(0);
            body[name] = value;
            body
        };
        let cases = [
            (with("From_Account", json!("nobody")), 50001),
            (with("From_Account", json!("")), 50002),
            (with("From_Account", json!(7)), 60015),
            (with("TimeStamp", json!(null)), 50002),
            (with("StartIndex", json!("0")), 50002),
            (with("StartIndex", json!(10_001)), 50002),
            (with("AssistFlags", json!(null)), 50002),
            (json!([]), 50002),
        ];
        api.refuses(PATH, cases).await;
    }
}
