//! A plain model of what the engine must do: sets and lists, no log, no store.

use std::collections::{BTreeMap, BTreeSet};

use hansard_domain::account::{ImportAccount, MuteAccount, MuteFor};
use hansard_domain::conversation::MarkRead;
use hansard_domain::group::{AddOutcome, CreateGroup};
use hansard_domain::message::{SendC2c, SendGroup};
use hansard_domain::{Command, Reply};
use hansard_events::account::ProfileValue;
use hansard_types::{ConversationId, GroupId, Reason, Seq, UserId, profile};

/// What the model says of a command: its answer, or the refusal.
pub(super) type Expected = Result<Answered, Reason>;

/// The part of an answer that does not depend on the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answered {
    Done,
    Sent { seq: Seq, duplicate: bool },
    Recalled(Vec<(Seq, Option<Reason>)>),
    Members(Vec<(UserId, AddOutcome)>),
    Group,
    Read { up_to: Seq },
}

impl From<Reply> for Answered {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Done => Self::Done,
            Reply::Sent {
                seq,
                duplicate,
                sent_at: _,
                key: _,
            } => Self::Sent { seq, duplicate },
            Reply::Recalled(results) => Self::Recalled(results),
            Reply::Members(outcomes) => Self::Members(outcomes),
            Reply::Group(_) => Self::Group,
            Reply::Read { up_to } => Self::Read { up_to },
            // The second is the clock's.
            Reply::Revoked {
                issued_up_to_seconds: _,
            } => Self::Done,
            Reply::Requested | Reply::Relations(_) => {
                panic!("the simulation changes no relations")
            }
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) sender: UserId,
    pub(super) random: u32,
    pub(super) counted: bool,
    pub(super) recalled: bool,
}

#[derive(Debug, Default)]
pub(super) struct Talk {
    pub(super) said: Vec<Said>,
    pub(super) read: BTreeMap<UserId, u64>,
    pub(super) joined_at: BTreeMap<UserId, u64>,
    /// What was said when an account was deleted, which is not told to whoever has its name now.
    pub(super) cleared: BTreeMap<UserId, u64>,
}

/// An account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) profile: BTreeMap<String, ProfileValue>,
    /// For good: the model has no clock.
    pub(super) c2c_muted: bool,
    pub(super) group_muted: bool,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) accounts: BTreeMap<UserId, Person>,
    /// Accounts of which signatures were taken back, deleted since or not.
    pub(super) revoked: BTreeSet<UserId>,
    pub(super) groups: BTreeMap<GroupId, BTreeSet<UserId>>,
    pub(super) talks: BTreeMap<ConversationId, Talk>,
}

impl Model {
    /// Unread, counted one by one.
    pub(super) fn unread(&self, conversation: &ConversationId, user: &UserId) -> u64 {
        let Some(talk) = self.talks.get(conversation) else {
            return 0;
        };
        let read = talk.read.get(user).copied().unwrap_or(0);
        let floor = read
            .max(talk.joined_at.get(user).copied().unwrap_or(0))
            .max(talk.cleared.get(user).copied().unwrap_or(0));
        let unread = talk.said.iter().enumerate().filter(|(index, said)| {
            let seq = *index as u64 + 1;
            seq > floor && said.sender != *user && said.counted && !said.recalled
        });
        unread.count() as u64
    }

    fn last(&self, conversation: &ConversationId) -> u64 {
        self.talks
            .get(conversation)
            .map_or(0, |talk| talk.said.len() as u64)
    }

    fn known(&self, user: &UserId, reason: Reason) -> Result<&Person, Reason> {
        self.accounts.get(user).ok_or(reason)
    }

    fn person(&mut self, user: &UserId) -> Result<&mut Person, Reason> {
        self.accounts.get_mut(user).ok_or(Reason::AccountUnknown)
    }

