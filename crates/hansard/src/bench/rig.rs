//! What is measured: a whole server in this process, on a nats-server of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures::future::join_all;
use hansard_client::usersig;
use hansard_domain::Command;
use hansard_domain::account::ImportAccount;
use hansard_domain::group::CreateGroup;
use hansard_domain::message::{Content, SendGroup};
use hansard_engine::Handle;
use hansard_events::group::{GroupProfileChange, GroupType};
use hansard_events::message::Element;
use hansard_events::{Origin, RawEvent};
use hansard_http::Front;
use hansard_log::JetStreamOptions;
use hansard_types::{Actor, AppId, GroupId, LogId, UserId, limits};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Arguments;
use crate::clock::now;
use crate::credentials::App;
use crate::data_dir::{DataDir, Lock};
use crate::descriptors::Descriptors;
use crate::logs::Nats;
use crate::serve::copies::OwnCopies;
use crate::serve::generation::{self, Shelf};
use crate::serve::parts::{Parts, Starting};
use crate::serve::stage::Stage;
use crate::serve::{self, http, telemetry};

pub(super) const APP: AppId = AppId(1_400_000_001);
pub(super) const SECRET: &str = "a secret of a benchmark, which ends with it";
pub(super) const ADMIN: &str = "administrator";
const GROUPS: usize = 64;
const DRAIN_WITHIN: Duration = Duration::from_secs(1);
/// Texts to choose from: all different, so that nothing compresses better than chat does.
const TEXTS: usize = 256;

/// A server that is being measured.
pub(super) struct Rig {
    pub(super) nats: Nats,
    pub(super) parts: Parts,
    pub(super) address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinSet<()>,
    _lock: Lock,
    /// Removed at the end; a directory that was given stays.
    _folder: Option<TempDir>,
}

/// What is sent: the same through every door.
#[derive(Clone)]
pub(super) struct Load {
    texts: Arc<Vec<String>>,
    groups: Arc<Vec<GroupId>>,
    users: Arc<Vec<UserId>>,
}

impl Rig {
    pub(super) async fn start(arguments: &Arguments) -> Result<Self> {
        let (folder, root) = match &arguments.data_dir {
            Some(root) => (None, root.clone()),
            None => {
                let folder = tempfile::tempdir().context("a directory for the benchmark")?;
                let root = folder.path().join("data");
                (Some(folder), root)
            }
        };
        let data = DataDir::create(&root)?;
        if data.manifest().try_exists()? {
            bail!(
                "{} holds a server's data: give a new --data-dir",
                root.display()
            );
        }
        let lock = data.lock()?;
        let program = &arguments.program;
        let options = JetStreamOptions::default();
        let given_up = std::future::pending();
        let nats = Nats::start(&data, None, program, options, drop, given_up).await?;
        let nats = nats.context("nobody gives it up")?;
        let serve = serve::Arguments::for_bench(
            &root,
            &arguments.program,
            App { app: APP.0 },
            SECRET,
            ADMIN,
            arguments.partitions,
        );
        let recorder = telemetry::record_metrics()?;
        let own = OwnCopies::open(&serve, &data)?;
        let (stop, stopped) = watch::channel(false);
        let starting = Starting {
            models: (
                Arc::new(Shelf::new(&data, &Arc::new(generation::fold()))?),
                None,
            ),
            own,
            recorder,
            stage: Stage::default(),
            stopped: stopped.clone(),
        };
        let parts = Parts::open(&serve, &data, starting, nats.provider()).await?;
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = http::bind(listen, None, Descriptors::raise()?).await?;
        let address = listener.local_addr()?;
        let mut serving = JoinSet::new();
        let front = Front::new(Stage::default().why_not());
        front.open(hansard_http::surfaces(parts.api().clone()));
        let accepting = http::serve(listener, front, stopped);
        serving.spawn(async move {
            accepting.await.drain(DRAIN_WITHIN, async {}).await;
        });
        Ok(Self {
            nats,
            parts,
            address,
            stop,
            serving,
            _lock: lock,
            _folder: folder,
        })
    }

    pub(super) fn handle(&self) -> Handle {
        self.parts.handle()
    }

    pub(super) async fn stop(self) {
        let Self {
            nats,
            parts,
            stop,
            mut serving,
            ..
        } = self;
        stop.send_replace(true);
        while serving.join_next().await.is_some() {}
        parts.stop().await;
        nats.stop().await;
    }
}

impl Load {
    /// Makes the accounts and the groups, and texts of a size.
    pub(super) async fn prepare(handle: &Handle, users: usize, payload: usize) -> Result<Self> {
        let ids: Vec<UserId> = (0..users)
            .map(|number| UserId::new(&format!("user{number}")))
            .collect::<Result<_, _>>()?;
        let groups: Vec<GroupId> = (0..GROUPS)
            .map(|number| GroupId::new(&format!("group{number}")))
            .collect::<Result<_, _>>()?;
        let accounts = ids.iter().map(|user_id| {
            let user_id = user_id.clone();
            Command::ImportAccount(ImportAccount {
                user_id,
                nick: None,
                face_url: None,
            })
        });
        submit_all(handle, accounts.collect()).await?;
        let owner = ids.first().context("at least one user")?;
        let made = groups
            .iter()
            .map(|group| Command::CreateGroup(new_group(group, owner)));
        submit_all(handle, made.collect()).await?;
        let texts = (0..TEXTS).map(|seed| text(seed, payload)).collect();
        Ok(Self {
            texts: Arc::new(texts),
            groups: Arc::new(groups),
            users: Arc::new(ids),
        })
    }

