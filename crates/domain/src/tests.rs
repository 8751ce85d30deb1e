use hansard_events::group::{FirstMember, GroupProfileChange, GroupType, JoinOption, Role};
use hansard_events::{Event, MessageEvent};
use hansard_types::{ConversationId, Reason, Seq, Timestamp, limits};

use crate::account::ImportAccount;
use crate::conversation::{MarkRead, UpTo};
use crate::group::{
    AddMembers, AddOutcome, ChangeGroupProfile, CreateGroup, DissolveGroup, RemoveMembers,
};
use crate::message::{
    Content, EditMessage, ImportMessage, RecallC2c, RecallGroup, SendC2c, SendGroup, Which,
};
use crate::testing::{Given, NOW, group, user};
use crate::{Command, Decision, MessageKey, Reply, Signal};

fn send_c2c(from: &str, to: &str, random: u32) -> SendC2c {
    SendC2c {
        from: user(from),
        to: user(to),
        content: Content::text("hello"),
        random,
        client_seq: Some(random),
        time_seconds: Some(1_790_000_000),
        hidden_from_sender: false,
        online_only: false,
        wants_receipts: false,
    }
}

fn send_group(from: &str, random: u32) -> SendGroup {
    SendGroup {
        topic_id: None,
        group_id: group("team"),
        from: user(from),
        content: Content::text("hello"),
        random,
        priority: 2,
        mentions: Vec::new(),
        targets: Vec::new(),
        online_only: false,
        wants_receipts: false,
        live: false,
        per_second: None,
    }
}

fn team(given: Given) -> Given {
    given.group(
        "team",
        GroupType::Public,
        &[("ann", Role::Owner), ("ben", Role::Member)],
    )
}

fn names(decision: &Decision) -> Vec<&'static str> {
    decision.events.iter().map(Event::name).collect()
}

fn sent(reply: &Reply) -> (u64, bool) {
    let Reply::Sent { seq, duplicate, .. } = reply else {
        panic!("not a sent message: {reply:?}");
    };
    (seq.0, *duplicate)
}

#[test]
fn importing_an_account_again_changes_only_what_is_new() {
    let import = |nick: Option<&str>| {
        let nick = nick.map(str::to_owned);
        Command::ImportAccount(ImportAccount {
            user_id: user("ann"),
            nick,
            face_url: None,
        })
    };
    let new = Given::default().when(import(None)).expect("taken");
    assert_eq!(names(&new), ["account.imported"]);
    let known = Given::default().accounts(&["ann"]);
    assert!(known.when(import(None)).expect("taken").events.is_empty());
    assert_eq!(
        names(&known.when(import(Some("Ann"))).expect("taken")),
        ["account.imported"]
    );
    let again = known.when(import(Some(""))).expect("taken");
    assert!(again.events.is_empty(), "an empty one says nothing");
    let new = Given::default().when(import(Some(""))).expect("taken");
    let Event::Account(hansard_events::AccountEvent::Imported(event)) = &new.events[0] else {
        panic!("not an imported account");
    };
    assert_eq!(event.nick, None);
    let long = "n".repeat(limits::PROFILE_VALUE_BYTES_MAX + 1);
    assert_eq!(
        known.when(import(Some(&long))),
        Err(Reason::ProfileValueTooLong)
    );
    assert!(known.when(import(Some(&long[1..]))).is_ok());
}

#[test]
fn a_one_to_one_message_takes_the_next_seq_and_a_retry_gets_the_first_answer() {
    let given = Given::default()
        .accounts(&["ann", "ben"])
        .message("c2c:ann:ben", 1, "ben");
    let decision = given
        .when(Command::SendC2c(send_c2c("ann", "ben", 9)))
        .expect("taken");
    assert_eq!(sent(&decision.reply), (2, false));
    // The same key is the same message, even when sender and receiver are swapped.
    for (from, to) in [("ann", "ben"), ("ben", "ann")] {
        let retry = given
            .when(Command::SendC2c(send_c2c(from, to, 1)))
            .expect("taken");
        assert_eq!((sent(&retry.reply), retry.events.len()), ((1, true), 0));
    }
}

