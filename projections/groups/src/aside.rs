//! What stands beside a roster: who is muted in the group, and who waits to be let in. Rows are
//! found from both sides, by group and ([`TRACE`]) by user, so that they go with either.

use hansard_events::group::{
    JoinRefused, JoinRequested, MembersBanned, MembersMuted, MembersUnbanned, TopicMembersMuted,
};
use hansard_store::key::Parts;
use hansard_store::{Direction, Error, KeyRange, Overlay, Result, Table, row};
use hansard_types::{GroupId, LogId, Timestamp, UserId};
use serde::de::DeserializeOwned;

use crate::apply::{change, put, remove};
use crate::marks;
use crate::reader::Reader;
use crate::{
    BAN, GroupRow, MUTE, MuteRow, REQUEST, RequestRow, TRACE, UntilRow, joined_key, member_key,
    roster_prefix,
};

pub(crate) fn muted(
    log: LogId,
    event: &MembersMuted,
    at: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let MembersMuted {
        group_id,
        accounts,
        until,
        notice: _,
    } = event;
    change(log, group_id, state, |group, state| {
        for user in accounts {
            change_mute(log, (group_id, group), user, at, state, |mute| {
                mute.until = *until;
            })?;
        }
        group.mutes_until = group.mutes_until.max(*until);
        Ok(())
    })
}

pub(crate) fn muted_in_topic(
    log: LogId,
    event: &TopicMembersMuted,
    (at, time): (u64, Timestamp),
    state: &mut Overlay<'_>,
) -> Result<()> {
    let TopicMembersMuted {
        group_id,
        topic_id,
        accounts,
        until,
    } = event;
    change(log, group_id, state, |group, state| {
        let topic = Reader::new(state, log).stored_topic(group_id, group.roster, topic_id)?;
        let Some(topic) = topic else {
            return Ok(());
        };
        for user in accounts {
            change_mute(log, (group_id, group), user, at, state, |mute| {
                // Also what is over, of topics that are gone too.
                mute.topics.retain(|_, until| *until > time);
                mute.topics.remove(&topic.made);
                if *until > time {
                    mute.topics.insert(topic.made, *until);
                }
            })?;
        }
        group.mutes_until = group.mutes_until.max(*until);
        Ok(())
    })
}

/// Changes the row of who is muted, which there may not be; one that says nothing goes.
fn change_mute(
    log: LogId,
    (group_id, group): (&GroupId, &GroupRow),
    user: &UserId,
    at: u64,
    state: &mut Overlay<'_>,
    work: impl FnOnce(&mut MuteRow),
) -> Result<()> {
    let reader = Reader::new(state, log);
    let stored: Option<MuteRow> = reader.beside(&MUTE, group_id, group.roster, user)?;
    let mut mute = match stored {
        Some(mute) if !reader.is_void(user, mute.since)? => mute,
        // None, or an earlier account's of that name.
        Some(_) | None => MuteRow::default(),
    };
    work(&mut mute);
    mute.since = at;
    let key = member_key(log, group_id, group.roster, user);
    if mute.until == Timestamp(0) && mute.topics.is_empty() {
        state.delete(&MUTE, key);
        return Ok(());
    }
    state.put(&MUTE, key, row::encode(&MUTE, &mute)?);
    trace(log, group_id, group, user, state)
}

pub(crate) fn banned(
    log: LogId,
    event: &MembersBanned,
    at: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let MembersBanned {
        group_id,
        accounts,
        until,
        reason: _,
        notice: _,
    } = event;
    change(log, group_id, state, |group, state| {
        for user in accounts {
            remove(log, group_id, group, user, state)?;
            wait_no_more(log, group_id, group, user, state)?;
            let ban = UntilRow {
                until: *until,
                since: at,
            };
            let key = member_key(log, group_id, group.roster, user);
            state.put(&BAN, key, row::encode(&BAN, &ban)?);
            trace(log, group_id, group, user, state)?;
        }
        group.bans_until = group.bans_until.max(*until);
        Ok(())
    })
}

pub(crate) fn unbanned(log: LogId, event: &MembersUnbanned, state: &mut Overlay<'_>) -> Result<()> {
    let MembersUnbanned { group_id, accounts } = event;
    let Some(group) = Reader::new(state, log).stored_group(group_id)? else {
        return Ok(());
    };
    for user in accounts {
        state.delete(&BAN, member_key(log, group_id, group.roster, user));
    }
    Ok(())
}

