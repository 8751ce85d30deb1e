//! Random commands and faults, from a seed, against the plain model.
//!
//! A failing seed prints how to run it again.

use std::sync::Arc;

use hansard_domain::Command;
use hansard_domain::account::{
    DeleteAccount, ImportAccount, MuteAccount, MuteFor, RevokeSignatures,
};
use hansard_domain::app::CreateApp;
use hansard_domain::conversation::{MarkRead, UpTo};
use hansard_domain::group::{AddMembers, CreateGroup, RemoveMembers};
use hansard_domain::message::{Content, RecallGroup, SendC2c, SendGroup};
use hansard_domain::profile::ChangeProfile;
use hansard_events::account::ProfileValue;
use hansard_events::group::{GroupProfileChange, GroupType};
use hansard_events::{Origin, decode};
use hansard_log::{EventLog as _, Fault};
use hansard_store::MemoryStore;
use hansard_types::{ConversationId, GroupId, LogId, Seq, Timestamp, UserId};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::model::{Answered, Expected, Model, Person};
use crate::testing::{APP, BEGUN, LOG, World, provenance, user};
use crate::{Engine, Handle, JUMP_MS, Machine as _, Reads, SubmitError};

const USERS: [&str; 6] = ["ann", "ben", "cho", "dai", "eva", "nobody"];
const GROUPS: [&str; 3] = ["g1", "g2", "g3"];

struct Simulation {
    rng: ChaCha8Rng,
    world: World,
    engine: Option<Engine>,
    model: Model,
    next_random: u32,
    next_tag: u64,
    /// How far the time of day has jumped ahead, milliseconds: it comes back.
    ahead_ms: i64,
    /// Copies of everything on "disk", for power losses.
    older: Option<(Arc<MemoryStore>, u64)>,
}

