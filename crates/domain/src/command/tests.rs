use hansard_events::group::{
    GroupProfileChange, GroupType, MemberChange, TopicChange, TopicProfile,
};
use hansard_events::relation::FriendDetails;
use hansard_types::{AppId, ConversationId, Seq, Timestamp};

use super::*;
use crate::account::{
    DeleteAccount, ForgetAccounts, ImportAccount, MuteAccount, MuteFor, RevokeSignatures,
};
use crate::app::{ChangeAppSettings, CreateApp};
use crate::conversation::{ClearGroup, ConfirmRead, MarkRead, SetUnread, UpTo};
use crate::group::{
    AddMembers, AnswerJoinRequest, AppointAdmins, AttributeChange, BanMembers, ChangeAttributes,
    ChangeCounters, ChangeGroupProfile, ChangeMember, ChangeOwner, ChangeTopic, CounterChange,
    CreateGroup, CreateTopic, DestroyTopics, DissolveGroup, ImportMembers, JoinGroup, MarkMembers,
    MuteMembers, QuitGroup, RemoveMembers, UnbanMembers,
};
use crate::live::{EndVisits, EnterRoom, LeaveRoom};
use crate::message::{
    ChangeExtensions, Content, EditMessage, ExtensionChange, ImportGroupMessages, ImportMessage,
    NotifyGroup, RecallBySender, RecallC2c, RecallGroup, SendC2c, SendGroup, Which,
};
use crate::profile::ChangeProfile;
use crate::relation::{
    AddFriend, AddFriendGroups, AnswerRequest, Block, ClearFriends, DeleteFriend,
    DeleteFriendGroups, ImportFriend, JoinFriendGroup, LeaveFriendGroup, RenameFriendGroup,
    Unblock, UpdateFriend,
};
use crate::testing::{Given, topic_id, user};

/// What the table must say: `any`, `own` name, as its `role` in the group has it, or `-` never. A change here is a change of who may
/// do what.
const EXPECTED: &str = "
    command              system  import  administrator  account
    ImportAccount        any     any     any            -
    DeleteAccount        -       -       any            -
    ForgetAccounts       any     -       -              -
    RevokeSignatures     -       -       any            -
    MuteAccount          -       -       any            -
    ChangeProfile        -       -       any            own
    AddFriend            -       -       any            own
    ImportFriend         -       any     any            -
    UpdateFriend         -       -       any            own
    DeleteFriend         -       -       any            own
    ClearFriends         -       -       any            own
    AnswerRequest        -       -       any            own
    Block                -       -       any            own
    Unblock              -       -       any            own
    AddFriendGroups      -       -       any            own
    DeleteFriendGroups   -       -       any            own
    RenameFriendGroup    -       -       any            own
    JoinFriendGroup      -       -       any            own
    LeaveFriendGroup     -       -       any            own
    SendC2c              -       -       any            own
    SendGroup            -       -       any            own
    ImportMessage        -       any     any            -
    EditMessage          -       -       any            own
    ChangeExtensions     -       -       any            own
    RecallC2c            -       -       any            own
    RecallGroup          -       -       any            own
    ImportGroupMessages  -       any     any            -
    NotifyGroup          -       -       any            -
    RecallBySender       -       -       any            -
    ConfirmRead          -       -       any            own
    SetUnread            -       -       any            -
    ClearGroup           -       -       any            -
    MarkRead             -       -       any            own
    CreateGroup          -       any     any            own
    AddMembers           -       any     any            role
    RemoveMembers        -       any     any            role
    QuitGroup            -       -       any            own
    JoinGroup            -       -       any            own
    AnswerJoinRequest    -       -       any            role
    ChangeMember         -       -       any            role
    MuteMembers          -       -       any            role
    ChangeOwner          -       -       any            role
    AppointAdmins        -       -       any            role
    BanMembers           -       -       any            role
    UnbanMembers         -       -       any            role
    ImportMembers        -       any     any            -
    ChangeAttributes     -       -       any            -
    ChangeCounters       -       -       any            -
    ChangeGroupProfile   -       -       any            role
    DissolveGroup        -       -       any            role
    MarkMembers          -       -       any            -
    CreateTopic          -       any     any            role
    ChangeTopic          -       -       any            role
    DestroyTopics        -       -       any            role
    EnterRoom            -       -       any            own
    LeaveRoom            -       -       any            own
    EndVisits            any     -       -              -
    CreateApp            any     -       -              -
    ChangeAppSettings    -       -       any            -
