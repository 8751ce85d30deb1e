//! How often the groups of a partition are spoken in, where an app holds them to a number of messages
//! a second: what is over it is dropped, by priority (reference, section 9.2).
//!
//! In memory only: what was dropped is in no log, and a restart begins with a fresh second.

use std::collections::HashMap;

use hansard_types::{GroupId, Timestamp};

/// Groups that are held in memory before those are forgotten in which nothing was said for a second.
const GROUPS_MAX: usize = 10_000;
/// 1 high to 4 lowest.
const PRIORITIES: usize = 4;
const SECOND_US: u64 = 1_000_000;

/// For each priority until when its second is full, microseconds: of what has it, and of what has a
/// higher one. So a high message is dropped for high ones only, and a low one for all.
type FullUntil = [u64; PRIORITIES];

/// What a partition remembers of it.
#[derive(Debug, Default)]
pub struct Frequency {
    groups: HashMap<GroupId, FullUntil>,
}

impl Frequency {
    /// Whether one more message of a priority fits in a group's second, in which it then is.
    /// `per_second` is at least 1.
    pub(crate) fn admits(
        &mut self,
        group: &GroupId,
        priority: u8,
        per_second: u32,
        now: Timestamp,
    ) -> bool {
        let now = now.0.saturating_mul(1000);
        if self.groups.len() >= GROUPS_MAX && !self.groups.contains_key(group) {
            let speaks = |full: &FullUntil| full.iter().any(|until| *until > now);
            self.groups.retain(|_, full| speaks(full));
        }
        let place = usize::from(priority.clamp(1, 4)) - 1;
        let share = SECOND_US / u64::from(per_second.max(1));
        let full = self.groups.entry(group.clone()).or_default();
        let with_it = |until: u64| until.max(now) + share;
        if with_it(full[place]) > now + SECOND_US {
            return false;
        }
        for until in &mut full[place..] {
            // Lower ones wait for at most another second.
            *until = with_it(*until).min(now + 2 * SECOND_US);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HIGH: u8 = 1;
    const NORMAL: u8 = 2;
    const LOW: u8 = 3;

    fn admitted(frequency: &mut Frequency, priority: u8, tries: usize, ms: u64) -> usize {
        let group = GroupId::new("team").expect("a valid id");
        let now = Timestamp(1_794_000_000_000 + ms);
        let mut admits = |_: &usize| frequency.admits(&group, priority, 40, now);
        (0..tries).filter(|at| admits(at)).count()
    }

    #[test]
    fn a_second_holds_forty_and_what_comes_later_the_rest() {
        let mut frequency = Frequency::default();
        assert_eq!(admitted(&mut frequency, NORMAL, 41, 0), 40);
        assert_eq!(admitted(&mut frequency, NORMAL, 40, 500), 20);
        assert_eq!(admitted(&mut frequency, NORMAL, 41, 5000), 40);
        let rate: usize = (0..10_000)
            .step_by(10)
            .map(|ms| admitted(&mut frequency, NORMAL, 3, 10_000 + ms))
            .sum();
        assert!((400..=440).contains(&rate), "{rate} in ten seconds");
    }

    #[test]
    fn higher_priorities_go_first_and_lower_ones_make_room() {
        let mut frequency = Frequency::default();
        assert_eq!(admitted(&mut frequency, LOW, 60, 0), 40);
        assert_eq!(
            admitted(&mut frequency, HIGH, 60, 0),
            40,
            "likes hold no gift up"
        );
        assert_eq!(
            admitted(&mut frequency, NORMAL, 60, 0),
            0,
            "gifts go before texts"
        );
        assert_eq!(
            admitted(&mut frequency, LOW, 60, 1000),
            0,
            "the second is paid back"
        );
        assert_eq!(admitted(&mut frequency, LOW, 60, 2000), 40);
    }

    #[test]
    fn groups_have_a_second_of_their_own_and_silent_ones_are_forgotten() {
        let mut frequency = Frequency::default();
        for number in 0..=GROUPS_MAX {
            let group = GroupId::new(&format!("g{number}")).expect("a valid id");
            assert!(frequency.admits(&group, HIGH, 1, Timestamp(1_000)));
            assert!(!frequency.admits(&group, HIGH, 1, Timestamp(1_000)));
        }
        let late = GroupId::new("late").expect("a valid id");
        assert!(frequency.admits(&late, HIGH, 1, Timestamp(9_000)));
        assert_eq!(frequency.groups.len(), 1);
    }
}
