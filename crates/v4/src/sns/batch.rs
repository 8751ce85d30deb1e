//! Calls about many accounts: each succeeds or fails alone.

use std::borrow::Cow;
use std::marker::PhantomData;

use hansard_domain::{Friendship, Verb};
use hansard_types::{Reason, UserId, limits};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::codes;
use crate::endpoint::{Answered, Call, Failure, Fault, Operation, Outcomes};
use crate::typed::{Field, Items};

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchResponse {
    /// In the order asked.
    result_item: Vec<ItemResult>,
    /// Accounts that failed, if any did.
    #[serde(
        rename = "Fail_Account",
        default,
        skip_serializing_if = "Vec::is_empty"
    )]
    fail_account: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ItemResult {
    #[serde(rename = "To_Account")]
    to_account: String,
    /// 0: it is done. 30539: a request waits for the other account.
    result_code: u32,
    result_info: Cow<'static, str>,
}

/// The account that a call is about.
pub(super) const FROM: Field = Field::account("From_Account", codes::SNS_PARAMETER);
/// The accounts of a call's items.
pub(super) const TO: Field = Field::account("To_Account", codes::SNS_PARAMETER);

/// The accounts of a call's items, each checked by itself.
pub(super) type Accounts = Items<String, { limits::RELATIONS_PER_CALL_MAX }>;

/// An item's account.
pub(super) fn to_account(text: &str) -> Result<UserId, Fault> {
    UserId::new(text).map_err(|error| Fault::new(codes::SNS_ACCOUNT_UNKNOWN, error.to_string()))
}

/// An item's account, which there must be.
pub(super) fn existing(call: &Call<'_>, text: &str) -> Result<Result<UserId, Fault>, Failure> {
    let user = match to_account(text) {
        Ok(user) => user,
        Err(fault) => return Ok(Err(fault)),
    };
    Ok(match call.account(&user)? {
        Some(_) => Ok(user),
        None => Err(call.fault(Reason::AccountUnknown)),
    })
}

/// What is said of an item that was not refused.
pub(super) trait ItemReply {
    fn code(self) -> (u32, &'static str);
}

impl ItemReply for () {
    fn code(self) -> (u32, &'static str) {
        (0, "")
    }
}

impl ItemReply for Friendship {
    fn code(self) -> (u32, &'static str) {
        match self {
            Self::Made => ().code(),
            Self::Requested => (
                codes::REQUEST_PENDING,
                "a request waits for the other account",
            ),
        }
    }
}

/// What one item came to.
pub(super) fn item<R: ItemReply>(to_account: String, reply: Result<R, Fault>) -> ItemResult {
    let (result_code, result_info) = match reply {
        Ok(reply) => {
            let (code, info) = reply.code();
            (code, Cow::Borrowed(info))
        }
        Err(Fault { code, info }) => (code, info),
    };
    ItemResult {
        to_account,
        result_code,
        result_info,
    }
}

impl BatchResponse {
    pub(super) fn of(result_item: Vec<ItemResult>) -> Self {
        let has_failed = |item: &&ItemResult| {
            item.result_code != 0 && item.result_code != codes::REQUEST_PENDING
        };
        let failed = result_item.iter().filter(has_failed);
        Self {
            fail_account: failed.map(|item| item.to_account.clone()).collect(),
            result_item,
        }
    }
}

/// A call's items: what the caller names each by, and the command that is given for it.
pub(super) type ItemsOf<V> = Vec<(String, Result<V, Fault>)>;

/// An endpoint that does one thing for each of many accounts or items, and answers each by itself.
pub(super) trait PerItem: DeserializeOwned + JsonSchema + Send + 'static {
    /// As of an [`Operation`].
    const SUMMARY: &'static str;
    /// As of an [`Operation`].
    const FIELDS: &'static [Field];
    type Command: Verb<Reply: ItemReply>;

    /// The account that the call is about, which there must be, and the items in the order asked.
    fn items(self, call: &Call<'_>) -> Result<(UserId, ItemsOf<Self::Command>), Failure>;
}

/// The [`Operation`] of a [`PerItem`].
pub(super) struct Each<I>(PhantomData<I>);

impl<I: PerItem> Operation for Each<I> {
    const SUMMARY: &'static str = I::SUMMARY;
    const FIELDS: &'static [Field] = I::FIELDS;
    type Request = I;
    type Response = BatchResponse;

    async fn call(call: &Call<'_>, request: I) -> Result<Answered<BatchResponse>, Failure> {
        let (from, items) = request.items(call)?;
        call.there_must_be(&from)?;
        let (accounts, commands): (Vec<String>, _) = items.into_iter().unzip();
        let Outcomes { replies, position } = call.submit_each(commands).await?;
        let results = accounts.into_iter().zip(replies);
        let results = results
            .map(|(account, reply)| item(account, reply))
            .collect();
        Ok(Answered {
            body: BatchResponse::of(results),
            position,
            partly: false,
        })
    }
}

/// One command for each account.
pub(super) fn for_each<V>(accounts: Accounts, command: impl Fn(UserId) -> V) -> ItemsOf<V> {
    let item = |text: String| {
        let command = to_account(&text).map(&command);
        (text, command)
    };
    accounts.0.into_iter().map(item).collect()
}