    fn say(
        &mut self,
        conversation: ConversationId,
        sender: &UserId,
        random: u32,
        counted: bool,
        muted: bool,
    ) -> Expected {
        // One-to-one, the key is the same whoever of the two sends it.
        let of_pair = matches!(conversation, ConversationId::C2c(..));
        let talk = self.talks.entry(conversation).or_default();
        let first = talk
            .said
            .iter()
            .position(|said| said.random == random && (of_pair || said.sender == *sender));
        if let Some(index) = first {
            return Ok(Answered::Sent {
                seq: Seq(index as u64 + 1),
                duplicate: true,
            });
        }
        if muted {
            return Err(Reason::SenderMuted);
        }
        talk.said.push(Said {
            sender: sender.clone(),
            random,
            counted,
            recalled: false,
        });
        Ok(Answered::Sent {
            seq: Seq(talk.said.len() as u64),
            duplicate: false,
        })
    }

    /// Applies a command of the kinds that the simulation makes.
    pub(super) fn apply(&mut self, command: &Command) -> Expected {
        match command {
            Command::ImportAccount(command) => self.import(command),
            Command::DeleteAccount(command) => self.delete(&command.user_id),
            Command::MuteAccount(command) => self.mute(command),
            Command::RevokeSignatures(command) => {
                self.known(&command.user_id, Reason::AccountUnknown)?;
                self.revoked.insert(command.user_id.clone());
                Ok(Answered::Done)
            }
            Command::ChangeProfile(command) => {
                let person = self.person(&command.user_id)?;
                person.profile.extend(command.fields.iter().cloned());
                Ok(Answered::Done)
            }
            Command::SendC2c(command) => self.send_c2c(command),
            Command::SendGroup(command) => self.send_group(command),
            Command::RecallGroup(command) => self.recall(&command.group_id, &command.seqs),
            Command::MarkRead(command) => self.mark_read(command),
            Command::CreateGroup(command) => self.create(command),
            Command::AddMembers(command) => self.add(&command.group_id, &command.accounts),
            Command::RemoveMembers(command) => {
                let group = self.groups.get_mut(&command.group_id);
                let group = group.ok_or(Reason::GroupUnknown)?;
                for user in &command.accounts {
                    group.remove(user);
                }
                Ok(Answered::Done)
            }
            Command::AddFriend(_)
            | Command::ImportFriend(_)
            | Command::UpdateFriend(_)
            | Command::DeleteFriend(_)
            | Command::ClearFriends(_)
            | Command::AnswerRequest(_)
            | Command::Block(_)
            | Command::Unblock(_)
            | Command::AddFriendGroups(_)
            | Command::DeleteFriendGroups(_)
            | Command::RenameFriendGroup(_)
            | Command::JoinFriendGroup(_)
            | Command::LeaveFriendGroup(_)
            | Command::ImportMessage(_)
            | Command::RecallC2c(_)
            | Command::ChangeGroupProfile(_)
            | Command::DissolveGroup(_)
            | Command::CreateApp(_)
            | Command::ChangeAppSettings(_) => panic!("the simulation makes no {command:?}"),
        }
    }

    fn import(&mut self, command: &ImportAccount) -> Expected {
        let person = self.accounts.entry(command.user_id.clone()).or_default();
        if let Some(nick) = &command.nick {
            let nick = ProfileValue::Text(nick.clone());
            person.profile.insert(profile::NICK.to_owned(), nick);
        }
        Ok(Answered::Done)
    }

    fn mute(&mut self, command: &MuteAccount) -> Expected {
        let person = self.person(&command.user_id)?;
        let muted = |mute: Option<MuteFor>, before| mute.map_or(before, |it| it == MuteFor::Good);
        person.c2c_muted = muted(command.c2c, person.c2c_muted);
        person.group_muted = muted(command.group, person.group_muted);
        Ok(Answered::Done)
    }