";

/// One of every command, in the name of ann.
fn of_ann() -> Vec<Command> {
    let (ann, ben) = (user("ann"), user("ben"));
    let mut all: Vec<Command> = relations_of_ann();
    all.extend(friend_groups_of(&ann));
    all.extend(messages_of_ann());
    all.extend(groups());
    all.extend(members_of_ann());
    all.extend(extras_of(&ann));
    all.extend(apps());
    all.extend([
        ImportAccount {
            user_id: ann.clone(),
            nick: None,
            face_url: None,
        }
        .into(),
        DeleteAccount {
            user_id: ann.clone(),
        }
        .into(),
        RevokeSignatures {
            user_id: ann.clone(),
            issued_up_to_seconds: 1,
        }
        .into(),
        MuteAccount {
            user_id: ann.clone(),
            c2c: None,
            group: None,
        }
        .into(),
        ChangeProfile {
            user_id: ann.clone(),
            fields: Vec::new(),
        }
        .into(),
        MarkRead {
            conversation: ConversationId::c2c(&ann, &ben),
            reader: ann,
            up_to: UpTo::Last,
        }
        .into(),
    ]);
    all
}

fn friend_groups_of(ann: &UserId) -> Vec<Command> {
    let friends = || vec![user("ben")];
    let texts = || vec!["family".to_owned()];
    vec![
        AddFriendGroups {
            user: ann.clone(),
            groups: texts(),
            friends: friends(),
        }
        .into(),
        DeleteFriendGroups {
            user: ann.clone(),
            groups: texts(),
        }
        .into(),
        RenameFriendGroup {
            user: ann.clone(),
            group: "family".to_owned(),
            name: "kin".to_owned(),
        }
        .into(),
        JoinFriendGroup {
            user: ann.clone(),
            group: "family".to_owned(),
            friends: friends(),
        }
        .into(),
        LeaveFriendGroup {
            user: ann.clone(),
            group: "family".to_owned(),
            friends: friends(),
        }
        .into(),
    ]
}

fn relations_of_ann() -> Vec<Command> {
    let (from, to) = (user("ann"), user("ben"));
    let details = FriendDetails::default();
    vec![
        AddFriend {
            from: from.clone(),
            to: to.clone(),
            details: details.clone(),
            both: true,
            forced: false,
        }
        .into(),
        ImportFriend {
            from: from.clone(),
            to: to.clone(),
            details,
            added_at: None,
        }
        .into(),
        UpdateFriend {
            from: from.clone(),
            to: to.clone(),
            remark: None,
            groups: None,
            custom: std::collections::BTreeMap::new(),
        }
        .into(),
        DeleteFriend {
            from: from.clone(),
            to: to.clone(),
            both: true,
        }
        .into(),
        ClearFriends {
            user: from.clone(),
            both: false,
        }
        .into(),
        AnswerRequest {
            by: from.clone(),
            from: to.clone(),
            accept: true,
            remark: String::new(),
        }
        .into(),
        Block {
            user: from.clone(),
            blocked: to.clone(),
        }
        .into(),
        Unblock {
            user: from,
            blocked: to,
        }
        .into(),
    ]
}

