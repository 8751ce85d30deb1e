//! A plain model of what the engine must do: sets and lists, no log, no store.

use std::collections::{BTreeMap, BTreeSet};

use hansard_domain::group::AddOutcome;
use hansard_domain::{Command, Reply};
use hansard_types::{ConversationId, GroupId, Reason, Seq, UserId};

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
            Reply::Revoked { .. } => panic!("the simulation revokes no signatures"),
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
}

#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) accounts: BTreeSet<UserId>,
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
        let floor = read.max(talk.joined_at.get(user).copied().unwrap_or(0));
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

    fn known(&self, user: &UserId, reason: Reason) -> Result<(), Reason> {
        if self.accounts.contains(user) {
            Ok(())
        } else {
            Err(reason)
        }
    }

    fn say(
        &mut self,
        conversation: ConversationId,
        sender: &UserId,
        random: u32,
        counted: bool,
    ) -> Answered {
        // One-to-one, the key is the same whoever of the two sends it.
        let of_pair = matches!(conversation, ConversationId::C2c(..));
        let talk = self.talks.entry(conversation).or_default();
        let first = talk
            .said
            .iter()
            .position(|said| said.random == random && (of_pair || said.sender == *sender));
        if let Some(index) = first {
            return Answered::Sent {
                seq: Seq(index as u64 + 1),
                duplicate: true,
            };
        }
        talk.said.push(Said {
            sender: sender.clone(),
            random,
            counted,
            recalled: false,
        });
        Answered::Sent {
            seq: Seq(talk.said.len() as u64),
            duplicate: false,
        }
    }

    /// Applies a command of the kinds that the simulation makes.
    pub(super) fn apply(&mut self, command: &Command) -> Expected {
        match command {
            Command::ImportAccount(command) => {
                self.accounts.insert(command.user_id.clone());
                Ok(Answered::Done)
            }
            Command::SendC2c(command) => {
                self.known(&command.from, Reason::SenderUnknown)?;
                self.known(&command.to, Reason::RecipientUnknown)?;
                let conversation = ConversationId::c2c(&command.from, &command.to);
                let counted = !command.content.no_unread;
                Ok(self.say(conversation, &command.from, command.random, counted))
            }
            Command::SendGroup(command) => {
                if !self.groups.contains_key(&command.group_id) {
                    return Err(Reason::GroupUnknown);
                }
                self.known(&command.from, Reason::SenderUnknown)?;
                let conversation = ConversationId::Group(command.group_id.clone());
                let counted = !command.content.no_unread;
                Ok(self.say(conversation, &command.from, command.random, counted))
            }
            Command::RecallGroup(command) => self.recall(&command.group_id, &command.seqs),
            Command::MarkRead(command) => {
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
            Command::CreateGroup(command) => {
                if self.groups.contains_key(&command.group_id) {
                    return Err(Reason::GroupIdTakenBySameOwner);
                }
                let owner = command
                    .owner
                    .clone()
                    .expect("the simulation's groups have owners");
                self.known(&owner, Reason::AccountUnknown)?;
                self.groups
                    .insert(command.group_id.clone(), BTreeSet::from([owner]));
                Ok(Answered::Group)
            }
            Command::AddMembers(command) => self.add(&command.group_id, &command.accounts),
            Command::RemoveMembers(command) => {
                let group = self.groups.get_mut(&command.group_id);
                let group = group.ok_or(Reason::GroupUnknown)?;
                for user in &command.accounts {
                    group.remove(user);
                }
                Ok(Answered::Done)
            }
            Command::DeleteAccount(_)
            | Command::MuteAccount(_)
            | Command::RevokeSignatures(_)
            | Command::ChangeProfile(_)
            | Command::ImportMessage(_)
            | Command::RecallC2c(_)
            | Command::ChangeGroupProfile(_)
            | Command::DissolveGroup(_)
            | Command::CreateApp(_)
            | Command::ChangeAppSettings(_) => panic!("the simulation makes no {command:?}"),
        }
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
        if accounts.iter().all(|user| !self.accounts.contains(user)) {
            return Err(Reason::AccountUnknown);
        }
        let talk = self
            .talks
            .entry(ConversationId::Group(group_id.clone()))
            .or_default();
        let mut outcomes = Vec::new();
        for user in accounts {
            let outcome = if !self.accounts.contains(user) {
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
