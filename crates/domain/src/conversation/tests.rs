use hansard_events::conversation::ReceiptsSent;
use hansard_events::group::{GroupType, Role};
use hansard_events::message::MessageSent;
use hansard_events::{ConversationEvent, Event, MessageEvent};

use super::*;
use crate::message::{Content, SendGroup};
use crate::testing::{Given, group, user};

/// Ann's first two messages want receipts, and ben has confirmed the second.
fn team() -> Given {
    let members = [
        ("ann", Role::Owner),
        ("ben", Role::Member),
        ("cho", Role::Member),
    ];
    let mut given = Given::default()
        .accounts(&["ann", "ben", "cho", "zoe"])
        .group("team", GroupType::Public, &members)
        .group("crowd", GroupType::Community, &members);
    for seq in 1..=3 {
        given = given.message("group:team", seq, "ann");
    }
    given.receipts("team", 1, &[]).receipts("team", 2, &["ben"])
}

fn confirmed(given: &Given, who: &str, seqs: &[u64]) -> Result<Vec<u64>, Reason> {
    let command = ConfirmRead {
        conversation: "group:team".parse().expect("a conversation"),
        reader: user(who),
        seqs: seqs.iter().copied().map(Seq).collect(),
    };
    let decision = given.when_own(who, command)?;
    match decision.events.as_slice() {
        [] => Ok(Vec::new()),
        [Event::Conversation(ConversationEvent::ReceiptsSent(ReceiptsSent { seqs, .. }))] => {
            Ok(seqs.iter().map(|seq| seq.0).collect())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reader_confirms_what_wants_receipts_once() {
    assert_eq!(confirmed(&team(), "ben", &[3, 2, 1, 1, 9]), Ok(vec![1]));
    assert_eq!(confirmed(&team(), "cho", &[2, 1]), Ok(vec![1, 2]));
    assert_eq!(confirmed(&team(), "ben", &[2]), Ok(Vec::new()));
    assert_eq!(
        confirmed(&team(), "ann", &[1, 2]),
        Ok(Vec::new()),
        "its own"
    );
    let stranger = confirmed(&team(), "zoe", &[1]);
    assert_eq!(stranger, Err(Reason::MemberUnknown));
}

#[test]
fn a_message_that_wants_receipts_says_how_many_can_read_it() {
    let say = |id: &str, from: &str, targets: &[&str]| {
        let command = SendGroup {
            topic_id: None,
            group_id: group(id),
            from: user(from),
            content: Content::text("hello"),
            random: 9,
            priority: 2,
            mentions: Vec::new(),
            targets: targets.iter().map(|id| user(id)).collect(),
            online_only: false,
            wants_receipts: true,
            live: false,
            per_second: None,
        };
        let decision = team().when(command)?;
        match decision.events.as_slice() {
            [Event::Message(MessageEvent::Sent(MessageSent { receipts_of, .. }))] => {
                Ok(*receipts_of)
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(say("team", "ann", &[]), Ok(Some(2)));
    assert_eq!(say("team", "zoe", &[]), Ok(Some(3)), "a backend's words");
    assert_eq!(say("team", "ann", &["ann", "ben", "zoe"]), Ok(Some(1)));
    assert_eq!(say("crowd", "ann", &[]), Err(Reason::GroupTypeForbids));
}
