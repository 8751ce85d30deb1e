//! What a query asks for.

use hansard_desk::Query;
use hansard_types::ConversationId;

use crate::{Problem, reading};

/// A count of 1 to `max`, or what there is when none is asked for.
pub(crate) fn count(
    query: &Query<'_>,
    name: &str,
    default: usize,
    max: usize,
) -> Result<usize, Problem> {
    let Some(text) = query.filled(name) else {
        return Ok(default);
    };
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=max).contains(number));
    number.ok_or_else(|| Problem::invalid(format!("{name} is 1 to {max}")))
}

/// A number, if there is one.
pub(crate) fn number(query: &Query<'_>, name: &str) -> Result<Option<u64>, Problem> {
    let number = query.filled(name).map(|text| text.parse());
    number
        .transpose()
        .map_err(|_| Problem::invalid(format!("{name} is a number")))
}

/// The conversation, which must be named.
pub(crate) fn conversation(query: &Query<'_>) -> Result<ConversationId, Problem> {
    let named = query.filled("conversation");
    let named = named.ok_or_else(|| Problem::invalid("conversation is missing"))?;
    reading::conversation(&named)
}
