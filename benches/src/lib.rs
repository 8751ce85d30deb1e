//! What the parts cost: the path of a send, and the pages that are read again and again, on a chat
//! in memory that is the same on every machine.
//!
//! Two readers share it. `cargo bench --package hansard-benches` times the parts (criterion), which
//! says where time goes on this machine. `tests/budgets.rs` counts rows, bytes and allocations, which
//! hold on every machine: a change that costs more than the budget fails there, and says so in its
//! commit or is done better.
//!
//! Not here: the whole server under load, which `hansard bench` measures beside its baseline
//! (`benches/bare-nats`).

use hansard_conversations::{Contact, Conversations, MessageRow, Recents};
use hansard_directory::Directory;
use hansard_domain::account::ImportAccount;
use hansard_domain::conversation::{MarkRead, UpTo};
use hansard_domain::group::{AddMembers, CreateGroup};
use hansard_domain::message::{Content, SendC2c, SendGroup};
use hansard_domain::{Command, Context, Decision, decide};
use hansard_engine::{Frequency, StateView};
use hansard_events::group::{GroupProfileChange, GroupType};
use hansard_events::{
    Envelope, Event, EventId, Identity, Provenance, RawEvent, Recorded, decode, encode,
};
use hansard_groups::Groups;
use hansard_projector::Fold;
use hansard_search::Query;
use hansard_store::{Changes, Durability, MemoryStore, Overlay, Read, Store as _};
use hansard_types::{
    Actor, AppId, Checkpoint, ConversationId, GroupId, LogId, Seq, Timestamp, UserId,
};
use parking_lot::Mutex;

/// Where the chat is.
pub const LOG: LogId = LogId {
    app: AppId(1_400_000_001),
    partition: 0,
};
const BEGUN_MS: u64 = 1_794_000_000_000;
/// Members of the group, and contacts of the account that reads.
const ACCOUNTS: u32 = 110;
/// Messages in the group, and between the two accounts that talk most.
const MESSAGES: u32 = 200;
/// Messages on a page of a group's history, and of a one-to-one history.
const GROUP_PAGE: usize = 20;
const C2C_PAGE: usize = 100;
/// Conversations on a page of recent contacts.
const CONTACTS_PAGE: usize = 100;

/// Three scripts, as chat in one group has them: 300 bytes.
pub const TEXT: &str = "회의는 세 시에 시작합니다. 자료는 어제 보낸 메일에 있습니다. 会议室在三楼，请提前五分钟到，\
    谢谢大家。 Please bring the printed draft with you, and tell Ann if the projector is still \
    broken, so that we can move to the other room before the guests arrive.";

/// A chat in memory, and everything that a partition folds into it with.
pub struct Chat {
    pub store: MemoryStore,
    fold: Fold,
    recents: Mutex<Recents>,
    frequency: Mutex<Frequency>,
    administrator: Actor,
    at: Checkpoint,
}

impl Default for Chat {
    fn default() -> Self {
        Self::new()
    }
}

/// The account with a number.
fn user(number: u32) -> UserId {
    UserId::new(&format!("user{number}")).expect("a valid id")
}

fn team() -> GroupId {
    GroupId::new("team").expect("a valid id")
}

/// The account whose pages are read.
fn reader() -> UserId {
    user(0)
}

/// The two accounts that talk most.
fn pair() -> ConversationId {
    ConversationId::c2c(&reader(), &user(1))
}

fn import(number: u32) -> Command {
    Command::ImportAccount(ImportAccount {
        user_id: user(number),
        nick: None,
        face_url: None,
    })
}

fn create_team() -> Command {
    Command::CreateGroup(CreateGroup {
        group_id: team(),
        group_type: GroupType::Public,
        owner: Some(reader()),
        profile: GroupProfileChange {
            name: Some("a team".to_owned()),
            ..GroupProfileChange::default()
        },
        members: Vec::new(),
        created_at: None,
    })
}

/// An account joins the group.
#[must_use]
pub fn join(number: u32) -> Command {
    Command::AddMembers(AddMembers {
        group_id: team(),
        accounts: vec![user(number)],
        silent: true,
        imported: None,
    })
}

/// An account says something in the group.
#[must_use]
pub fn send_group(from: u32, random: u32) -> Command {
    Command::SendGroup(SendGroup {
        topic_id: None,
        group_id: team(),
        from: user(from),
        content: Content::text(TEXT),
        random,
        priority: 2,
        mentions: Vec::new(),
        targets: Vec::new(),
        online_only: false,
        wants_receipts: false,
        live: false,
        per_second: None,
    })
}

/// An account says something to another.
#[must_use]
pub fn send_c2c(from: u32, to: u32, random: u32) -> Command {
    Command::SendC2c(SendC2c {
        from: user(from),
        to: user(to),
        content: Content::text(TEXT),
        random,
        client_seq: None,
        time_seconds: None,
        hidden_from_sender: false,
        online_only: false,
        wants_receipts: false,
    })
}

/// The reader has read everything that the one it talks most with has said.
#[must_use]
pub fn mark_read() -> Command {
    Command::MarkRead(MarkRead {
        conversation: pair(),
        reader: reader(),
        up_to: UpTo::Last,
    })
}

