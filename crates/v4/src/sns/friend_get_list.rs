//! `sns/friend_get_list`: fields of some friends and of their profiles.

use std::borrow::Cow;

use hansard_directory::FriendRow;
use hansard_events::app::{CustomField, Party};
use hansard_types::limits::PROFILE_TAGS_PER_CALL_MAX;
use hansard_types::profile::{CUSTOM_PREFIX, FRIEND_CUSTOM_PREFIX, standard_rule};
use hansard_types::{Reason, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::endpoint::{Answered, Call, Failure, Fault, Operation, Reading};
use crate::sns::batch::{self, Accounts, FROM, TO};
use crate::sns::tags::{self, TagValue};
use crate::typed::{Field, Items};

pub(crate) struct FriendGetList;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FriendGetListRequest {
    #[serde(rename = "From_Account")]
    from_account: UserId,
    #[serde(rename = "To_Account")]
    to_account: Accounts,
    /// `Tag_Profile_…` and `Tag_SNS_…`.
    tag_list: Items<String, PROFILE_TAGS_PER_CALL_MAX>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FriendGetListResponse {
    /// In the order asked.
    info_item: Vec<FriendInfo>,
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
struct FriendInfo {
    #[serde(rename = "To_Account")]
    to_account: String,
    /// In the order asked; what is not set is left out.
    sns_profile_item: Vec<TagValue>,
    result_code: u32,
    result_info: Cow<'static, str>,
}

impl Operation for FriendGetList {
    const SUMMARY: &'static str = "Shows fields of friends, at most 1000 friends";
    const FIELDS: &'static [Field] = &[FROM, TO];
    type Request = FriendGetListRequest;
    type Response = FriendGetListResponse;

    async fn call(
        call: &Call<'_>,
        request: FriendGetListRequest,
    ) -> Result<Answered<FriendGetListResponse>, Failure> {
        let FriendGetListRequest {
            from_account: from,
            to_account: Items(to_account),
            tag_list: Items(tag_list),
        } = request;
        check_readable(call, &tag_list)?;
        call.there_must_be(&from)?;
        let read = call.read(|reads| friends(reads, &from, to_account, &tag_list));
        read.await.map(Answered::read)
    }
}

fn friends(
    reads: &Reading<'_>,
    from: &UserId,
    to_account: Vec<String>,
    tag_list: &[String],
) -> Result<FriendGetListResponse, Failure> {
    let (mut info_item, mut fail_account) = (Vec::with_capacity(to_account.len()), Vec::new());
    for text in to_account {
        let (sns_profile_item, result_code, result_info) = match friend_of(reads, from, &text)? {
            Ok((to, friend)) => (values(reads, &to, &friend, tag_list)?, 0, Cow::Borrowed("")),
            Err(Fault { code, info }) => {
                fail_account.push(text.clone());
                (Vec::new(), code, info)
            }
        };
        info_item.push(FriendInfo {
            to_account: text,
            sns_profile_item,
            result_code,
            result_info,
        });
    }
    Ok(FriendGetListResponse {
        info_item,
        fail_account,
    })
}

fn check_readable(call: &Call<'_>, tags: &[String]) -> Result<(), Failure> {
    let app = call.desk.app(call.app());
    let (profile, friend) = app
        .map(|app| (app.profile_fields, app.friend_fields))
        .unwrap_or_default();
    let may_read = |fields: &[CustomField], name: Option<&str>| {
        fields
            .iter()
            .any(|field| Some(field.name.as_str()) == name && field.readers.contains(&Party::Admin))
    };
    for tag in tags {
        let is_known = standard_rule(tag).is_some()
            || tags::is_standard(tag)
            || may_read(&profile, tag.strip_prefix(CUSTOM_PREFIX))
            || may_read(&friend, tag.strip_prefix(FRIEND_CUSTOM_PREFIX));
        if !is_known {
            return Err(call.parameter(format!("{tag}: there is no such tag that may be read")));
        }
    }
    Ok(())
}

fn friend_of(
    call: &Reading<'_>,
    from: &UserId,
    text: &str,
) -> Result<Result<(UserId, FriendRow), Fault>, Failure> {
    let to = match batch::to_account(text) {
        Ok(to) => to,
        Err(fault) => return Ok(Err(fault)),
    };
    let friend = call
        .directory()
        .friend(from, &to)
        .map_err(Failure::broken)?;
    Ok(match friend {
        Some(friend) => Ok((to, friend)),
        None => {
            let Fault { code, info: _ } = call.fault(Reason::FriendUnknown);
            Err(Fault::new(code, "Err_SNS_FriendGetList_Friend_Not_Exist"))
        }
    })
}

fn values(
    call: &Reading<'_>,
    to: &UserId,
    friend: &FriendRow,
    tags: &[String],
) -> Result<Vec<TagValue>, Failure> {
    let profile = call.directory().profile(to).map_err(Failure::broken)?;
    let value = |tag: &String| {
        let value = tags::value_of(friend, tag).or_else(|| profile.get(tag).map(|one| json!(one)));
        value.map(|value| TagValue {
            tag: tag.clone(),
            value,
        })
    };
    Ok(tags.iter().filter_map(value).collect())
}