#[test]
fn an_absent_number_is_drawn_from_what_is_said_and_by_whom() {
    let key = |from, to, text: &str, random| {
        let send = SendC2c {
            client_seq: None,
            content: Content::text(text),
            ..send_c2c(from, to, random)
        };
        send.key(NOW)
    };
    let first = key("ann", "ben", "well", 9);
    assert_eq!(
        first,
        key("ann", "ben", "well", 9),
        "a retry draws it again"
    );
    assert_eq!((first.random, first.time_seconds), (9, NOW.seconds()));
    assert_ne!(first, key("ann", "ben", "well?", 9));
    assert_ne!(first, key("ben", "ann", "well", 9));
    assert_ne!(first, key("ann", "ben", "well", 8));
}

#[test]
fn a_retry_to_a_group_says_the_same_with_the_same_number() {
    let given = team(Given::default().accounts(&["ann", "ben"])).message("group:team", 1, "ann");
    let send = |from: &str, random, text: &str| {
        let send = SendGroup {
            topic_id: None,
            content: Content::text(text),
            ..send_group(from, random)
        };
        sent(&given.when(Command::SendGroup(send)).expect("taken").reply)
    };
    assert_eq!(send("ann", 1, "hello"), (1, true));
    assert_eq!(send("ann", 1, "hello?"), (2, false));
    assert_eq!(send("ben", 1, "hello"), (2, false));
    assert_eq!(send("ann", 2, "hello"), (2, false));
}

#[test]
fn what_a_dissolved_group_said_is_not_said_in_the_one_that_has_its_id() {
    // Its dissolution takes the message, and forgets nothing that is recent.
    let given = team(Given::default().accounts(&["ann", "ben"])).message("group:team", 1, "ann");
    let given = given.without_messages("group:team");
    let decision = given.when(Command::SendGroup(send_group("ann", 1)));
    assert_eq!(sent(&decision.expect("taken").reply), (1, false));
    // Nor when the other group's message has the number.
    let given = given.said_again("group:team", 1, "ann");
    let decision = given.when(Command::SendGroup(send_group("ann", 1)));
    assert_eq!(sent(&decision.expect("taken").reply), (2, false));
}

#[test]
fn unknown_senders_and_receivers_are_told_apart() {
    let given = Given::default().accounts(&["ann"]);
    let send = |from, to| given.when(Command::SendC2c(send_c2c(from, to, 1)));
    assert_eq!(send("zoe", "ann"), Err(Reason::SenderUnknown));
    assert_eq!(send("ann", "zoe"), Err(Reason::RecipientUnknown));
}

#[test]
fn a_message_at_the_limit_is_taken_and_one_byte_more_is_refused() {
    let given = Given::default().accounts(&["ann", "ben"]);
    for (bytes, refused) in [
        (limits::MESSAGE_BYTES_MAX, None),
        (limits::MESSAGE_BYTES_MAX + 1, Some(())),
    ] {
        let content = Content::text(&"x".repeat(bytes));
        let send = SendC2c {
            content,
            ..send_c2c("ann", "ben", 1)
        };
        let outcome = given.when(Command::SendC2c(send));
        assert_eq!(outcome.err(), refused.map(|()| Reason::MessageTooLarge));
    }
}

#[test]
fn a_message_from_far_in_the_future_is_refused() {
    let given = Given::default().accounts(&["ann", "ben"]);
    let ahead = NOW.seconds() + limits::MESSAGE_AHEAD_MS_MAX / 1000;
    let send = |seconds| {
        let send = SendC2c {
            time_seconds: Some(seconds),
            ..send_c2c("ann", "ben", 1)
        };
        given.when(Command::SendC2c(send))
    };
    assert!(send(ahead).is_ok());
    assert_eq!(send(ahead + 1), Err(Reason::MessageTimeInvalid));
    assert_eq!(send(u64::MAX), Err(Reason::MessageTimeInvalid));
}

