//! `sns/black_list_get`: pages of the accounts that an account blocks.

use hansard_types::limits::RELATIONS_PER_CALL_MAX;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::sns::batch;

pub(crate) struct BlackListGet;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct BlackListGetRequest {
    /// Required.
    #[serde(rename = "From_Account")]
    from_account: Option<String>,
    /// 0 for the first page, then what the page before returned.
    start_index: usize,
    /// Accounts on a page, 1 to 1000. Required.
    max_limited: Option<usize>,
    /// `CurruentSequence` of an earlier answer: the list is left out when nothing has changed.
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
    type Request = BlackListGetRequest;
    type Response = BlackListGetResponse;

    async fn call(
        call: &Call<'_>,
        request: BlackListGetRequest,
    ) -> Result<Answered<BlackListGetResponse>, Failure> {
        let BlackListGetRequest {
            from_account,
            start_index,
            max_limited,
            last_sequence,
        } = request;
        let count = max_limited
            .filter(|count| (1..=RELATIONS_PER_CALL_MAX).contains(count))
            .ok_or_else(|| call.parameter("MaxLimited is 1 to 1000"))?;
        let user = batch::from_account(call, from_account.as_deref())?;
        let read = call.read(|reads| {
            let directory = reads.directory();
            let lists = directory.lists(&user).map_err(Failure::broken)?;
            let unchanged = last_sequence != 0 && last_sequence == lists.block_sequence;
            let rows = if unchanged {
                Vec::new()
            } else {
                directory
                    .blocked(&user, start_index, count)
                    .map_err(Failure::broken)?
            };
            Ok((lists, unchanged, rows))
        });
        let (lists, unchanged, rows) = read.await?;
        let end = start_index.saturating_add(rows.len());
        let is_last = unchanged || end >= usize::try_from(lists.blocked).unwrap_or(usize::MAX);
        let item = rows.into_iter().map(|(account, row)| BlockedAccount {
            to_account: account.as_str().to_owned(),
            add_black_time_stamp: row.blocked_at.seconds(),
        });
        Ok(Answered::read(BlackListGetResponse {
            black_list_item: item.collect(),
            start_index: if is_last { 0 } else { end },
            curruent_sequence: lists.block_sequence,
        }))
    }
}
