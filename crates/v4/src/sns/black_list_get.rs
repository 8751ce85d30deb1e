//! `sns/black_list_get`: pages of the accounts that an account blocks.

use hansard_types::UserId;
use hansard_types::limits::RELATIONS_PER_CALL_MAX;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::field;
use crate::sns::batch::FROM;
use crate::typed::{AtMost, Field};

pub(crate) struct BlackListGet;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BlackListGetRequest {
    #[serde(rename = "From_Account")]
    from_account: UserId,
    /// 0 for the first page, then what the page before returned.
    #[serde(default)]
    start_index: usize,
    /// Accounts on a page; 1000, too, when it is 0 or absent.
    #[serde(default)]
    max_limited: AtMost<RELATIONS_PER_CALL_MAX>,
    /// `CurruentSequence` of an earlier answer. Pagers send back what the page before said: it
    /// leaves nothing out.
    #[serde(default)]
    #[expect(dead_code, reason = "it leaves nothing out")]
    last_sequence: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BlackListGetResponse {
    black_list_item: Vec<BlockedAccount>,
    /// 0 on the last page.
    start_index: usize,
    /// Spelled so in the contract.
    curruent_sequence: u64,
    /// The same, as some clients read it.
    current_sequence: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct BlockedAccount {
    #[serde(rename = "To_Account")]
    to_account: String,
    /// Unix seconds.
    add_black_time_stamp: u64,
}

impl Operation for BlackListGet {
    const SUMMARY: &'static str = "Lists the accounts that an account blocks";
    const FIELDS: &'static [Field] = &[FROM];
    type Request = BlackListGetRequest;
    type Response = BlackListGetResponse;

    async fn call(
        call: &Call<'_>,
        request: BlackListGetRequest,
    ) -> Result<Answered<BlackListGetResponse>, Failure> {
        let BlackListGetRequest {
            from_account: user,
            start_index,
            max_limited: AtMost(max_limited),
            last_sequence: _,
        } = request;
        let count = field::limit(max_limited, RELATIONS_PER_CALL_MAX);
        call.there_must_be(&user)?;
        let read = call.read(|reads| {
            let directory = reads.directory();
            let lists = directory.lists(&user).map_err(Failure::broken)?;
            let rows = directory.blocked(&user, start_index, count);
            Ok((lists, rows.map_err(Failure::broken)?))
        });
        let (lists, rows) = read.await?;
        let end = start_index.saturating_add(rows.len());
        let is_last =
            rows.is_empty() || end >= usize::try_from(lists.blocked).unwrap_or(usize::MAX);
        let item = rows.into_iter().map(|(account, row)| BlockedAccount {
            to_account: account.as_str().to_owned(),
            add_black_time_stamp: row.blocked_at.seconds(),
        });
        Ok(Answered::read(BlackListGetResponse {
            black_list_item: item.collect(),
            start_index: if is_last { 0 } else { end },
            curruent_sequence: lists.block_sequence,
            current_sequence: lists.block_sequence,
        }))
    }
}
