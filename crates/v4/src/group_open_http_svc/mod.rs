//! Groups (reference: section 9).

mod add_group_member;
mod attributes;
mod ban;
mod change_group_owner;
mod codes;
mod counters;
mod create_group;
mod delete_group_member;
mod destroy_group;
mod forbid_send_msg;
mod get_appid_group_list;
mod get_group_info;
mod get_group_member_info;
mod get_group_muted_account;
mod get_joined_group_list;
mod get_role_in_group;
mod get_specified_group_member_info;
mod group_msg_get_simple;
mod group_msg_recall;
mod history;
mod import_group_member;
mod import_group_msg;
mod marks;
mod member;
mod modify_group_base_info;
mod modify_group_member_info;
mod profile;
mod receipts;
mod room_admins;
mod send_group_msg;
mod send_group_system_notification;
mod tips;
mod topics;
mod visitors;

use self::codes::{ATTRIBUTES_SERVICE, LIVE_SERVICE, MILLION_SERVICE, SERVICE};
use crate::Endpoint;

pub(crate) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new::<create_group::CreateGroupCall>(&SERVICE, "create_group", &[], 200),
    Endpoint::new::<get_group_info::GetGroupInfo>(&SERVICE, "get_group_info", &[], 200),
    Endpoint::new::<modify_group_base_info::ModifyGroupBaseInfo>(
        &SERVICE,
        "modify_group_base_info",
        &[],
        200,
    ),
    Endpoint::new::<add_group_member::AddGroupMember>(&SERVICE, "add_group_member", &[], 200),
    Endpoint::new::<delete_group_member::DeleteGroupMember>(
        &SERVICE,
        "delete_group_member",
        &[],
        200,
    ),
    Endpoint::new::<get_joined_group_list::GetJoinedGroupList>(
        &SERVICE,
        "get_joined_group_list",
        &[],
        200,
    ),
    Endpoint::new::<get_group_member_info::GetGroupMemberInfo>(
        &SERVICE,
        "get_group_member_info",
        &[],
        200,
    ),
    Endpoint::new::<get_specified_group_member_info::GetSpecifiedGroupMemberInfo>(
        &SERVICE,
        "get_specified_group_member_info",
        &[],
        200,
    ),
    Endpoint::new::<get_role_in_group::GetRoleInGroup>(&SERVICE, "get_role_in_group", &[], 200),
    Endpoint::new::<modify_group_member_info::ModifyGroupMemberInfo>(
        &SERVICE,
        "modify_group_member_info",
        &[],
        200,
    ),
    Endpoint::new::<forbid_send_msg::ForbidSendMsg>(&SERVICE, "forbid_send_msg", &[], 200),
    Endpoint::new::<get_group_muted_account::GetGroupMutedAccount>(
        &SERVICE,
        "get_group_muted_account",
        &["get_group_shutted_uin"],
        200,
    ),
    Endpoint::new::<change_group_owner::ChangeGroupOwner>(&SERVICE, "change_group_owner", &[], 200),
    Endpoint::new::<ban::BanGroupMember>(&SERVICE, "ban_group_member", &[], 200),
    Endpoint::new::<ban::UnbanGroupMember>(&SERVICE, "unban_group_member", &[], 200),
    Endpoint::new::<ban::GetGroupBanMember>(&SERVICE, "get_group_ban_member", &[], 200),
    Endpoint::new::<attributes::GetGroupAttr>(&SERVICE, "get_group_attr", &[], 200),
    Endpoint::new::<attributes::ModifyGroupAttr>(&SERVICE, "modify_group_attr", &[], 200),
    Endpoint::new::<attributes::SetGroupAttr>(&SERVICE, "set_group_attr", &[], 200),
    Endpoint::new::<attributes::DeleteGroupAttr>(&SERVICE, "delete_group_attr", &[], 200),
    Endpoint::new::<attributes::ClearGroupAttr>(&SERVICE, "clear_group_attr", &[], 200),
    Endpoint::new::<counters::GetGroupCounter>(&SERVICE, "get_group_counter", &[], 200),
    Endpoint::new::<counters::UpdateGroupCounter>(&SERVICE, "update_group_counter", &[], 200),
    Endpoint::new::<counters::DeleteGroupCounter>(&SERVICE, "delete_group_counter", &[], 200),
    Endpoint::new::<get_appid_group_list::GetAppidGroupList>(
        &SERVICE,
        "get_appid_group_list",
        &[],
        200,
    ),
    Endpoint::new::<create_group::ImportGroup>(&SERVICE, "import_group", &[], 200),
    Endpoint::new::<import_group_member::ImportGroupMember>(
        &SERVICE,
        "import_group_member",
        &[],
        200,
    ),
    Endpoint::new::<import_group_msg::ImportGroupMsg>(&SERVICE, "import_group_msg", &[], 200),
    Endpoint::new::<topics::ImportTopic>(&SERVICE, "import_topic", &[], 200),
    Endpoint::new::<history::ClearGroupMsg>(&SERVICE, "clear_group_msg", &[], 200),
    Endpoint::new::<history::DeleteGroupMsgBySender>(
        &SERVICE,
        "delete_group_msg_by_sender",
        &[],
        200,
    ),
    Endpoint::new::<history::SetUnreadMsgNum>(&SERVICE, "set_unread_msg_num", &[], 200),
    Endpoint::new::<send_group_msg::SendGroupMsg>(&SERVICE, "send_group_msg", &[], 200),
    Endpoint::new::<send_group_system_notification::SendGroupSystemNotification>(
        &SERVICE,
        "send_group_system_notification",
        &[],
        200,
    ),
    Endpoint::new::<group_msg_get_simple::GroupMsgGetSimple>(
        &SERVICE,
        "group_msg_get_simple",
        &[],
        200,
    ),
    Endpoint::new::<group_msg_recall::GroupMsgRecall>(&SERVICE, "group_msg_recall", &[], 200),
    Endpoint::new::<destroy_group::DestroyGroup>(&SERVICE, "destroy_group", &[], 200),
    Endpoint::new::<receipts::GroupMsgReceipt>(&SERVICE, "group_msg_receipt", &[], 200),
    Endpoint::new::<receipts::GetGroupMsgReceipt>(&SERVICE, "get_group_msg_receipt", &[], 200),
    Endpoint::new::<receipts::GetGroupMsgReceiptDetail>(
        &SERVICE,
        "get_group_msg_receipt_detail",
        &[],
        200,
    ),
    Endpoint::new::<visitors::GetOnlineMemberNum>(&SERVICE, "get_online_member_num", &[], 200),
];

