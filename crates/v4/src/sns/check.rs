//! `sns/friend_check` and `sns/black_list_check`: what accounts are to each other.

use std::borrow::Cow;

use hansard_types::UserId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Answered, Call, Failure, Fault, Operation, Reading};
use crate::sns::batch;

pub(crate) struct FriendCheck;
pub(crate) struct BlackListCheck;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct CheckRequest {
    /// Required.
    #[serde(rename = "From_Account")]
    from_account: Option<String>,
    /// 1 to 1000.
    #[serde(rename = "To_Account")]
    to_account: Vec<String>,
    /// Required: `CheckResult_Type_Single` or `CheckResult_Type_Both`, of blocks
    /// `BlackCheckResult_Type_Single` or `BlackCheckResult_Type_Both`.
    check_type: Option<String>,
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
    single: &'static str,
    both: &'static str,
    both_way: &'static str,
    a_with_b: &'static str,
    b_with_a: &'static str,
    none: &'static str,
    has: fn(&Reading<'_>, &UserId, &UserId) -> Result<bool, Failure>,
}

static FRIENDS: Words = Words {
    single: "CheckResult_Type_Single",
    both: "CheckResult_Type_Both",
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
    single: "BlackCheckResult_Type_Single",
    both: "BlackCheckResult_Type_Both",
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
    type Request = CheckRequest;
    type Response = FriendCheckResponse;

    async fn call(
        call: &Call<'_>,
        request: CheckRequest,
    ) -> Result<Answered<FriendCheckResponse>, Failure> {
        let (info_item, fail_account) = FRIENDS.check(call, request).await?;
        Ok(Answered::read(FriendCheckResponse {
            info_item,
            fail_account,
        }))
    }
}

impl Operation for BlackListCheck {
    const SUMMARY: &'static str = "Tells who blocks whom, at most 1000 accounts";
    type Request = CheckRequest;
    type Response = BlackListCheckResponse;

    async fn call(
        call: &Call<'_>,
        request: CheckRequest,
    ) -> Result<Answered<BlackListCheckResponse>, Failure> {
        let (black_list_check_item, fail_account) = BLOCKS.check(call, request).await?;
        Ok(Answered::read(BlackListCheckResponse {
            black_list_check_item,
            fail_account,
        }))
    }
}

impl Words {
    /// Every account with what it is to the first, and those that failed.
    async fn check(
        &self,
        call: &Call<'_>,
        request: CheckRequest,
    ) -> Result<(Vec<CheckedPair>, Vec<String>), Failure> {
        let CheckRequest {
            from_account,
            to_account,
            check_type,
        } = request;
        let both = check_type.as_deref() == Some(self.both);
        if !both && check_type.as_deref() != Some(self.single) {
            let info = format!("CheckType is {} or {}", self.single, self.both);
            return Err(call.parameter(info));
        }
        batch::bounded("To_Account", to_account.len())?;
        let from = batch::from_account(call, from_account.as_deref())?;
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
