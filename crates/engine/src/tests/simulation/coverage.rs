//! Which commands met what: a kind of command that no fault ever met is not simulated.

use std::collections::BTreeMap;

use hansard_domain::{Command, Right};
use hansard_types::{Actor, Reason};

use super::super::model::{Expected, Order};

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

/// Refusals of rules that only an account meets, or that depend on who acts.
const REFUSALS: [(&str, Reason); 14] = [
    ("CreateTopic", Reason::TopicsOff),
    ("CreateTopic", Reason::TopicIdTaken),
    ("SendGroup", Reason::TopicUnknown),
    ("EnterRoom", Reason::MemberBanned),
    ("SendGroup", Reason::GroupTypeForbids),
    ("AddFriend", Reason::NotPermitted),
    ("ChangeProfile", Reason::ProfileReadOnly),
    ("UpdateFriend", Reason::ProfileReadOnly),
    ("JoinFriendGroup", Reason::FriendGroupUnknown),
    ("SendC2c", Reason::SenderBlocked),
    ("SendC2c", Reason::SenderMuted),
    ("SendGroup", Reason::SenderMuted),
    ("SendGroup", Reason::MemberUnknown),
    ("SendGroup", Reason::GroupMuted),
];

/// What commands met, by kind. Every kind is in the domain's table of commands: a new one is missed
/// until the simulation makes it.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    accepted: BTreeMap<(&'static str, &'static str), u64>,
    refused: BTreeMap<(&'static str, Reason), u64>,
    /// Not permitted, by role.
    forbidden: BTreeMap<(&'static str, &'static str), u64>,
    /// Of those that were not refused.
    met: BTreeMap<(&'static str, Trouble), u64>,
    heard: usize,
}

fn role(actor: &Actor) -> &'static str {
    match actor {
        Actor::System => "system",
        Actor::Import(_) => "import",
        Actor::Administrator(_) => "administrator",
        Actor::Account(_) => "account",
    }
}

fn add<K: Ord>(to: &mut BTreeMap<K, u64>, from: BTreeMap<K, u64>) {
    for (place, count) in from {
        *to.entry(place).or_default() += count;
    }
}

impl Coverage {
    pub(super) fn note(&mut self, order: &Order, expected: &Expected, troubles: &[Trouble]) {
        let (kind, role) = (order.command.name(), role(&order.actor));
        if let Err(reason) = expected {
            *self.refused.entry((kind, *reason)).or_default() += 1;
            if *reason == Reason::NotPermitted {
                *self.forbidden.entry((kind, role)).or_default() += 1;
            }
            return;
        }
        *self.accepted.entry((kind, role)).or_default() += 1;
        for trouble in troubles {
            *self.met.entry((kind, *trouble)).or_default() += 1;
        }
    }

    /// So many signals were told.
    pub(super) fn heard(&mut self, count: usize) {
        self.heard += count;
    }

    pub(super) fn add(&mut self, other: Self) {
        let Self {
            accepted,
            refused,
            forbidden,
            met,
            heard,
        } = other;
        add(&mut self.accepted, accepted);
        add(&mut self.refused, refused);
        add(&mut self.forbidden, forbidden);
        add(&mut self.met, met);
        self.heard += heard;
    }

    /// Every kind of command was given by every role: it was taken from each that may give it, met
    /// every trouble then, and was refused to each that may not. Rules between accounts were met.
    pub(super) fn check(&self) {
        for (kind, rights) in Command::PERMISSIONS {
            for trouble in Trouble::ALL {
                let met = self.met.contains_key(&(*kind, trouble));
                assert!(met, "{kind} never meets {trouble:?}");
            }
            let roles = [
                ("system", rights.system),
                ("import", rights.import),
                ("administrator", rights.administrator),
                ("account", rights.account),
            ];
            for (role, right) in roles {
                let place = (*kind, role);
                if right != Right::Never {
                    assert!(self.accepted.contains_key(&place), "no {kind} of {role}");
                }
                if matches!(right, Right::Own | Right::Never) {
                    let is_refused = self.forbidden.contains_key(&place);
                    assert!(is_refused, "no {kind} is refused to {role}");
                }
            }
        }
        for place in REFUSALS {
            assert!(self.refused.contains_key(&place), "never: {place:?}");
        }
        assert!(self.heard > 0, "nothing is ever online only");
    }
}
