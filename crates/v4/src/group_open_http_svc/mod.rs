//! Groups (reference: section 9).

mod add_group_member;
mod create_group;
mod delete_group_member;
mod destroy_group;
mod get_group_info;
mod get_joined_group_list;
mod group_msg_get_simple;
mod group_msg_recall;
mod modify_group_base_info;
mod profile;
mod send_group_msg;

use crate::codes::Service::Group;
use crate::Endpoint;

pub(crate) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new::<create_group::CreateGroupCall>(Group, "create_group", &[], 200),
    Endpoint::new::<get_group_info::GetGroupInfo>(Group, "get_group_info", &[], 200),
    Endpoint::new::<modify_group_base_info::ModifyGroupBaseInfo>(
        Group,
        "modify_group_base_info",
        &[],
        200,
    ),
    Endpoint::new::<add_group_member::AddGroupMember>(Group, "add_group_member", &[], 200),
    Endpoint::new::<delete_group_member::DeleteGroupMember>(Group, "delete_group_member", &[], 200),
    Endpoint::new::<get_joined_group_list::GetJoinedGroupList>(
        Group,
        "get_joined_group_list",
        &[],
        200,
    ),
    Endpoint::new::<send_group_msg::SendGroupMsg>(Group, "send_group_msg", &[], 200),
    Endpoint::new::<group_msg_get_simple::GroupMsgGetSimple>(
        Group,
        "group_msg_get_simple",
        &[],
        200,
    ),
    Endpoint::new::<group_msg_recall::GroupMsgRecall>(Group, "group_msg_recall", &[], 200),
    Endpoint::new::<destroy_group::DestroyGroup>(Group, "destroy_group", &[], 200),
];