pub(crate) fn join_requested(
    log: LogId,
    event: &JoinRequested,
    (at, time): (u64, Timestamp),
    state: &mut Overlay<'_>,
) -> Result<()> {
    let JoinRequested {
        group_id,
        accounts,
        invited_by,
        reason,
    } = event;
    change(log, group_id, state, |group, state| {
        for user in accounts {
            wait_no_more(log, group_id, group, user, state)?;
            let request = RequestRow {
                reason: reason.clone(),
                invited_by: invited_by.clone(),
                asked_at: time,
                since: at,
            };
            let key = member_key(log, group_id, group.roster, user);
            state.put(&REQUEST, key, row::encode(&REQUEST, &request)?);
            group.requests += 1;
            trace(log, group_id, group, user, state)?;
        }
        Ok(())
    })
}

pub(crate) fn join_refused(log: LogId, event: &JoinRefused, state: &mut Overlay<'_>) -> Result<()> {
    let JoinRefused {
        group_id,
        user_id,
        reason: _,
    } = event;
    change(log, group_id, state, |group, state| {
        wait_no_more(log, group_id, group, user_id, state)?;
        Ok(())
    })
}

/// Takes a request away, if there is one; `group` is not written.
pub(crate) fn wait_no_more(
    log: LogId,
    group_id: &GroupId,
    group: &mut GroupRow,
    user: &UserId,
    state: &mut Overlay<'_>,
) -> Result<()> {
    if group.requests == 0 {
        return Ok(());
    }
    let request: Option<RequestRow> =
        Reader::new(state, log).beside(&REQUEST, group_id, group.roster, user)?;
    if request.is_some() {
        let key = member_key(log, group_id, group.roster, user);
        state.delete(&REQUEST, key);
        group.requests = group.requests.saturating_sub(1);
    }
    Ok(())
}

pub(crate) fn trace(
    log: LogId,
    group_id: &GroupId,
    group: &GroupRow,
    user: &UserId,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let encoded = row::encode(&TRACE, &group.roster)?;
    state.put(&TRACE, joined_key(log, user, group_id), encoded);
    Ok(())
}

/// Takes what stands beside a roster for a user away, unless it came later than `up_to`.
pub(crate) fn clear(
    log: LogId,
    group_id: &GroupId,
    user: &UserId,
    up_to: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let Some(mut group) = Reader::new(state, log).stored_group(group_id)? else {
        return Ok(());
    };
    let reader = Reader::new(state, log);
    let mute: Option<MuteRow> = reader.beside(&MUTE, group_id, group.roster, user)?;
    let request: Option<RequestRow> = reader.beside(&REQUEST, group_id, group.roster, user)?;
    let ban: Option<UntilRow> = reader.beside(&BAN, group_id, group.roster, user)?;
    let since = [
        (&MUTE, mute.map(|mute| mute.since)),
        (&BAN, ban.map(|ban| ban.since)),
    ];
    for (table, since) in since {
        if since.is_some_and(|since| since <= up_to) {
            state.delete(table, member_key(log, group_id, group.roster, user));
        }
    }
    marks::clear(log, (group_id, group.roster), user, up_to, state)?;
    if request.is_some_and(|request| request.since <= up_to) {
        wait_no_more(log, group_id, &mut group, user, state)?;
        put(log, group_id, &group, state)?;
    }
    Ok(())
}

