//! `openim/query_online_status`: whether accounts can be reached now. States come from sessions;
//! until clients can connect, everyone is offline.

use hansard_directory::{Platform, SessionRow, SessionState};
use hansard_types::limits::ONLINE_STATUS_PER_CALL_MAX;
use hansard_types::{Reason, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use crate::endpoint::{Answered, Call, Failure, Operation, Reading};
use crate::typed::{Field, Items};

pub(crate) struct QueryOnlineStatus;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct QueryOnlineStatusRequest {
    #[serde(rename = "To_Account")]
    to_account: Items<String, ONLINE_STATUS_PER_CALL_MAX>,
    /// 1: each device's state too.
    #[serde(default)]
    is_need_detail: u8,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct QueryOnlineStatusResponse {
    /// In the order asked, without those that failed.
    query_result: Vec<AccountStatus>,
    /// Accounts that failed.
    error_list: Vec<AccountError>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct AccountStatus {
    #[serde(rename = "To_Account")]
    to_account: String,
    /// `Online`, `PushOnline` or `Offline`.
    status: &'static str,
    /// The same, by the name that `querystate` had for it.
    state: &'static str,
    /// When asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Vec<DeviceStatus>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct DeviceStatus {
    /// `iPhone`, `iPad`, `Android`, `Web`, `PC` or `Mac`.
    platform: &'static str,
    status: &'static str,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct AccountError {
    #[serde(rename = "To_Account")]
    to_account: String,
    error_code: u32,
}

impl Operation for QueryOnlineStatus {
    const SUMMARY: &'static str = "Tells which accounts are online, at most 500";
    const FIELDS: &'static [Field] =
        &[Field::account("To_Account", codes::OPENIM_JSON).too_many(codes::TOO_MANY_TO_ACCOUNTS)];
    type Request = QueryOnlineStatusRequest;
    type Response = QueryOnlineStatusResponse;

    async fn call(
        call: &Call<'_>,
        request: QueryOnlineStatusRequest,
    ) -> Result<Answered<QueryOnlineStatusResponse>, Failure> {
        let QueryOnlineStatusRequest {
            to_account,
            is_need_detail,
        } = request;
        let read = call.read(|reads| statuses(reads, to_account.0, is_need_detail != 0));
        read.await.map(Answered::read)
    }
}

fn statuses(
    reads: &Reading<'_>,
    to_account: Vec<String>,
    with_detail: bool,
) -> Result<QueryOnlineStatusResponse, Failure> {
    let mut query_result = Vec::with_capacity(to_account.len());
    let mut error_list = Vec::new();
    for account in to_account {
        match sessions_of(reads, &account)? {
            Some(sessions) => {
                let status = word(sessions.iter().map(|session| session.state).max());
                query_result.push(AccountStatus {
                    to_account: account,
                    status,
                    state: status,
                    detail: with_detail.then(|| devices(&sessions)),
                });
            }
            None => error_list.push(AccountError {
                to_account: account,
                error_code: codes::ACCOUNT_UNKNOWN,
            }),
        }
    }
    if query_result.is_empty() {
        return Err(reads.refusal(Reason::AccountUnknown));
    }
    Ok(QueryOnlineStatusResponse {
        query_result,
        error_list,
    })
}

/// `None` when there is no such account.
fn sessions_of(call: &Reading<'_>, account: &str) -> Result<Option<Vec<SessionRow>>, Failure> {
    let Ok(user) = UserId::new(account) else {
        return Ok(None);
    };
    let directory = call.directory();
    if directory.account(&user).map_err(Failure::broken)?.is_none() {
        return Ok(None);
    }
    directory.sessions(&user).map_err(Failure::broken).map(Some)
}

fn word(state: Option<SessionState>) -> &'static str {
    match state {
        Some(SessionState::Connected) => "Online",
        Some(SessionState::Push) => "PushOnline",
        None => "Offline",
    }
}

fn devices(sessions: &[SessionRow]) -> Vec<DeviceStatus> {
    let device = |session: &SessionRow| DeviceStatus {
        platform: match session.platform {
            Platform::IPhone => "iPhone",
            Platform::IPad => "iPad",
            Platform::Android => "Android",
            Platform::Web => "Web",
            Platform::Pc => "PC",
            Platform::Mac => "Mac",
        },
        status: word(Some(session.state)),
    };
    sessions.iter().map(device).collect()
}

#[cfg(test)]
mod tests {
    use hansard_directory::{Platform, SessionRow, SessionState};
    use serde_json::{Value, json};

    use super::{devices, word};
    use crate::testing::TestApi;

    #[tokio::test]
    async fn everyone_is_offline_and_an_unknown_account_fails_alone() {
        let api = TestApi::start().await;
        for path in ["openim/query_online_status", "openim/querystate"] {
            let body = json!({ "To_Account": ["alice", "nobody", "bob"], "IsNeedDetail": 1 });
            let answer = api.v4_ok(path, body).await;
            assert_eq!(
                answer["QueryResult"],
                json!([
                    { "To_Account": "alice", "Status": "Offline", "State": "Offline", "Detail": [] },
                    { "To_Account": "bob", "Status": "Offline", "State": "Offline", "Detail": [] },
                ])
            );
            assert_eq!(
                answer["ErrorList"],
                json!([{ "To_Account": "nobody", "ErrorCode": 70107 }])
            );
            let answer = api.v4_ok(path, json!({ "To_Account": ["alice"] })).await;
            assert_eq!(
                answer["QueryResult"],
                json!([{ "To_Account": "alice", "Status": "Offline", "State": "Offline" }])
            );
        }
    }

    #[test]
    fn an_account_is_as_reachable_as_its_best_device() {
        let session = |platform, state| SessionRow { platform, state };
        let pushed = session(Platform::IPhone, SessionState::Push);
        let connected = session(Platform::Pc, SessionState::Connected);
        let states = [connected.state, pushed.state];
        assert_eq!(word(states.into_iter().max()), "Online");
        assert_eq!(word(Some(pushed.state)), "PushOnline");
        let shown = serde_json::to_value(devices(&[pushed, connected])).expect("serialises");
        assert_eq!(
            shown,
            json!([
                { "Platform": "iPhone", "Status": "PushOnline" },
                { "Platform": "PC", "Status": "Online" },
            ])
        );
    }

    #[tokio::test]
    async fn bad_requests_are_refused_with_their_codes() {
        let api = TestApi::start().await;
        let path = "openim/query_online_status";
        let many = |count: usize| json!({ "To_Account": vec!["alice"; count] });
        api.v4_ok(path, many(500)).await;
        let cases: [(Value, u32); 5] = [
            (many(501), 90011),
            (many(0), 90001),
            (json!({}), 90001),
            (json!({ "To_Account": ["nobody", "none"] }), 70107),
            (
                json!({ "To_Account": ["alice"], "IsNeedDetail": "yes" }),
                90001,
            ),
        ];
        api.refuses(path, cases).await;
    }
}