/// `group_open_avchatroom_http_svc`.
pub(crate) static LIVE: &[Endpoint] = &[
    Endpoint::new::<visitors::GetMembers>(&LIVE_SERVICE, "get_members", &[], 200),
    Endpoint::new::<room_admins::ModifyAdmin>(&LIVE_SERVICE, "modify_admin", &[], 200),
    Endpoint::new::<room_admins::GetAdminList>(&LIVE_SERVICE, "get_admin_list", &[], 200),
    Endpoint::new::<marks::ModifyUserInfo>(&LIVE_SERVICE, "modify_user_info", &[], 200),
    Endpoint::new::<visitors::CheckMembers>(&LIVE_SERVICE, "check_members", &[], 200),
];

/// `million_group_open_http_svc`.
pub(crate) static MILLION: &[Endpoint] = &[
    Endpoint::new::<topics::CreateTopicCall>(&MILLION_SERVICE, "create_topic", &[], 200),
    Endpoint::new::<topics::GetTopic>(&MILLION_SERVICE, "get_topic", &[], 200),
    Endpoint::new::<topics::ModifyTopic>(&MILLION_SERVICE, "modify_topic", &[], 200),
    Endpoint::new::<topics::DestroyTopic>(&MILLION_SERVICE, "destroy_topic", &[], 200),
];

/// `group_open_attr_http_svc`.
pub(crate) static ATTRIBUTES: &[Endpoint] = &[Endpoint::new::<attributes::GetGroupAttr>(
    &ATTRIBUTES_SERVICE,
    "get_group_attr",
    &[],
    200,
)];
