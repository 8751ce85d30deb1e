use std::io::{self, ErrorKind};
use std::time::Duration;

use async_nats::jetstream::context::{GetStreamError, GetStreamErrorKind};
use async_nats::jetstream::stream::{
    Compression, Config, DiscardPolicy, RetentionPolicy, State, StorageType,
};
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use async_trait::async_trait;
use hansard_types::{LogId, limits};
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use crate::{AppendError, Error, EventLog, Extent, OpenError, Result, StoredEvent, Unit};

mod ack;
mod batch;
mod credentials;
mod read;
mod settings;
mod wire;

use batch::{Batch, Kind, units_of_batch};
pub use credentials::Credentials;
use read::Cursors;
pub use settings::ServerSettings;
use wire::{Endpoint, Unsendable, Wire, WireError};

/// What streams are made with.
#[derive(Debug, Clone, Copy)]
pub struct JetStreamOptions {
    /// Copies of each stream, 1 to 5.
    pub replicas: usize,
    /// How long an acknowledgement or an answer may take before the outcome is unknown.
    pub answer_within: Duration,
    /// How long live logs keep their events, at least 1 s; `None`: as long as their streams were
    /// told before, or a day when they are made.
    pub live_keep: Option<Duration>,
}

impl Default for JetStreamOptions {
    fn default() -> Self {
        Self {
            replicas: 1,
            answer_within: Duration::from_secs(5),
            live_keep: None,
        }
    }
}

/// A connection to a nats-server, which comes back by itself when it is lost.
#[derive(Clone)]
pub struct JetStream {
    pub(crate) client: Client,
    pub(crate) context: Context,
    options: JetStreamOptions,
    /// Where it was told that the server, or members of its cluster, are.
    endpoints: Vec<Endpoint>,
    credentials: Option<Credentials>,
    /// How often the connection was lost.
    lost: watch::Receiver<u64>,
}

const RECONNECT_AFTER_MAX: Duration = Duration::from_millis(250);
/// How long JetStream remembers message ids: the least that it can. Ours have none, and a
/// nats-server that starts reads everything that came in this time, 2 minutes by default.
const DUPLICATE_WINDOW: Duration = Duration::from_millis(100);
/// How long live logs keep their events unless it is said.
const LIVE_KEEP: Duration = Duration::from_secs(limits::LIVE_KEEP_SECONDS);

impl JetStream {
    /// Connects to a URL (`nats://host:port`, or `tls://host:port`, with or without user and
    /// password in it, percent encoded), or to whichever answers of several, with commas between
    /// them: members of one cluster. `credentials` go before those in the first URL.
    ///
    /// # Errors
    /// [`OpenError::Server`] when nobody answers there, the credentials are not taken, or the
    /// server is too old.
    pub async fn connect(
        url: &str,
        credentials: Option<&Credentials>,
        options: JetStreamOptions,
    ) -> Result<Self, OpenError> {
        let (tell, lost) = watch::channel(0);
        let mut connect = ConnectOptions::new()
            .name("hansard")
            .reconnect_delay_callback(|attempts| {
                // The first one is made at once.
                let failed = u32::try_from(attempts)
                    .unwrap_or(u32::MAX)
                    .saturating_sub(1);
                Duration::from_millis(10)
                    .saturating_mul(failed)
                    .min(RECONNECT_AFTER_MAX)
            })
            .event_callback(move |event| {
                tracing::debug!(%event, "the connection to nats-server");
                if event == Event::Disconnected {
                    tell.send_modify(|lost| *lost += 1);
                }
                std::future::ready(())
            });
        // The parse error is left out: it could repeat the password.
        let addresses: Result<Vec<ServerAddr>, _> = url.split(',').map(str::parse).collect();
        let addresses = addresses.map_err(|_| {
            OpenError::Server("a nats-server's URL is written nats://host:port".to_owned())
        })?;
        let in_url = addresses.first().and_then(Credentials::in_url);
        let credentials = credentials.cloned().or(in_url);
        if let Some(Credentials {
            user,
            password,
            certificate,
        }) = credentials.clone()
        {
            connect = connect.user_and_password(user, password);
            if let Some(certificate) = certificate {
                connect = connect.require_tls(true).add_root_certificates(certificate);
            }
        }
        let endpoints = addresses.iter().map(Endpoint::of).collect();
        let client = connect.connect(addresses).await.map_err(|error| {
            OpenError::Server(format!("nats-server does not answer at its URL: {error}"))
        })?;
        crate::peer::check_version(&client.server_info().version).map_err(OpenError::Server)?;
        let mut context = jetstream::new(client.clone());
        context.set_timeout(options.answer_within);
        Ok(Self {
            client,
            context,
            options,
            endpoints,
            credentials,
            lost,
        })
    }

