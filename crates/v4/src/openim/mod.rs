//! One-to-one messages (reference: section 4).

mod admin_getroammsg;
mod admin_msgwithdraw;
mod admin_set_msg_read;
mod get_c2c_unread_msg_num;
mod query_online_status;
mod sendmsg;

use crate::codes::Service::OpenIm;
use crate::Endpoint;

pub(crate) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new::<sendmsg::SendMsg>(OpenIm, "sendmsg", &[], 200),
    Endpoint::new::<admin_getroammsg::AdminGetRoamMsg>(OpenIm, "admin_getroammsg", &[], 200),
    Endpoint::new::<admin_msgwithdraw::AdminMsgWithdraw>(OpenIm, "admin_msgwithdraw", &[], 200),
    Endpoint::new::<admin_set_msg_read::AdminSetMsgRead>(OpenIm, "admin_set_msg_read", &[], 200),
    Endpoint::new::<get_c2c_unread_msg_num::GetC2cUnreadMsgNum>(
        OpenIm,
        "get_c2c_unread_msg_num",
        &[],
        200,
    ),
    Endpoint::new::<query_online_status::QueryOnlineStatus>(
        OpenIm,
        "query_online_status",
        &["querystate"],
        200,
    ),
];
