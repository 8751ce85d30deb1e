//! Messages, and who has read them.

use hansard_domain::MessageKey;
use hansard_domain::conversation::{ConfirmRead, MarkRead, UpTo};
use hansard_domain::message::{
    Content, EditMessage, ImportMessage, RecallC2c, RecallGroup, SendC2c, SendGroup, Which,
};
use hansard_events::group::{GroupType, Role};
use hansard_types::{
    Actor, ConversationId, GroupId, Reason, Seq, Timestamp, TopicId, UserId, limits,
};

use super::rights::{account, is_account};
use super::{Answered, Expected, Group, Heard, Kept, Model, Said};

/// Later than any simulation lasts: what is dated so is refused.
const FAR: Timestamp = Timestamp(1_900_000_000_000);

pub(super) fn check(content: &Content) -> Result<(), Reason> {
    if content.size_bytes() > limits::MESSAGE_BYTES_MAX {
        return Err(Reason::MessageTooLarge);
    }
    Ok(())
}

/// The same account says the same again, under the same number.
fn is_same(sender: &UserId, random: u32, content: &Content, said: &Said) -> bool {
    (&said.sender, said.random, &said.elements) == (sender, random, &content.elements)
}

/// A number of the sender's own names a message, whoever of the two sends it and whatever it says.
fn is_retry(command: &SendC2c, sent_at: Timestamp, said: &Said) -> bool {
    let Some(client_seq) = command.client_seq else {
        return said.numbered_by_us
            && said.sent_at == Some(sent_at)
            && is_same(&command.from, command.random, &command.content, said);
    };
    let key = MessageKey {
        client_seq,
        random: command.random,
        time_seconds: sent_at.seconds(),
    };
    said.key == Some(key)
}

/// Whether messages of groups of a type can want receipts.
fn wants(group_type: GroupType) -> bool {
    !matches!(group_type, GroupType::AvChatRoom | GroupType::Community)
}

/// What a group, or one of its topics, lets somebody say.
struct Voice {
    role: Option<Role>,
    is_muted: bool,
    are_all_muted: bool,
}

impl Voice {
    fn of(group: &Group, topic: Option<&TopicId>, user: &UserId) -> Self {
        let here = topic.map(|topic| group.topics.get(topic).cloned().unwrap_or_default());
        let in_topic = here.as_ref().is_some_and(|here| here.muted.contains(user));
        Self {
            role: group.members.get(user).map(|one| one.role),
            is_muted: group.muted.contains(user) || in_topic,
            are_all_muted: group.mute_all || here.is_some_and(|here| here.profile.mute_all),
        }
    }

    /// `is_there`: also if it is no member.
    fn check(&self, is_there: bool) -> Result<(), Reason> {
        if self.is_muted {
            return Err(Reason::MutedInGroup);
        }
        if self.role.is_none() && !is_there {
            return Err(Reason::MemberUnknown);
        }
        if self.are_all_muted && self.role.is_none_or(|role| role < Role::Admin) {
            return Err(Reason::GroupMuted);
        }
        Ok(())
    }
}

impl Model {
    /// Who has confirmed what is in no answer: that rebuilding makes the same is compared.
    pub(super) fn confirm_read(&mut self, command: &ConfirmRead) -> Expected {
        let group_id = match &command.conversation {
            ConversationId::Group(group_id) => group_id,
            ConversationId::Topic(..) => return Err(Reason::GroupTypeForbids),
            ConversationId::C2c(..) => {
                let peer = command.conversation.peer_of(&command.reader);
                let peer = peer.ok_or(Reason::MemberUnknown)?;
                self.known(&command.reader, Reason::AccountUnknown)?;
                self.known(peer, Reason::RecipientUnknown)?;
                return Ok(Answered::Done);
            }
        };
        let group = self.existing(group_id)?;
        if !wants(group.group_type) {
            return Err(Reason::GroupTypeForbids);
        }
        let is_member = group.members.contains_key(&command.reader);
        is_member
            .then_some(Answered::Done)
            .ok_or(Reason::MemberUnknown)
    }

