//! Counters of groups: `get_group_counter`, `update_group_counter`, `delete_group_counter`.

use std::collections::BTreeMap;

use hansard_domain::group::rules::rules;
use hansard_domain::group::{ChangeCounters, CounterChange};
use hansard_types::limits::COUNTERS_MAX;
use hansard_types::{GroupId, Reason};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use super::profile::{self, GROUP_ID};
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::typed::{Field, Items, List};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Counter {
    key: String,
    value: i64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Counters {
    /// By key.
    group_counter: Vec<Counter>,
}

impl Counters {
    /// Those that are asked for; all of them when none is.
    fn of(all: BTreeMap<String, i64>, keys: &[String]) -> Self {
        let wanted = |key: &String| keys.is_empty() || keys.contains(key);
        let all = all.into_iter().filter(|(key, _)| wanted(key));
        Self {
            group_counter: all.map(|(key, value)| Counter { key, value }).collect(),
        }
    }
}

pub(crate) struct GetGroupCounter;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetGroupCounterRequest {
    group_id: GroupId,
    /// Absent or empty: all of them.
    #[serde(default)]
    group_counter_keys: List<String, COUNTERS_MAX>,
}

impl Operation for GetGroupCounter {
    const SUMMARY: &'static str = "Reads a group's counters";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::of("GroupCounterKeys", codes::GROUP_PARAMETER).too_many(codes::COUNTERS_TOO_MANY),
    ];
    type Request = GetGroupCounterRequest;
    type Response = Counters;

    async fn call(
        call: &Call<'_>,
        request: GetGroupCounterRequest,
    ) -> Result<Answered<Counters>, Failure> {
        let id = request.group_id;
        let counters = call.read(|reads| {
            let group = profile::there_must_be(reads, &id)?;
            if !rules(group.group_type).has_counters {
                return Err(reads.refusal(Reason::GroupTypeForbids));
            }
            let counters = reads.groups_with(&id).counters(&id);
            counters.map_err(Failure::broken)
        });
        let counters = counters.await?;
        let keys = request.group_counter_keys.0;
        Ok(Answered::read(Counters::of(counters, &keys)))
    }
}

pub(crate) struct UpdateGroupCounter;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateGroupCounterRequest {
    group_id: GroupId,
    group_counter: Items<Counter, COUNTERS_MAX>,
    mode: Mode,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
enum Mode {
    Set,
    Increase,
    Decrease,
}

impl Operation for UpdateGroupCounter {
    const SUMMARY: &'static str = "Sets, increases or decreases a group's counters";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::of("GroupCounter", codes::GROUP_PARAMETER).too_many(codes::COUNTERS_TOO_MANY),
    ];
    type Request = UpdateGroupCounterRequest;
    type Response = Counters;

    async fn call(
        call: &Call<'_>,
        request: UpdateGroupCounterRequest,
    ) -> Result<Answered<Counters>, Failure> {
        let UpdateGroupCounterRequest {
            group_id,
            group_counter: Items(counters),
            mode,
        } = request;
        let mut values = BTreeMap::new();
        for Counter { key, value } in counters {
            let value = match mode {
                Mode::Set | Mode::Increase => Some(value),
                Mode::Decrease => value.checked_neg(),
            };
            let value = value.ok_or_else(|| call.refusal(Reason::CounterOverflows))?;
            values.insert(key, value);
        }
        let keys: Vec<String> = values.keys().cloned().collect();
        let change = match mode {
            Mode::Set => CounterChange::Set(values),
            Mode::Increase | Mode::Decrease => CounterChange::Add(values),
        };
        let answer = call.submit(ChangeCounters { group_id, change }).await?;
        let counters = Counters::of(answer.reply, &keys);
        Ok(Answered::written(counters, answer.position))
    }
}

pub(crate) struct DeleteGroupCounter;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteGroupCounterRequest {
    group_id: GroupId,
    group_counter_keys: Items<String, COUNTERS_MAX>,
}

