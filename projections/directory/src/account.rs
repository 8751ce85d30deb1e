//! Accounts: profiles, mutes, revoked signatures.

use std::collections::BTreeMap;

use hansard_events::account::{
    AccountDeleted, AccountImported, AccountMuted, AccountProfileChanged, AccountsForgotten, Mutes,
    ProfileValue, SignaturesRevoked,
};
use hansard_store::key::Key;
use hansard_store::{Access, Overlay, Result, Table, row};
use hansard_types::{LogId, Timestamp, UserId, profile};
use serde::{Deserialize, Serialize};

use crate::{ACCOUNT, Reader, account_key};

/// Apart from the account, which every send reads.
pub(crate) static PROFILE: Table = Table {
    name: "directory.user_profile",
    kind: 0x0103,
    access: Access::Point,
};
pub(crate) static REVOCATION: Table = Table {
    name: "directory.user_revocation",
    kind: 0x0104,
    access: Access::Point,
};
pub(crate) static SESSION: Table = Table {
    name: "directory.user_session",
    kind: 0x0105,
    access: Access::Point,
};

/// In the directory's partition: the accounts that were deleted, by the sequence of that.
pub(crate) static DELETION: Table = Table {
    name: "directory.number_deletion",
    kind: 0x0106,
    access: Access::Scan,
};
/// In every other partition: the last deletion that it has learned of.
pub(crate) static FORGOTTEN: Table = Table {
    name: "directory.partition_forgotten",
    kind: 0x0107,
    access: Access::Point,
};

/// An account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    pub imported_at: Timestamp,
    pub mutes: Mutes,
}

/// The fields of a profile that are set, by tag.
pub type ProfileRow = BTreeMap<String, ProfileValue>;

/// A device that an account is or was connected with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    pub platform: Platform,
    pub state: SessionState,
}

/// What a client runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Platform {
    IPhone,
    IPad,
    Android,
    Web,
    Pc,
    Mac,
}

/// How a device can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SessionState {
    /// By an offline push only.
    Push,
    /// At once.
    Connected,
}

pub(crate) fn imported(
    log: LogId,
    event: &AccountImported,
    time: Timestamp,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let AccountImported {
        user_id,
        nick,
        face_url,
    } = event;
    if Reader::new(state, log).account(user_id)?.is_none() {
        let account = AccountRow {
            imported_at: time,
            ..AccountRow::default()
        };
        put_account(log, user_id, &account, state)?;
    }
    let mut fields = Vec::new();
    for (tag, text) in [(profile::NICK, nick), (profile::IMAGE, face_url)] {
        if let Some(text) = text {
            fields.push((tag.to_owned(), ProfileValue::Text(text.clone())));
        }
    }
    set_fields(log, user_id, fields, state)
}

/// Whoever is imported under this name later begins anew. Revoked signatures stay revoked.
pub(crate) fn deleted(
    log: LogId,
    event: &AccountDeleted,
    at: u64,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let AccountDeleted { user_id } = event;
    let key = account_key(log, user_id);
    state.delete(&ACCOUNT, key.clone());
    state.delete(&PROFILE, key.clone());
    state.delete(&SESSION, key);
    let deletion = row::encode(&DELETION, user_id)?;
    state.put(&DELETION, deletion_key(log, at), deletion);
    Ok(())
}

pub(crate) fn deletion_key(log: LogId, at: u64) -> Vec<u8> {
    Key::of(log).u64(at).bytes()
}

/// This partition has learned of deletions up to the last of these.
pub(crate) fn forgotten(
    log: LogId,
    event: &AccountsForgotten,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let AccountsForgotten { accounts } = event;
    let up_to = accounts.iter().map(|account| account.deleted_at).max();
    let before = Reader::new(state, log).forgotten_up_to()?;
    let up_to = before.max(up_to.unwrap_or(0));
    let encoded = row::encode(&FORGOTTEN, &up_to)?;
    state.put(&FORGOTTEN, Key::of(log).bytes(), encoded);
    Ok(())
}

pub(crate) fn signatures_revoked(
    log: LogId,
    event: &SignaturesRevoked,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let SignaturesRevoked {
        user_id,
        issued_up_to_seconds,
    } = event;
    let before = Reader::new(state, log).signatures_revoked_up_to(user_id)?;
    let up_to = before.unwrap_or(0).max(*issued_up_to_seconds);
    let key = account_key(log, user_id);
    state.delete(&SESSION, key.clone());
    state.put(&REVOCATION, key, row::encode(&REVOCATION, &up_to)?);
    Ok(())
}

pub(crate) fn muted(log: LogId, event: &AccountMuted, state: &mut Overlay<'_>) -> Result<()> {
    let user_id = &event.user_id;
    let Some(mut account) = Reader::new(state, log).account(user_id)? else {
        return Ok(());
    };
    account.mutes.apply(event);
    put_account(log, user_id, &account, state)
}

pub(crate) fn profile_changed(
    log: LogId,
    event: &AccountProfileChanged,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let AccountProfileChanged { user_id, fields } = event;
    set_fields(log, user_id, fields.clone(), state)
}

fn set_fields(
    log: LogId,
    user: &UserId,
    fields: impl IntoIterator<Item = (String, ProfileValue)>,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let before = Reader::new(state, log).profile(user)?;
    let mut after = before.clone();
    after.extend(fields);
    if after != before {
        let encoded = row::encode(&PROFILE, &after)?;
        state.put(&PROFILE, account_key(log, user), encoded);
    }
    Ok(())
}

fn put_account(
    log: LogId,
    user: &UserId,
    account: &AccountRow,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let encoded = row::encode(&ACCOUNT, account)?;
    state.put(&ACCOUNT, account_key(log, user), encoded);
    Ok(())
}

#[cfg(test)]
mod tests;