    /// Unread, counted one by one.
    pub(in crate::tests) fn unread(&self, conversation: &ConversationId, user: &UserId) -> u64 {
        let Some(talk) = self.talks.get(conversation) else {
            return 0;
        };
        let floor = talk.floors.get(user).copied().unwrap_or(talk.everyone);
        let floor = floor
            .max(talk.gone)
            .max(talk.cleared.get(user).copied().unwrap_or(0));
        let unread = talk.said.iter().enumerate().filter(|(index, said)| {
            let seq = *index as u64 + 1;
            seq > floor && said.sender != *user && said.counted && !said.recalled
        });
        unread.count() as u64
    }

    pub(super) fn last(&self, conversation: &ConversationId) -> u64 {
        let talk = self.talks.get(conversation);
        talk.map_or(0, |talk| talk.said.len() as u64)
    }

    /// The first message like this.
    fn find(&self, conversation: &ConversationId, like: impl Fn(&Said) -> bool) -> Option<Seq> {
        let talk = self.talks.get(conversation)?;
        let gone = usize::try_from(talk.gone).expect("small");
        let index = talk.said.iter().skip(gone).position(like)? + gone;
        Some(Seq(index as u64 + 1))
    }

    /// What is not stored has no number in the conversation.
    fn send(&mut self, conversation: ConversationId, said: Said, online_only: bool) -> Expected {
        if !online_only {
            return self.say(conversation, said);
        }
        let Said { sender, random, .. } = said;
        self.heard.push(Heard {
            conversation,
            sender,
            random,
        });
        Ok(Answered::Sent {
            seq: Seq(0),
            duplicate: false,
        })
    }

    fn say(&mut self, conversation: ConversationId, said: Said) -> Expected {
        let talk = self.talks.entry(conversation).or_default();
        talk.said.push(said);
        Ok(Answered::Sent {
            seq: Seq(talk.said.len() as u64),
            duplicate: false,
        })
    }

    pub(super) fn send_c2c(&mut self, actor: &Actor, command: &SendC2c) -> Expected {
        check(&command.content)?;
        let muted = self.known(&command.from, Reason::SenderUnknown)?.c2c_muted;
        self.known(&command.to, Reason::RecipientUnknown)?;
        let seconds = command.time_seconds;
        let time_seconds = seconds.expect("the simulation dates its messages");
        let sent_at = Timestamp::from_seconds(time_seconds);
        if sent_at >= FAR {
            return Err(Reason::MessageTimeInvalid);
        }
        let conversation = ConversationId::c2c(&command.from, &command.to);
        if let Some(seq) = self.find(&conversation, |said| is_retry(command, sent_at, said)) {
            let duplicate = true;
            return Ok(Answered::Sent { seq, duplicate });
        }
        if muted {
            return Err(Reason::SenderMuted);
        }
        if is_account(actor) && self.blocks(&command.to, &command.from) {
            return Err(Reason::SenderBlocked);
        }
        if command.wants_receipts && command.online_only {
            return Err(Reason::ReceiptsNeedStored);
        }
        let said = Said {
            sender: command.from.clone(),
            random: command.random,
            elements: command.content.elements.clone(),
            key: Some(command.key(sent_at)),
            numbered_by_us: command.client_seq.is_none(),
            sent_at: Some(sent_at),
            counted: !command.content.no_unread,
            imported: false,
            recalled: false,
            is_notice: false,
            kept: command.content.extensible.then(Kept::default),
        };
        self.send(conversation, said, command.online_only)
    }

    pub(super) fn send_group(&mut self, actor: &Actor, command: &SendGroup) -> Expected {
        check(&command.content)?;
        let group = self.existing(&command.group_id)?;
        if command.live != (group.group_type == GroupType::AvChatRoom) {
            return Err(Reason::GroupTypeForbids);
        }
        let group_type = group.group_type;
        let voice = Voice::of(group, command.topic_id.as_ref(), &command.from);
        let sender = self.known(&command.from, Reason::SenderUnknown)?;
        let is_muted = sender.group_muted;
        let conversation = self.place(&command.group_id, command.topic_id.as_ref())?;
        if command.live
            && let Some(seq) = self.said_live(command)
        {
            let duplicate = true;
            return Ok(Answered::Sent { seq, duplicate });
        }
        let is_it = |said: &Said| {
            !said.imported
                && !said.is_notice
                && is_same(&command.from, command.random, &command.content, said)
        };
        if let Some(seq) = self.find(&conversation, is_it) {
            let duplicate = true;
            return Ok(Answered::Sent { seq, duplicate });
        }
        if is_muted {
            return Err(Reason::SenderMuted);
        }
        let is_there = !is_account(actor) || self.is_visitor(command);
        voice.check(is_there)?;
        if command.wants_receipts && !wants(group_type) {
            return Err(Reason::GroupTypeForbids);
        }
        if command.wants_receipts && command.online_only {
            return Err(Reason::ReceiptsNeedStored);
        }
        if command.live && !command.online_only {
            return self.say_live(command);
        }
        let said = Said {
            sender: command.from.clone(),
            random: command.random,
            elements: command.content.elements.clone(),
            key: None,
            numbered_by_us: false,
            sent_at: None,
            counted: !command.content.no_unread,
            imported: false,
            recalled: false,
            is_notice: false,
            kept: command.content.extensible.then(Kept::default),
        };
        self.send(conversation, said, command.online_only)
    }

