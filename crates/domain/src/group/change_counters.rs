use std::collections::BTreeMap;

use hansard_events::group::CountersChanged;
use hansard_types::{GroupId, Reason, limits};

use super::rules::rules;
use super::{difference, existing};
use crate::{Context, Decided, Decision, View};

/// What becomes of a group's counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CounterChange {
    Set(BTreeMap<String, i64>),
    /// Added to what there is; a counter that there is not begins at 0.
    Add(BTreeMap<String, i64>),
    /// Keys; one that there is not is passed over.
    Remove(Vec<String>),
}

/// Changes a group's counters; answers all of them.
#[derive(Debug, Clone)]
pub struct ChangeCounters {
    pub group_id: GroupId,
    pub change: CounterChange,
}

impl ChangeCounters {
    pub(crate) fn decide(
        &self,
        view: &dyn View,
        _context: &Context<'_>,
    ) -> Decided<BTreeMap<String, i64>> {
        let group = existing(view, &self.group_id)?;
        if !rules(group.group_type).has_counters {
            return Err(Reason::GroupTypeForbids.into());
        }
        let before = view.counters(&self.group_id)?;
        let after = self.after(&before)?;
        let (values, removed) = difference(&before, &after);
        if values.is_empty() && removed.is_empty() {
            return Ok(Decision::nothing(after));
        }
        let event = CountersChanged {
            group_id: self.group_id.clone(),
            values,
            removed,
        };
        Ok(Decision::event(event, after))
    }

    fn after(&self, before: &BTreeMap<String, i64>) -> Result<BTreeMap<String, i64>, Reason> {
        let mut after = before.clone();
        match &self.change {
            CounterChange::Set(values) => after.extend(values.clone()),
            CounterChange::Add(values) => {
                for (key, more) in values {
                    let value = after.entry(key.clone()).or_default();
                    *value = value.checked_add(*more).ok_or(Reason::CounterOverflows)?;
                }
            }
            CounterChange::Remove(keys) => after.retain(|key, _| !keys.contains(key)),
        }
        if after.len() > limits::COUNTERS_MAX {
            return Err(Reason::CountersFull);
        }
        let is_key = |key: &String| (1..=limits::COUNTER_KEY_BYTES_MAX).contains(&key.len());
        if !after.keys().all(is_key) {
            return Err(Reason::CounterKeyInvalid);
        }
        Ok(after)
    }
}
