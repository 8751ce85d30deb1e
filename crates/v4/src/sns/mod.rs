//! Who knows whom (reference: section 8): friends, requests, block lists, friend groups.

mod batch;
mod black_list;
mod black_list_get;
mod check;
mod codes;
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

use self::batch::Each;
use self::codes::SERVICE;
use crate::Endpoint;

pub(crate) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new::<Each<friend_add::FriendAdd>>(&SERVICE, "friend_add", &[], 200),
    Endpoint::new::<Each<friend_import::FriendImport>>(&SERVICE, "friend_import", &[], 200),
    Endpoint::new::<Each<friend_update::FriendUpdate>>(&SERVICE, "friend_update", &[], 200),
    Endpoint::new::<Each<friend_delete::FriendDelete>>(&SERVICE, "friend_delete", &[], 200),
    Endpoint::new::<friend_delete::FriendDeleteAll>(&SERVICE, "friend_delete_all", &[], 200),
    Endpoint::new::<check::FriendCheck>(&SERVICE, "friend_check", &[], 200),
    Endpoint::new::<friend_get::FriendGet>(&SERVICE, "friend_get", &[], 200),
    Endpoint::new::<friend_get_list::FriendGetList>(&SERVICE, "friend_get_list", &[], 200),
    Endpoint::new::<Each<black_list::BlackListAdd>>(&SERVICE, "black_list_add", &[], 200),
    Endpoint::new::<Each<black_list::BlackListDelete>>(&SERVICE, "black_list_delete", &[], 200),
    Endpoint::new::<black_list_get::BlackListGet>(&SERVICE, "black_list_get", &[], 200),
    Endpoint::new::<check::BlackListCheck>(&SERVICE, "black_list_check", &[], 200),
    Endpoint::new::<group::GroupAdd>(&SERVICE, "group_add", &[], 200),
    Endpoint::new::<group::GroupDelete>(&SERVICE, "group_delete", &[], 200),
    Endpoint::new::<group_get::GroupGet>(&SERVICE, "group_get", &[], 200),
];
