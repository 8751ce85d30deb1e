//! `TIMGroupTipElem`: how a kept notice of a change in a group is shown among its messages. The
//! server's own: nobody sends it (reference, section 12.1).

use hansard_conversations::MessageRow;
use hansard_events::group::{Joining, Leaving, Notice, Role};
use hansard_types::UserId;
use schemars::JsonSchema;
use serde::Serialize;

use super::member::mute_seconds;
use super::profile::NewGroupInfo;
use crate::endpoint::Failure;

#[derive(Serialize, JsonSchema)]
#[serde(tag = "MsgType", content = "MsgContent")]
pub(super) enum TipElement {
    #[serde(rename = "TIMGroupTipElem")]
    Tip(Tip),
}

/// What happened, numbered as clients know it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tip {
    /// 1 joined, 2 invited, 3 left, 4 removed, 5 made an administrator, 6 none any more, 7 the
    /// group's profile, 8 a member's mute.
    op_type: u8,
    #[serde(rename = "Operator_Account")]
    operator: UserId,
    /// Whom it happened to.
    #[serde(rename = "Members_Account")]
    members: Vec<UserId>,
    /// What is new of the group, of `OpType` 7.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_group_info: Option<NewGroupInfo>,
    /// Until when they are muted, in seconds, of `OpType` 8; 0: not any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    mute_until: Option<u64>,
}