    /// Waits for an answer for as long as the connection holds: one that was asked for over a
    /// connection that is lost never comes. Whoever asks again is answered once it is back.
    async fn while_connected<T>(&self, answer: impl Future<Output = Result<T>>) -> Result<T> {
        let mut lost = self.lost.clone();
        lost.borrow_and_update();
        // Nothing is lost by giving an answer up.
        tokio::select! {
            answer = answer => answer,
            Ok(()) = lost.changed() => {
                let reason = "the connection to nats-server was lost";
                Err(Error::Unavailable(reason.to_owned()))
            }
        }
    }

    /// The nats-server's version.
    #[must_use]
    pub fn server_version(&self) -> String {
        self.client.server_info().version
    }

    /// Opens a log; makes its stream when it is missing.
    ///
    /// # Errors
    /// [`OpenError::Server`] when the stream cannot be made, or is not a log of ours.
    pub async fn open_log(&self, id: LogId) -> Result<JetStreamLog, OpenError> {
        let wanted = stream_config(id, &self.options);
        let failed = |error: String| OpenError::Server(format!("stream {}: {error}", wanted.name));
        let stream = self
            .context
            .get_or_create_stream(wanted.clone())
            .await
            .map_err(|error| failed(error.to_string()))?;
        let config = &stream.cached_info().config;
        if config.subjects != wanted.subjects
            || id.is_live() != (config.max_age > Duration::ZERO)
            || config.retention != RetentionPolicy::Limits
            || !config.deny_purge
            || !config.allow_direct
        {
            return Err(failed(
                "it exists with another configuration than a log's; another program made or \
                 changed it"
                    .to_owned(),
            ));
        }
        let compression = config.compression.clone();
        let max_age = match self.options.live_keep {
            Some(_) => wanted.max_age,
            None => config.max_age,
        };
        if !config.allow_batch_publish
            || config.max_age != max_age
            || compression != wanted.compression
            || config.duplicate_window != wanted.duplicate_window
        {
            let updated = Config {
                allow_batch_publish: true,
                compression: wanted.compression.clone(),
                duplicate_window: wanted.duplicate_window,
                max_age,
                ..config.clone()
            };
            let updated = self.context.update_stream(updated).await;
            updated.map_err(|error| failed(error.to_string()))?;
        }
        let is_replicated = config.num_replicas > 1;
        Ok(JetStreamLog {
            id,
            is_replicated,
            server: self.clone(),
            name: wanted.name,
            appending: Mutex::new(Appending {
                inbox: self.client.new_inbox(),
                wire: None,
                token: 0,
            }),
            cursors: Cursors::default(),
        })
    }

