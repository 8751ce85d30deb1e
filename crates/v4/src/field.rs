//! Fields that many endpoints share.

use hansard_domain::account::MuteFor;

/// What stands for a mute that does not end.
pub(crate) const FOR_GOOD: u32 = u32::MAX;

/// A mute by its seconds; 0 lifts it.
pub(crate) fn mute_for(seconds: u32) -> MuteFor {
    match seconds {
        FOR_GOOD => MuteFor::Good,
        seconds => MuteFor::Seconds(seconds),
    }
}

/// How many rows a page has: 0, as clients send it that have nothing to say, is as good as none.
pub(crate) fn limit(asked: usize, when_absent: usize) -> usize {
    if asked == 0 { when_absent } else { asked }
}

/// What a send may ask for; other words are for features of the client libraries.
pub(crate) struct SendControl {
    pub(crate) no_unread: bool,
    pub(crate) no_last: bool,
}

impl SendControl {
    pub(crate) fn of(words: &[String]) -> Self {
        let has = |word: &str| words.iter().any(|one| one == word);
        Self {
            no_unread: has("NoUnread"),
            no_last: has("NoLastMsg"),
        }
    }
}