    pub(super) fn import_message(&mut self, command: &ImportMessage) -> Expected {
        let conversation = &command.conversation;
        if let Some(seq) = self.imported(command) {
            return Ok(Answered::Sent {
                seq,
                duplicate: true,
            });
        }
        check(&command.content)?;
        if command.sent_at >= FAR {
            return Err(Reason::MessageTimeInvalid);
        }
        self.known(&command.from, Reason::SenderUnknown)?;
        let key = match conversation {
            ConversationId::C2c(..) => {
                let peer = conversation.peer_of(&command.from);
                let peer = peer.expect("the simulation's senders are one of the two");
                self.known(peer, Reason::RecipientUnknown)?;
                Some(MessageKey {
                    client_seq: command.client_seq,
                    random: command.random,
                    time_seconds: command.sent_at.seconds(),
                })
            }
            ConversationId::Topic(..) => return Err(Reason::GroupTypeForbids),
            ConversationId::Group(group_id) => {
                self.bring_in(group_id, &command.from)?;
                None
            }
        };
        let said = Said {
            sender: command.from.clone(),
            random: command.random,
            elements: command.content.elements.clone(),
            key,
            numbered_by_us: false,
            sent_at: Some(command.sent_at),
            counted: !command.content.no_unread,
            imported: true,
            recalled: false,
            is_notice: false,
            kept: command.content.extensible.then(Kept::default),
        };
        let answered = self.say(conversation.clone(), said);
        let seq = self.last(conversation);
        let talk = self.talks.entry(conversation.clone()).or_default();
        if let Some(key) = &command.import_key {
            talk.imported.insert(key.clone(), seq);
        }
        answered
    }

    /// The message that an imported one is.
    fn imported(&self, command: &ImportMessage) -> Option<Seq> {
        let conversation = &command.conversation;
        if let Some(key) = &command.import_key {
            let talk = self.talks.get(conversation)?;
            return talk.imported.get(key).copied().map(Seq);
        }
        let key = MessageKey {
            client_seq: command.client_seq,
            random: command.random,
            time_seconds: command.sent_at.seconds(),
        };
        self.find(conversation, |said| said.key == Some(key))
    }

    /// Who sends an imported message is a member from then on.
    fn bring_in(&mut self, group_id: &GroupId, sender: &UserId) -> Result<(), Reason> {
        let last = self.last(&ConversationId::Group(group_id.clone()));
        let group = self.existing(group_id)?;
        if group.group_type == GroupType::AvChatRoom {
            return Err(Reason::GroupTypeForbids);
        }
        if group.members.contains_key(sender) {
            return Ok(());
        }
        let members_max = usize::try_from(group.max_members).expect("a number of 64 bits");
        if group.members.len() >= members_max {
            return Err(Reason::GroupFull);
        }
        let member = super::Membership::new(Role::Member);
        group.members.insert(sender.clone(), member);
        group.waiting.remove(sender);
        self.joined(group_id, sender, last);
        Ok(())
    }

    /// Refuses what is not in a conversation that messages are kept of.
    fn check_place(
        &mut self,
        conversation: &ConversationId,
        sender: Option<&UserId>,
    ) -> Result<(), Reason> {
        match conversation {
            ConversationId::Group(group_id) => {
                if self.existing(group_id)?.group_type == GroupType::AvChatRoom {
                    return Err(Reason::GroupTypeForbids);
                }
            }
            ConversationId::Topic(group_id, topic) => {
                self.place(group_id, Some(topic))?;
            }
            ConversationId::C2c(one, other) => {
                let sender = sender.unwrap_or(one);
                let recipient = if sender == one { other } else { one };
                self.known(sender, Reason::SenderUnknown)?;
                self.known(recipient, Reason::RecipientUnknown)?;
            }
        }
        Ok(())
    }