#[test]
fn a_muted_group_hears_its_owner_and_administrators_only() {
    let given = team(Given::default().accounts(&["ann", "ben", "zoe"]))
        .change_group("team", |group| group.profile.mute_all = true);
    assert!(given.when(Command::SendGroup(send_group("ann", 1))).is_ok());
    for who in ["ben", "zoe"] {
        let refused = given.when(Command::SendGroup(send_group(who, 1)));
        assert_eq!(refused, Err(Reason::GroupMuted));
    }
}

#[test]
fn a_dissolved_group_takes_nothing_and_gives_its_id_away() {
    let given = team(Given::default().accounts(&["ann", "ben"]))
        .change_group("team", |group| group.dissolved = true);
    let dissolve = Command::DissolveGroup(DissolveGroup {
        group_id: group("team"),
    });
    assert_eq!(
        given.when(Command::SendGroup(send_group("ann", 1))),
        Err(Reason::GroupUnknown)
    );
    assert_eq!(given.when(dissolve), Err(Reason::GroupUnknown));
    for owner in ["ann", "ben"] {
        let created = given.when(create("team", owner, &[])).expect("taken");
        assert_eq!(names(&created), ["group.created"]);
    }
}

fn create(id: &str, owner: &str, members: &[&str]) -> Command {
    Command::CreateGroup(create_group(id, owner, members))
}

fn create_group(id: &str, owner: &str, members: &[&str]) -> CreateGroup {
    let member = |id: &&str| FirstMember::new(user(id), Role::Member);
    CreateGroup {
        group_id: group(id),
        group_type: GroupType::Public,
        owner: Some(user(owner)),
        profile: GroupProfileChange {
            name: Some("a team".to_owned()),
            ..GroupProfileChange::default()
        },
        members: members.iter().map(member).collect(),
        created_at: None,
    }
}

#[test]
fn an_id_in_use_is_told_apart_by_its_owner() {
    let given = team(Given::default().accounts(&["ann", "ben"]));
    assert_eq!(
        given.when(create("team", "ann", &[])),
        Err(Reason::GroupIdTakenBySameOwner)
    );
    assert_eq!(
        given.when(create("team", "ben", &[])),
        Err(Reason::GroupIdTaken)
    );
    assert_eq!(
        given.when(create("new", "ann", &["zoe"])),
        Err(Reason::AccountUnknown)
    );
}

#[test]
fn each_type_of_group_begins_with_its_own_rules() {
    use GroupType::{AvChatRoom, Community, Meeting, Public, Work};
    use JoinOption::{Disabled, FreeAccess, NeedPermission};
    let given = Given::default().accounts(&["ann", "ben"]);
    let table = [
        (Work, limits::GROUP_MEMBERS_MAX, Disabled, FreeAccess, 2),
        (
            Public,
            limits::GROUP_MEMBERS_MAX,
            NeedPermission,
            Disabled,
            2,
        ),
        (Meeting, limits::GROUP_MEMBERS_MAX, FreeAccess, Disabled, 2),
        (AvChatRoom, u32::MAX, FreeAccess, Disabled, 1),
        (
            Community,
            limits::COMMUNITY_MEMBERS_MAX,
            FreeAccess,
            FreeAccess,
            2,
        ),
    ];
    for (group_type, members_max, apply, invite, members) in table {
        let others: &[&str] = if group_type == AvChatRoom {
            &[]
        } else {
            &["ben", "ben", "ann"]
        };
        let command = CreateGroup {
            group_type,
            ..create_group("new", "ann", others)
        };
        let decision = given.when(Command::CreateGroup(command)).expect("taken");
        let Event::Group(hansard_events::GroupEvent::Created(event)) = &decision.events[0] else {
            panic!("not a created group");
        };
        let begins = (
            event.max_members,
            event.apply_join_option,
            event.invite_join_option,
        );
        assert_eq!(begins, (members_max, apply, invite), "{group_type:?}");
        assert_eq!(event.members.len(), members, "{group_type:?}");
    }
    let room = CreateGroup {
        group_type: AvChatRoom,
        ..create_group("new", "ann", &["ben"])
    };
    assert_eq!(
        given.when(Command::CreateGroup(room)),
        Err(Reason::GroupTypeForbids)
    );
}

