//! Random commands and faults, from a seed, against the plain model.
//!
//! Every kind of command is made, and every kind meets every kind of fault: a test holds that. A
//! failing seed prints how to run it again.

use std::sync::Arc;

use hansard_domain::Signal;
use hansard_domain::app::{ChangeAppSettings, CreateApp};
use hansard_events::app::MessageLimits;
use hansard_events::{Origin, decode};
use hansard_log::{EventLog as _, Fault, MemoryLog};
use hansard_store::MemoryStore;
use hansard_types::{LogId, Seq, Timestamp};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::sync::broadcast::Receiver;

use super::model::{Answered, App, Expected, Heard, Model, Order};
use crate::testing::{APP, BEGUN, World, create_app, provenance};
use crate::{AppSignal, Engine, Handle, JUMP_MS, Machine as _, SubmitError};

mod compare;
mod coverage;
mod make;

use coverage::{Coverage, Trouble};
use make::Maker;

/// Enough for every kind of command to meet every kind of trouble many times.
const SEEDS: u64 = 150;

/// Besides one.
const PARTITIONS: u16 = 3;

/// Copies of everything on "disk", for power losses: the read models, and where the logs ended.
struct OlderDisk {
    store: Arc<MemoryStore>,
    ends: Vec<u64>,
}

struct Simulation {
    /// What goes wrong, and when.
    rng: ChaCha8Rng,
    maker: Maker,
    world: World,
    engine: Option<Engine>,
    model: Model,
    coverage: Coverage,
    next_tag: u64,
    /// Of the app's log.
    partitions: u16,
    /// How far the time of day has jumped ahead, milliseconds: it comes back.
    ahead_ms: i64,
    older: Option<OlderDisk>,
}

/// What a burst was answered with, and what those who were there were told.
type Answers = Vec<Result<crate::Answer, SubmitError>>;
type Signals = Receiver<Arc<AppSignal>>;

/// A burst of commands for one log, and what they met.
struct Burst {
    log: LogId,
    orders: Vec<Order>,
    tags: Vec<String>,
    troubles: Vec<Trouble>,
}

impl Burst {
    /// Gives the commands from one on, all at once.
    fn submit(&self, handle: &Handle, from: usize) -> impl Future<Output = Answers> {
        let tagged = self.orders.iter().zip(&self.tags).skip(from);
        futures::future::join_all(tagged.map(|(order, tag)| {
            let origin = Origin {
                actor: order.actor.clone(),
                correlation: Some(tag.clone()),
            };
            handle.submit(self.log, order.command.clone(), origin)
        }))
    }
}

/// How long accounts may recall what they said: dated messages of this simulation, and not what it
/// imports.
const RECALL_SECONDS: u32 = 60 * 24 * 3600;