    fn seq_of(&self, conversation: &ConversationId, which: Which) -> Result<Seq, Reason> {
        let seq = match which {
            Which::Seq(seq) => Some(seq),
            Which::Key(key) => self.find(conversation, |said| said.key == Some(key)),
        };
        seq.ok_or(Reason::MessageUnknown)
    }

    /// A message by its name.
    fn named(&mut self, conversation: &ConversationId, which: Which) -> Result<&mut Said, Reason> {
        let seq = self.seq_of(conversation, which)?;
        let index = usize::try_from(seq.0).expect("small").wrapping_sub(1);
        let talk = self.talks.get_mut(conversation);
        let talk = talk.filter(|talk| seq.0 > talk.gone);
        let said = talk.and_then(|talk| talk.said.get_mut(index));
        said.ok_or(Reason::MessageUnknown)
    }

    /// An account must be in a conversation.
    fn check_party(&self, actor: &Actor, conversation: &ConversationId) -> Result<(), Reason> {
        let Some(user) = account(actor) else {
            return Ok(());
        };
        let is_there = match conversation.group() {
            Some(group) => {
                let group = self.groups.get(group);
                group.is_some_and(|group| group.members.contains_key(user))
            }
            None => conversation.peer_of(user).is_some(),
        };
        if !is_there {
            return Err(Reason::MemberUnknown);
        }
        Ok(())
    }

    /// A message with which clients keep something.
    pub(super) fn extended(
        &mut self,
        conversation: &ConversationId,
        which: Which,
        actor: &Actor,
    ) -> Result<&mut Kept, Reason> {
        self.check_place(conversation, None)?;
        self.check_party(actor, conversation)?;
        let said = self.named(conversation, which)?;
        if said.recalled {
            return Err(Reason::MessageAlreadyRecalled);
        }
        said.kept.as_mut().ok_or(Reason::ExtensionsOff)
    }

    /// Who edits says something: it may where it may speak.
    fn may_edit(&self, actor: &Actor, conversation: &ConversationId) -> Result<(), Reason> {
        let Some(user) = account(actor) else {
            return Ok(());
        };
        let sender = self.known(user, Reason::SenderUnknown)?;
        let (group_id, topic) = match conversation {
            ConversationId::Group(group_id) => (group_id, None),
            ConversationId::Topic(group_id, topic) => (group_id, Some(topic)),
            ConversationId::C2c(..) => {
                let peer = conversation.peer_of(user).ok_or(Reason::MessageUnknown)?;
                if sender.c2c_muted {
                    return Err(Reason::SenderMuted);
                }
                if self.blocks(peer, user) {
                    return Err(Reason::SenderBlocked);
                }
                return Ok(());
            }
        };
        if sender.group_muted {
            return Err(Reason::SenderMuted);
        }
        Voice::of(&self.groups[group_id], topic, user).check(false)
    }

    /// What it says then is in no answer: that rebuilding makes the same is compared.
    pub(super) fn edit(&mut self, actor: &Actor, command: &EditMessage) -> Expected {
        let conversation = &command.conversation;
        self.check_place(conversation, command.sender.as_ref())?;
        self.may_edit(actor, conversation)?;
        let said = self.named(conversation, command.which)?;
        if account(actor).is_some_and(|one| *one != said.sender) {
            return Err(Reason::MessageUnknown);
        }
        if command
            .sender
            .as_ref()
            .is_some_and(|one| *one != said.sender)
        {
            return Err(Reason::MessageUnknown);
        }
        if said.is_notice {
            return Err(Reason::NoticeStays);
        }
        if said.recalled {
            return Err(Reason::MessageAlreadyRecalled);
        }
        Ok(Answered::Done)
    }

    pub(super) fn recall_c2c(&mut self, actor: &Actor, command: &RecallC2c) -> Expected {
        self.known(&command.from, Reason::SenderUnknown)?;
        self.known(&command.to, Reason::RecipientUnknown)?;
        let conversation = ConversationId::c2c(&command.from, &command.to);
        let seq = self.seq_of(&conversation, command.which)?;
        if self.said(&conversation, seq).map(|said| &said.sender) != Some(&command.from) {
            return Err(Reason::MessageUnknown);
        }
        self.recall(actor, &conversation, seq)?;
        Ok(Answered::Recalled(vec![(seq, None)]))
    }

