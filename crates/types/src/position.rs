use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::AppId;

/// A message's number in its conversation: 1, 2, 3 … without holes. 0 stands before the first.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Milliseconds since the Unix epoch, UTC.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The end of what never ends: a mute for good.
    pub const FOREVER: Self = Self(u64::MAX);

    #[must_use]
    pub fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Whole seconds, as the server API counts time.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0 / 1000
    }
}

/// One stream: a partition of an app's log, or the control log (the list of apps and their
/// settings), which is app 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId {
    pub app: AppId,
    pub partition: u16,
}

impl LogId {
    /// The log that holds the list of apps and their settings.
    pub const CONTROL: Self = Self {
        app: AppId(0),
        partition: 0,
    };

    #[must_use]
    pub fn new(app: AppId, partition: u16) -> Self {
        Self { app, partition }
    }

    /// The number of an app's partition of the kind *live*. Those of the ordinary kind are numbered
    /// from 0.
    const LIVE: u16 = 1000;

    /// The partition that the messages, comings and goings of an app's live rooms are in. It has a
    /// retention of its own: its beginning ages out.
    #[must_use]
    pub fn live(app: AppId) -> Self {
        Self::new(app, Self::LIVE)
    }

    /// Whether its partition is of the kind *live*.
    #[must_use]
    pub fn is_live(self) -> bool {
        self.partition >= Self::LIVE
    }

    /// The partition that holds an app's directory: accounts, profiles, relations.
    #[must_use]
    pub fn directory(app: AppId) -> Self {
        Self::new(app, 0)
    }

    /// The ordinary partitions of an app with so many of them.
    pub fn ordinary(app: AppId, partitions: u16) -> impl Iterator<Item = Self> {
        (0..partitions).map(move |partition| Self::new(app, partition))
    }

    /// Every partition of an app with so many ordinary ones: these, and the live one.
    pub fn all_of(app: AppId, partitions: u16) -> impl Iterator<Item = Self> {
        Self::ordinary(app, partitions).chain(std::iter::once(Self::live(app)))
    }

    #[must_use]
    pub fn is_control(self) -> bool {
        self.app.0 == 0
    }

    /// The JetStream stream that holds it.
    #[must_use]
    pub fn stream_name(self) -> String {
        if self.is_control() {
            "HANSARD_CONTROL".to_owned()
        } else {
            format!("HANSARD_{}_{}", self.app, self.partition)
        }
    }

    /// The log that a stream is, by [`stream_name`](Self::stream_name).
    #[must_use]
    pub fn of_stream(name: &str) -> Option<Self> {
        let rest = name.strip_prefix("HANSARD_")?;
        let log = match rest.split_once('_') {
            None => Self::CONTROL,
            Some((app, partition)) => Self::new(AppId(app.parse().ok()?), partition.parse().ok()?),
        };
        (log.stream_name() == name).then_some(log)
    }

    /// What every subject of it begins with, without the last dot.
    #[must_use]
    pub fn subject_prefix(self) -> impl fmt::Display {
        fmt::from_fn(move |f| {
            if self.is_control() {
                f.write_str("hansard.control.0")
            } else {
                write!(f, "hansard.{}.{}", self.app, self.partition)
            }
        })
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_control() {
            f.write_str("control")
        } else {
            write!(f, "{}/{}", self.app, self.partition)
        }
    }
}

/// A place in an app's log: the partition and the stream sequence of an event (1 is the first).
/// Written `<partition>:<sequence>`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct Position {
    pub partition: u16,
    pub sequence: u64,
}

impl Position {
    #[must_use]
    pub fn new(partition: u16, sequence: u64) -> Self {
        Self {
            partition,
            sequence,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.partition, self.sequence)
    }
}

/// Places in an app's log, at most one of each partition: what a reader that follows all of them has
/// seen. Written with commas, by partition: `0:42,1:7`.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub struct Positions(BTreeMap<u16, u64>);

impl Positions {
    pub fn iter(&self) -> impl Iterator<Item = Position> {
        let position = |(partition, sequence): (&u16, &u64)| Position::new(*partition, *sequence);
        self.0.iter().map(position)
    }

    /// The sequence in a partition; `None` when that is not named.
    #[must_use]
    pub fn sequence(&self, partition: u16) -> Option<u64> {
        self.0.get(&partition).copied()
    }

    /// Moves one partition's place.
    pub fn set(&mut self, position: Position) {
        self.0.insert(position.partition, position.sequence);
    }
}

impl Serialize for Positions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl From<Position> for Positions {
    fn from(position: Position) -> Self {
        [position].into_iter().collect()
    }
}

impl FromIterator<Position> for Positions {
    fn from_iter<I: IntoIterator<Item = Position>>(positions: I) -> Self {
        let pair = |position: Position| (position.partition, position.sequence);
        Self(positions.into_iter().map(pair).collect())
    }
}

impl fmt::Display for Positions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, position) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{position}")?;
        }
        Ok(())
    }
}

impl FromStr for Positions {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut positions = Self::default();
        for part in text.split(',') {
            let position: Position = part.parse()?;
            if positions.sequence(position.partition).is_some() {
                return Err(PositionError);
            }
            positions.set(position);
        }
        Ok(positions)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a position is written <partition>:<sequence>, for example 0:42")]
pub struct PositionError;

impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (partition, sequence) = text.split_once(':').ok_or(PositionError)?;
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(partition) || !digits(sequence) {
            return Err(PositionError);
        }
        Ok(Self {
            partition: partition.parse().map_err(|_| PositionError)?,
            sequence: sequence.parse().map_err(|_| PositionError)?,
        })
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The position that a projection has applied, with the log's chain value there: the event at
/// `sequence` must still hash to `chain`, or the log was changed under us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// 0 before the first event.
    pub sequence: u64,
    pub chain: [u8; 32],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_written_by_partition_each_once() {
        for text in ["0:42", "0:1,3:7"] {
            let positions: Positions = text.parse().expect("positions");
            assert_eq!(positions.to_string(), text);
        }
        let positions: Positions = "2:5,0:9".parse().expect("positions");
        assert_eq!(positions.to_string(), "0:9,2:5");
        assert_eq!(
            (positions.sequence(2), positions.sequence(1)),
            (Some(5), None)
        );
        for text in ["", "0:1,", ",0:1", "0:1,0:2", "0:1 1:2"] {
            assert_eq!(text.parse::<Positions>(), Err(PositionError), "{text}");
        }
    }

    #[test]
    fn a_position_survives_being_written_and_read() {
        let position = Position::new(3, u64::MAX);
        assert_eq!(position.to_string().parse(), Ok(position));
        for text in [
            "", "1", "a:1", "1:", ":1", "1:-1", "+1:1", "70000:1", "1:2:3",
        ] {
            assert_eq!(text.parse::<Position>(), Err(PositionError), "{text}");
        }
    }

    #[test]
    fn a_log_is_found_again_by_its_stream() {
        for log in [LogId::CONTROL, LogId::new(AppId(1_400_000_001), 7)] {
            assert_eq!(LogId::of_stream(&log.stream_name()), Some(log));
        }
        for foreign in [
            "",
            "HANSARD_",
            "HANSARD_1",
            "HANSARD_1_x",
            "HANSARD_01_0",
            "KV_a_1",
        ] {
            assert_eq!(LogId::of_stream(foreign), None, "{foreign}");
        }
    }
}
