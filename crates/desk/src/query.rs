//! Query strings: the few names that are looked for, the first of each.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A query string, not yet decoded.
pub struct Query<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Query<'a> {
    /// What follows the `?`; an empty text when nothing does.
    #[must_use]
    pub fn read(text: &'a str) -> Self {
        let pair = |pair: &'a str| pair.split_once('=').unwrap_or((pair, ""));
        Self(text.split('&').map(pair).collect())
    }

    /// The value of a name, decoded; a `+` is a space, as forms write it. `None` when it is not
    /// there; what is no UTF-8 is replaced, and then refused by whoever reads it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let (_, raw) = self.0.iter().find(|(key, _)| *key == name)?;
        Some(decoded(raw))
    }

    /// As [`Query::get`], but an empty value is none.
    #[must_use]
    pub fn filled(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The position that a caller wants to see, as it is written: in the header `hansard-position`,
    /// else in the query.
    #[must_use]
    pub fn position(&self, header: Option<&'a str>) -> Option<Cow<'a, str>> {
        header
            .map(Cow::Borrowed)
            .or_else(|| self.filled("hansard-position"))
            .or_else(|| self.filled("position"))
    }
}

fn decoded(raw: &str) -> Cow<'_, str> {
    if !raw.contains('+') {
        return percent_decode_str(raw).decode_utf8_lossy();
    }
    let spaced = raw.replace('+', " ");
    Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_name_is_decoded() {
        let query = Query::read("a=1&b=x%2By+z&b=2&empty=&flag&c=%ED%9A%8C");
        assert_eq!(query.get("a").as_deref(), Some("1"));
        assert_eq!(query.get("b").as_deref(), Some("x+y z"));
        assert_eq!(query.get("c").as_deref(), Some("회"));
        assert_eq!(query.get("A"), None, "names are case-sensitive");
        assert_eq!(query.get("flag").as_deref(), Some(""));
        assert_eq!(query.filled("empty"), None);
    }
}
