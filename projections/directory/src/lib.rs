//! Apps, accounts and their relations: who there is, and who knows whom.
//!
//! Not here: what accounts say (conversations) or where they are members (groups).
//!
//! A deleted account leaves nothing here but its revoked signatures (a signature that was taken back
//! does not hold again because an account of that name was imported anew) and that it was deleted,
//! which the other partitions learn from that row.
//!
//! Everything here is in an app's partition 0; in the others there is only how far they have learned
//! of deletions.
//!
//! Sessions are read here ([`Reader::sessions`]) and nobody writes them yet: there are no client
//! connections, so everyone is offline.
//!
//! Deleting an account and emptying a friend list are one small change each, whatever their size:
//! they make relations void, which nobody sees from then on, and the rows themselves go a few at a
//! time with the events that follow. Until then, what is left of more than one slice still counts
//! in the numbers (not the lists) of the other accounts.
//!
//! Invariants: an account's row holds exactly what its events said last; apps are kept under app
//! 0, the control log, which is where they are decided.

mod account;
mod relation;

use hansard_events::app::{
    AppCreated, AppSettingsChanged, CustomField, GroupField, GroupLimits, MessageLimits,
};
use hansard_events::group::NoticeSetting;
use hansard_events::{AccountEvent, AppEvent, Event, Recorded};
use hansard_projector::Projection;
use hansard_store::key::{Key, Parts};
use hansard_store::{Access, Direction, Error, KeyRange, Overlay, Read, Result, Table, row};
use hansard_types::{AppId, LogId, Timestamp, UserId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use account::{AccountRow, Platform, ProfileRow, SessionRow, SessionState};
pub use relation::{BlockRow, FriendRow, ListsRow, RequestRow};

static APP: Table = Table {
    name: "directory.app_settings",
    kind: 0x0101,
    access: Access::Point,
};
pub(crate) static ACCOUNT: Table = Table {
    name: "directory.user_account",
    kind: 0x0102,
    access: Access::Hot,
};

/// The tables of this projection.
pub static TABLES: &[&Table] = &[
    &APP,
    &ACCOUNT,
    &account::PROFILE,
    &account::REVOCATION,
    &account::SESSION,
    &account::DELETION,
    &account::FORGOTTEN,
    &relation::FRIEND,
    &relation::REQUEST,
    &relation::BLOCK,
    &relation::LISTS,
    &relation::RELATED,
    &relation::VOID,
    &relation::QUEUE,
    &relation::TASK,
];
/// Its stable name.
pub const NAME: &str = "directory";
/// Raised whenever a row, a key or what is written changes.
pub const VERSION: u32 = 9;

/// An app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppRow {
    pub administrators: Vec<UserId>,
    pub secret_fingerprint: String,
    /// Custom fields of profiles.
    pub profile_fields: Vec<CustomField>,
    /// Custom fields of friends.
    pub friend_fields: Vec<CustomField>,
    /// Custom fields of groups.
    pub group_fields: Vec<GroupField>,
    /// Custom fields of members of groups.
    pub member_fields: Vec<GroupField>,
    /// What members of groups are told of otherwise than the types have it.
    pub group_notices: Vec<NoticeSetting>,
    pub group_limits: GroupLimits,
    pub message_limits: MessageLimits,
    /// Of its log.
    pub partitions: u16,
    pub created_at: Timestamp,
}

/// Folds account and app events.
#[derive(Debug, Default)]
pub struct Directory;

impl Projection for Directory {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        VERSION
    }

    fn tables(&self) -> &'static [&'static Table] {
        TABLES
    }

    fn apply(
        &self,
        log: LogId,
        recorded: &Recorded,
        event: &Event,
        state: &mut Overlay<'_>,
    ) -> Result<()> {
        let time = recorded.envelope.time;
        let at = recorded.sequence;
        relation::sweep_slice(log, state)?;
        match event {
            Event::Account(event) => match event {
                AccountEvent::Imported(event) => account::imported(log, event, time, state),
                AccountEvent::Deleted(event) => {
                    relation::forget(log, &event.user_id, at, state)?;
                    account::deleted(log, event, at, state)
                }
                AccountEvent::Forgotten(event) => account::forgotten(log, event, state),
                AccountEvent::SignaturesRevoked(event) => {
                    account::signatures_revoked(log, event, state)
                }
                AccountEvent::Muted(event) => account::muted(log, event, state),
                AccountEvent::ProfileChanged(event) => account::profile_changed(log, event, state),
            },
            Event::App(AppEvent::Created(event)) => created(log, event, time, state),
            Event::App(AppEvent::SettingsChanged(event)) => settings_changed(log, event, state),
            Event::Relation(event) => relation::apply(log, event, at, state),
            Event::Message(_) | Event::Conversation(_) | Event::Group(_) | Event::Live(_) => Ok(()),
        }
    }
}

fn created(
    control: LogId,
    event: &AppCreated,
    time: Timestamp,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let AppCreated {
        app_id,
        administrators,
        secret_fingerprint,
        partitions,
    } = event;
    let app = AppRow {
        administrators: administrators.clone(),
        secret_fingerprint: secret_fingerprint.clone(),
        profile_fields: Vec::new(),
        friend_fields: Vec::new(),
        group_fields: Vec::new(),
        member_fields: Vec::new(),
        group_notices: Vec::new(),
        group_limits: GroupLimits::default(),
        message_limits: MessageLimits::default(),
        partitions: *partitions,
        created_at: time,
    };
    state.put(&APP, app_key(control, *app_id), row::encode(&APP, &app)?);
    Ok(())
}

