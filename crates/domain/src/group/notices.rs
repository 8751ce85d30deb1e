//! Whether the members of a group are told of a change in it, and where the notice stands.

use hansard_events::group::{NoticeKind, Telling};
use hansard_types::{Actor, ConversationId, GroupId, Seq};

use super::rules::rules;
use crate::view::Group;
use crate::{Context, Halt, View};

/// The seq that the notice of a change gets: of those kinds that the change is, the one that tells
/// most says how. 0: it is not kept; `None`: nobody is told.
pub(super) fn notice(
    view: &dyn View,
    context: &Context<'_>,
    (group_id, group): (&GroupId, &Group),
    kinds: &[NoticeKind],
) -> Result<Option<Seq>, Halt> {
    // A notice says who did it.
    let is_named = match context.actor {
        Actor::System | Actor::Import(_) => false,
        Actor::Administrator(_) | Actor::Account(_) => true,
    };
    if !is_named || kinds.is_empty() {
        return Ok(None);
    }
    let settings = view.own_app()?.map(|app| app.group_notices);
    let settings = settings.unwrap_or_default();
    let telling = |kind: &NoticeKind| {
        let by_app = settings
            .iter()
            .find(|setting| setting.group_type == group.group_type && setting.kind == *kind);
        by_app.map_or_else(
            || rules(group.group_type).tells(*kind),
            |setting| setting.telling,
        )
    };
    match kinds.iter().map(telling).max().unwrap_or(Telling::Off) {
        Telling::Off => Ok(None),
        Telling::Told => Ok(Some(Seq(0))),
        Telling::Kept => {
            let conversation = ConversationId::Group(group_id.clone());
            Ok(Some(view.head(&conversation)?.last_seq.next()))
        }
    }
}
