//! `/v1/apps/{app}/groups`: an account's own side of groups: it creates, finds, joins and leaves
//! them, and does in them what its role there allows (`schemas/group-rules.md`).
//!
//! What it may not do is refused with the contract's reason; who may is decided by the same
//! deciders that a backend's calls come to.

mod acts;
mod reads;
#[cfg(test)]
mod tests;
mod topics;

use std::sync::Arc;

use axum::routing::{MethodRouter, get, post};
use hansard_types::limits::{GROUP_ID_BYTES_MAX, GROUP_MEMBERS_PAGE, TOPICS_PER_CALL_MAX};
use schemars::JsonSchema;

use crate::act::{act, done};
use crate::{Kind, Operation, Parameter, Shared, optional, required};

const LIST: &str = "/v1/apps/{app}/groups";
const SHOW: &str = "/v1/apps/{app}/groups/profile";
const MEMBERS: &str = "/v1/apps/{app}/groups/members";
const WAITING: &str = "/v1/apps/{app}/groups/join-requests";
const CREATE: &str = "/v1/apps/{app}/groups/create";
const DISSOLVE: &str = "/v1/apps/{app}/groups/dissolve";
const JOIN: &str = "/v1/apps/{app}/groups/join";
const QUIT: &str = "/v1/apps/{app}/groups/quit";
const INVITE: &str = "/v1/apps/{app}/groups/invite";
const REMOVE: &str = "/v1/apps/{app}/groups/remove";
const TRANSFER: &str = "/v1/apps/{app}/groups/transfer";
const MUTE: &str = "/v1/apps/{app}/groups/mute";
const ENTER: &str = "/v1/apps/{app}/groups/enter";
const TOPICS: &str = "/v1/apps/{app}/groups/topics";
const TOPICS_GONE: &str = "/v1/apps/{app}/groups/topics/destroy";
const LEAVE: &str = "/v1/apps/{app}/groups/leave";

const GROUP: Parameter = required("group", "The group's id").of(Kind::Text(GROUP_ID_BYTES_MAX));

/// A read.
const fn seen<T: JsonSchema>(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    parameters: &'static [Parameter],
) -> Operation {
    Operation {
        method: "get",
        path,
        id,
        summary,
        parameters,
        request: None,
        response: ("application/json", |generator| {
            generator.subschema_for::<T>()
        }),
    }
}

pub(crate) static OPERATIONS: &[Operation] = &[
    seen::<reads::Groups>(
        LIST,
        "groups",
        "Lists the caller's groups",
        &[
            optional("limit", "Groups on a page, 1 to 100; 100 when absent")
                .of(Kind::Count(reads::GROUPS_PAGE_MAX)),
            optional("cursor", "`next` of the page before"),
        ],
    ),
    seen::<reads::OneGroup>(SHOW, "group", "Shows a group by its id", &[GROUP]),
    seen::<reads::Members>(
        MEMBERS,
        "group_members",
        "Lists the members of a group",
        &[
            GROUP,
            optional("limit", "Members on a page, 1 to 100; 100 when absent")
                .of(Kind::Count(GROUP_MEMBERS_PAGE)),
            optional("cursor", "`next` of the page before"),
        ],
    ),
    seen::<reads::Waiting>(
        WAITING,
        "join_requests",
        "Lists who waits to be let into a group",
        &[GROUP],
    ),
    seen::<topics::Topics>(
        TOPICS,
        "topics",
        "Lists the topics of a community that the caller is in",
        &[
            GROUP,
            optional("limit", "Topics on a page, 1 to 100; 100 when absent")
                .of(Kind::Count(TOPICS_PER_CALL_MAX)),
            optional("cursor", "`next` of the page before"),
        ],
    ),
    done::<topics::TopicCreation>("post", TOPICS),
    done::<topics::TopicEdit>("patch", TOPICS),
    done::<topics::TopicRemoval>("post", TOPICS_GONE),
    done::<acts::Creation>("post", CREATE),
    done::<acts::ProfileEdit>("patch", SHOW),
    done::<acts::Dissolution>("post", DISSOLVE),
    done::<acts::Entry>("post", JOIN),
    done::<acts::Leave>("post", QUIT),
    done::<acts::Invitation>("post", INVITE),
    done::<acts::Removal>("post", REMOVE),
    done::<acts::RequestAnswer>("post", WAITING),
    done::<acts::Transfer>("post", TRANSFER),
    done::<acts::MemberEdit>("patch", MEMBERS),
    done::<acts::Mute>("post", MUTE),
    done::<acts::RoomEntry>("post", ENTER),
    done::<acts::RoomLeave>("post", LEAVE),
];

/// What is answered where.
pub(crate) fn routes() -> [(&'static str, MethodRouter<Arc<Shared>>); 16] {
    [
        (LIST, get(reads::list)),
        (SHOW, get(reads::show).patch(act::<acts::ProfileEdit>)),
        (MEMBERS, get(reads::members).patch(act::<acts::MemberEdit>)),
        (
            WAITING,
            get(reads::waiting).post(act::<acts::RequestAnswer>),
        ),
        (
            TOPICS,
            get(topics::list)
                .post(act::<topics::TopicCreation>)
                .patch(act::<topics::TopicEdit>),
        ),
        (TOPICS_GONE, post(act::<topics::TopicRemoval>)),
        (CREATE, post(act::<acts::Creation>)),
        (DISSOLVE, post(act::<acts::Dissolution>)),
        (JOIN, post(act::<acts::Entry>)),
        (QUIT, post(act::<acts::Leave>)),
        (INVITE, post(act::<acts::Invitation>)),
        (REMOVE, post(act::<acts::Removal>)),
        (TRANSFER, post(act::<acts::Transfer>)),
        (MUTE, post(act::<acts::Mute>)),
        (ENTER, post(act::<acts::RoomEntry>)),
        (LEAVE, post(act::<acts::RoomLeave>)),
    ]
}
