//! Who knows whom (reference: section 8): friends, requests, block lists, friend groups.

mod batch;
mod black_list;
mod black_list_get;
mod check;
mod friend_add;
mod friend_delete;
mod friend_get;
mod friend_get_list;
mod friend_import;
mod friend_update;
mod group;
mod group_get;
mod tags;
#[cfg(test)]
mod tests;

use crate::codes::Service::Sns;
use crate::Endpoint;

pub(crate) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new::<friend_add::FriendAdd>(Sns, "friend_add", &[], 200),
    Endpoint::new::<friend_import::FriendImport>(Sns, "friend_import", &[], 200),
    Endpoint::new::<friend_update::FriendUpdate>(Sns, "friend_update", &[], 200),
    Endpoint::new::<friend_delete::FriendDelete>(Sns, "friend_delete", &[], 200),
    Endpoint::new::<friend_delete::FriendDeleteAll>(Sns, "friend_delete_all", &[], 200),
    Endpoint::new::<check::FriendCheck>(Sns, "friend_check", &[], 200),
    Endpoint::new::<friend_get::FriendGet>(Sns, "friend_get", &[], 200),
    Endpoint::new::<friend_get_list::FriendGetList>(Sns, "friend_get_list", &[], 200),
    Endpoint::new::<black_list::BlackListAdd>(Sns, "black_list_add", &[], 200),
    Endpoint::new::<black_list::BlackListDelete>(Sns, "black_list_delete", &[], 200),
    Endpoint::new::<black_list_get::BlackListGet>(Sns, "black_list_get", &[], 200),
    Endpoint::new::<check::BlackListCheck>(Sns, "black_list_check", &[], 200),
    Endpoint::new::<group::GroupAdd>(Sns, "group_add", &[], 200),
    Endpoint::new::<group::GroupDelete>(Sns, "group_delete", &[], 200),
    Endpoint::new::<group_get::GroupGet>(Sns, "group_get", &[], 200),
];
