//! Fields that many endpoints share.

use hansard_types::UserId;

use crate::endpoint::{Call, Failure};

/// A text that says something: many clients send every field they know, empty when it is not set.
pub(crate) fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// A UserID that must be there; `code` when it is not or is none.
pub(crate) fn user(text: Option<&str>, name: &str, code: u32) -> Result<UserId, Failure> {
    let Some(text) = filled(text) else {
        return Err(Failure::refused(code, format!("{name} is missing")));
    };
    UserId::new(text).map_err(|error| Failure::refused(code, format!("{name}: {error}")))
}

/// A UserID that stands for the calling administrator when it is not there.
pub(crate) fn user_or_caller(
    call: &Call<'_>,
    text: Option<&str>,
    name: &str,
    code: u32,
) -> Result<UserId, Failure> {
    match filled(text) {
        None => Ok(call.caller.user.clone()),
        given => user(given, name, code),
    }
}

/// The first of a field's names that says something.
pub(crate) fn either<'a>(new: Option<&'a String>, old: Option<&'a String>) -> Option<&'a str> {
    let filled = |text: Option<&'a String>| filled(text.map(String::as_str));
    filled(new).or_else(|| filled(old))
}

/// How many rows a page has: 0, as clients send it that have nothing to say, is as good as none.
pub(crate) fn limit(asked: usize, when_absent: usize) -> usize {
    if asked == 0 { when_absent } else { asked }
}

/// Lists that say how many may be in them.
pub(crate) fn bounded(
    name: &str,
    count: usize,
    count_max: usize,
    code: u32,
) -> Result<(), Failure> {
    if count == 0 {
        return Err(Failure::refused(
            code,
            format!("{name} is missing or empty"),
        ));
    }
    if count > count_max {
        return Err(Failure::refused(
            code,
            format!("{name} holds at most {count_max}"),
        ));
    }
    Ok(())
}

/// What a send may ask for; other words are for features of the client libraries.
pub(crate) struct SendControl {
    pub(crate) no_unread: bool,
    pub(crate) no_last: bool,
}

impl SendControl {
    pub(crate) fn of(words: Option<&Vec<String>>) -> Self {
        let has = |word: &str| words.is_some_and(|words| words.iter().any(|one| one == word));
        Self {
            no_unread: has("NoUnread"),
            no_last: has("NoLastMsg"),
        }
    }
}