fn messages_of_ann() -> Vec<Command> {
    let (from, to) = (user("ann"), user("ben"));
    let group_id = crate::testing::group("team");
    vec![
        SendC2c {
            from: from.clone(),
            to: to.clone(),
            content: Content::text("hello"),
            random: 1,
            client_seq: None,
            time_seconds: None,
            hidden_from_sender: false,
            online_only: false,
            wants_receipts: false,
        }
        .into(),
        EditMessage {
            conversation: ConversationId::c2c(&from, &to),
            which: Which::Seq(Seq(1)),
            sender: None,
            elements: None,
            cloud_custom_data: None,
            by: from.clone(),
        }
        .into(),
        SendGroup {
            topic_id: None,
            group_id: group_id.clone(),
            from: from.clone(),
            content: Content::text("hello"),
            random: 1,
            priority: 2,
            mentions: Vec::new(),
            targets: Vec::new(),
            online_only: false,
            wants_receipts: false,
            live: false,
            per_second: None,
        }
        .into(),
        ImportMessage {
            conversation: ConversationId::c2c(&from, &to),
            from: from.clone(),
            content: Content::text("hello"),
            sent_at: Timestamp(1),
            import_key: Some("key".to_owned()),
            random: 1,
            client_seq: 1,
        }
        .into(),
        RecallC2c {
            from: from.clone(),
            to,
            which: Which::Seq(Seq(1)),
            by: from.clone(),
        }
        .into(),
        RecallGroup {
            topic_id: None,
            group_id,
            seqs: vec![Seq(1)],
            by: from,
            reason: None,
        }
        .into(),
    ]
}

fn groups() -> Vec<Command> {
    let group_id = crate::testing::group("team");
    vec![
        CreateGroup {
            group_id: group_id.clone(),
            group_type: GroupType::Public,
            owner: Some(user("ann")),
            profile: GroupProfileChange {
                name: Some("team".to_owned()),
                ..GroupProfileChange::default()
            },
            members: Vec::new(),
            created_at: None,
        }
        .into(),
        AddMembers {
            group_id: group_id.clone(),
            accounts: Vec::new(),
            silent: false,
            imported: None,
        }
        .into(),
        RemoveMembers {
            group_id: group_id.clone(),
            accounts: Vec::new(),
            silent: false,
            reason: None,
            imported: None,
        }
        .into(),
        ChangeGroupProfile {
            group_id: group_id.clone(),
            change: GroupProfileChange::default(),
            shown_as: None,
        }
        .into(),
        MarkMembers {
            group_id: group_id.clone(),
            are_set: true,
            members: Vec::new(),
        }
        .into(),
        CreateTopic {
            group_id: group_id.clone(),
            topic_id: topic_id("news"),
            profile: TopicProfile::default(),
            shown_as: None,
            created_at: None,
        }
        .into(),
        ChangeTopic {
            group_id: group_id.clone(),
            topic_id: topic_id("news"),
            change: TopicChange::default(),
            shown_as: None,
        }
        .into(),
        DestroyTopics {
            group_id: group_id.clone(),
            topics: Vec::new(),
        }
        .into(),
        DissolveGroup { group_id }.into(),
    ]
}

fn members_of_ann() -> Vec<Command> {
    let group_id = crate::testing::group("team");
    let ann = user("ann");
    vec![
        QuitGroup {
            group_id: group_id.clone(),
            user: ann.clone(),
        }
        .into(),
        ConfirmRead {
            conversation: ConversationId::Group(group_id.clone()),
            reader: ann.clone(),
            seqs: vec![Seq(1)],
        }
        .into(),
        AppointAdmins {
            group_id: group_id.clone(),
            accounts: vec![ann.clone()],
            are_admins: true,
        }
        .into(),
        EnterRoom {
            group_id: group_id.clone(),
            user: ann.clone(),
            seconds: 60,
        }
        .into(),
        LeaveRoom {
            group_id: group_id.clone(),
            user: ann.clone(),
        }
        .into(),
        EndVisits.into(),
        JoinGroup {
            group_id: group_id.clone(),
            user: ann.clone(),
            reason: String::new(),
        }
        .into(),
        AnswerJoinRequest {
            group_id: group_id.clone(),
            user: ann.clone(),
            accept: true,
            reason: String::new(),
        }
        .into(),
        ChangeMember {
            group_id: group_id.clone(),
            user_id: ann.clone(),
            change: MemberChange::default(),
        }
        .into(),
        MuteMembers {
            topic_id: None,
            group_id: group_id.clone(),
            accounts: Vec::new(),
            mute: MuteFor::Good,
        }
        .into(),
        ChangeOwner {
            group_id,
            owner: ann,
            shown_as: None,
        }
        .into(),
    ]
}

