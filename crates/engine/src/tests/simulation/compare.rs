//! What every query answers, against the model.

use std::collections::BTreeMap;

use hansard_events::group::{GroupType, MemberProfile, Role};
use hansard_events::relation::FriendDetails;
use hansard_groups::TopicRow;
use hansard_types::{ConversationId, GroupId, Seq, TopicId, UserId};

use super::super::model::{App, Group, Kept, Membership, Model, Person, Request, TopicHere};
use super::make::{GROUPS, USERS};
use crate::testing::{APP, user};
use crate::{Handle, Reads};

/// Apps, accounts, relations, groups and conversations are what the model says.
pub(super) fn everything(handle: &Handle, model: &Model) {
    apps(handle, model);
    for id in USERS {
        account(handle, model, &user(id));
        relations(handle, model, &user(id));
        inbox(handle, model, &user(id));
    }
    for id in GROUPS {
        group(handle, model, &GroupId::new(id).expect("a valid id"));
    }
    for conversation in model.talks.keys() {
        talk(handle, model, conversation);
    }
    visits(handle, model);
}

fn visits(handle: &Handle, model: &Model) {
    let stores = handle.stores(APP);
    let live = handle.live_store(APP);
    let visits = Reads::new(&stores, &*live, APP).visits();
    let now = handle.live_now(APP);
    for id in GROUPS {
        let group = GroupId::new(id).expect("a valid id");
        let room = model.groups.get(&group).filter(|room| !room.dissolved);
        if room.is_none_or(|room| room.group_type != GroupType::AvChatRoom) {
            continue;
        }
        let made = Reads::new(&stores, &*live, APP).groups_with(&group);
        let made = made.group(&group).expect("readable").map(|row| row.roster);
        for id in USERS {
            let visit = visits.visit(&group, &user(id), now).expect("readable");
            let is_there = visit.is_some_and(|visit| Some(visit.room) == made);
            let expected = (model.room(&group), user(id));
            let expected = model.live.visits.contains(&expected);
            assert_eq!(is_there, expected, "{id} in {group}");
        }
    }
}

fn apps(handle: &Handle, model: &Model) {
    let ids: Vec<_> = model.apps.keys().copied().collect();
    assert_eq!(handle.apps(), ids);
    for (id, expected) in &model.apps {
        let row = handle.app(*id).expect("it is listed");
        let app = App {
            administrators: row.administrators,
            secret_fingerprint: row.secret_fingerprint,
            profile_fields: row.profile_fields,
            friend_fields: row.friend_fields,
            group_fields: row.group_fields,
            member_fields: row.member_fields,
            group_notices: row.group_notices,
            group_limits: row.group_limits,
            message_limits: row.message_limits,
        };
        assert_eq!(app, *expected, "{id}");
    }
}

fn account(handle: &Handle, model: &Model, user: &UserId) {
    let stores = handle.stores(APP);
    let live = handle.live_store(APP);
    let reads = Reads::new(&stores, &*live, APP);
    let directory = reads.directory();
    let now = handle.log_now(APP);
    let row = directory.account(user).expect("readable");
    let person = row.map(|row| Person {
        profile: directory.profile(user).expect("readable"),
        c2c_muted: row.mutes.c2c > now,
        group_muted: row.mutes.group > now,
    });
    assert_eq!(person.as_ref(), model.accounts.get(user), "{user}");
    let revoked = directory.signatures_revoked_up_to(user).expect("readable");
    assert_eq!(revoked, model.revoked.get(user).copied(), "{user}");
    let joined = reads.joined(user, usize::MAX).expect("readable");
    let joined: Vec<(GroupId, Role)> = joined
        .into_iter()
        .map(|one| (one.group_id, one.member.profile.role))
        .collect();
    let role = |(id, group): (&GroupId, &Group)| Some((id.clone(), group.members.get(user)?.role));
    let expected: Vec<_> = model.groups.iter().filter_map(role).collect();
    assert_eq!(joined, expected, "groups of {user}");
}