fn add(accounts: &[&str]) -> AddMembers {
    AddMembers {
        group_id: group("team"),
        accounts: accounts.iter().map(|id| user(id)).collect(),
        silent: false,
        imported: None,
    }
}

#[test]
fn every_account_that_should_join_is_answered_by_itself() {
    let given = team(Given::default().accounts(&["ann", "ben", "cho", "dai"]));
    let decision = given
        .when(Command::AddMembers(add(&["cho", "ben", "zoe", "cho"])))
        .expect("taken");
    let Reply::Members(outcomes) = &decision.reply else {
        panic!("not members")
    };
    let outcomes: Vec<AddOutcome> = outcomes.iter().map(|(_, outcome)| *outcome).collect();
    use AddOutcome::{Added, AlreadyMember, Unknown};
    assert_eq!(outcomes, [Added, AlreadyMember, Unknown, AlreadyMember]);
    assert_eq!(names(&decision), ["group.members_added"]);
    assert_eq!(
        given.when(Command::AddMembers(add(&["zoe"]))),
        Err(Reason::AccountUnknown)
    );
    let members = given
        .when(Command::AddMembers(add(&["ann", "ben"])))
        .expect("taken");
    assert!(members.events.is_empty());
}

#[test]
fn a_group_fills_up_to_its_limit_and_no_further() {
    let given = team(Given::default().accounts(&["ann", "ben", "c", "d", "e", "f"]));
    assert!(
        given
            .when(Command::AddMembers(add(&["c", "d", "e"])))
            .is_ok()
    );
    let refused = given.when(Command::AddMembers(add(&["c", "d", "e", "f"])));
    assert_eq!(refused, Err(Reason::GroupFull));
}

#[test]
fn the_owner_leaves_a_work_group_and_stays_in_a_public_one() {
    let remove = |id: &str| {
        Command::RemoveMembers(RemoveMembers {
            group_id: group("team"),
            accounts: vec![user(id)],
            silent: false,
            reason: None,
            imported: None,
        })
    };
    let public = team(Given::default().accounts(&["ann", "ben"]));
    assert_eq!(public.when(remove("ann")), Err(Reason::OwnerStays));
    assert_eq!(
        names(&public.when(remove("ben")).expect("taken")),
        ["group.members_removed"]
    );
    assert!(
        public
            .when(remove("zoe"))
            .expect("passed over")
            .events
            .is_empty()
    );
    let work = Given::default().group("team", GroupType::Work, &[("ann", Role::Owner)]);
    assert!(work.when(remove("ann")).is_ok());
}

#[test]
fn recalls_are_answered_one_by_one() {
    let given = team(Given::default().accounts(&["ann", "ben"]))
        .message("group:team", 1, "ann")
        .message("group:team", 2, "ben")
        .recalled("group:team", 1);
    let command = RecallGroup {
        topic_id: None,
        group_id: group("team"),
        seqs: vec![Seq(2), Seq(1), Seq(3), Seq(2)],
        by: user("administrator"),
        reason: None,
    };
    let decision = given.when(Command::RecallGroup(command)).expect("taken");
    let expected = vec![
        (Seq(2), None),
        (Seq(1), Some(Reason::MessageAlreadyRecalled)),
        (Seq(3), Some(Reason::MessageUnknown)),
        (Seq(2), Some(Reason::MessageAlreadyRecalled)),
    ];
    assert_eq!(decision.reply, Reply::Recalled(expected));
    assert_eq!(names(&decision), ["message.recalled"]);
}

