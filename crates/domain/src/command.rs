use hansard_events::partition_of;
use hansard_types::{Actor, AppId, ConversationId, GroupId, LogId, Reason, Seq, TopicId, UserId};

use crate::decision::{Context, Decided};
use crate::group::AddOutcome;
use crate::message::ExtensionOutcome;
use crate::reply::{Answer, Friendship, GroupSend, Read, Reply, Revoked, SentC2c, SentMessage};
use crate::view::View;
use crate::{account, app, conversation, group, live, message, profile, relation};

/// What kind of thing a [`Command`] asks for, and what it is answered with.
pub trait Verb: Into<Command> + Send {
    type Reply: Answer;
}

/// Whether a role may give a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// In anyone's name.
    Any,
    /// In its own name.
    Own,
    /// As its role in the group allows, which the table of rules says (`group/rules.rs`).
    Role,
    Never,
}

/// What each role may do with a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    pub system: Right,
    pub import: Right,
    pub administrator: Right,
    pub account: Right,
}

/// Where a command is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// On the control log: apps and their settings.
    Control,
    /// In partition 0, which holds the directory: accounts, profiles, relations.
    Directory,
    /// Where the group lives.
    Group(&'a GroupId),
    /// In the live partition when the group is a live room, else where it lives.
    Said(&'a GroupId, &'a bool),
    /// In the live partition.
    Live,
    /// Where the conversation of two accounts lives.
    Pair(&'a UserId, &'a UserId),
    Conversation(&'a ConversationId),
    /// In the partition that gives it to itself.
    Own,
}

impl Place<'_> {
    /// The log of an app with so many partitions; `None` for [`Place::Own`].
    #[must_use]
    pub fn log(self, app: AppId, partitions: u16) -> Option<LogId> {
        let of = |conversation: &ConversationId| {
            Some(LogId::new(app, partition_of(conversation, partitions)))
        };
        match self {
            Self::Control => Some(LogId::CONTROL),
            Self::Own => None,
            Self::Directory => Some(LogId::directory(app)),
            Self::Live | Self::Said(_, true) => Some(LogId::live(app)),
            // Of one partition nobody asks which.
            Self::Group(_) | Self::Said(..) | Self::Pair(..) | Self::Conversation(_)
                if partitions <= 1 =>
            {
                Some(LogId::directory(app))
            }
            Self::Group(group) | Self::Said(group, _) => of(&ConversationId::Group(group.clone())),
            Self::Pair(one, other) => of(&ConversationId::c2c(one, other)),
            Self::Conversation(conversation) => of(conversation),
        }
    }
}

/// The table of commands: what each is called, where it is decided, whose field says in whose name
/// it acts, what it is answered with, and what each role may do. A command is one row here and a struct with `decide`
/// in the file of its verb (decision 0004 says why this is a macro).
macro_rules! commands {
    ($($module:ident :: $name:ident, $place:tt, $subject:tt, $reply:ty,
        [$system:ident, $import:ident, $administrator:ident, $account:ident];)*) => {
        /// A request that may be refused.
        #[derive(Debug, Clone)]
        pub enum Command {
            $($name($module::$name),)*
        }

        $(
            impl From<$module::$name> for Command {
                fn from(command: $module::$name) -> Self {
                    Self::$name(command)
                }
            }

            impl Verb for $module::$name {
                type Reply = $reply;
            }
        )*

        impl Command {
            /// Every command's name with its rights.
            pub const PERMISSIONS: &'static [(&'static str, Rights)] = &[
                $((stringify!($name), Rights {
                    system: Right::$system,
                    import: Right::$import,
                    administrator: Right::$administrator,
                    account: Right::$account,
                }),)*
            ];

            /// Its name in [`Self::PERMISSIONS`].
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)*
                }
            }

            fn rights(&self) -> Rights {
                match self {
                    $(Self::$name(_) => Rights {
                        system: Right::$system,
                        import: Right::$import,
                        administrator: Right::$administrator,
                        account: Right::$account,
                    },)*
                }
            }

            /// Where it is decided.
            #[must_use]
            pub fn place(&self) -> Place<'_> {
                match self {
                    $(Self::$name(command) => place!(command, $place),)*
                }
            }

            /// The account in whose name it acts.
            fn subject(&self) -> Option<&UserId> {
                match self {
                    $(Self::$name(command) => subject!(command, $subject),)*
                }
            }

            pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided<Reply> {
                match self {
                    $(Self::$name(command) => {
                        let decided: Decided<$reply> = command.decide(view, context);
                        decided.map(|decision| decision.map(Answer::into_reply))
                    })*
                }
            }
        }
    };
}