fn relations(handle: &Handle, model: &Model, user: &UserId) {
    let stores = handle.stores(APP);
    let live = handle.live_store(APP);
    let directory = Reads::new(&stores, &*live, APP).directory();
    let lists = directory.lists(user).expect("readable");
    let friends = directory.friends(user, 0, usize::MAX).expect("readable");
    let requests = directory.requests(user, 0, usize::MAX).expect("readable");
    let blocked = directory.blocked(user, 0, usize::MAX).expect("readable");
    let small = |count: usize| u32::try_from(count).expect("few");
    let of = model.friends.keys().filter(|(_, other)| other == user);
    let counted = (
        lists.friends,
        lists.requests,
        lists.blocked,
        lists.friend_of,
    );
    let listed = (
        small(friends.len()),
        small(requests.len()),
        small(blocked.len()),
        small(of.count()),
    );
    assert_eq!(counted, listed, "lists of {user}");
    let known = model.friend_groups.get(user).cloned().unwrap_or_default();
    assert_eq!(lists.groups, known, "friend groups of {user}");
    let friends: Vec<(UserId, FriendDetails)> = friends
        .into_iter()
        .map(|(other, row)| (other, row.details))
        .collect();
    let expected: Vec<_> = model
        .friends
        .iter()
        .filter(|((one, _), _)| one == user)
        .map(|((_, other), details)| (other.clone(), details.clone()))
        .collect();
    assert_eq!(friends, expected, "friends of {user}");
    for other in USERS.map(crate::testing::user) {
        let pair = (user.clone(), other.clone());
        let friend = directory.friend(user, &other).expect("readable");
        let friend = friend.map(|row| row.details);
        assert_eq!(friend.as_ref(), model.friends.get(&pair), "{pair:?}");
        let request = directory.request(user, &other).expect("readable");
        let is_listed = requests.iter().any(|(from, _)| *from == other);
        assert_eq!(is_listed, request.is_some(), "requests of {user}");
        let request = request.map(|row| Request {
            details: row.details,
            both: row.both,
        });
        assert_eq!(request.as_ref(), model.requests.get(&pair), "{pair:?}");
        let blocks = directory.blocks(user, &other).expect("readable");
        assert_eq!(blocks, model.blocks.contains(&pair), "{pair:?}");
        let is_listed = blocked.iter().any(|(one, _)| *one == other);
        assert_eq!(is_listed, blocks, "blocks of {user}");
    }
}

/// The one-to-one conversations of an account: those with messages that are not an earlier
/// account's of its name.
fn inbox(handle: &Handle, model: &Model, user: &UserId) {
    let stores = handle.stores(APP);
    let live = handle.live_store(APP);
    let reads = Reads::new(&stores, &*live, APP);
    let contacts = reads.contacts(user, None, usize::MAX);
    let contacts = contacts.expect("readable");
    let mut peers: Vec<UserId> = contacts.into_iter().map(|one| one.peer).collect();
    peers.sort();
    let (mut expected, mut unread) = (Vec::new(), 0);
    for (conversation, talk) in &model.talks {
        let cleared = talk.cleared.get(user).copied().unwrap_or(0);
        if let Some(peer) = conversation.peer_of(user)
            && talk.said.len() as u64 > cleared
        {
            expected.push(peer.clone());
            unread += model.unread(conversation, user);
        }
    }
    expected.sort();
    assert_eq!(peers, expected, "contacts of {user}");
    let all = reads.unread_of_all(user).expect("readable");
    assert_eq!(all, unread, "unread of {user}");
}

