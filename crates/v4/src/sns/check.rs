//! `sns/friend_check` and `sns/black_list_check`: what accounts are to each other.

use std::borrow::Cow;

use hansard_types::UserId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Answered, Call, Failure, Fault, Operation, Reading};
use crate::sns::batch::{self, Accounts, FROM, TO};
use crate::typed::{Field, Items};

pub(crate) struct FriendCheck;
pub(crate) struct BlackListCheck;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CheckRequest<T> {
    #[serde(rename = "From_Account")]
    from_account: UserId,
    #[serde(rename = "To_Account")]
    to_account: Accounts,
    check_type: T,
}

/// Whether the other's list is looked at, too.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
pub(crate) enum FriendCheckType {
    #[serde(rename = "CheckResult_Type_Single")]
    Single,
    #[serde(rename = "CheckResult_Type_Both")]
    Both,
}

/// Whether the other's list is looked at, too.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
pub(crate) enum BlackCheckType {
    #[serde(rename = "BlackCheckResult_Type_Single")]
    Single,
    #[serde(rename = "BlackCheckResult_Type_Both")]
    Both,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FriendCheckResponse {
    /// In the order asked.
    info_item: Vec<CheckedPair>,
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
pub(crate) struct BlackListCheckResponse {
    /// In the order asked.
    black_list_check_item: Vec<CheckedPair>,
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
struct CheckedPair {
    #[serde(rename = "To_Account")]
    to_account: String,
    /// `CheckResult_Type_BothWay`, `_AWithB`, `_BWithA` or `_NoRelation`, of blocks
    /// `BlackCheckResult_Type_BothWay`, `_AWithB`, `_BWithA` or `_NO`; of a single check `_AWithB`
    /// or the last.
    relation: &'static str,
    result_code: u32,
    result_info: Cow<'static, str>,
}

/// The contract's words for one kind of relation, and how it is looked up.
struct Words {
    both_way: &'static str,
    a_with_b: &'static str,
    b_with_a: &'static str,
    none: &'static str,
    has: fn(&Reading<'_>, &UserId, &UserId) -> Result<bool, Failure>,
}

static FRIENDS: Words = Words {
    both_way: "CheckResult_Type_BothWay",
    a_with_b: "CheckResult_Type_AWithB",
    b_with_a: "CheckResult_Type_BWithA",
    none: "CheckResult_Type_NoRelation",
    has: |call, user, other| {
        let friend = call.directory().friend(user, other);
        Ok(friend.map_err(Failure::broken)?.is_some())
    },
};

static BLOCKS: Words = Words {
    both_way: "BlackCheckResult_Type_BothWay",
    a_with_b: "BlackCheckResult_Type_AWithB",
    b_with_a: "BlackCheckResult_Type_BWithA",
    none: "BlackCheckResult_Type_NO",
    has: |call, user, other| {
        let blocks = call.directory().blocks(user, other);
        blocks.map_err(Failure::broken)
    },
};

impl Operation for FriendCheck {
    const SUMMARY: &'static str = "Tells who is whose friend, at most 1000 accounts";
    const FIELDS: &'static [Field] = &[FROM, TO];
    type Request = CheckRequest<FriendCheckType>;
    type Response = FriendCheckResponse;

    async fn call(
        call: &Call<'_>,
        request: CheckRequest<FriendCheckType>,
    ) -> Result<Answered<FriendCheckResponse>, Failure> {
        let both = matches!(request.check_type, FriendCheckType::Both);
        let (info_item, fail_account) = FRIENDS.check(call, request, both).await?;
        Ok(Answered::read(FriendCheckResponse {
            info_item,
            fail_account,
        }))
    }
}

impl Operation for BlackListCheck {
    const SUMMARY: &'static str = "Tells who blocks whom, at most 1000 accounts";
    const FIELDS: &'static [Field] = &[FROM, TO];
    type Request = CheckRequest<BlackCheckType>;
    type Response = BlackListCheckResponse;

    async fn call(
        call: &Call<'_>,
        request: CheckRequest<BlackCheckType>,
    ) -> Result<Answered<BlackListCheckResponse>, Failure> {
        let both = matches!(request.check_type, BlackCheckType::Both);
        let (black_list_check_item, fail_account) = BLOCKS.check(call, request, both).await?;
        Ok(Answered::read(BlackListCheckResponse {
            black_list_check_item,
            fail_account,
        }))
    }
}

impl Words {
    /// Every account with what it is to the first, and those that failed.
    async fn check<T>(
        &self,
        call: &Call<'_>,
        request: CheckRequest<T>,
        both: bool,
    ) -> Result<(Vec<CheckedPair>, Vec<String>), Failure> {
        let CheckRequest {
            from_account: from,
            to_account: Items(to_account),
            check_type: _,
        } = request;
        call.there_must_be(&from)?;
        call.read(|reads| self.pairs(reads, &from, to_account, both))
            .await
    }

    fn pairs(
        &self,
        reads: &Reading<'_>,
        from: &UserId,
        to_account: Vec<String>,
        both: bool,
    ) -> Result<(Vec<CheckedPair>, Vec<String>), Failure> {
        let (mut pairs, mut failed) = (Vec::with_capacity(to_account.len()), Vec::new());
        for text in to_account {
            let (relation, result_code, result_info) = match batch::existing(reads, &text)? {
                Ok(to) => (self.relation(reads, from, &to, both)?, 0, Cow::Borrowed("")),
                Err(Fault { code, info }) => {
                    failed.push(text.clone());
                    (self.none, code, info)
                }
            };
            pairs.push(CheckedPair {
                to_account: text,
                relation,
                result_code,
                result_info,
            });
        }
        Ok((pairs, failed))
    }

    fn relation(
        &self,
        call: &Reading<'_>,
        from: &UserId,
        to: &UserId,
        both: bool,
    ) -> Result<&'static str, Failure> {
        let has = self.has;
        Ok(match (has(call, from, to)?, both && has(call, to, from)?) {
            (true, true) => self.both_way,
            (true, false) => self.a_with_b,
            (false, true) => self.b_with_a,
            (false, false) => self.none,
        })
    }
}