impl Simulation {
    async fn start(seed: u64) -> Self {
        let world = World::default();
        let mut engine = world.open().await.expect("an empty world opens");
        let app = CreateApp {
            app_id: APP,
            administrators: vec![user("administrator")],
            secret_fingerprint: "test".to_owned(),
        };
        engine.create_app(app).await.expect("the app is new");
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            world,
            engine: Some(engine),
            model: Model::default(),
            next_random: 0,
            next_tag: 0,
            ahead_ms: 0,
            older: None,
        }
    }

    fn user(&mut self) -> UserId {
        user(USERS[self.rng.random_range(0..USERS.len())])
    }

    fn group(&mut self) -> GroupId {
        GroupId::new(GROUPS[self.rng.random_range(0..GROUPS.len())]).expect("a valid id")
    }

    /// Mostly a new number, sometimes one used before, so that retries happen by themselves.
    fn random(&mut self) -> u32 {
        if self.next_random > 0 && self.rng.random_bool(0.05) {
            return self.rng.random_range(1..=self.next_random);
        }
        self.next_random += 1;
        self.next_random
    }

    fn content(&mut self) -> Content {
        let no_unread = self.rng.random_bool(0.1);
        Content {
            no_unread,
            ..Content::text("hello")
        }
    }

    fn command(&mut self) -> Command {
        match self.rng.random_range(0..100) {
            0..14 => self.account_command(),
            14..40 => {
                let (from, to, random) = (self.user(), self.user(), self.random());
                Command::SendC2c(SendC2c {
                    from,
                    to,
                    content: self.content(),
                    random,
                    client_seq: Some(random),
                    time_seconds: Some(1_790_000_000),
                    hidden_from_sender: false,
                    online_only: false,
                })
            }
            40..72 => Command::SendGroup(SendGroup {
                group_id: self.group(),
                from: self.user(),
                content: self.content(),
                random: self.random(),
                priority: 2,
                mentions: Vec::new(),
                online_only: false,
            }),
            72..80 => {
                let seqs = (0..self.rng.random_range(1..4))
                    .map(|_| Seq(self.rng.random_range(1..30)))
                    .collect::<std::collections::BTreeSet<_>>();
                Command::RecallGroup(RecallGroup {
                    group_id: self.group(),
                    seqs: seqs.into_iter().collect(),
                    by: user("administrator"),
                    reason: None,
                })
            }
            80..88 => {
                let reader = self.user();
                let conversation = if self.rng.random_bool(0.5) {
                    ConversationId::Group(self.group())
                } else {
                    ConversationId::c2c(&reader, &self.user())
                };
                Command::MarkRead(MarkRead {
                    conversation,
                    reader,
                    up_to: UpTo::Last,
                })
            }
            88..91 => Command::CreateGroup(self.create_group()),
            91..96 => Command::AddMembers(AddMembers {
                group_id: self.group(),
                accounts: vec![self.user(), self.user()],
                silent: false,
                imported: None,
            }),
            _ => Command::RemoveMembers(RemoveMembers {
                group_id: self.group(),
                accounts: vec![user("ben"), user("cho")],
                silent: false,
                reason: None,
                imported: None,
            }),
        }
    }

    fn account_command(&mut self) -> Command {
        let id = USERS[self.rng.random_range(0..USERS.len() - 1)];
        let mute = |draw: u32| match draw {
            0 => Some(MuteFor::Good),
            1 => None,
            _ => Some(MuteFor::Seconds(0)),
        };
        match self.rng.random_range(0..14) {
            0..7 => Command::ImportAccount(ImportAccount {
                user_id: user(id),
                nick: self.rng.random_bool(0.2).then(|| id.to_uppercase()),
                face_url: None,
            }),
            // Not the owner of the groups.
            7 if id != USERS[0] => Command::DeleteAccount(DeleteAccount { user_id: user(id) }),
            7..10 => Command::MuteAccount(MuteAccount {
                user_id: self.user(),
                c2c: mute(self.rng.random_range(0..5)),
                group: mute(self.rng.random_range(0..5)),
            }),
            10 => Command::RevokeSignatures(RevokeSignatures {
                user_id: self.user(),
                issued_up_to_seconds: 1_790_000_000,
            }),
            _ => {
                let level = ProfileValue::Number(self.rng.random_range(0..3));
                Command::ChangeProfile(ChangeProfile {
                    user_id: self.user(),
                    fields: vec![("Tag_Profile_IM_Level".to_owned(), level)],
                })
            }
        }
    }

    fn create_group(&mut self) -> CreateGroup {
        CreateGroup {
            group_id: self.group(),
            group_type: GroupType::Public,
            // Never removed by the simulation: the owner of a public group stays.
            owner: Some(user("ann")),
            profile: GroupProfileChange {
                name: Some("a group".to_owned()),
                ..GroupProfileChange::default()
            },
            members: Vec::new(),
            created_at: None,
        }
    }

    fn inject(&mut self) {
        let log = self.world.logs.get(LogId::new(APP, 0));
        match self.rng.random_range(0..10) {
            0 => log.inject(Fault::LostAcknowledgement),
            1 => log.inject(Fault::Timeout),
            2 => log.inject(Fault::PartialThenUnknown(self.rng.random_range(0..5))),
            3 => log.inject(Fault::Unavailable),
            4 => {
                log.inject(Fault::LostAcknowledgement);
                log.fail_reads(2);
            }
            _ => {}
        }
    }

    /// One burst of commands; now and then the process dies in the middle of it.
    async fn burst(&mut self) {
        self.inject();
        let commands: Vec<Command> = (0..self.rng.random_range(1..24))
            .map(|_| self.command())
            .collect();
        let tags: Vec<String> = commands.iter().map(|_| self.tag()).collect();
        let engine = self.engine.take().expect("an engine is running");
        let handle = engine.handle();
        let submitted = futures::future::join_all(
            commands
                .iter()
                .zip(&tags)
                .map(|(one, tag)| handle.submit(LOG, one.clone(), tagged(tag))),
        );
        if self.rng.random_bool(0.15) {
            let polls = self.rng.random_range(0..60);
            let results = poll_some(submitted, polls).await;
            engine.abort().await;
            self.restart().await;
            match results {
                Some(results) => self.check_all(&commands, results),
                None => self.settle(commands, &tags).await,
            }
        } else {
            let results = submitted.await;
            self.engine = Some(engine);
            self.check_all(&commands, results);
        }
        self.world.clock.advance_ms(self.rng.random_range(0..50));
        self.jump();
    }

    /// Now and then the time of day jumps a day ahead, for a while; or back for good, by what a
    /// restart then begins with.
    fn jump(&mut self) {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        match self.rng.random_range(0..20) {
            0 if self.ahead_ms == 0 => {
                self.ahead_ms = self.rng.random_range(1..DAY_MS);
                self.world.clock.jump_ms(self.ahead_ms);
            }
            1 | 2 => self.jump_home(),
            3 => {
                let by_ms = self.rng.random_range(0..DAY_MS);
                self.world.clock.jump_ms(-by_ms);
            }
            _ => {}
        }
    }

    fn jump_home(&mut self) {
        self.world.clock.jump_ms(-self.ahead_ms);
        self.ahead_ms = 0;
    }

    /// No event has a time that the clock jumped to, and none is before the one before it.
    async fn compare_times(&self) {
        let log = self.world.logs.get(LogId::new(APP, 0));
        let events = log.read(1, usize::MAX).await.expect("readable");
        let mut last = BEGUN;
        for stored in events {
            let recorded = decode(stored.sequence, &stored.event).expect("decodes");
            let time = recorded.envelope.time;
            assert!(time >= last, "time never runs backwards");
            last = time;
        }
        let most = BEGUN.0 + u64::try_from(self.world.clock.elapsed().as_millis()).expect("few");
        assert!(last.0 <= most + JUMP_MS, "{last:?} is of a jump");
    }

    fn tag(&mut self) -> String {
        self.next_tag += 1;
        self.next_tag.to_string()
    }

    fn check_all(
        &mut self,
        commands: &[Command],
        results: Vec<Result<crate::Answer, SubmitError>>,
    ) {
        for (command, result) in commands.iter().zip(results) {
            let expected = self.model.apply(command);
            let actual: Expected = match result {
                Ok(answer) => Ok(Answered::from(answer.reply)),
                Err(SubmitError::Rejected(rejection)) => Err(rejection.reason),
                Err(error) => panic!("a healthy engine answers: {error}"),
            };
            assert_eq!(actual, expected, "{command:?}");
        }
    }

    /// Nobody was answered. What the log holds has happened, with everything before it; the rest
    /// has not, and is sent again.
    async fn settle(&mut self, commands: Vec<Command>, tags: &[String]) {
        let log = self.world.logs.get(LogId::new(APP, 0));
        let events = log.read(1, usize::MAX).await.expect("readable");
        let happened = |tag: &String| {
            let correlation = hansard_events::header::CORRELATION;
            events
                .iter()
                .any(|stored| stored.event.header(correlation) == Some(tag))
        };
        let done = tags.iter().rposition(happened).map_or(0, |last| last + 1);
        for command in &commands[..done] {
            // The answer was lost with the process; that the state agrees is checked at the end.
            drop(self.model.apply(command));
        }
        let handle = self.engine.as_ref().expect("an engine is running").handle();
        let rest = commands[done..].to_vec();
        let results = handle.submit_all(LOG, rest.clone(), provenance()).await;
        self.check_all(&rest, results);
    }

    /// A new process on what the old one left; sometimes after a power loss, which takes the
    /// unsynced tail of the log and of the read models, but never the journal.
    async fn restart(&mut self) {
        let log = self.world.logs.get(LogId::new(APP, 0));
        log.clear_faults();
        self.jump_home();
        if let Some((store, log_end)) = self.older.take().filter(|_| self.rng.random_bool(0.5)) {
            self.world.store = store;
            log.truncate(log_end);
        }
        self.engine = Some(
            self.world
                .open()
                .await
                .expect("what a crash leaves can be opened"),
        );
    }

    async fn remember_disk(&mut self) {
        if self.rng.random_bool(0.2) {
            let log = self.world.logs.get(LogId::new(APP, 0));
            log.clear_faults();
            let end = log.last().await.expect("readable");
            self.older = Some((Arc::new(self.world.store.fork()), end));
        }
    }

    /// Seqs, recalls, unread, accounts and rosters are what the model says.
    fn compare(&self) {
        let handle = self.engine.as_ref().expect("an engine is running").handle();
        self.compare_accounts(&handle);
        let store = handle.store(APP);
        let conversations = Reads::new(&*store, APP).conversations();
        for (conversation, talk) in &self.model.talks {
            let head = conversations.head(conversation).expect("readable");
            assert_eq!(head.last_seq, Seq(talk.said.len() as u64), "{conversation}");
            for (index, said) in talk.said.iter().enumerate() {
                let seq = Seq(index as u64 + 1);
                let row = conversations.message(conversation, seq).expect("readable");
                let row = row.expect("seqs have no holes");
                assert_eq!((&row.sender, row.random), (&said.sender, said.random));
                assert_eq!(row.recall.is_some(), said.recalled, "{conversation} {seq}");
            }
            for id in USERS {
                let reader = user(id);
                assert_eq!(
                    conversations
                        .unread(conversation, &reader)
                        .expect("readable"),
                    self.model.unread(conversation, &reader),
                    "unread of {reader} in {conversation}"
                );
            }
        }
    }

    fn compare_accounts(&self, handle: &Handle) {
        let store = handle.store(APP);
        let reads = Reads::new(&*store, APP);
        let (directory, groups) = (reads.directory(), reads.groups());
        for id in USERS {
            let user = user(id);
            let row = directory.account(&user).expect("readable");
            let person = row.map(|row| Person {
                profile: directory.profile(&user).expect("readable"),
                c2c_muted: row.c2c_muted_until == Timestamp::FOREVER,
                group_muted: row.group_muted_until == Timestamp::FOREVER,
            });
            assert_eq!(person.as_ref(), self.model.accounts.get(&user), "{id}");
            let revoked = directory.signatures_revoked_up_to(&user).expect("readable");
            assert_eq!(
                revoked.is_some(),
                self.model.revoked.contains(&user),
                "{id}"
            );
            let joined = groups.joined(&user, usize::MAX).expect("readable");
            let joined: Vec<GroupId> = joined.into_iter().map(|one| one.group_id).collect();
            let expected = self.model.groups.iter();
            let expected = expected.filter(|(_, members)| members.contains(&user));
            let expected: Vec<GroupId> = expected.map(|(group, _)| group.clone()).collect();
            assert_eq!(joined, expected, "groups of {id}");
        }
    }

    /// The read models are the fold of the log: a rebuild makes the same bytes.
    async fn compare_with_rebuild(&mut self) {
        let engine = self.engine.take().expect("an engine is running");
        engine.shutdown().await;
        self.world.logs.get(LogId::new(APP, 0)).clear_faults();
        let rebuilt = World {
            store: Arc::new(MemoryStore::new()),
            ..self.world.clone()
        };
        let engine = rebuilt.open().await.expect("the log can be folded again");
        engine.shutdown().await;
        assert_eq!(
            rebuilt.store.dump(),
            self.world.store.dump(),
            "a rebuild makes the same bytes"
        );
    }
}