fn group(handle: &Handle, model: &Model, id: &GroupId) {
    let stores = handle.stores(APP);
    let live = handle.live_store(APP);
    let groups = Reads::new(&stores, &*live, APP).groups_with(id);
    let members = groups.members(id, usize::MAX).expect("readable");
    let row = groups.group(id).expect("readable");
    let count = row.as_ref().map_or(0, |row| row.member_count);
    assert_eq!(u32::try_from(members.len()), Ok(count), "{id}");
    let now = handle.log_now(APP);
    let muted = groups.muted(id, None, now, usize::MAX).expect("readable");
    let banned = groups.banned(id, now, usize::MAX).expect("readable");
    let attributes = groups.attributes(id).expect("readable").values;
    let counters = groups.counters(id).expect("readable");
    let expected = model.groups.get(id);
    let waiting = groups.requests(id, usize::MAX).expect("readable");
    let requests = row.as_ref().map_or(0, |row| row.requests);
    assert!(
        waiting.len() <= usize::try_from(requests).expect("small"),
        "{id}"
    );
    let topics = groups.topics(id, None, usize::MAX).expect("readable");
    let topic = |(topic, row): (TopicId, TopicRow)| {
        let muted = groups.muted(id, Some(row.made), now, usize::MAX);
        let muted = muted.expect("readable").into_iter();
        let here = TopicHere {
            profile: row.profile,
            muted: muted.map(|(user, _)| user).collect(),
        };
        (topic, here)
    };
    let topics: BTreeMap<TopicId, TopicHere> = topics.into_iter().map(topic).collect();
    let counted = row.as_ref().map_or(0, |row| row.topics);
    assert_eq!(u32::try_from(topics.len()), Ok(counted), "topics of {id}");
    let group = row.map(|row| Group {
        group_type: row.group_type,
        name: row.profile.name,
        owner: row.owner,
        introduction: row.profile.introduction,
        notification: row.profile.notification,
        face_url: row.profile.face_url,
        max_members: row.profile.max_members,
        apply_join_option: row.profile.apply_join_option,
        invite_join_option: row.profile.invite_join_option,
        mute_all: row.profile.mute_all,
        supports_topics: row.profile.supports_topics,
        topics,
        dissolved: row.dissolved,
        // The clock's, where the command did not say it.
        created_at: expected
            .and_then(|group| group.created_at)
            .map(|_| row.created_at),
        banned: banned.into_iter().map(|(user, _)| user).collect(),
        marks: groups.marks(id).expect("readable"),
        attributes,
        counters,
        members: members
            .into_iter()
            .map(|(user, row)| (user, membership(row.profile)))
            .collect(),
        muted: muted.into_iter().map(|(user, _)| user).collect(),
        waiting: waiting
            .into_iter()
            .map(|(user, row)| (user, (row.reason, row.invited_by)))
            .collect(),
    });
    assert_eq!(group.as_ref(), expected, "{id}");
}

fn membership(profile: MemberProfile) -> Membership {
    let MemberProfile {
        role,
        name_card,
        receive,
        fields: _,
    } = profile;
    Membership {
        role,
        name_card,
        receive,
    }
}

fn talk(handle: &Handle, model: &Model, conversation: &ConversationId) {
    let stores = handle.stores(APP);
    let live = handle.live_store(APP);
    let conversations = Reads::new(&stores, &*live, APP).conversations_with(conversation);
    let talk = &model.talks[conversation];
    let head = conversations.head(conversation).expect("readable");
    assert_eq!(head.last_seq, Seq(talk.said.len() as u64), "{conversation}");
    for (index, said) in talk.said.iter().enumerate() {
        let seq = Seq(index as u64 + 1);
        let row = conversations.message(conversation, seq).expect("readable");
        if seq.0 <= talk.gone {
            assert_eq!(row, None, "{conversation} was cleared up to {}", talk.gone);
            continue;
        }
        let row = row.expect("seqs have no holes");
        assert_eq!((&row.sender, row.random), (&said.sender, said.random));
        let sent_at = said.sent_at.unwrap_or(row.sent_at);
        assert_eq!(row.sent_at, sent_at, "{conversation} {seq}");
        assert_eq!(row.recall.is_some(), said.recalled, "{conversation} {seq}");
        let extensions = conversations.extensions(conversation, seq);
        let extensions = extensions.expect("readable");
        let kept = Kept {
            latest: extensions.latest,
            entries: extensions.entries,
        };
        let expected = said.kept.clone().filter(|_| !said.recalled);
        assert_eq!(kept, expected.unwrap_or_default(), "{conversation} {seq}");
    }
    let next = head.last_seq.next();
    let row = conversations.message(conversation, next).expect("readable");
    assert_eq!(row, None, "{conversation} ends before {next}");
    for id in USERS {
        let reader = user(id);
        let unread = conversations.unread(conversation, &reader);
        assert_eq!(
            unread.expect("readable"),
            model.unread(conversation, &reader),
            "unread of {reader} in {conversation}"
        );
    }
}
