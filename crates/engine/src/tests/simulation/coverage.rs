//! Which commands met what: a kind of command that no fault ever met is not simulated.

use std::collections::BTreeMap;

use hansard_domain::Command;

/// What goes wrong while commands are on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// An append or a read of the log fails, or its answer is lost.
    Log,
    /// The process dies.
    Death,
    /// The process dies, and the disk is an older one but for the journal.
    PowerLoss,
    /// The time of day is not where it was expected.
    Jump,
}

impl Trouble {
    const ALL: [Self; 4] = [Self::Log, Self::Death, Self::PowerLoss, Self::Jump];
}

/// One list makes the names and the match, which must be complete: a new kind of command does not
/// compile until it stands here, and is then missed until the simulation makes it.
macro_rules! kinds {
    ($($kind:ident)*) => {
        const KINDS: &[&str] = &[$(stringify!($kind)),*];

        fn kind_of(command: &Command) -> &'static str {
            match command {
                $(Command::$kind(_) => stringify!($kind)),*
            }
        }
    };
}

kinds! {
    ImportAccount DeleteAccount RevokeSignatures MuteAccount ChangeProfile
    AddFriend ImportFriend UpdateFriend DeleteFriend ClearFriends AnswerRequest Block Unblock
    AddFriendGroups DeleteFriendGroups RenameFriendGroup LeaveFriendGroup
    SendC2c SendGroup ImportMessage RecallC2c RecallGroup MarkRead
    CreateGroup AddMembers RemoveMembers ChangeGroupProfile DissolveGroup
    CreateApp ChangeAppSettings
}

/// How many commands of each kind were made and not refused, and what they met.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    accepted: BTreeMap<&'static str, u64>,
    refused: BTreeMap<&'static str, u64>,
    /// Of those that were not refused.
    met: BTreeMap<(&'static str, Trouble), u64>,
}

impl Coverage {
    pub(super) fn note(&mut self, command: &Command, is_accepted: bool, troubles: &[Trouble]) {
        let kind = kind_of(command);
        if !is_accepted {
            *self.refused.entry(kind).or_default() += 1;
            return;
        }
        *self.accepted.entry(kind).or_default() += 1;
        for trouble in troubles {
            *self.met.entry((kind, *trouble)).or_default() += 1;
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        let Self {
            accepted,
            refused,
            met,
        } = other;
        for (kind, count) in accepted {
            *self.accepted.entry(kind).or_default() += count;
        }
        for (kind, count) in refused {
            *self.refused.entry(kind).or_default() += count;
        }
        for (place, count) in met {
            *self.met.entry(place).or_default() += count;
        }
    }

    /// Every kind of command was made, was not refused each time, was refused at times, and met
    /// every trouble when it was not.
    pub(super) fn check(&self) {
        for kind in KINDS {
            assert!(self.accepted.contains_key(kind), "no {kind} is accepted");
            for trouble in Trouble::ALL {
                let met = self.met.contains_key(&(*kind, trouble));
                assert!(met, "{kind} never meets {trouble:?}");
            }
            // Nothing that the simulation imports is against a rule.
            let is_refused = self.refused.contains_key(kind) || *kind == "ImportAccount";
            assert!(is_refused, "no {kind} is ever refused");
        }
    }
}