impl Operation for DeleteGroupCounter {
    const SUMMARY: &'static str = "Takes counters of a group away";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::of("GroupCounterKeys", codes::GROUP_PARAMETER).too_many(codes::COUNTERS_TOO_MANY),
    ];
    type Request = DeleteGroupCounterRequest;
    type Response = Counters;

    async fn call(
        call: &Call<'_>,
        request: DeleteGroupCounterRequest,
    ) -> Result<Answered<Counters>, Failure> {
        let command = ChangeCounters {
            group_id: request.group_id,
            change: CounterChange::Remove(request.group_counter_keys.0),
        };
        let answer = call.submit(command).await?;
        let left = Counters::of(answer.reply, &[]);
        Ok(Answered::written(left, answer.position))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::TestApi;

    const UPDATE: &str = "group_open_http_svc/update_group_counter";
    const GET: &str = "group_open_http_svc/get_group_counter";
    const DELETE: &str = "group_open_http_svc/delete_group_counter";

    fn update(mode: &str, pairs: &[(&str, i64)]) -> Value {
        let pair = |(key, value): &(&str, i64)| json!({ "Key": key, "Value": value });
        let pairs: Vec<Value> = pairs.iter().map(pair).collect();
        json!({ "GroupId": "team", "Mode": mode, "GroupCounter": pairs })
    }

    #[tokio::test]
    async fn counters_are_set_counted_and_taken_away() {
        let api = TestApi::start().await;
        api.create_group("team", &[]).await;
        let set = api.v4_ok(UPDATE, update("Set", &[("likes", 5)])).await;
        assert_eq!(set["GroupCounter"], json!([{ "Key": "likes", "Value": 5 }]));
        let end = api.log_end();
        api.v4_ok(UPDATE, update("Set", &[("likes", 5)])).await;
        assert_eq!(api.log_end(), end, "it is so already");
        let more = api
            .v4_ok(UPDATE, update("Increase", &[("likes", 2), ("gifts", 1)]))
            .await;
        let expected = json!([{ "Key": "gifts", "Value": 1 }, { "Key": "likes", "Value": 7 }]);
        assert_eq!(more["GroupCounter"], expected);
        let less = api.v4_ok(UPDATE, update("Decrease", &[("gifts", 3)])).await;
        assert_eq!(
            less["GroupCounter"],
            json!([{ "Key": "gifts", "Value": -2 }])
        );
        let one = json!({ "GroupId": "team", "GroupCounterKeys": ["likes", "none"] });
        let one = api.v4_ok(GET, one).await;
        assert_eq!(one["GroupCounter"], json!([{ "Key": "likes", "Value": 7 }]));
        let gone = json!({ "GroupId": "team", "GroupCounterKeys": ["likes", "none"] });
        api.v4_ok(DELETE, gone).await;
        let all = api.v4_ok(GET, json!({ "GroupId": "team" })).await;
        assert_eq!(
            all["GroupCounter"],
            json!([{ "Key": "gifts", "Value": -2 }])
        );
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        api.create_group("team", &[]).await;
        let community = json!({ "Type": "Community", "Name": "c", "GroupId": "@TGS#_c" });
        api.v4_ok("group_open_http_svc/create_group", community)
            .await;
        let names: Vec<String> = (0..21).map(|at| format!("c{at}")).collect();
        let many: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 1)).collect();
        let long = "k".repeat(129);
        let mut other = update("Set", &[("a", 1)]);
        other["GroupId"] = json!("@TGS#_c");
        api.v4_ok(UPDATE, update("Set", &[("full", i64::MAX)]))
            .await;
        let cases = [
            (other, 10007),
            (update("Add", &[("a", 1)]), 10004),
            (update("Set", &[]), 10004),
            (update("Set", &many), 10063),
            (update("Set", &many[..20]), 10063),
            (update("Set", &[(&long, 1)]), 10004),
            (update("Increase", &[("full", 1)]), 10004),
            (update("Decrease", &[("a", i64::MIN)]), 10004),
        ];
        api.refuses(UPDATE, cases).await;
        api.v4_ok(UPDATE, update("Set", &many[..19])).await;
    }
}
