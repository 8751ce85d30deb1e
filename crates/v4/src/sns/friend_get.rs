//! `sns/friend_get`: pages of an account's friends, with what is kept about them. What has not
//! changed since the sequences that the caller begins with is left out. A pager sends back the
//! sequences of the page before, which are those of now: they leave nothing of a later page out.

use hansard_types::UserId;
use hansard_types::limits::FRIENDS_PAGE_MAX;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::sns::batch::FROM;
use crate::sns::tags::{self, TagValue};
use crate::typed::Field;

pub(crate) struct FriendGet;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FriendGetRequest {
    #[serde(rename = "From_Account")]
    from_account: UserId,
    /// 0 for the first page, then `NextStartIndex`.
    #[serde(default)]
    start_index: usize,
    /// Of an earlier answer; looked at for the first page only.
    standard_sequence: Option<u64>,
    /// Of an earlier answer; looked at for the first page only.
    custom_sequence: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FriendGetResponse {
    /// At most 100.
    user_data_item: Vec<UserData>,
    standard_sequence: u64,
    custom_sequence: u64,
    /// All of them.
    friend_num: u32,
    /// 1 on the last page, else 0.
    complete_flag: u8,
    next_start_index: usize,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct UserData {
    #[serde(rename = "To_Account")]
    to_account: String,
    value_item: Vec<TagValue>,
}

impl Operation for FriendGet {
    const SUMMARY: &'static str = "Lists an account's friends";
    const FIELDS: &'static [Field] = &[FROM];
    type Request = FriendGetRequest;
    type Response = FriendGetResponse;

    async fn call(
        call: &Call<'_>,
        request: FriendGetRequest,
    ) -> Result<Answered<FriendGetResponse>, Failure> {
        let FriendGetRequest {
            from_account: user,
            start_index,
            standard_sequence,
            custom_sequence,
        } = request;
        call.there_must_be(&user)?;
        let is_first = start_index == 0;
        let known = |sequence: Option<u64>, now| {
            is_first && sequence.is_some_and(|seen| seen != 0 && seen == now)
        };
        let read = call.read(|reads| {
            let directory = reads.directory();
            let lists = directory.lists(&user).map_err(Failure::broken)?;
            let no_standard = known(standard_sequence, lists.standard_sequence);
            let no_custom = known(custom_sequence, lists.custom_sequence);
            let rows = if no_standard && (no_custom || lists.custom_sequence == 0) {
                Vec::new()
            } else {
                directory
                    .friends(&user, start_index, FRIENDS_PAGE_MAX)
                    .map_err(Failure::broken)?
            };
            Ok((lists, no_standard, no_custom, rows))
        });
        let (lists, no_standard, no_custom, rows) = read.await?;
        let end = start_index.saturating_add(rows.len());
        let is_last =
            rows.is_empty() || end >= usize::try_from(lists.friends).unwrap_or(usize::MAX);
        let item = rows.into_iter().map(|(account, friend)| {
            let mut value_item = Vec::new();
            if !no_standard {
                value_item.extend(tags::standard(&friend));
            }
            if !no_custom {
                value_item.extend(tags::custom(&friend));
            }
            UserData {
                to_account: account.as_str().to_owned(),
                value_item,
            }
        });
        Ok(Answered::read(FriendGetResponse {
            user_data_item: item.collect(),
            standard_sequence: lists.standard_sequence,
            custom_sequence: lists.custom_sequence,
            friend_num: lists.friends,
            complete_flag: u8::from(is_last),
            next_start_index: end,
        }))
    }
}
