//! Attributes, counters, and the list of all groups with how many there are.

use std::collections::BTreeMap;

use hansard_events::group::{AttributesChanged, CountersChanged, GroupType};
use hansard_store::key::Key;
use hansard_store::{Access, Direction, Error, KeyRange, Overlay, Result, Table, row};
use hansard_types::{GroupId, LogId, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::reader::Reader;
use crate::{GroupRow, roster_prefix};

/// A group's attributes.
pub(crate) static ATTRIBUTES: Table = Table {
    name: "groups.group_attributes",
    kind: 0x0220,
    access: Access::Point,
};
/// A group's counters, by key.
pub(crate) static COUNTERS: Table = Table {
    name: "groups.group_counters",
    kind: 0x0221,
    access: Access::Point,
};
/// Every group that is not dissolved, by type and in the order of their making.
pub(crate) static LISTED: Table = Table {
    name: "groups.type_group",
    kind: 0x0222,
    access: Access::Scan,
};
/// How many groups are listed, by type.
pub(crate) static COUNT: Table = Table {
    name: "groups.app_count",
    kind: 0x0223,
    access: Access::Hot,
};

/// A group's attributes, and how often they have changed lately.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributesRow {
    pub values: BTreeMap<String, String>,
    /// The Unix second of the last change.
    pub second: u64,
    /// How many changes that second has seen.
    pub changes: u32,
}

fn place(group_type: GroupType) -> usize {
    GroupType::ALL
        .iter()
        .position(|one| *one == group_type)
        .expect("every type is listed")
}

fn listed_prefix(log: LogId, group_type: GroupType) -> Key {
    let place = u32::try_from(place(group_type)).expect("a handful");
    Key::of(log).u32(place)
}

/// Takes a group into the list, or out of it.
pub(crate) fn list(
    log: LogId,
    group_id: &GroupId,
    (group_type, roster): (GroupType, u64),
    is_there: bool,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let key = listed_prefix(log, group_type).u64(roster).bytes();
    let mut counts = Reader::new(state, log).counts()?;
    let count = &mut counts[place(group_type)];
    if is_there {
        *count += 1;
        state.put(&LISTED, key, row::encode(&LISTED, group_id)?);
    } else {
        *count = count.saturating_sub(1);
        state.delete(&LISTED, key);
    }
    let encoded = row::encode(&COUNT, &counts)?;
    state.put(&COUNT, Key::of(log).bytes(), encoded);
    Ok(())
}

/// What a dissolved group leaves.
pub(crate) fn forget(log: LogId, group_id: &GroupId, roster: u64, state: &mut Overlay<'_>) {
    for table in [&ATTRIBUTES, &COUNTERS] {
        state.delete(table, roster_prefix(log, group_id, roster).bytes());
    }
}

pub(crate) fn attributes_changed(
    log: LogId,
    event: &AttributesChanged,
    time: Timestamp,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let AttributesChanged {
        group_id,
        set,
        removed,
    } = event;
    let Some(group) = Reader::new(state, log).stored_group(group_id)? else {
        return Ok(());
    };
    let mut attributes = Reader::new(state, log).attributes(group_id)?;
    attributes.values.extend(set.clone());
    attributes.values.retain(|key, _| !removed.contains(key));
    let is_same_second = attributes.second == time.seconds();
    attributes.changes = if is_same_second {
        attributes.changes + 1
    } else {
        1
    };
    attributes.second = time.seconds();
    put(log, &ATTRIBUTES, group_id, &group, &attributes, state)
}

pub(crate) fn counters_changed(
    log: LogId,
    event: &CountersChanged,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let CountersChanged {
        group_id,
        values,
        removed,
    } = event;
    let Some(group) = Reader::new(state, log).stored_group(group_id)? else {
        return Ok(());
    };
    let mut counters = Reader::new(state, log).counters(group_id)?;
    counters.extend(values.clone());
    counters.retain(|key, _| !removed.contains(key));
    put(log, &COUNTERS, group_id, &group, &counters, state)
}

fn put<T: Serialize>(
    log: LogId,
    table: &'static Table,
    group_id: &GroupId,
    group: &GroupRow,
    value: &T,
    state: &mut Overlay<'_>,
) -> Result<()> {
    let key = roster_prefix(log, group_id, group.roster).bytes();
    state.put(table, key, row::encode(table, value)?);
    Ok(())
}

impl Reader<'_> {
    fn of_group<T: DeserializeOwned + Default>(
        &self,
        table: &'static Table,
        group: &GroupId,
    ) -> Result<T> {
        let Some(roster) = self.roster(group)? else {
            return Ok(T::default());
        };
        let key = roster_prefix(self.log, group, roster).bytes();
        let bytes = self.store.get(table, &key)?;
        let row = bytes.map(|bytes| row::decode(table, &bytes)).transpose()?;
        Ok(row.unwrap_or_default())
    }

    /// A group's attributes.
    ///
    /// # Errors
    /// Here and below: when the store fails.
    pub fn attributes(&self, group: &GroupId) -> Result<AttributesRow> {
        self.of_group(&ATTRIBUTES, group)
    }

    /// A group's counters, by key.
    pub fn counters(&self, group: &GroupId) -> Result<BTreeMap<String, i64>> {
        self.of_group(&COUNTERS, group)
    }

    /// How many groups there are in the partition, in the order of [`GroupType::ALL`].
    pub fn counts(&self) -> Result<[u64; 5]> {
        let bytes = self.store.get(&COUNT, &Key::of(self.log).bytes())?;
        let row = bytes.map(|bytes| row::decode(&COUNT, &bytes)).transpose()?;
        Ok(row.unwrap_or_default())
    }

    /// The groups of a type that were made in the partition after a sequence of its log, each with
    /// the sequence of its making, at most `groups_max`.
    pub fn listed(
        &self,
        group_type: GroupType,
        after: u64,
        groups_max: usize,
    ) -> Result<Vec<(u64, GroupId)>> {
        let prefix = listed_prefix(self.log, group_type);
        let mut range = KeyRange::prefix(&prefix.bytes());
        range.lower = listed_prefix(self.log, group_type)
            .u64(after.saturating_add(1))
            .bytes();
        let up = Direction::Ascending;
        self.store
            .rows(&LISTED, &range, up, groups_max, |key, value| {
                let made = key.last_chunk::<8>().ok_or_else(|| Error::key(&LISTED))?;
                let id: GroupId = row::decode(&LISTED, value)?;
                Ok(Some((u64::from_be_bytes(*made), id)))
            })
    }
}