impl Reader<'_> {
    pub(crate) fn beside<T: DeserializeOwned>(
        &self,
        table: &'static Table,
        group: &GroupId,
        roster: u64,
        user: &UserId,
    ) -> Result<Option<T>> {
        let key = member_key(self.log, group, roster, user);
        let bytes = self.store.get(table, &key)?;
        bytes.map(|bytes| row::decode(table, &bytes)).transpose()
    }

    /// What stands beside the group's roster for a user, unless it is an earlier account's of that
    /// name; `since`: when it came.
    fn held<T: DeserializeOwned>(
        &self,
        table: &'static Table,
        group: &GroupId,
        user: &UserId,
        since: impl FnOnce(&T) -> u64,
    ) -> Result<Option<T>> {
        let Some(roster) = self.roster(group)? else {
            return Ok(None);
        };
        match self.beside::<T>(table, group, roster, user)? {
            Some(row) if !self.is_void(user, since(&row))? => Ok(Some(row)),
            Some(_) | None => Ok(None),
        }
    }

    /// Until when a user may not speak in a group, member or not; 0, or a time that is over: it
    /// may.
    ///
    /// # Errors
    /// Here and below: when the store fails.
    pub fn mute(&self, group: &GroupId, user: &UserId) -> Result<Timestamp> {
        Ok(self.mutes(group, user)?.until)
    }

    /// As [`Self::mute`], of one of the group's topics alone.
    pub fn topic_mute(&self, group: &GroupId, made: u64, user: &UserId) -> Result<Timestamp> {
        let mutes = self.mutes(group, user)?;
        Ok(mutes.topics.get(&made).copied().unwrap_or_default())
    }

    fn mutes(&self, group: &GroupId, user: &UserId) -> Result<MuteRow> {
        let row = self.held(&MUTE, group, user, |row: &MuteRow| row.since)?;
        Ok(row.unwrap_or_default())
    }

    /// Until when a user is kept out of a group; 0, or a time that is over: it may come in.
    pub fn ban(&self, group: &GroupId, user: &UserId) -> Result<Timestamp> {
        let row = self.held(&BAN, group, user, |row: &UntilRow| row.since)?;
        Ok(row.map(|row| row.until).unwrap_or_default())
    }

    /// Who may not speak at a time in a group, or in the topic that was `made` then, by id, and
    /// until when: of the first `rows_max` that are noted.
    pub fn muted(
        &self,
        group: &GroupId,
        topic: Option<u64>,
        now: Timestamp,
        rows_max: usize,
    ) -> Result<Vec<(UserId, Timestamp)>> {
        self.all_beside(&MUTE, group, rows_max, |reader, user, bytes| {
            let row: MuteRow = row::decode(&MUTE, bytes)?;
            let until = match topic {
                None => row.until,
                Some(made) => row.topics.get(&made).copied().unwrap_or_default(),
            };
            let holds = until > now && !reader.is_void(user, row.since)?;
            Ok(holds.then_some(until))
        })
    }

    /// Who is kept out of a group at a time, as [`Self::muted`].
    pub fn banned(
        &self,
        group: &GroupId,
        now: Timestamp,
        rows_max: usize,
    ) -> Result<Vec<(UserId, Timestamp)>> {
        self.all_beside(&BAN, group, rows_max, |reader, user, bytes| {
            let row: UntilRow = row::decode(&BAN, bytes)?;
            let holds = row.until > now && !reader.is_void(user, row.since)?;
            Ok(holds.then_some(row.until))
        })
    }

    /// What an account that waits to be let into a group asked.
    pub fn request(&self, group: &GroupId, user: &UserId) -> Result<Option<RequestRow>> {
        self.held(&REQUEST, group, user, |row: &RequestRow| row.since)
    }

    /// Who waits to be let into a group, by id: of the first `rows_max` that are noted.
    pub fn requests(&self, group: &GroupId, rows_max: usize) -> Result<Vec<(UserId, RequestRow)>> {
        self.all_beside(&REQUEST, group, rows_max, |reader, user, bytes| {
            let request: RequestRow = row::decode(&REQUEST, bytes)?;
            let is_void = reader.is_void(user, request.since)?;
            Ok((!is_void).then_some(request))
        })
    }

    fn all_beside<T>(
        &self,
        table: &'static Table,
        group: &GroupId,
        rows_max: usize,
        decode: impl Fn(&Self, &UserId, &[u8]) -> Result<Option<T>>,
    ) -> Result<Vec<(UserId, T)>> {
        let Some(roster) = self.roster(group)? else {
            return Ok(Vec::new());
        };
        let prefix = roster_prefix(self.log, group, roster).bytes();
        let range = KeyRange::prefix(&prefix);
        let up = Direction::Ascending;
        self.store.rows(table, &range, up, rows_max, |key, value| {
            let user = key.get(prefix.len()..).and_then(|id| Parts::of(id).text());
            let user = user.and_then(|text| UserId::new(text).ok());
            let user = user.ok_or_else(|| Error::key(table))?;
            let found = decode(self, &user, value)?;
            Ok(found.map(|found| (user, found)))
        })
    }
}