#[test]
fn a_one_to_one_message_is_recalled_by_its_key_and_its_sender() {
    let given = Given::default()
        .accounts(&["ann", "ben"])
        .message("c2c:ann:ben", 3, "ann");
    let recall = |from: &str, to: &str, random| {
        let key = MessageKey {
            client_seq: 3,
            random,
            time_seconds: 1_790_000_000,
        };
        Command::RecallC2c(RecallC2c {
            from: user(from),
            to: user(to),
            which: Which::Key(key),
            by: user("admin"),
        })
    };
    assert!(given.when(recall("ann", "ben", 3)).is_ok());
    assert_eq!(
        given.when(recall("ben", "ann", 3)),
        Err(Reason::MessageUnknown)
    );
    assert_eq!(
        given.when(recall("ann", "ben", 4)),
        Err(Reason::MessageUnknown)
    );
    let again = given.recalled("c2c:ann:ben", 3);
    assert_eq!(
        again.when(recall("ann", "ben", 3)),
        Err(Reason::MessageAlreadyRecalled)
    );
}

#[test]
fn the_read_position_only_moves_forward() {
    let given = Given::default()
        .accounts(&["ann", "ben"])
        .message("c2c:ann:ben", 1, "ann")
        .message("c2c:ann:ben", 2, "ann")
        .read("c2c:ann:ben", "ben", 1);
    let read = |up_to| {
        let conversation = ConversationId::c2c(&user("ann"), &user("ben"));
        let command = MarkRead {
            conversation,
            reader: user("ben"),
            up_to,
        };
        given.when(Command::MarkRead(command)).expect("taken")
    };
    for (up_to, seq, events) in [
        (UpTo::Last, 2, 1),
        (UpTo::Seq(Seq(99)), 2, 1),
        (UpTo::Seq(Seq(1)), 1, 0),
        (UpTo::Time(Timestamp(5)), 1, 0),
    ] {
        let decision = read(up_to);
        assert_eq!(decision.reply, Reply::Read { up_to: Seq(seq) }, "{up_to:?}");
        assert_eq!(decision.events.len(), events, "{up_to:?}");
    }
}

#[test]
fn importing_a_message_again_adds_nothing_whatever_has_become_of_its_sender() {
    let import = |key: &str| {
        Command::ImportMessage(ImportMessage {
            conversation: ConversationId::Group(group("team")),
            from: user("cho"),
            content: Content::text("hello"),
            sent_at: Timestamp(1_103_966_040_000),
            import_key: Some(key.to_owned()),
            random: 1,
            client_seq: 1,
        })
    };
    let given =
        team(Given::default().accounts(&["ann", "ben", "cho"])).imported("group:team", "first", 7);
    let again = given.when(import("first")).expect("taken");
    assert_eq!((sent(&again.reply), again.events.len()), ((7, true), 0));
    let new = given.when(import("second")).expect("taken");
    let Event::Message(MessageEvent::Sent(event)) = &new.events[0] else {
        panic!("not a sent message");
    };
    assert!(
        event.sender_joins,
        "a sender who is no member joins with the message"
    );
    assert_eq!(
        event.sent_at,
        Timestamp(1_103_966_040_000),
        "and keeps its original time"
    );
}

