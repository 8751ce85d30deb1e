//! Who knows whom: friends, requests, blocks, friend groups (reference: section 8).
//!
//! A change between two accounts is one decision and one event. Invariants:
//! * nobody is a friend of someone who blocks them or whom they block, and no request waits
//!   between the two;
//! * a friend is in friend groups that exist, and every list keeps its limit.

mod add_friend;
mod add_friend_groups;
mod answer_request;
mod block;
mod checks;
mod clear_friends;
mod delete_friend;
mod delete_friend_groups;
mod import_friend;
mod join_friend_group;
mod leave_friend_group;
mod rename_friend_group;
#[cfg(test)]
mod tests;
mod update_friend;

pub use add_friend::AddFriend;
pub use add_friend_groups::AddFriendGroups;
pub use answer_request::AnswerRequest;
pub use block::{Block, Unblock};
pub use clear_friends::ClearFriends;
pub use delete_friend::DeleteFriend;
pub use delete_friend_groups::DeleteFriendGroups;
pub use import_friend::ImportFriend;
pub use join_friend_group::JoinFriendGroup;
pub use leave_friend_group::LeaveFriendGroup;
pub use rename_friend_group::RenameFriendGroup;
pub use update_friend::UpdateFriend;