impl Simulation {
    async fn start(seed: u64, partitions: u16) -> Self {
        let world = World::default();
        let mut engine = world.open().await.expect("an empty world opens");
        let app = CreateApp {
            partitions,
            ..create_app()
        };
        let model = App {
            administrators: app.administrators.clone(),
            secret_fingerprint: app.secret_fingerprint.clone(),
            message_limits: MessageLimits {
                recall_seconds: RECALL_SECONDS,
            },
            ..App::default()
        };
        engine.create_app(app).await.expect("the app is new");
        // Before anything else: what accounts may recall depends on it at once.
        let message_limits = MessageLimits {
            recall_seconds: RECALL_SECONDS,
        };
        let settings = ChangeAppSettings {
            message_limits: Some(message_limits),
            ..ChangeAppSettings::none(APP)
        };
        let handle = engine.handle();
        let changed = handle.submit(LogId::CONTROL, settings.into(), provenance());
        changed.await.expect("an app of that id");
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            maker: Maker::new(seed),
            world,
            engine: Some(engine),
            model: Model::of(APP, model),
            coverage: Coverage::default(),
            next_tag: 0,
            partitions,
            ahead_ms: 0,
            older: None,
        }
    }

    fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("an engine is running")
    }

    /// The logs that commands are sent to.
    fn log_ids(&self) -> Vec<LogId> {
        let own = LogId::all_of(APP, self.partitions);
        std::iter::once(LogId::CONTROL).chain(own).collect()
    }

    fn logs(&self) -> Vec<MemoryLog> {
        let ids = self.log_ids();
        ids.into_iter()
            .map(|log| self.world.logs.get(log))
            .collect()
    }

    /// A command for a log: of those for the others none has to do with it.
    fn order(&mut self, log: LogId) -> Order {
        if log.is_control() {
            return self.maker.control();
        }
        loop {
            let order = self.maker.order();
            let place = order.command.place().log(APP, self.partitions);
            if place.is_none_or(|place| place == log) {
                return order;
            }
        }
    }

    /// Until every partition has learned of the accounts that were deleted in the first.
    async fn deletions_are_known(&self) {
        let handle = self.engine().handle();
        let last = handle.last_deletion(APP).expect("readable");
        for log in handle.ordinary_logs(APP).skip(1) {
            let mut applied = handle.applied(log).expect("it is open");
            while handle.forgotten_up_to(log).expect("readable") < last {
                applied.changed().await.expect("it is open");
            }
        }
    }

    /// Whether something is wrong with the next append.
    fn inject(&mut self, log: LogId) -> bool {
        let log = self.world.logs.get(log);
        let fault = match self.rng.random_range(0..10) {
            0 => Fault::LostAcknowledgement,
            1 => Fault::Timeout,
            2 => Fault::PartialThenUnknown(self.rng.random_range(0..5)),
            3 => Fault::Unavailable,
            4 => {
                log.fail_reads(2);
                Fault::LostAcknowledgement
            }
            _ => return false,
        };
        log.inject(fault);
        true
    }

    /// What an app's commands are decided on beside its own log is the control log's: a burst is
    /// of one log only, or nobody could say what it should be answered.
    fn make(&mut self) -> Burst {
        let is_control = self.rng.random_bool(0.12);
        let log = if is_control {
            LogId::CONTROL
        } else if !self.maker.is_beginning() && self.rng.random_bool(0.2) {
            LogId::live(APP)
        } else if self.partitions == 1 || self.maker.is_beginning() {
            LogId::directory(APP)
        } else {
            LogId::new(APP, self.rng.random_range(0..self.partitions))
        };
        let mut troubles = Vec::new();
        if self.inject(log) {
            troubles.push(Trouble::Log);
        }
        if self.ahead_ms != 0 {
            troubles.push(Trouble::Jump);
        }
        let most = if is_control { 6 } else { 24 };
        let count = self.rng.random_range(1..most);
        let mut orders = Vec::with_capacity(count);
        for _ in 0..count {
            orders.push(self.order(log));
        }
        Burst {
            log,
            tags: orders.iter().map(|_| self.tag()).collect(),
            orders,
            troubles,
        }
    }

    /// One burst of commands; now and then the process dies in the middle of it.
    async fn burst(&mut self) {
        let mut burst = self.make();
        let engine = self.engine.take().expect("an engine is running");
        let handle = engine.handle();
        let mut signals = handle.signals();
        let submitted = burst.submit(&handle, 0);
        if self.rng.random_bool(0.2) {
            let polls = self.rng.random_range(0..60);
            let results = poll_some(submitted, polls).await;
            engine.abort().await;
            burst.troubles.push(Trouble::Death);
            if self.restart().await {
                burst.troubles.push(Trouble::PowerLoss);
            }
            match results {
                Some(results) => self.check_all(&burst, 0, results, &mut signals),
                None => self.settle(&burst).await,
            }
        } else {
            let results = submitted.await;
            self.engine = Some(engine);
            self.check_all(&burst, 0, results, &mut signals);
        }
        self.deletions_are_known().await;
        compare::everything(&self.engine().handle(), &self.model);
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
        let passed = u64::try_from(self.world.clock.elapsed().as_millis()).expect("few");
        for log in self.logs() {
            // The clock may have been set back before a log's first event.
            let mut last = Timestamp(0);
            for stored in log.read(1, usize::MAX).await.expect("readable") {
                let recorded = decode(stored.sequence, &stored.event).expect("decodes");
                let time = recorded.envelope.time;
                assert!(time >= last, "time never runs backwards");
                last = time;
            }
            let most = BEGUN.0 + passed + JUMP_MS;
            assert!(last.0 <= most, "{last:?} is of a jump");
        }
    }

    fn tag(&mut self) -> String {
        self.next_tag += 1;
        self.next_tag.to_string()
    }

    /// What the model says of a command of a burst.
    fn expected(&mut self, burst: &Burst, order: &Order) -> Expected {
        let expected = self.model.apply(order);
        self.coverage.note(order, &expected, &burst.troubles);
        expected
    }

    /// Compares answers to a burst's commands, the first `done` of which nobody answered, and
    /// signals.
    fn check_all(&mut self, burst: &Burst, done: usize, results: Answers, signals: &mut Signals) {
        for (order, result) in burst.orders[done..].iter().zip(results) {
            let expected = self.expected(burst, order);
            let actual: Expected = match result {
                Ok(answer) => Ok(Answered::from(answer.reply)),
                Err(SubmitError::Rejected(rejection)) => Err(rejection.reason),
                Err(error) => panic!("a healthy engine answers: {error}"),
            };
            assert_eq!(actual, expected, "{order:?}");
        }
        let heard = self.model.take_heard();
        assert_eq!(drain(signals), heard, "those who are there hear it once");
        self.coverage.heard(heard.len());
    }

    /// Nobody was answered. What the log holds has happened, with everything before it; the rest
    /// has not, and is sent again.
    async fn settle(&mut self, burst: &Burst) {
        let log = self.world.logs.get(burst.log);
        let events = log.read(1, usize::MAX).await.expect("readable");
        let happened = |tag: &String| {
            let correlation = hansard_events::header::CORRELATION;
            events
                .iter()
                .any(|stored| stored.event.header(correlation) == Some(tag))
        };
        let done = burst.tags.iter().rposition(happened);
        let done = done.map_or(0, |last| last + 1);
        for order in &burst.orders[..done] {
            // The answer was lost with the process; that the state agrees is compared next.
            drop(self.expected(burst, order));
        }
        // As were the signals.
        drop(self.model.take_heard());
        let handle = self.engine().handle();
        let mut signals = handle.signals();
        let results = burst.submit(&handle, done).await;
        self.check_all(burst, done, results, &mut signals);
    }

    /// A new process on what the old one left; sometimes after a power loss, which takes the
    /// unsynced tail of the logs and of the read models, but never the journal. Says whether.
    async fn restart(&mut self) -> bool {
        for log in self.logs() {
            log.clear_faults();
        }
        self.jump_home();
        let older = self.older.take().filter(|_| self.rng.random_bool(0.7));
        let is_power_loss = older.is_some();
        if let Some(OlderDisk { store, ends }) = older {
            self.world.store = store;
            for (log, end) in self.logs().iter().zip(ends) {
                log.truncate(end);
            }
        }
        let opened = self.world.open().await;
        self.engine = Some(opened.expect("what a crash leaves can be opened"));
        is_power_loss
    }

    async fn remember_disk(&mut self) {
        if self.rng.random_bool(0.3) {
            let mut ends = Vec::new();
            for log in self.logs() {
                log.clear_faults();
                ends.push(log.last().await.expect("readable"));
            }
            self.older = Some(OlderDisk {
                store: Arc::new(self.world.store.fork()),
                ends,
            });
        }
    }

    /// The read models are the fold of the logs: a rebuild makes the same bytes.
    async fn compare_with_rebuild(&mut self) {
        let engine = self.engine.take().expect("an engine is running");
        engine.shutdown().await;
        let rebuilt = World {
            store: Arc::new(MemoryStore::new()),
            ..self.world.clone()
        };
        let engine = rebuilt.open().await.expect("the logs can be folded again");
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

fn drain(signals: &mut Signals) -> Vec<Heard> {
    let mut heard = Vec::new();
    while let Ok(told) = signals.try_recv() {
        assert_eq!(told.app, APP);
        let message = match &told.signal {
            Signal::Message(message) => message,
            Signal::GroupNotice(notice) => {
                heard.push(Heard::notice(&notice.group_id));
                continue;
            }
        };
        assert_eq!(message.seq, Seq(0), "no stored message's");
        heard.push(Heard {
            conversation: message.conversation.clone(),
            sender: message.sender.clone(),
            random: message.random,
        });
    }
    heard
}

async fn simulate(seed: u64, partitions: u16, bursts: usize) -> Coverage {
    let mut simulation = Simulation::start(seed, partitions).await;
    for _ in 0..bursts {
        simulation.remember_disk().await;
        simulation.burst().await;
    }
    for log in simulation.logs() {
        log.clear_faults();
    }
    simulation.compare_times().await;
    simulation.compare_with_rebuild().await;
    simulation.coverage
}

fn run(seed: u64, partitions: u16) -> Coverage {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let simulated =
        std::panic::AssertUnwindSafe(|| runtime.block_on(simulate(seed, partitions, 40)));
    std::panic::catch_unwind(simulated).unwrap_or_else(|panic| {
        eprintln!(
            "seed {seed} failed with {partitions} partitions: HANSARD_SIM_SEED={seed} cargo nextest \
             run -p hansard-engine simulation --no-capture"
        );
        std::panic::resume_unwind(panic)
    })
}

/// `HANSARD_SIM_SEED=17 cargo nextest run -p hansard-engine simulation` runs one seed;
/// `HANSARD_SIM_SEEDS=5000` that many.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how a person runs one seed again"
)]
fn simulation_of_every_command_under_every_fault_agrees_with_the_model() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    if let Some(seed) = number("HANSARD_SIM_SEED") {
        drop((run(seed, 1), run(seed, PARTITIONS)));
        return;
    }
    let seeds = number("HANSARD_SIM_SEEDS").unwrap_or(SEEDS);
    let mut coverage = Coverage::default();
    for seed in 0..seeds {
        coverage.add(run(seed, 1));
        coverage.add(run(seed, PARTITIONS));
    }
    if seeds >= SEEDS {
        coverage.check();
    }
}