fn extras_of(ann: &UserId) -> Vec<Command> {
    let group_id = crate::testing::group("team");
    vec![
        ChangeExtensions {
            conversation: ConversationId::Group(group_id.clone()),
            which: Which::Seq(Seq(1)),
            change: ExtensionChange::Clear,
            by: ann.clone(),
        }
        .into(),
        BanMembers {
            group_id: group_id.clone(),
            accounts: Vec::new(),
            seconds: 1,
            reason: String::new(),
        }
        .into(),
        UnbanMembers {
            group_id: group_id.clone(),
            accounts: Vec::new(),
        }
        .into(),
        ImportMembers {
            group_id: group_id.clone(),
            members: Vec::new(),
        }
        .into(),
        ChangeAttributes {
            group_id: group_id.clone(),
            change: AttributeChange::Clear,
        }
        .into(),
        ChangeCounters {
            group_id: group_id.clone(),
            change: CounterChange::Remove(Vec::new()),
        }
        .into(),
        ImportGroupMessages {
            topic_id: None,
            group_id: group_id.clone(),
            messages: Vec::new(),
        }
        .into(),
        NotifyGroup {
            topic_id: None,
            group_id: group_id.clone(),
            content: "hello".to_owned(),
            to: Vec::new(),
        }
        .into(),
        RecallBySender {
            topic_id: None,
            group_id: group_id.clone(),
            sender: ann.clone(),
            by: ann.clone(),
        }
        .into(),
        SetUnread {
            group_id: group_id.clone(),
            reader: ann.clone(),
            unread: 0,
        }
        .into(),
        ClearGroup {
            group_id,
            up_to: None,
        }
        .into(),
    ]
}

fn apps() -> Vec<Command> {
    vec![
        ForgetAccounts.into(),
        CreateApp {
            app_id: AppId(7),
            administrators: Vec::new(),
            secret_fingerprint: String::new(),
            partitions: 1,
        }
        .into(),
        ChangeAppSettings::none(AppId(7)).into(),
    ]
}

/// Whether an empty state gets to hear of a command at all.
fn may(actor: &Actor, command: &Command) -> bool {
    Given::default().when_by(actor, command.clone()) != Err(Reason::NotPermitted)
}

fn word(own: bool, anyone: bool) -> &'static str {
    match (own, anyone) {
        (true, true) => "any",
        (true, false) => "own",
        (false, false) => "-",
        (false, true) => "everyone else's",
    }
}

#[test]
fn every_cell_of_the_table_of_permissions_holds() {
    let commands = of_ann();
    let mut expected = EXPECTED.lines().filter(|line| !line.trim().is_empty());
    expected.next();
    let mut rows = 0;
    for (line, (name, _)) in expected.zip(Command::PERMISSIONS) {
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(cells.first(), Some(name), "{line}");
        let command = commands.iter().find(|one| one.name() == *name);
        let command = command.unwrap_or_else(|| panic!("{name} is not in the test"));
        let roles: [fn(UserId) -> Actor; 4] = [
            |_| Actor::System,
            Actor::Import,
            Actor::Administrator,
            Actor::Account,
        ];
        for (role, cell) in roles.iter().zip(&cells[1..]) {
            let (own, other) = (role(user("ann")), role(user("zoe")));
            let mut found = word(may(&own, command), may(&other, command));
            // Nobody has a role in a group that there is not: the rules' own tests try each.
            if found == "any" && matches!(own, Actor::Account(_)) {
                found = "role";
            }
            assert_eq!(found, *cell, "{name} {own:?}");
        }
        rows += 1;
    }
    assert_eq!(rows, Command::PERMISSIONS.len(), "every command has a row");
    assert_eq!(commands.len(), rows, "every command is tried");
}