#[test]
fn a_live_room_has_its_owner_and_takes_no_imports() {
    let room = Given::default().accounts(&["ann", "ben"]).group(
        "team",
        GroupType::AvChatRoom,
        &[("ann", Role::Owner)],
    );
    let import = Command::ImportMessage(ImportMessage {
        conversation: ConversationId::Group(group("team")),
        from: user("ben"),
        content: Content::text("hello"),
        sent_at: Timestamp(1_103_966_040_000),
        import_key: Some("first".to_owned()),
        random: 1,
        client_seq: 1,
    });
    assert_eq!(room.when(import), Err(Reason::GroupTypeForbids));
    let created = Given::default()
        .accounts(&["ann"])
        .when(Command::CreateGroup(CreateGroup {
            group_type: GroupType::AvChatRoom,
            ..create_group("new", "ann", &[])
        }))
        .expect("taken");
    let Event::Group(hansard_events::GroupEvent::Created(event)) = &created.events[0] else {
        panic!("not a created group");
    };
    let roles: Vec<_> = event.members.iter().map(|one| one.role).collect();
    assert_eq!(roles, [Role::Owner], "it may speak when everyone is muted");
}

#[test]
fn a_profile_change_names_exactly_what_changed() {
    let given = team(Given::default().accounts(&["ann", "ben"]));
    let change = |name: &str| {
        Command::ChangeGroupProfile(ChangeGroupProfile {
            group_id: group("team"),
            change: GroupProfileChange {
                name: Some(name.to_owned()),
                notification: Some(String::new()),
                mute_all: Some(false),
                ..GroupProfileChange::default()
            },
            shown_as: None,
        })
    };
    assert!(given.when(change("team")).expect("taken").events.is_empty());
    let decision = given.when(change("team two")).expect("taken");
    let Event::Group(hansard_events::GroupEvent::ProfileChanged(event)) = &decision.events[0]
    else {
        panic!("not a changed profile");
    };
    let expected = GroupProfileChange {
        name: Some("team two".to_owned()),
        ..GroupProfileChange::default()
    };
    assert_eq!(event.change, expected);
}

#[test]
fn a_retry_in_a_group_gets_the_first_answer() {
    let given = team(Given::default().accounts(&["ann", "ben"])).message("group:team", 1, "ann");
    let retry = given
        .when(Command::SendGroup(send_group("ann", 1)))
        .expect("taken");
    assert_eq!((sent(&retry.reply), retry.events.len()), ((1, true), 0));
    let other = given
        .when(Command::SendGroup(send_group("ben", 1)))
        .expect("taken");
    assert_eq!(sent(&other.reply), (2, false));
}

#[test]
fn a_muted_account_sends_nothing_and_its_retries_are_still_answered() {
    let team = |given: Given| team(given).message("group:team", 1, "ben");
    let given = |c2c: u64, group: u64| {
        let given = Given::default()
            .accounts(&["ann", "ben"])
            .message("c2c:ann:ben", 1, "ben");
        team(given).change_account("ben", |account| {
            account.mutes.c2c = Timestamp(c2c);
            account.mutes.group = Timestamp(group);
        })
    };
    let c2c = |random| Command::SendC2c(send_c2c("ben", "ann", random));
    let to_group = |random| Command::SendGroup(send_group("ben", random));
    let muted = Some(Reason::SenderMuted);
    // At its end a mute is over.
    for (c2c_until, group_until, of_c2c, of_group) in [
        (NOW.0, NOW.0, None, None),
        (NOW.0 + 1, 0, muted, None),
        (0, NOW.0 + 1, None, muted),
        (u64::MAX, u64::MAX, muted, muted),
    ] {
        let given = given(c2c_until, group_until);
        assert_eq!(given.when(c2c(9)).err(), of_c2c);
        assert_eq!(given.when(to_group(9)).err(), of_group);
        assert_eq!(sent(&given.when(c2c(1)).expect("a retry").reply), (1, true));
        let retry = given.when(to_group(1)).expect("a retry");
        assert_eq!(sent(&retry.reply), (1, true));
    }
}

