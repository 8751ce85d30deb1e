//! Which part of a log: positions and times.

use std::str::FromStr;

use hansard_types::{LogId, Position, Timestamp};
use jiff::civil;
use jiff::tz::TimeZone;

const FORMS: &str = "give a position (0:42), a time (2026-11-23T10:08:00Z, 2026-11-23T10:08, \
                     2026-11-23; UTC unless it says) or how long ago (2h, 30m)";

/// Where a range begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Position(Position),
    At(Timestamp),
    /// So many milliseconds before now.
    Ago(u64),
}

impl FromStr for Bound {
    /// What to write instead.
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(position) = text.parse() {
            return Ok(Self::Position(position));
        }
        if let Ok(time) = text.parse::<jiff::Timestamp>() {
            return timestamp(time).map(Self::At);
        }
        let at = text
            .parse::<civil::DateTime>()
            .or_else(|_| text.parse::<civil::Date>().map(civil::DateTime::from));
        if let Ok(at) = at {
            let zoned = at.to_zoned(TimeZone::UTC).map_err(|_| FORMS)?;
            return timestamp(zoned.timestamp()).map(Self::At);
        }
        let ago = text.parse::<jiff::SignedDuration>().map_err(|_| FORMS)?;
        u64::try_from(ago.as_millis())
            .map(Self::Ago)
            .map_err(|_| FORMS)
    }
}

fn timestamp(time: jiff::Timestamp) -> Result<Timestamp, &'static str> {
    u64::try_from(time.as_millisecond())
        .map(Timestamp)
        .map_err(|_| FORMS)
}

impl Bound {
    /// The time it stands for, or the sequence; `None` for a position in another partition.
    pub(crate) fn resolve(self, now: Timestamp, log: LogId) -> Option<Resolved> {
        match self {
            Self::Position(position) if position.partition != log.partition => None,
            Self::Position(position) => Some(Resolved::Sequence(position.sequence)),
            Self::At(time) => Some(Resolved::Time(time)),
            Self::Ago(ms) => Some(Resolved::Time(Timestamp(now.0.saturating_sub(ms)))),
        }
    }
}

/// A bound once it is known what time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolved {
    Sequence(u64),
    Time(Timestamp),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_parses() {
        let at = |ms| Ok(Bound::At(Timestamp(ms)));
        for (text, bound) in [
            ("0:42", Ok(Bound::Position(Position::new(0, 42)))),
            ("1970-01-01T00:00:01Z", at(1000)),
            ("1970-01-01T09:00:01+09:00", at(1000)),
            ("1970-01-01T00:00:01", at(1000)),
            ("1970-01-01T00:01", at(60_000)),
            ("1970-01-02", at(86_400_000)),
            ("2h", Ok(Bound::Ago(7_200_000))),
            ("1h30m", Ok(Bound::Ago(5_400_000))),
            ("-2h", Err(FORMS)),
            ("42", Err(FORMS)),
            ("yesterday", Err(FORMS)),
            ("1969-12-31", Err(FORMS)),
        ] {
            assert_eq!(text.parse::<Bound>(), bound, "{text}");
        }
    }

    #[test]
    fn a_duration_counts_back_from_now() {
        let log = LogId::CONTROL;
        let hour = |now| Bound::Ago(3_600_000).resolve(Timestamp(now), log);
        assert_eq!(hour(3_600_001), Some(Resolved::Time(Timestamp(1))));
        assert_eq!(hour(5), Some(Resolved::Time(Timestamp(0))));
        let elsewhere = Bound::Position(Position::new(1, 7));
        assert_eq!(elsewhere.resolve(Timestamp(5), log), None);
    }
}