    fn parts(&self, number: usize, random: u32) -> (&GroupId, &UserId, &str) {
        let at = usize::try_from(random)
            .unwrap_or(0)
            .wrapping_add(number * 7);
        (
            &self.groups[number % self.groups.len()],
            &self.users[number % self.users.len()],
            &self.texts[at % self.texts.len()],
        )
    }

    /// The send of one client, as a command.
    pub(super) fn command(&self, number: usize, random: u32) -> Command {
        let (group, user, text) = self.parts(number, random);
        Command::SendGroup(SendGroup {
            topic_id: None,
            group_id: group.clone(),
            from: user.clone(),
            content: Content {
                elements: vec![Element::text(text)],
                cloud_custom_data: None,
                no_unread: false,
                no_last: false,
                extensible: false,
                offline_push: None,
            },
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

    /// The same as a body of `send_group_msg`.
    pub(super) fn body(&self, number: usize, random: u32) -> String {
        let (group, user, text) = self.parts(number, random);
        format!(
            "{{\"GroupId\":\"{group}\",\"From_Account\":\"{user}\",\"Random\":{random},\
             \"MsgPriority\":\"Normal\",\"MsgBody\":[{{\"MsgType\":\"TIMTextElem\",\
             \"MsgContent\":{{\"Text\":\"{text}\"}}}}]}}"
        )
    }

    /// Puts at least so many messages into the log.
    pub(super) async fn fill(&self, handle: &Handle, messages: u32) -> Result<()> {
        let users = u32::try_from(self.users.len())?;
        let mut sent = 0;
        while sent < messages {
            let batch = (0..limits::MAILBOX_COMMANDS_MAX / 2)
                .map(|at| self.command(at, FILL_RANDOM_FIRST + (sent + offset(at)) / users));
            let batch: Vec<Command> = batch.collect();
            sent += u32::try_from(batch.len())?;
            submit_all(handle, batch).await?;
        }
        Ok(())
    }
}

/// The randoms of messages that fill the log are none of those that are measured.
const FILL_RANDOM_FIRST: u32 = 3_000_000_000;

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(0)
}

/// Some of the messages in the log, as they are stored.
pub(super) async fn stored_messages(handle: &Handle, wanted: usize) -> Result<Vec<RawEvent>> {
    // The last partition has messages; the first, accounts too.
    let log = handle
        .ordinary_logs(APP)
        .last()
        .context("an app has a log")?;
    let committed = handle.committed(log);
    let end = committed.map_or(0, |committed| *committed.borrow());
    let from = end.saturating_sub(u64::try_from(wanted)?) + 1;
    let mut events = Vec::with_capacity(wanted);
    while events.len() < wanted {
        let read = u64::try_from(events.len())?;
        let stored = handle
            .events(log, from + read, limits::READ_BATCH_MAX)
            .await?;
        if stored.is_empty() {
            break;
        }
        events.extend(stored.into_iter().map(|one| one.event.clone()));
    }
    Ok(events)
}

/// The signed path of a send to a group.
pub(super) fn send_path() -> String {
    let signature = usersig::generate(APP.0, SECRET, ADMIN, now().seconds(), 24 * 60 * 60);
    format!(
        "/v4/group_open_http_svc/send_group_msg?sdkappid={APP}&identifier={ADMIN}\
         &usersig={signature}&random=1&contenttype=json"
    )
}

pub(super) fn origin() -> Origin {
    Origin {
        actor: Actor::Administrator(UserId::new(ADMIN).expect("a valid id")),
        correlation: None,
    }
}

async fn submit_all(handle: &Handle, commands: Vec<Command>) -> Result<()> {
    let mut by_log: BTreeMap<LogId, Vec<Command>> = BTreeMap::new();
    for command in commands {
        let log = handle.route(APP, &command);
        by_log.entry(log).or_default().push(command);
    }
    let submit = |(log, commands)| handle.submit_all(log, commands, origin());
    for results in join_all(by_log.into_iter().map(submit)).await {
        for result in results {
            result?;
        }
    }
    Ok(())
}

fn new_group(group: &GroupId, owner: &UserId) -> CreateGroup {
    CreateGroup {
        group_id: group.clone(),
        group_type: GroupType::Public,
        owner: Some(owner.clone()),
        profile: GroupProfileChange {
            name: Some(group.as_str().to_owned()),
            ..GroupProfileChange::default()
        },
        members: Vec::new(),
        created_at: None,
    }
}

/// Words of letters that a small generator chooses.
fn text(seed: usize, bytes: usize) -> String {
    let mut state = u64::try_from(seed)
        .unwrap_or(0)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        | 1;
    let mut text = String::with_capacity(bytes);
    while text.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let letter = u8::try_from(state % 32).unwrap_or(0);
        text.push(if letter < 26 {
            char::from(b'a' + letter)
        } else {
            ' '
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_their_size_and_differ() {
        assert_eq!(text(1, 300).len(), 300);
        assert_ne!(text(1, 300), text(2, 300));
    }
}