fn settings_changed(
    control: LogId,
    event: &AppSettingsChanged,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let AppSettingsChanged {
        app_id,
        administrators,
        secret_fingerprint,
        profile_fields,
        friend_fields,
        group_fields,
        member_fields,
        group_notices,
        group_limits,
        message_limits,
    } = event;
    let Some(mut app) = Reader::new(state, control).app(*app_id)? else {
        return Ok(());
    };
    if let Some(administrators) = administrators {
        app.administrators.clone_from(administrators);
    }
    if let Some(fingerprint) = secret_fingerprint {
        app.secret_fingerprint.clone_from(fingerprint);
    }
    if let Some(fields) = profile_fields {
        app.profile_fields.clone_from(fields);
    }
    if let Some(fields) = friend_fields {
        app.friend_fields.clone_from(fields);
    }
    if let Some(fields) = group_fields {
        app.group_fields.clone_from(fields);
    }
    if let Some(fields) = member_fields {
        app.member_fields.clone_from(fields);
    }
    if let Some(notices) = group_notices {
        app.group_notices.clone_from(notices);
    }
    app.group_limits = group_limits.unwrap_or(app.group_limits);
    app.message_limits = message_limits.unwrap_or(app.message_limits);
    state.put(&APP, app_key(control, *app_id), row::encode(&APP, &app)?);
    Ok(())
}

pub(crate) fn account_key(log: LogId, user: &UserId) -> Vec<u8> {
    Key::of(log).text(user.as_str()).bytes()
}

fn app_key(control: LogId, app: AppId) -> Vec<u8> {
    Key::of(control).u32(app.0).bytes()
}

/// Queries of one app; of the control log (app 0) for apps.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    store: &'a dyn Read,
    log: LogId,
}

impl<'a> Reader<'a> {
    #[must_use]
    pub fn new(store: &'a dyn Read, log: LogId) -> Self {
        Self { store, log }
    }

    /// # Errors
    /// Here and below: when the store fails.
    pub fn account(&self, user: &UserId) -> Result<Option<AccountRow>> {
        self.get(&ACCOUNT, user)
    }

    /// The fields of an account's profile that are set, by tag.
    pub fn profile(&self, user: &UserId) -> Result<ProfileRow> {
        Ok(self.get(&account::PROFILE, user)?.unwrap_or_default())
    }

    /// The last second whose signatures of the account no longer hold; `None`: all hold. One
    /// look-up by key, made for every request.
    pub fn signatures_revoked_up_to(&self, user: &UserId) -> Result<Option<u64>> {
        self.get(&account::REVOCATION, user)
    }

    /// In the directory's partition: at most `accounts_max` accounts that were deleted after a
    /// sequence, in order, each with its deletion's.
    pub fn deleted_after(&self, after: u64, accounts_max: usize) -> Result<Vec<(u64, UserId)>> {
        let end = KeyRange::prefix(&Key::of(self.log).bytes()).upper;
        let range = KeyRange {
            lower: account::deletion_key(self.log, after.saturating_add(1)),
            upper: end,
        };
        let (table, up) = (&account::DELETION, Direction::Ascending);
        self.store
            .rows(table, &range, up, accounts_max, |key, value| {
                let mut parts = Parts::of(key);
                let at = parts.log().and_then(|_log| parts.u64());
                let at = at.ok_or_else(|| Error::key(table))?;
                Ok(Some((at, row::decode(table, value)?)))
            })
    }

    /// In the directory's partition: the sequence of the last deletion; 0 before the first.
    pub fn last_deletion(&self) -> Result<u64> {
        let range = KeyRange::prefix(&Key::of(self.log).bytes());
        let last = self
            .store
            .first(&account::DELETION, &range, Direction::Descending)?;
        let Some((key, _)) = last else { return Ok(0) };
        let mut parts = Parts::of(&key);
        let at = parts.log().and_then(|_log| parts.u64());
        at.ok_or_else(|| Error::key(&account::DELETION))
    }

    /// In every other partition: the last deletion that it has learned of; 0 before the first.
    pub fn forgotten_up_to(&self) -> Result<u64> {
        let bytes = self
            .store
            .get(&account::FORGOTTEN, &Key::of(self.log).bytes())?;
        let row = bytes.map(|bytes| row::decode(&account::FORGOTTEN, &bytes));
        Ok(row.transpose()?.unwrap_or(0))
    }

    /// The devices an account is or was connected with.
    pub fn sessions(&self, user: &UserId) -> Result<Vec<SessionRow>> {
        Ok(self.get(&account::SESSION, user)?.unwrap_or_default())
    }

    pub(crate) fn get<T: DeserializeOwned>(
        &self,
        table: &'static Table,
        user: &UserId,
    ) -> Result<Option<T>> {
        let bytes = self.store.get(table, &account_key(self.log, user))?;
        bytes.map(|bytes| row::decode(table, &bytes)).transpose()
    }

    pub fn app(&self, app: AppId) -> Result<Option<AppRow>> {
        let bytes = self.store.get(&APP, &app_key(self.log, app))?;
        bytes.map(|bytes| row::decode(&APP, &bytes)).transpose()
    }

    /// Every app, by id.
    pub fn apps(&self) -> Result<Vec<(AppId, AppRow)>> {
        let range = KeyRange::prefix(&Key::of(self.log).bytes());
        self.store.rows(
            &APP,
            &range,
            Direction::Ascending,
            usize::MAX,
            |key, value| {
                let mut parts = Parts::of(key);
                let id = parts.log().and_then(|_control| parts.u32()).map(AppId);
                let id = id.ok_or_else(|| Error::key(&APP))?;
                Ok(Some((id, row::decode(&APP, value)?)))
            },
        )
    }
}