    fn send_c2c(&mut self, command: &SendC2c) -> Expected {
        let muted = self.known(&command.from, Reason::SenderUnknown)?.c2c_muted;
        self.known(&command.to, Reason::RecipientUnknown)?;
        let conversation = ConversationId::c2c(&command.from, &command.to);
        let counted = !command.content.no_unread;
        self.say(conversation, &command.from, command.random, counted, muted)
    }

    fn send_group(&mut self, command: &SendGroup) -> Expected {
        if !self.groups.contains_key(&command.group_id) {
            return Err(Reason::GroupUnknown);
        }
        let sender = self.known(&command.from, Reason::SenderUnknown)?;
        let muted = sender.group_muted;
        let conversation = ConversationId::Group(command.group_id.clone());
        let counted = !command.content.no_unread;
        self.say(conversation, &command.from, command.random, counted, muted)
    }

    fn mark_read(&mut self, command: &MarkRead) -> Expected {
        self.known(&command.reader, Reason::AccountUnknown)?;
        if let Some(peer) = command.conversation.peer_of(&command.reader) {
            self.known(peer, Reason::RecipientUnknown)?;
        }
        let last = self.last(&command.conversation);
        let talk = self.talks.entry(command.conversation.clone()).or_default();
        let read = talk.read.entry(command.reader.clone()).or_default();
        *read = last.max(*read);
        Ok(Answered::Read { up_to: Seq(*read) })
    }

    fn create(&mut self, command: &CreateGroup) -> Expected {
        if self.groups.contains_key(&command.group_id) {
            return Err(Reason::GroupIdTakenBySameOwner);
        }
        let owner = command.owner.clone();
        let owner = owner.expect("the simulation's groups have owners");
        self.known(&owner, Reason::AccountUnknown)?;
        self.groups
            .insert(command.group_id.clone(), BTreeSet::from([owner]));
        Ok(Answered::Group)
    }

    fn delete(&mut self, user: &UserId) -> Expected {
        self.accounts.remove(user).ok_or(Reason::AccountUnknown)?;
        for members in self.groups.values_mut() {
            members.remove(user);
        }
        for (conversation, talk) in &mut self.talks {
            if conversation.peer_of(user).is_some() {
                talk.cleared.insert(user.clone(), talk.said.len() as u64);
            }
        }
        Ok(Answered::Done)
    }

    fn recall(&mut self, group: &GroupId, seqs: &[Seq]) -> Expected {
        if !self.groups.contains_key(group) {
            return Err(Reason::GroupUnknown);
        }
        let talk = self
            .talks
            .entry(ConversationId::Group(group.clone()))
            .or_default();
        let mut results = Vec::new();
        for seq in seqs {
            let index = usize::try_from(seq.0).expect("small").wrapping_sub(1);
            let refused = match talk.said.get_mut(index) {
                None => Some(Reason::MessageUnknown),
                Some(said) if said.recalled => Some(Reason::MessageAlreadyRecalled),
                Some(said) => {
                    said.recalled = true;
                    None
                }
            };
            results.push((*seq, refused));
        }
        Ok(Answered::Recalled(results))
    }

    fn add(&mut self, group_id: &GroupId, accounts: &[UserId]) -> Expected {
        let last = self.last(&ConversationId::Group(group_id.clone()));
        let group = self.groups.get_mut(group_id).ok_or(Reason::GroupUnknown)?;
        if accounts
            .iter()
            .all(|user| !self.accounts.contains_key(user))
        {
            return Err(Reason::AccountUnknown);
        }
        let talk = self
            .talks
            .entry(ConversationId::Group(group_id.clone()))
            .or_default();
        let mut outcomes = Vec::new();
        for user in accounts {
            let outcome = if !self.accounts.contains_key(user) {
                AddOutcome::Unknown
            } else if group.insert(user.clone()) {
                talk.joined_at.insert(user.clone(), last);
                AddOutcome::Added
            } else {
                AddOutcome::AlreadyMember
            };
            outcomes.push((user.clone(), outcome));
        }
        Ok(Answered::Members(outcomes))
    }
}