    /// A connection of its own for appending, to the server that was named or to another one of
    /// its cluster.
    async fn wire(&self, inbox: &str) -> std::result::Result<Wire, WireError> {
        let members = self.client.server_info().connect_urls;
        let members = members.iter().filter_map(|url| {
            let member = format!("nats://{url}").parse().ok()?;
            Some(self.endpoints.first()?.beside(&member))
        });
        let mut failed = WireError::from(io::Error::from(ErrorKind::NotConnected));
        for endpoint in self.endpoints.iter().cloned().chain(members) {
            match Wire::connect(&endpoint, self.credentials.as_ref(), inbox).await {
                Ok(wire) => return Ok(wire),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// Whether this server holds a log.
    ///
    /// # Errors
    /// [`Error::Unavailable`]
    pub async fn holds(&self, id: LogId) -> Result<bool> {
        match self.context.get_stream(id.stream_name()).await {
            Ok(_) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(Error::Unavailable(error.to_string())),
        }
    }
}

fn is_missing(error: &GetStreamError) -> bool {
    matches!(
        error.kind(),
        GetStreamErrorKind::JetStream(reason)
            if reason.error_code() == jetstream::ErrorCode::STREAM_NOT_FOUND
    )
}

fn stream_config(id: LogId, options: &JetStreamOptions) -> Config {
    let live_keep = options.live_keep.unwrap_or(LIVE_KEEP);
    Config {
        name: id.stream_name(),
        subjects: vec![format!("{}.>", id.subject_prefix())],
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        storage: StorageType::File,
        num_replicas: options.replicas,
        max_age: if id.is_live() {
            live_keep
        } else {
            Duration::ZERO
        },
        allow_direct: true,
        allow_atomic_publish: true,
        allow_batch_publish: true,
        deny_purge: true,
        // With S2 one flipped bit in a full block makes nats-server delete the whole stream at its
        // next unclean end; without, it drops the rest of that block and keeps the sequences.
        compression: Some(Compression::None),
        duplicate_window: DUPLICATE_WINDOW,
        ..Config::default()
    }
}

/// One stream on a real nats-server.
pub struct JetStreamLog {
    id: LogId,
    /// A replicated stream only ever gets atomic batches, which it stages in memory and commits
    /// through Raft at once.
    is_replicated: bool,
    server: JetStream,
    name: String,
    appending: Mutex<Appending>,
    cursors: Cursors,
}

/// The connection that events go out and acknowledgements come in by.
struct Appending {
    /// Where the answers to each batch arrive, told apart by a token.
    inbox: String,
    /// `None` before the first append, and after one that did not end well: half of an event may
    /// have gone out.
    wire: Option<Wire>,
    token: u64,
}

fn unknown(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> AppendError {
    AppendError::Unknown(reason.into())
}

impl From<WireError> for AppendError {
    fn from(error: WireError) -> Self {
        unknown(error)
    }
}

impl From<Unsendable> for AppendError {
    fn from(error: Unsendable) -> Self {
        Self::Refused(error.to_string())
    }
}

#[async_trait]
impl EventLog for JetStreamLog {
    fn id(&self) -> LogId {
        self.id
    }

    async fn append(&self, expected_last: u64, units: &[Unit]) -> Result<(), AppendError> {
        let mut appending = self.appending.lock().await;
        let held = match appending.wire.take() {
            Some(mut wire) => wire.catch_up().await.is_ok().then_some(wire),
            None => None,
        };
        let mut wire = match held {
            Some(wire) => wire,
            None => self.server.wire(&appending.inbox).await?,
        };
        let mut expected = expected_last;
        let mut rest = units;
        while !rest.is_empty() {
            // Everything up to the next command of several events goes out pipelined.
            let singles = rest.iter().take_while(|unit| unit.len() <= 1).count();
            let (count, kind) = match singles {
                _ if self.is_replicated => (units_of_batch(rest), Kind::Atomic),
                0 => (1, Kind::Atomic),
                singles => (singles, Kind::Fast),
            };
            let batch = Batch {
                kind,
                reply: appending.next_reply(),
                expected_last: expected,
                units: &rest[..count],
            };
            let answer = timeout(self.server.options.answer_within, batch.append(&mut wire));
            expected = answer.await.map_err(unknown)??;
            rest = &rest[count..];
        }
        appending.wire = Some(wire);
        Ok(())
    }

    async fn extent(&self) -> Result<Extent> {
        let state = match self.state(false).await {
            Ok(state) => state,
            // Somebody has deleted it, or its server has lost its files.
            Err(_) if !self.server.holds(self.id).await? => return Ok(Extent::default()),
            Err(error) => return Err(error),
        };
        Ok(Extent {
            first: state.first_sequence,
            last: state.last_sequence,
            events: state.messages,
        })
    }

    async fn absent(&self) -> Result<Vec<u64>> {
        let state = self.state(true).await?;
        let mut absent: Vec<u64> = if self.id.is_live() {
            Vec::new()
        } else {
            (1..state.first_sequence).collect()
        };
        absent.extend(state.deleted.unwrap_or_default());
        absent.sort_unstable();
        absent.dedup();
        Ok(absent)
    }

    async fn begin_again(&self, first: u64) -> Result<()> {
        let unavailable = |error: String| Error::Unavailable(error);
        let mut appending = self.appending.lock().await;
        appending.wire = None;
        self.cursors.clear();
        let context = &self.server.context;
        match context.delete_stream(&self.name).await {
            Ok(_) => {}
            Err(_) if !self.server.holds(self.id).await? => {}
            Err(error) => return Err(unavailable(error.to_string())),
        }
        let wanted = Config {
            first_sequence: (first > 1).then_some(first),
            ..stream_config(self.id, &self.server.options)
        };
        let made = context.create_stream(wanted).await;
        made.map(drop)
            .map_err(|error| unavailable(error.to_string()))
    }

    async fn read(&self, from: u64, events_max: usize) -> Result<Vec<StoredEvent>> {
        let read = Box::pin(self.read_from(from.max(1), events_max));
        self.server.while_connected(read).await
    }
}

impl JetStreamLog {
    /// What the stream says that it holds, with or without the sequences that are not there.
    async fn state(&self, with_deleted: bool) -> Result<State> {
        let asked = async {
            let unavailable = |error: String| Error::Unavailable(error);
            let stream = self.server.context.get_stream_no_info(&self.name).await;
            let stream = stream.map_err(|error| unavailable(error.to_string()))?;
            let info = stream.info_builder().with_deleted(with_deleted).fetch();
            let info = info.await.map_err(|error| unavailable(error.to_string()))?;
            Ok(info.info.state)
        };
        self.server.while_connected(asked).await
    }
}

impl Appending {
    fn next_reply(&mut self) -> String {
        self.token += 1;
        format!("{}.{}", self.inbox, self.token)
    }
}
