//! `group_open_http_svc/get_appid_group_list`: all groups of an app.
//!
//! By type, then by partition, then in the order of their making. `Next` says where a page ended:
//! a group that is made or dissolved meanwhile moves no other to another page.

use hansard_events::group::GroupType;
use hansard_types::GroupId;
use hansard_types::limits::GROUP_IDS_PAGE_MAX;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::profile::TypeName;
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::field;
use crate::typed::{AtMost, OrEmpty};

pub(crate) struct GetAppidGroupList;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetAppidGroupListRequest {
    /// 10000, too, when it is 0 or absent.
    #[serde(default)]
    limit: AtMost<GROUP_IDS_PAGE_MAX>,
    /// `Next` of the page before; 0 or absent: the first page.
    #[serde(default)]
    next: u64,
    /// Absent: whatever the type.
    #[serde(default)]
    group_type: OrEmpty<TypeName>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetAppidGroupListResponse {
    /// Of the type asked for, whatever the page.
    total_count: u64,
    group_id_list: Vec<OneId>,
    /// 0: there are no more.
    next: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct OneId {
    group_id: GroupId,
}

/// Where a page ends: the type's place among all, the partition, the sequence of the last group's
/// making in its log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Place {
    kind: usize,
    partition: usize,
    made: u64,
}

impl Place {
    const MADE_BITS: u32 = 48;
    const PARTITION_BITS: u32 = 8;

    fn read(next: u64) -> Self {
        let rest = next >> Self::MADE_BITS;
        let part = |bits: u64| usize::try_from(bits).unwrap_or(usize::MAX);
        Self {
            kind: part(rest >> Self::PARTITION_BITS),
            partition: part(rest & ((1 << Self::PARTITION_BITS) - 1)),
            made: next & ((1 << Self::MADE_BITS) - 1),
        }
    }

    fn write(self) -> u64 {
        let [kind, partition] = [self.kind, self.partition].map(|part| part as u64);
        (((kind << Self::PARTITION_BITS) | partition) << Self::MADE_BITS) | self.made
    }
}

impl Operation for GetAppidGroupList {
    const SUMMARY: &'static str = "Lists all groups of an app";
    type Request = GetAppidGroupListRequest;
    type Response = GetAppidGroupListResponse;

    async fn call(
        call: &Call<'_>,
        request: GetAppidGroupListRequest,
    ) -> Result<Answered<GetAppidGroupListResponse>, Failure> {
        let limit = field::limit(request.limit.0, GROUP_IDS_PAGE_MAX);
        let wanted = request.group_type.0.map(GroupType::from);
        let is_wanted = |kind: usize| wanted.is_none_or(|wanted| wanted == GroupType::ALL[kind]);
        let mut place = Place::read(request.next);
        let page = call.read(|reads| {
            let partitions: Vec<_> = reads.everywhere().groups_everywhere().collect();
            let mut total_count = 0;
            for groups in &partitions {
                let counts = groups.counts().map_err(Failure::broken)?;
                let counts = counts.into_iter().enumerate();
                total_count += counts
                    .filter(|(kind, _)| is_wanted(*kind))
                    .map(|(_, count)| count)
                    .sum::<u64>();
            }
            let mut ids: Vec<GroupId> = Vec::new();
            while ids.len() <= limit && place.kind < GroupType::ALL.len() {
                let groups = partitions.get(place.partition);
                let Some(groups) = groups.filter(|_| is_wanted(place.kind)) else {
                    place = Place {
                        kind: place.kind + 1,
                        ..Place::default()
                    };
                    continue;
                };
                // One more tells whether there is a next page.
                let room = limit + 1 - ids.len();
                let rows = groups.listed(GroupType::ALL[place.kind], place.made, room);
                let rows = rows.map_err(Failure::broken)?;
                let is_last = rows.len() < room;
                for (made, id) in rows {
                    if ids.len() == limit {
                        return Ok((total_count, ids, place.write()));
                    }
                    place.made = made;
                    ids.push(id);
                }
                if is_last {
                    place.partition += 1;
                    place.made = 0;
                }
            }
            Ok((total_count, ids, 0))
        });
        let (total_count, ids, next) = page.await?;
        let group_id_list = ids.into_iter().map(|group_id| OneId { group_id }).collect();
        Ok(Answered::read(GetAppidGroupListResponse {
            total_count,
            group_id_list,
            next,
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Place;
    use crate::testing::TestApi;

    const PATH: &str = "group_open_http_svc/get_appid_group_list";

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let place = Place {
            kind: 4,
            partition: 63,
            made: (1 << 48) - 1,
        };
        assert_eq!(Place::read(place.write()), place);
        assert_eq!(Place::read(0), Place::default());
    }

    fn ids(page: &Value) -> Vec<String> {
        let list = page["GroupIdList"].as_array().expect("a list");
        let id = |row: &Value| row["GroupId"].as_str().expect("a text").to_owned();
        list.iter().map(id).collect()
    }

    #[tokio::test]
    async fn all_groups_come_in_pages_and_by_type() {
        let api = TestApi::start().await;
        for id in ["c", "a", "b"] {
            api.create_group(id, &[]).await;
        }
        let work = json!({ "Type": "Work", "Name": "w", "GroupId": "w" });
        api.v4_ok("group_open_http_svc/create_group", work).await;
        let all = api
            .v4_ok(PATH, json!({ "Limit": 0, "Next": 0, "GroupType": "" }))
            .await;
        assert_eq!(ids(&all), ["w", "c", "a", "b"]);
        assert_eq!((&all["TotalCount"], &all["Next"]), (&json!(4), &json!(0)));
        let (mut next, mut found) = (json!(0), Vec::new());
        loop {
            let page = api.v4_ok(PATH, json!({ "Limit": 1, "Next": next })).await;
            found.extend(ids(&page));
            next = page["Next"].clone();
            if next == json!(0) {
                break;
            }
        }
        assert_eq!(found, ["w", "c", "a", "b"]);
        let public = api
            .v4_ok(PATH, json!({ "GroupType": "Public", "Limit": 3 }))
            .await;
        assert_eq!(ids(&public), ["c", "a", "b"]);
        assert_eq!(
            (&public["TotalCount"], &public["Next"]),
            (&json!(3), &json!(0))
        );
        api.v4_ok(
            "group_open_http_svc/destroy_group",
            json!({ "GroupId": "a" }),
        )
        .await;
        let left = api.v4_ok(PATH, json!({ "GroupType": "Public" })).await;
        assert_eq!(
            (ids(&left), &left["TotalCount"]),
            (vec!["c".to_owned(), "b".to_owned()], &json!(2))
        );
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        let cases = [
            (json!({ "Limit": 10_001 }), 10004),
            (json!({ "Next": -1 }), 10004),
            (json!({ "GroupType": "Team" }), 10004),
        ];
        api.refuses(PATH, cases).await;
    }
}
