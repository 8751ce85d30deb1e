//! `sns/black_list_add` and `sns/black_list_delete`. Blocking ends friendship and requests of the
//! two. What the server API sends in an account's name reaches those who block it all the same.

use hansard_domain::Verb;
use hansard_domain::relation::{Block, Unblock};
use hansard_types::UserId;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::sns::batch::{self, BatchResponse};

pub(crate) struct BlackListAdd;
pub(crate) struct BlackListDelete;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct BlackListRequest {
    /// Required.
    #[serde(rename = "From_Account")]
    from_account: Option<String>,
    /// 1 to 1000.
    #[serde(rename = "To_Account")]
    to_account: Vec<String>,
}

impl BlackListRequest {
    async fn run<V: Verb<Reply = ()>>(
        self,
        call: &Call<'_>,
        command: impl Fn(UserId, UserId) -> V,
    ) -> Result<Answered<BatchResponse>, Failure> {
        let Self {
            from_account,
            to_account,
        } = self;
        batch::bounded("To_Account", to_account.len())?;
        let user = batch::from_account(call, from_account.as_deref())?;
        batch::run_for_each(call, to_account, |other| command(user.clone(), other)).await
    }
}

impl Operation for BlackListAdd {
    const SUMMARY: &'static str = "Blocks accounts, at most 1000";
    type Request = BlackListRequest;
    type Response = BatchResponse;

    async fn call(
        call: &Call<'_>,
        request: BlackListRequest,
    ) -> Result<Answered<BatchResponse>, Failure> {
        request
            .run(call, |user, blocked| {
                Block { user, blocked }
            })
            .await
    }
}

impl Operation for BlackListDelete {
    const SUMMARY: &'static str = "Blocks accounts no longer, at most 1000";
    type Request = BlackListRequest;
    type Response = BatchResponse;

    async fn call(
        call: &Call<'_>,
        request: BlackListRequest,
    ) -> Result<Answered<BatchResponse>, Failure> {
        request
            .run(call, |user, blocked| {
                Unblock { user, blocked }
            })
            .await
    }
}
