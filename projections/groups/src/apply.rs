use hansard_events::group::{
    GroupCreated, GroupDissolved, MemberChanged, MemberProfile, MembersAdded, MembersImported,
    MembersRemoved, OwnerChanged, ProfileChanged, Role, RoomAdminsChanged,
};
use hansard_events::message::MessageSent;
use hansard_store::{Overlay, Result, row};
use hansard_types::{ConversationId, GroupId, LogId, Timestamp, UserId};

use crate::reader::Reader;
use crate::sweep;
use crate::{GROUP, GroupRow, JOINED, MEMBER, MemberRow, group_key, joined_key, member_key};
use crate::{aside, extras, marks, topics};

pub(crate) fn created(
    log: LogId,
    event: &GroupCreated,
    at: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let group_id = &event.group_id;
    let mut group = GroupRow {
        roster: at,
        group_type: event.group_type,
        owner: event.owner.clone(),
        profile: event.profile(),
        member_count: 0,
        created_at: event.created_at,
        changed_at: event.created_at,
        changes: 1,
        dissolved: false,
        mutes_until: Timestamp(0),
        bans_until: Timestamp(0),
        requests: 0,
        topics: 0,
    };
    for member in &event.members {
        let joined = MemberRow {
            profile: MemberProfile {
                fields: member.fields.clone(),
                ..MemberProfile::new(member.role)
            },
            joined_at: event.created_at,
            since: at,
        };
        add(log, group_id, &mut group, &member.user_id, joined, state)?;
    }
    extras::list(log, group_id, (event.group_type, at), true, state)?;
    put(log, group_id, &group, state)
}

pub(crate) fn room_admins_changed(
    log: LogId,
    event: &RoomAdminsChanged,
    at: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let RoomAdminsChanged {
        group_id,
        accounts,
        are_admins,
        changed_at,
    } = event;
    change(log, group_id, state, |group, state| {
        for user in accounts {
            if !*are_admins {
                remove(log, group_id, group, user, state)?;
                continue;
            }
            let joined = MemberRow {
                profile: MemberProfile::new(Role::Admin),
                joined_at: *changed_at,
                since: at,
            };
            add(log, group_id, group, user, joined, state)?;
        }
        Ok(())
    })
}

pub(crate) fn members_imported(
    log: LogId,
    event: &MembersImported,
    at: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let MembersImported { group_id, members } = event;
    change(log, group_id, state, |group, state| {
        for member in members {
            let joined = MemberRow {
                profile: MemberProfile::new(member.role),
                joined_at: member.joined_at,
                since: at,
            };
            let user = &member.user_id;
            add(log, group_id, group, user, joined, state)?;
            aside::wait_no_more(log, group_id, group, user, state)?;
        }
        Ok(())
    })
}

pub(crate) fn members_added(
    log: LogId,
    event: &MembersAdded,
    at: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let MembersAdded {
        group_id,
        accounts,
        how: _,
        joined_at,
        silent: _,
        import_key: _,
        notice: _,
    } = event;
    change(log, group_id, state, |group, state| {
        for user in accounts {
            let joined = MemberRow {
                profile: MemberProfile::new(Role::Member),
                joined_at: *joined_at,
                since: at,
            };
            add(log, group_id, group, user, joined, state)?;
            aside::wait_no_more(log, group_id, group, user, state)?;
        }
        Ok(())
    })
}

pub(crate) fn members_removed(
    log: LogId,
    event: &MembersRemoved,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let MembersRemoved {
        group_id,
        accounts,
        how: _,
        removed_at: _,
        reason: _,
        silent: _,
        import_key: _,
        notice: _,
    } = event;
    change(log, group_id, state, |group, state| {
        for user in accounts {
            remove(log, group_id, group, user, state)?;
        }
        Ok(())
    })
}

pub(crate) fn member_changed(
    log: LogId,
    event: &MemberChanged,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let MemberChanged {
        group_id,
        user_id,
        change,
        notice: _,
    } = event;
    let Some(group) = Reader::new(state, log).stored_group(group_id)? else {
        return Ok(());
    };
    change_member(log, group_id, &group, user_id, state, |member| {
        member.apply(change);
    })
}

/// The former owner stays as a member.
pub(crate) fn owner_changed(
    log: LogId,
    event: &OwnerChanged,
    time: Timestamp,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let OwnerChanged {
        group_id,
        owner,
        shown_as: _,
        notice: _,
    } = event;
    change(log, group_id, state, |group, state| {
        let former = group.owner.replace(owner.clone());
        if let Some(former) = &former {
            change_member(log, group_id, group, former, state, |member| {
                member.role = Role::Member;
            })?;
        }
        change_member(log, group_id, group, owner, state, |member| {
            member.role = Role::Owner;
        })?;
        group.changes += 1;
        group.changed_at = time;
        Ok(())
    })
}