/// The element of a notice.
pub(super) fn element(row: &MessageRow) -> Result<TipElement, Failure> {
    let notice = Notice::decode(&row.elements).map_err(Failure::broken)?;
    let tip = |op_type, members| Tip {
        op_type,
        operator: row.sender.clone(),
        members,
        new_group_info: None,
        mute_until: None,
    };
    Ok(TipElement::Tip(match notice {
        Notice::MembersAdded { accounts, how } => match how {
            Joining::Applied => tip(1, accounts),
            Joining::Invited => tip(2, accounts),
        },
        Notice::MembersRemoved { accounts, how } => match how {
            Leaving::Quit => tip(3, accounts),
            Leaving::Removed => tip(4, accounts),
        },
        Notice::RoleChanged { account, role } => match role {
            Role::Admin => tip(5, vec![account]),
            Role::Member | Role::Owner => tip(6, vec![account]),
        },
        Notice::ProfileChanged { change } => Tip {
            new_group_info: Some(NewGroupInfo::of(change)),
            ..tip(7, Vec::new())
        },
        Notice::OwnerChanged { owner } => Tip {
            new_group_info: Some(NewGroupInfo::owned_by(owner)),
            ..tip(7, Vec::new())
        },
        Notice::MembersMuted { accounts, until } => Tip {
            mute_until: Some(mute_seconds(until, row.sent_at)),
            ..tip(8, accounts)
        },
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{TestApi, text};

    async fn page(api: &TestApi, group: &str) -> Vec<Value> {
        let ask = json!({ "GroupId": group, "ReqMsgNumber": 20 });
        let page = api
            .v4_ok("group_open_http_svc/group_msg_get_simple", ask)
            .await;
        let list = page["RspMsgList"].as_array().expect("a list");
        list.iter().rev().cloned().collect()
    }

    async fn call(api: &TestApi, command: &str, body: Value) {
        api.v4_ok(&format!("group_open_http_svc/{command}"), body)
            .await;
    }

    async fn change_everything(api: &TestApi, group: &str) {
        for (command, body) in [
            (
                "add_group_member",
                json!({ "GroupId": group, "MemberList": [{ "Member_Account": "carol" }] }),
            ),
            (
                "modify_group_base_info",
                json!({ "GroupId": group, "Name": "새 이름", "From_Account": "alice" }),
            ),
            (
                "modify_group_base_info",
                json!({ "GroupId": group, "MuteAllMember": "Off", "MaxMemberNum": 100 }),
            ),
            (
                "modify_group_member_info",
                json!({ "GroupId": group, "Member_Account": "bob", "Role": "Admin" }),
            ),
            (
                "modify_group_member_info",
                json!({ "GroupId": group, "Member_Account": "bob", "NameCard": "b" }),
            ),
            (
                "forbid_send_msg",
                json!({ "GroupId": group, "Members_Account": ["carol"],
                    "MuteTime": 4_294_967_295_u32 }),
            ),
            (
                "change_group_owner",
                json!({ "GroupId": group, "NewOwner_Account": "bob" }),
            ),
            (
                "delete_group_member",
                json!({ "GroupId": group, "MemberToDel_Account": ["carol"] }),
            ),
            (
                "delete_group_member",
                json!({ "GroupId": group, "MemberToDel_Account": ["alice"], "Silence": 1 }),
            ),
        ] {
            call(api, command, body).await;
        }
    }

    #[tokio::test]
    async fn changes_of_a_group_stand_among_its_messages() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        change_everything(&api, "team").await;
        let tips: Vec<Value> = page(&api, "team")
            .await
            .into_iter()
            .map(|row| {
                assert_eq!(row["IsSystemMsg"], 1);
                assert_eq!(row["MsgBody"][0]["MsgType"], "TIMGroupTipElem");
                let tip = row["MsgBody"][0]["MsgContent"].clone();
                assert_eq!(tip["Operator_Account"], row["From_Account"]);
                json!([row["MsgSeq"], tip])
            })
            .collect();
        let admin = "administrator";
        let tip = |seq: u64, op_type: u8, by: &str, whom: &[&str]| json!([seq, { "OpType": op_type, "Operator_Account": by, "Members_Account": whom }]);
        let mut named = tip(2, 7, "alice", &[]);
        named[1]["NewGroupInfo"] = json!({ "Name": "새 이름" });
        let mut muted = tip(4, 8, admin, &["carol"]);
        muted[1]["MuteUntil"] = json!(4_294_967_295_u32);
        let mut owned = tip(5, 7, admin, &[]);
        owned[1]["NewGroupInfo"] = json!({ "Owner_Account": "bob" });
        let expected = [
            tip(1, 2, admin, &["carol"]),
            named,
            tip(3, 5, admin, &["bob"]),
            muted,
            owned,
            tip(6, 4, admin, &["carol"]),
        ];
        assert_eq!(tips, expected);
    }

    #[tokio::test]
    async fn a_notice_is_unread_to_nobody_and_stays() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        let said = |random: u32| {
            json!({ "GroupId": "team", "From_Account": "bob", "Random": random,
                "MsgBody": [text("말")] })
        };
        call(&api, "send_group_msg", said(1)).await;
        let carol = json!({ "GroupId": "team", "MemberList": [{ "Member_Account": "carol" }] });
        call(&api, "add_group_member", carol).await;
        call(&api, "send_group_msg", said(2)).await;
        let recall = json!({ "GroupId": "team", "MsgSeqList": [{ "MsgSeq": 2 }] });
        let recalled = api
            .v4_ok("group_open_http_svc/group_msg_recall", recall)
            .await;
        assert_eq!(recalled["RecallRetList"][0]["RetCode"], 10032);
        let edit = json!({ "GroupId": "team", "MsgSeq": 2, "MsgBody": [text("다른 말")] });
        api.refuses("openim/modify_group_msg", [(edit, 20023)])
            .await;
        let by = json!({ "GroupId": "team", "Sender_Account": "administrator" });
        call(&api, "delete_group_msg_by_sender", by).await;
        let kinds: Vec<Value> = page(&api, "team")
            .await
            .iter()
            .map(|row| row["IsSystemMsg"].clone())
            .collect();
        assert_eq!(kinds, [0, 1, 0]);
        // Two of the three are messages.
        let read = json!({ "GroupId": "team", "Member_Account": "carol", "UnreadMsgNum": 2 });
        call(&api, "set_unread_msg_num", read).await;
        let ask = json!({ "GroupId": "team", "Member_List_Account": ["bob", "carol"] });
        let asked = api
            .v4_ok("group_open_http_svc/get_specified_group_member_info", ask)
            .await;
        let (bob, carol) = (&asked["MemberList"][0], &asked["MemberList"][1]);
        assert!(bob["LastSendMsgTime"].as_u64() > Some(0));
        assert_eq!(carol["MsgSeq"], 0);
    }

    #[tokio::test]
    async fn meetings_keep_changes_of_the_profile_only_and_apps_decide_otherwise() {
        let api = TestApi::start().await;
        for (id, group_type) in [("meeting", "ChatRoom"), ("other", "Public")] {
            let body = json!({ "Type": group_type, "Name": id, "GroupId": id,
                "Owner_Account": "alice", "MemberList": [{ "Member_Account": "bob" }] });
            call(&api, "create_group", body).await;
        }
        change_everything(&api, "meeting").await;
        let types = |page: Vec<Value>| -> Vec<Value> {
            let tips = page.iter();
            tips.map(|row| row["MsgBody"][0]["MsgContent"]["OpType"].clone())
                .collect()
        };
        assert_eq!(types(page(&api, "meeting").await), [7, 7]);
        let setting = |group_type: &str, kind: &str, telling: &str| json!({ "group_type": group_type, "kind": kind, "telling": telling });
        let notices = json!([
            setting("Public", "invited", "off"),
            setting("Public", "removed", "told"),
            setting("Public", "name", "off"),
        ]);
        let changed = api
            .change_settings(json!({ "group_notices": notices }))
            .await;
        assert_eq!(changed.status, 200);
        change_everything(&api, "other").await;
        assert_eq!(types(page(&api, "other").await), [5, 8, 7]);
        for wrong in [
            json!([setting("AVChatRoom", "name", "kept")]),
            json!([
                setting("Public", "name", "off"),
                setting("Public", "name", "told")
            ]),
        ] {
            let refused = api.change_settings(json!({ "group_notices": wrong })).await;
            assert_eq!(refused.status, 409);
        }
    }

    #[tokio::test]
    async fn a_work_group_is_not_activated_by_a_notice() {
        let api = TestApi::start().await;
        let body = json!({ "Type": "Private", "Name": "w", "GroupId": "w",
            "Owner_Account": "alice" });
        call(&api, "create_group", body).await;
        let bob = json!({ "GroupId": "w", "MemberList": [{ "Member_Account": "bob" }] });
        call(&api, "add_group_member", bob).await;
        let joined = api
            .v4_ok(
                "group_open_http_svc/get_joined_group_list",
                json!({ "Member_Account": "bob" }),
            )
            .await;
        assert_eq!(joined["TotalCount"], 0);
        assert_eq!(page(&api, "w").await.len(), 1);
    }
}
