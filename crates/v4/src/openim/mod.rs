//! One-to-one messages (reference: section 4).

mod admin_getroammsg;
mod admin_msgwithdraw;
mod admin_set_msg_read;
mod batchsendmsg;
mod body;
mod c2c_msg_read_receipt;
mod codes;
mod get_c2c_unread_msg_num;
mod importmsg;
mod key;
mod modify_msg;
mod query_online_status;
mod sendmsg;

use self::codes::SERVICE;
pub(crate) use self::key::MsgKey;
use crate::Endpoint;

pub(crate) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new::<sendmsg::SendMsg>(&SERVICE, "sendmsg", &[], 200),
    Endpoint::new::<batchsendmsg::BatchSendMsg>(&SERVICE, "batchsendmsg", &[], 200),
    Endpoint::new::<importmsg::ImportMsg>(&SERVICE, "importmsg", &[], 200),
    Endpoint::new::<c2c_msg_read_receipt::C2cMsgReadReceipt>(
        &SERVICE,
        "c2c_msg_read_receipt",
        &[],
        200,
    ),
    Endpoint::new::<admin_getroammsg::AdminGetRoamMsg>(&SERVICE, "admin_getroammsg", &[], 200),
    Endpoint::new::<admin_msgwithdraw::AdminMsgWithdraw>(&SERVICE, "admin_msgwithdraw", &[], 200),
    Endpoint::new::<modify_msg::ModifyC2cMsg>(&SERVICE, "modify_c2c_msg", &[], 200),
    Endpoint::new::<modify_msg::ModifyGroupMsg>(&SERVICE, "modify_group_msg", &[], 200),
    Endpoint::new::<admin_set_msg_read::AdminSetMsgRead>(&SERVICE, "admin_set_msg_read", &[], 200),
    Endpoint::new::<get_c2c_unread_msg_num::GetC2cUnreadMsgNum>(
        &SERVICE,
        "get_c2c_unread_msg_num",
        &[],
        200,
    ),
    Endpoint::new::<query_online_status::QueryOnlineStatus>(
        &SERVICE,
        "query_online_status",
        &["querystate"],
        200,
    ),
];