#[test]
fn an_account_cannot_reach_who_blocks_it_and_the_server_api_can_in_its_name() {
    let given = Given::default()
        .accounts(&["ann", "ben"])
        .blocks("ann", "ben");
    let send = |from, to| send_c2c(from, to, 1);
    assert!(given.when(send("ben", "ann")).is_ok());
    assert_eq!(
        given.when_own("ben", send("ben", "ann")),
        Err(Reason::SenderBlocked)
    );
    assert!(given.when_own("ann", send("ann", "ben")).is_ok());
}

#[test]
fn an_account_sends_to_groups_that_it_is_in() {
    let given = team(Given::default().accounts(&["ann", "ben", "zoe"]));
    assert!(given.when_own("ben", send_group("ben", 1)).is_ok());
    assert!(given.when(send_group("zoe", 1)).is_ok());
    assert_eq!(
        given.when_own("zoe", send_group("zoe", 1)),
        Err(Reason::MemberUnknown)
    );
}

#[test]
fn what_is_for_those_online_is_decided_as_what_is_stored_and_is_no_event() {
    let given = team(Given::default().accounts(&["ann", "ben", "zoe"]));
    let c2c = SendC2c {
        online_only: true,
        wants_receipts: false,
        ..send_c2c("ann", "ben", 1)
    };
    let to_group = SendGroup {
        topic_id: None,
        online_only: true,
        ..send_group("ben", 1)
    };
    for command in [Command::from(c2c.clone()), to_group.clone().into()] {
        let decision = given.when(command).expect("taken");
        let [Signal::Message(message)] = decision.signals.as_slice() else {
            panic!("not one signal: {decision:?}");
        };
        assert_eq!((message.seq, decision.events.len()), (Seq(0), 0));
        assert_eq!(sent(&decision.reply), (0, false));
    }
    let muted = given.change_account("ben", |account| {
        account.mutes.group = Timestamp(u64::MAX);
        account.mutes.c2c = Timestamp(u64::MAX);
    });
    assert_eq!(muted.when(to_group), Err(Reason::SenderMuted));
    let from_ben = SendC2c {
        from: user("ben"),
        to: user("ann"),
        ..c2c.clone()
    };
    assert_eq!(muted.when(from_ben), Err(Reason::SenderMuted));
    let to_blocker = muted.blocks("ben", "ann");
    assert!(to_blocker.when(c2c.clone()).is_ok());
    assert_eq!(to_blocker.when_own("ann", c2c), Err(Reason::SenderBlocked));
}

#[test]
fn an_edit_changes_what_is_said_and_nothing_twice() {
    let given = team(Given::default().accounts(&["ann", "ben"]))
        .message("group:team", 1, "ben")
        .message("group:team", 2, "ben")
        .recalled("group:team", 2);
    let edit = |id: &str, seq: u64, words: Option<&str>, data: Option<&str>| EditMessage {
        conversation: ConversationId::Group(group(id)),
        which: Which::Seq(Seq(seq)),
        sender: None,
        elements: words.map(|words| Content::text(words).elements),
        cloud_custom_data: data.map(str::to_owned),
        by: user("administrator"),
    };
    let edited = |command| match given.when(command)?.events.as_slice() {
        [] => Ok(None),
        [Event::Message(MessageEvent::Edited(event))] => Ok(Some(event.clone())),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        edited(edit("team", 1, Some("hello"), None)),
        Ok(None),
        "the same"
    );
    let event = edited(edit("team", 1, None, Some("new"))).expect("is taken");
    let event = event.expect("it changes");
    assert_eq!(event.elements, Content::text("hello").elements, "it stays");
    assert_eq!(event.cloud_custom_data.as_deref(), Some("new"));
    assert_eq!(event.sender, user("ben"));
    for (command, reason) in [
        (
            edit("team", 2, Some("x"), None),
            Reason::MessageAlreadyRecalled,
        ),
        (edit("team", 3, Some("x"), None), Reason::MessageUnknown),
        (edit("none", 1, Some("x"), None), Reason::GroupUnknown),
    ] {
        assert_eq!(edited(command), Err(reason));
    }
}