    pub(super) fn recall_group(&mut self, actor: &Actor, command: &RecallGroup) -> Expected {
        let group_type = self.existing(&command.group_id)?.group_type;
        let conversation = self.place(&command.group_id, command.topic_id.as_ref())?;
        if group_type == GroupType::AvChatRoom {
            return Err(Reason::GroupTypeForbids);
        }
        self.role_of(actor, &command.group_id)?;
        let mut results = Vec::new();
        for seq in &command.seqs {
            results.push((*seq, self.recall(actor, &conversation, *seq).err()));
        }
        Ok(Answered::Recalled(results))
    }

    fn said(&self, conversation: &ConversationId, seq: Seq) -> Option<&Said> {
        let index = usize::try_from(seq.0).expect("small").checked_sub(1)?;
        self.talks.get(conversation)?.said.get(index)
    }

    /// An account's role in a group that it must be in.
    fn role_of(&self, actor: &Actor, group_id: &GroupId) -> Result<Option<Role>, Reason> {
        let Some(user) = account(actor) else {
            return Ok(None);
        };
        let member = self.groups[group_id].members.get(user);
        Ok(Some(member.ok_or(Reason::MemberUnknown)?.role))
    }

    /// What was imported was said long before the time in which an account may recall it.
    fn may_recall(
        &self,
        actor: &Actor,
        conversation: &ConversationId,
        said: &Said,
    ) -> Result<(), Reason> {
        let Some(user) = account(actor) else {
            return Ok(());
        };
        let is_own = said.sender == *user;
        if let Some(group_id) = conversation.group() {
            let members = &self.groups[group_id].members;
            let role = members[user].role;
            let of_sender = members.get(&said.sender).map(|sender| sender.role);
            let leads = role >= Role::Admin && (is_own || of_sender < Some(role));
            if leads {
                return Ok(());
            }
            if !is_own {
                return Err(Reason::GroupRoleForbids);
            }
        }
        if said.imported {
            return Err(Reason::RecallTooLate);
        }
        Ok(())
    }

    fn recall(
        &mut self,
        actor: &Actor,
        conversation: &ConversationId,
        seq: Seq,
    ) -> Result<(), Reason> {
        if let Ok(said) = self.named(conversation, Which::Seq(seq)).cloned()
            && !said.is_notice
            && !said.recalled
        {
            self.may_recall(actor, conversation, &said)?;
        }
        let index = usize::try_from(seq.0).expect("small").wrapping_sub(1);
        let talk = self.talks.get_mut(conversation);
        let talk = talk.filter(|talk| seq.0 > talk.gone);
        let said = talk.and_then(|talk| talk.said.get_mut(index));
        let said = said.ok_or(Reason::MessageUnknown)?;
        if said.is_notice {
            return Err(Reason::NoticeStays);
        }
        if said.recalled {
            return Err(Reason::MessageAlreadyRecalled);
        }
        said.recalled = true;
        Ok(())
    }

    pub(super) fn mark_read(&mut self, actor: &Actor, command: &MarkRead) -> Expected {
        let MarkRead {
            conversation,
            reader,
            up_to,
        } = command;
        self.known(reader, Reason::AccountUnknown)?;
        if let Some(peer) = conversation.peer_of(reader) {
            self.known(peer, Reason::RecipientUnknown)?;
        }
        self.check_party(actor, conversation)?;
        let last = self.last(conversation);
        let talk = self.talks.entry(conversation.clone()).or_default();
        let up_to = match up_to {
            UpTo::Last => last,
            UpTo::Seq(seq) => seq.0.min(last),
            UpTo::Time(time) => {
                let until = |said: &Said| said.sent_at.is_some_and(|at| at <= *time);
                talk.said
                    .iter()
                    .rposition(until)
                    .map_or(0, |index| index as u64 + 1)
            }
        };
        let read = talk.read.entry(reader.clone()).or_default();
        *read = up_to.max(*read);
        let everyone = talk.everyone;
        let floor = talk.floors.entry(reader.clone()).or_insert(everyone);
        *floor = (*floor).max(*read);
        Ok(Answered::Read { up_to: Seq(*read) })
    }
}
