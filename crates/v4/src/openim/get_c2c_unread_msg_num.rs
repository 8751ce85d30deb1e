//! `openim/get_c2c_unread_msg_num`: how much an account has not read. Counted when it is asked, of
//! as much as `UNREAD_SPAN_MAX` and its neighbours say: whoever is further behind than 100,000
//! messages in one conversation, or has more than 10,000 conversations, has at least that many.

use hansard_types::limits::UNREAD_PEERS_PER_CALL_MAX;
use hansard_types::{ConversationId, Reason, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use crate::endpoint::{Answered, Call, Failure, Operation, Reading};
use crate::typed::{Field, List};

pub(crate) struct GetC2cUnreadMsgNum;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct GetC2cUnreadMsgNumRequest {
    /// The reader.
    #[serde(rename = "To_Account")]
    to_account: UserId,
    /// Absent: all one-to-one conversations together.
    #[serde(rename = "Peer_Account", default)]
    peer_account: List<String, UNREAD_PEERS_PER_CALL_MAX>,
}

#[derive(Default, Serialize, JsonSchema)]
pub(crate) struct GetC2cUnreadMsgNumResponse {
    /// When no peers were named.
    #[serde(rename = "AllC2CUnreadMsgNum", skip_serializing_if = "Option::is_none")]
    all: Option<u64>,
    /// When peers were named.
    #[serde(
        rename = "C2CUnreadMsgNumList",
        skip_serializing_if = "Option::is_none"
    )]
    list: Option<Vec<UnreadOfPeer>>,
    /// Peers that could not be answered, when peers were named.
    #[serde(rename = "ErrorList", skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<UnreadError>>,
}

#[derive(Serialize, JsonSchema)]
struct UnreadOfPeer {
    #[serde(rename = "Peer_Account")]
    peer_account: String,
    #[serde(rename = "C2CUnreadMsgNum")]
    unread: u64,
}

#[derive(Serialize, JsonSchema)]
struct UnreadError {
    #[serde(rename = "Peer_Account")]
    peer_account: String,
    #[serde(rename = "ErrorCode")]
    error_code: u32,
}

impl Operation for GetC2cUnreadMsgNum {
    const SUMMARY: &'static str = "Counts an account's unread one-to-one messages";
    const FIELDS: &'static [Field] = &[Field::of("To_Account", codes::TO_ACCOUNT_INVALID)];
    type Request = GetC2cUnreadMsgNumRequest;
    type Response = GetC2cUnreadMsgNumResponse;

    async fn call(
        call: &Call<'_>,
        request: GetC2cUnreadMsgNumRequest,
    ) -> Result<Answered<GetC2cUnreadMsgNumResponse>, Failure> {
        let GetC2cUnreadMsgNumRequest {
            to_account: reader,
            peer_account: List(peers),
        } = request;
        if call.account(&reader)?.is_none() {
            return Err(call.refusal(Reason::RecipientUnknown));
        }
        if peers.is_empty() {
            let all = call.read(|reads| {
                let all = reads.everywhere().unread_of_all(&reader);
                all.map(Some).map_err(Failure::broken)
            });
            let all = all.await?;
            return Ok(Answered::read(GetC2cUnreadMsgNumResponse {
                all,
                ..Default::default()
            }));
        }
        let read = call.read(|reads| of_peers(reads, &reader, peers));
        read.await.map(Answered::read)
    }
}

fn of_peers(
    reads: &Reading<'_>,
    reader: &UserId,
    peers: Vec<String>,
) -> Result<GetC2cUnreadMsgNumResponse, Failure> {
    let mut list = Vec::with_capacity(peers.len());
    let mut errors = Vec::new();
    for peer_account in peers {
        match of_peer(reads, reader, &peer_account)? {
            Some(unread) => list.push(UnreadOfPeer {
                peer_account,
                unread,
            }),
            None => {
                errors.push(UnreadError {
                    peer_account,
                    error_code: codes::ACCOUNT_UNKNOWN,
                });
            }
        }
    }
    let (list, errors) = (Some(list), Some(errors));
    Ok(GetC2cUnreadMsgNumResponse {
        all: None,
        list,
        errors,
    })
}

/// `None` when there is no such account.
fn of_peer(call: &Reading<'_>, reader: &UserId, peer: &str) -> Result<Option<u64>, Failure> {
    let Ok(peer) = UserId::new(peer) else {
        return Ok(None);
    };
    if call.account(&peer)?.is_none() {
        return Ok(None);
    }
    let conversation = ConversationId::c2c(reader, &peer);
    call.conversations_with(&conversation)
        .unread(&conversation, reader)
        .map(Some)
        .map_err(Failure::broken)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{TestApi, text};

    const PATH: &str = "openim/get_c2c_unread_msg_num";

    #[tokio::test]
    async fn unread_is_counted_for_all_and_per_peer() {
        let api = TestApi::start().await;
        for (from, random) in [("alice", 1), ("alice", 2), ("carol", 3)] {
            let body = json!({
                "From_Account": from, "To_Account": "bob", "MsgRandom": random,
                "MsgBody": [text("hi")],
            });
            api.v4_ok("openim/sendmsg", body).await;
        }
        let all = api.v4_ok(PATH, json!({ "To_Account": "bob" })).await;
        assert_eq!(all["AllC2CUnreadMsgNum"], 3);
        let body = json!({ "To_Account": "bob", "Peer_Account": ["alice", "carol", "nobody"] });
        let each = api.v4_ok(PATH, body).await;
        let list = json!([
            { "Peer_Account": "alice", "C2CUnreadMsgNum": 2 },
            { "Peer_Account": "carol", "C2CUnreadMsgNum": 1 },
        ]);
        assert_eq!(each["C2CUnreadMsgNumList"], list);
        let errors = json!([{ "Peer_Account": "nobody", "ErrorCode": 70107 }]);
        assert_eq!(each["ErrorList"], errors);
    }

    #[tokio::test]
    async fn ten_peers_are_taken_and_one_more_is_refused() {
        let api = TestApi::start().await;
        let body =
            |peers: usize| json!({ "To_Account": "bob", "Peer_Account": vec!["alice"; peers] });
        api.v4_ok(PATH, body(10)).await;
        let cases: [(Value, u32); 5] = [
            (body(11), 90001),
            (json!({}), 90003),
            (json!({ "To_Account": "nobody" }), 90003),
            (json!({ "To_Account": 7 }), 90003),
            (
                json!({ "To_Account": "bob", "Peer_Account": "alice" }),
                60015,
            ),
        ];
        api.refuses(PATH, cases).await;
    }
}
