use hansard_types::{Actor, GroupId, Reason, Seq, UserId};

use crate::decision::{Context, Decided};
use crate::group::AddOutcome;
use crate::reply::{Answer, Friendship, Read, Reply, Revoked, SentC2c, SentMessage};
use crate::view::View;
use crate::{account, app, conversation, group, message, profile, relation};

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

/// The table of commands: what each is called, whose field says in whose name it acts, what it is
/// answered with, and what each role may do. A command is one row here and a struct with `decide`
/// in the file of its verb (decision 0004 says why this is a macro).
macro_rules! commands {
    ($($module:ident :: $name:ident, $subject:tt, $reply:ty,
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

macro_rules! subject {
    ($command:ident, -) => {{
        let _ = $command;
        None
    }};
    ($command:ident, $field:ident) => {
        Some(&$command.$field)
    };
}

// `Never` for accounts also where the contract has a rule of its own for what an account does
// (a recall within two minutes, a group's roles) that is not written yet.
commands! {
    // command                     in the name of  answered with        system import administrator account
    account::ImportAccount,             -,         (),                  [Any,   Any,   Any,   Never];
    account::DeleteAccount,             -,         (),                  [Never, Never, Any,   Never];
    account::RevokeSignatures,          -,         Revoked,             [Never, Never, Any,   Never];
    account::MuteAccount,               -,         (),                  [Never, Never, Any,   Never];
    profile::ChangeProfile,             user_id,   (),                  [Never, Never, Any,   Own];
    relation::AddFriend,                from,      Friendship,          [Never, Never, Any,   Own];
    relation::ImportFriend,             from,      (),                  [Never, Any,   Any,   Never];
    relation::UpdateFriend,             from,      (),                  [Never, Never, Any,   Own];
    relation::DeleteFriend,             from,      (),                  [Never, Never, Any,   Own];
    relation::ClearFriends,             user,      (),                  [Never, Never, Any,   Own];
    relation::AnswerRequest,            by,        (),                  [Never, Never, Any,   Own];
    relation::Block,                    user,      (),                  [Never, Never, Any,   Own];
    relation::Unblock,                  user,      (),                  [Never, Never, Any,   Own];
    relation::AddFriendGroups,          user,      Friends,             [Never, Never, Any,   Own];
    relation::DeleteFriendGroups,       user,      (),                  [Never, Never, Any,   Own];
    relation::RenameFriendGroup,        user,      (),                  [Never, Never, Any,   Own];
    relation::JoinFriendGroup,          user,      Friends,             [Never, Never, Any,   Own];
    relation::LeaveFriendGroup,         user,      Friends,             [Never, Never, Any,   Own];
    message::SendC2c,                   from,      SentC2c,             [Never, Never, Any,   Own];
    message::SendGroup,                 from,      SentMessage,         [Never, Never, Any,   Own];
    message::ImportMessage,             -,         SentMessage,         [Never, Any,   Any,   Never];
    message::RecallC2c,                 by,        Recalled,            [Never, Never, Any,   Never];
    message::RecallGroup,               by,        Recalled,            [Never, Never, Any,   Never];
    conversation::MarkRead,             reader,    Read,                [Never, Never, Any,   Never];
    group::CreateGroup,                 -,         GroupId,             [Never, Any,   Any,   Never];
    group::AddMembers,                  -,         Added,               [Never, Any,   Any,   Never];
    group::RemoveMembers,               -,         (),                  [Never, Any,   Any,   Never];
    group::ChangeGroupProfile,          -,         (),                  [Never, Never, Any,   Never];
    group::DissolveGroup,               -,         (),                  [Never, Never, Any,   Never];
    app::CreateApp,                     -,         (),                  [Any,   Never, Never, Never];
    app::ChangeAppSettings,             -,         (),                  [Never, Never, Any,   Never];
}

/// Per account: done, or why not.
type Friends = Vec<(UserId, Option<Reason>)>;
/// Per message: recalled, or why not.
type Recalled = Vec<(Seq, Option<Reason>)>;
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
            Right::Any => true,
            Right::Own => own_name.is_some() && own_name == self.subject(),
            Right::Never => false,
        }
    }
}

#[cfg(test)]
mod tests;