/// Changes a member's row, which may be gone meanwhile.
fn change_member(
    log: LogId,
    group_id: &GroupId,
    group: &GroupRow,
    user: &UserId,
    state: &mut Overlay<'_>,
    change: impl FnOnce(&mut MemberProfile),
) -> Result<()> {
    let row = Reader::new(state, log).stored_member(group_id, group.roster, user)?;
    let Some(mut row) = row else {
        return Ok(());
    };
    change(&mut row.profile);
    state.put(
        &MEMBER,
        member_key(log, group_id, group.roster, user),
        row::encode(&MEMBER, &row)?,
    );
    Ok(())
}

pub(crate) fn profile_changed(
    log: LogId,
    event: &ProfileChanged,
    time: Timestamp,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let ProfileChanged {
        group_id,
        change: new,
        shown_as: _,
        notice: _,
    } = event;
    change(log, group_id, state, |group, _| {
        group.profile.apply(new);
        group.changes += 1;
        group.changed_at = time;
        Ok(())
    })
}

pub(crate) fn dissolved(
    log: LogId,
    event: &GroupDissolved,
    time: Timestamp,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let GroupDissolved { group_id } = event;
    let Some(mut group) = Reader::new(state, log).stored_group(group_id)? else {
        return Ok(());
    };
    topics::forget(log, group_id, &mut group, state);
    let roster = std::mem::take(&mut group.roster);
    if !group.dissolved {
        extras::list(log, group_id, (group.group_type, roster), false, state)?;
    }
    extras::forget(log, group_id, roster, state);
    marks::forget(log, group_id, roster, state)?;
    group.member_count = 0;
    group.changed_at = time;
    group.dissolved = true;
    put(log, group_id, &group, state)?;
    if roster == 0 {
        return Ok(());
    }
    sweep::roster(log, group_id, roster, state)
}

/// An imported message can bring its sender into the group.
pub(crate) fn sender_joins(
    log: LogId,
    event: &MessageSent,
    at: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let ConversationId::Group(group_id) = &event.conversation else {
        return Ok(());
    };
    if !event.sender_joins {
        return Ok(());
    }
    change(log, group_id, state, |group, state| {
        let joined = MemberRow {
            profile: MemberProfile::new(Role::Member),
            joined_at: event.sent_at,
            since: at,
        };
        add(log, group_id, group, &event.sender, joined, state)?;
        aside::wait_no_more(log, group_id, group, &event.sender, state)
    })
}

fn add(
    log: LogId,
    group_id: &GroupId,
    group: &mut GroupRow,
    user: &UserId,
    joined: MemberRow,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let before = Reader::new(state, log).stored_member(group_id, group.roster, user)?;
    if let Some(before) = before {
        if before.since > sweep::void_up_to(state, log, user)? {
            return Ok(());
        }
        // An earlier account's of that name, which is not swept yet.
        remove_row(log, group_id, group, user, state);
    }
    state.put(
        &MEMBER,
        member_key(log, group_id, group.roster, user),
        row::encode(&MEMBER, &joined)?,
    );
    state.put(
        &JOINED,
        joined_key(log, user, group_id),
        row::encode(&JOINED, &group.roster)?,
    );
    group.member_count += 1;
    Ok(())
}

pub(crate) fn remove(
    log: LogId,
    group_id: &GroupId,
    group: &mut GroupRow,
    user: &UserId,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let stored = Reader::new(state, log).stored_member(group_id, group.roster, user)?;
    if stored.is_some() {
        remove_row(log, group_id, group, user, state);
    }
    Ok(())
}

/// Takes a row of the group's roster away, which there must be.
pub(crate) fn remove_row(
    log: LogId,
    group_id: &GroupId,
    group: &mut GroupRow,
    user: &UserId,
    state: &mut Overlay<'_>,
) {
    state.delete(&MEMBER, member_key(log, group_id, group.roster, user));
    state.delete(&JOINED, joined_key(log, user, group_id));
    group.member_count = group.member_count.saturating_sub(1);
    if group.owner.as_ref() == Some(user) {
        group.owner = None;
    }
}

/// Changes a group's row; of a group that there is not, nothing.
pub(crate) fn change(
    log: LogId,
    group_id: &GroupId,
    state: &mut Overlay<'_>,
    work: impl FnOnce(&mut GroupRow, &mut Overlay<'_>) -> Result<()>,
) -> Result<()> {
    let Some(mut group) = Reader::new(state, log).stored_group(group_id)? else {
        return Ok(());
    };
    work(&mut group, state)?;
    put(log, group_id, &group, state)
}

pub(crate) fn put(
    log: LogId,
    group_id: &GroupId,
    group: &GroupRow,
    state: &mut Overlay<'_>,
) -> Result<()> {
    state.put(
        &GROUP,
        group_key(log, group_id),
        row::encode(&GROUP, group)?,
    );
    Ok(())
}