/// Polls a future a few times, then drops it: a process that dies at any await.
async fn poll_some<T>(future: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut future = std::pin::pin!(future);
    for _ in 0..polls {
        tokio::select! {
            biased;
            done = &mut future => return Some(done),
            () = tokio::task::yield_now() => {}
        }
    }
    None
}

fn tagged(tag: &str) -> Origin {
    Origin {
        correlation: Some(tag.to_owned()),
        ..provenance()
    }
}

async fn simulate(seed: u64, bursts: usize) {
    let mut simulation = Simulation::start(seed).await;
    for _ in 0..bursts {
        simulation.remember_disk().await;
        simulation.burst().await;
    }
    simulation.compare();
    simulation.world.logs.get(LogId::new(APP, 0)).clear_faults();
    simulation.compare_times().await;
    simulation.compare_with_rebuild().await;
}

/// `HANSARD_SIM_SEED=17 cargo nextest run -p hansard-engine simulation` runs one seed;
/// `HANSARD_SIM_SEEDS=5000` that many.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how a person runs one seed again"
)]
fn simulation_of_random_commands_and_faults_agrees_with_the_model() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seeds = match number("HANSARD_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("HANSARD_SIM_SEEDS").unwrap_or(150),
    };
    for seed in seeds {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let run = std::panic::AssertUnwindSafe(|| runtime.block_on(simulate(seed, 40)));
        if let Err(panic) = std::panic::catch_unwind(run) {
            eprintln!(
                "seed {seed} failed: HANSARD_SIM_SEED={seed} cargo nextest run -p hansard-engine \
                 simulation --no-capture"
            );
            std::panic::resume_unwind(panic);
        }
    }
}