macro_rules! place {
    ($command:ident, $place:ident) => {{
        let _ = $command;
        Place::$place
    }};
    ($command:ident, ($place:ident $($field:ident)+)) => {
        Place::$place($(&$command.$field),+)
    };
}

macro_rules! subject {
    ($command:ident, -) => {{
        let _ = $command;
        None
    }};
    ($command:ident, (maybe $field:ident)) => {
        $command.$field.as_ref()
    };
    ($command:ident, $field:ident) => {
        Some(&$command.$field)
    };
}

commands! {
    // command                     decided in                   in the name of, answered with, system import administrator account
    account::ImportAccount,         Directory,                   -,         (),          [Any,   Any,   Any,   Never];
    account::DeleteAccount,         Directory,                   -,         (),          [Never, Never, Any,   Never];
    account::ForgetAccounts,        Own,                         -,         (),          [Any,   Never, Never, Never];
    account::RevokeSignatures,      Directory,                   -,         Revoked,     [Never, Never, Any,   Never];
    account::MuteAccount,           Directory,                   -,         (),          [Never, Never, Any,   Never];
    profile::ChangeProfile,         Directory,                   user_id,   (),          [Never, Never, Any,   Own];
    relation::AddFriend,            Directory,                   from,      Friendship,  [Never, Never, Any,   Own];
    relation::ImportFriend,         Directory,                   from,      (),          [Never, Any,   Any,   Never];
    relation::UpdateFriend,         Directory,                   from,      (),          [Never, Never, Any,   Own];
    relation::DeleteFriend,         Directory,                   from,      (),          [Never, Never, Any,   Own];
    relation::ClearFriends,         Directory,                   user,      (),          [Never, Never, Any,   Own];
    relation::AnswerRequest,        Directory,                   by,        (),          [Never, Never, Any,   Own];
    relation::Block,                Directory,                   user,      (),          [Never, Never, Any,   Own];
    relation::Unblock,              Directory,                   user,      (),          [Never, Never, Any,   Own];
    relation::AddFriendGroups,      Directory,                   user,      Friends,     [Never, Never, Any,   Own];
    relation::DeleteFriendGroups,   Directory,                   user,      (),          [Never, Never, Any,   Own];
    relation::RenameFriendGroup,    Directory,                   user,      (),          [Never, Never, Any,   Own];
    relation::JoinFriendGroup,      Directory,                   user,      Friends,     [Never, Never, Any,   Own];
    relation::LeaveFriendGroup,     Directory,                   user,      Friends,     [Never, Never, Any,   Own];
    message::SendC2c,               (Pair from to),              from,      SentC2c,     [Never, Never, Any,   Own];
    message::SendGroup,             (Said group_id live),        from,      GroupSend,   [Never, Never, Any,   Own];
    message::ImportMessage,         (Conversation conversation), -,         SentMessage, [Never, Any,   Any,   Never];
    message::EditMessage,           (Conversation conversation), by,        (),          [Never, Never, Any,   Own];
    message::ChangeExtensions,      (Conversation conversation), by,        Extended,    [Never, Never, Any,   Own];
    message::RecallC2c,             (Pair from to),              from,      Recalled,    [Never, Never, Any,   Own];
    message::RecallGroup,           (Group group_id),            by,        Recalled,    [Never, Never, Any,   Own];
    message::ImportGroupMessages,   (Group group_id),            -,         Recalled,    [Never, Any,   Any,   Never];
    message::NotifyGroup,           (Group group_id),            -,         (),          [Never, Never, Any,   Never];
    message::RecallBySender,        (Group group_id),            by,        (),          [Never, Never, Any,   Never];
    conversation::ConfirmRead,      (Conversation conversation), reader,    (),          [Never, Never, Any,   Own];
    conversation::SetUnread,        (Group group_id),            reader,    (),          [Never, Never, Any,   Never];
    conversation::ClearGroup,       (Group group_id),            -,         (),          [Never, Never, Any,   Never];
    conversation::MarkRead,         (Conversation conversation), reader,    Read,        [Never, Never, Any,   Own];
    group::CreateGroup,             (Group group_id),            (maybe owner), GroupId, [Never, Any,   Any,   Own];
    group::AddMembers,              (Group group_id),            -,         Added,       [Never, Any,   Any,   Role];
    group::RemoveMembers,           (Group group_id),            -,         (),          [Never, Any,   Any,   Role];
    group::QuitGroup,               (Group group_id),            user,      (),          [Never, Never, Any,   Own];
    group::JoinGroup,               (Group group_id),            user,      AddOutcome,  [Never, Never, Any,   Own];
    group::AnswerJoinRequest,       (Group group_id),            -,         (),          [Never, Never, Any,   Role];
    group::ChangeMember,            (Group group_id),            -,         (),          [Never, Never, Any,   Role];
    group::MuteMembers,             (Group group_id),            -,         (),          [Never, Never, Any,   Role];
    group::ChangeOwner,             (Group group_id),            -,         (),          [Never, Never, Any,   Role];
    group::AppointAdmins,           (Group group_id),            -,         (),          [Never, Never, Any,   Role];
    group::BanMembers,              (Group group_id),            -,         (),          [Never, Never, Any,   Role];
    group::UnbanMembers,            (Group group_id),            -,         (),          [Never, Never, Any,   Role];
    group::ImportMembers,           (Group group_id),            -,         Added,       [Never, Any,   Any,   Never];
    group::ChangeAttributes,        (Group group_id),            -,         (),          [Never, Never, Any,   Never];
    group::ChangeCounters,          (Group group_id),            -,         Counters,    [Never, Never, Any,   Never];
    group::ChangeGroupProfile,      (Group group_id),            -,         (),          [Never, Never, Any,   Role];
    group::DissolveGroup,           (Group group_id),            -,         (),          [Never, Never, Any,   Role];
    group::MarkMembers,             (Group group_id),            -,         (),          [Never, Never, Any,   Never];
    group::CreateTopic,             (Group group_id),            -,         TopicId,     [Never, Any,   Any,   Role];
    group::ChangeTopic,             (Group group_id),            -,         (),          [Never, Never, Any,   Role];
    group::DestroyTopics,           (Group group_id),            -,         Destroyed,   [Never, Never, Any,   Role];
    live::EnterRoom,                Live,                        user,      (),          [Never, Never, Any,   Own];
    live::LeaveRoom,                Live,                        user,      (),          [Never, Never, Any,   Own];
    live::EndVisits,                Live,                        -,         (),          [Any,   Never, Never, Never];
    app::CreateApp,                 Control,                     -,         (),          [Any,   Never, Never, Never];
    app::ChangeAppSettings,         Control,                     -,         (),          [Never, Never, Any,   Never];
}

/// Per account: done, or why not.
type Friends = Vec<(UserId, Option<Reason>)>;
/// By key.
type Counters = std::collections::BTreeMap<String, i64>;
/// Per message: recalled or imported, or why not.
type Recalled = Vec<(Seq, Option<Reason>)>;
/// Per key: what it says now, or why not.
type Extended = Vec<ExtensionOutcome>;
/// Per topic: destroyed, or why not.
type Destroyed = Vec<(TopicId, Option<Reason>)>;
/// Per account: what became of it.
type Added = Vec<(UserId, AddOutcome)>;

impl Command {
    /// Whether the actor may give it: who may not is refused before anything is looked at.
    pub(crate) fn is_permitted(&self, actor: &Actor) -> bool {
        let rights = self.rights();
        let (right, own_name) = match actor {
            Actor::System => (rights.system, None),
            Actor::Import(user) => (rights.import, Some(user)),
            Actor::Administrator(user) => (rights.administrator, Some(user)),
            Actor::Account(user) => (rights.account, Some(user)),
        };
        match right {
            Right::Any | Right::Role => true,
            Right::Own => own_name.is_some() && own_name == self.subject(),
            Right::Never => false,
        }
    }
}

#[cfg(test)]
mod tests;