impl Chat {
    /// An account that nobody has heard of yet, and [`ACCOUNTS`] that are in the group and know the
    /// reader.
    ///
    /// # Panics
    /// Here and below: when a command is refused or the store fails, which it has no reason to.
    #[must_use]
    pub fn new() -> Self {
        let projections: Vec<Box<dyn hansard_projector::Projection>> = vec![
            Box::new(Directory),
            Box::new(Groups),
            Box::new(Conversations),
        ];
        let mut chat = Self {
            store: MemoryStore::new(),
            fold: Fold::new(projections),
            recents: Mutex::default(),
            frequency: Mutex::default(),
            administrator: Actor::Administrator(user(0)),
            at: Checkpoint {
                sequence: 0,
                chain: [0; 32],
            },
        };
        (0..=ACCOUNTS).for_each(|number| chat.take(&import(number)));
        chat.take(&create_team());
        for number in 1..ACCOUNTS {
            chat.take(&join(number));
            chat.take(&send_c2c(number, 0, number));
        }
        for random in 0..MESSAGES {
            chat.take(&send_group(random % ACCOUNTS, random));
            let (from, to) = if random % 2 == 0 { (0, 1) } else { (1, 0) };
            chat.take(&send_c2c(from, to, 1000 + random));
        }
        chat
    }

    /// The number of an account that is in no group.
    #[must_use]
    pub fn newcomer(&self) -> u32 {
        ACCOUNTS
    }

    fn now(&self) -> Timestamp {
        Timestamp(BEGUN_MS + self.at.sequence)
    }

    fn take(&mut self, command: &Command) {
        for event in self.decide(&self.store, command).events {
            let (_, envelope) = self.encode(&event);
            let recorded = self.recorded(event, envelope);
            let changes = self.fold(&self.store, &recorded);
            let batch = changes.into_batch();
            self.store
                .write(batch, Durability::Process)
                .expect("memory takes it");
            self.at.sequence = recorded.sequence;
            self.at.chain = recorded.envelope.chain;
        }
    }

    /// Decides a command on a state.
    #[must_use]
    pub fn decide(&self, state: &dyn Read, command: &Command) -> Decision {
        let memory = (&self.recents, &self.frequency);
        let view = StateView::new(state, &[], LOG, memory, Seq(1));
        let context = Context {
            now: self.now(),
            actor: &self.administrator,
        };
        let outcome = decide(command, &view, &context).expect("memory is readable");
        outcome.expect("nothing is refused")
    }

    /// Encodes an event for the end of the log.
    #[must_use]
    pub fn encode(&self, event: &Event) -> (RawEvent, Envelope) {
        let number = u128::from(self.at.sequence) + 1;
        let identity = Identity {
            id: EventId::from_u128(number),
            salt: number.to_be_bytes(),
        };
        let provenance = Provenance {
            actor: "administrator".to_owned(),
            correlation: Some("0123456789abcdef-1".to_owned()),
            causation: None,
        };
        let encoded = encode(event, identity, LOG, self.now(), provenance, &self.at.chain);
        encoded.expect("an event encodes")
    }

    /// The event at the end of the log.
    #[must_use]
    pub fn recorded(&self, event: Event, envelope: Envelope) -> Recorded {
        Recorded {
            sequence: self.at.sequence + 1,
            envelope,
            event: Some(event),
            erased: false,
        }
    }

    /// Reads an event back as whoever follows the log does.
    #[must_use]
    pub fn decode(&self, raw: &RawEvent) -> Recorded {
        decode(self.at.sequence + 1, raw).expect("an event decodes")
    }

    /// Folds the event at the end of the log into every inline read model.
    #[must_use]
    pub fn fold(&self, state: &dyn Read, recorded: &Recorded) -> Changes {
        let (mut overlay, mut at) = (Overlay::new(state), self.at);
        let folded = self.fold.apply(LOG, &mut at, recorded, &mut overlay);
        folded.expect("an event folds");
        overlay.into_changes()
    }
}

fn conversations(state: &dyn Read) -> hansard_conversations::Reader<'_> {
    hansard_conversations::Reader::new(state, LOG)
}

/// The newest page of the group's history.
#[must_use]
pub fn group_page(state: &dyn Read) -> Vec<(Seq, MessageRow)> {
    let (reader, conversation) = (conversations(state), ConversationId::Group(team()));
    let last = reader.head(&conversation).expect("readable").last_seq;
    let page = reader.timeline_down(&conversation, last, Seq(1), GROUP_PAGE);
    page.expect("readable")
}

/// The newest page of the one-to-one history: places by time, then the messages.
#[must_use]
pub fn c2c_page(state: &dyn Read) -> Vec<MessageRow> {
    let (reader, conversation) = (conversations(state), pair());
    let forever = Timestamp(u64::MAX);
    let places = reader.times_down(&conversation, Timestamp(0), forever, None, C2C_PAGE);
    let places = places.expect("readable").into_iter();
    let message = |(_, seq)| reader.message(&conversation, seq).expect("readable");
    places.filter_map(message).collect()
}

/// The first page of the reader's contacts.
#[must_use]
pub fn contacts_page(state: &dyn Read) -> Vec<Contact> {
    let page = conversations(state).contacts(&reader(), None, CONTACTS_PAGE);
    page.expect("readable")
}

/// How much the reader has not read of its longest conversation.
#[must_use]
pub fn unread(state: &dyn Read) -> u64 {
    let unread = conversations(state).unread(&pair(), &reader());
    unread.expect("readable")
}

/// A query that has found [`TEXT`], and shows where.
pub struct Search {
    query: Query,
}

impl Default for Search {
    fn default() -> Self {
        Self::new()
    }
}

impl Search {
    #[must_use]
    pub fn new() -> Self {
        Self {
            query: Query::new("회의 会议室 projector"),
        }
    }

    /// Analyses a text as the index does, and marks what was looked for.
    #[must_use]
    pub fn highlight(&self, text: &str) -> String {
        hansard_search::highlight(&self.query, text)
    }
}
