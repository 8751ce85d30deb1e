use hansard_events::app::{FieldRank, GroupField};
use hansard_events::group::{
    GroupProfileChange, GroupType, JoinOption, Joining, Leaving, MemberChange, Role,
};
use hansard_events::{Event, GroupEvent};
use hansard_types::{Reason, Timestamp, limits};

use super::rules::rows;
use super::*;
use crate::account::MuteFor;
use crate::message::{Content, SendGroup};
use crate::testing::{Given, NOW, group, topic_id, user};
use crate::{Command, Decision, Reply};

/// The table in the words of features.md (rows G1 to G20) and of the reference's section 9.3: a
/// change here is a change of what users were promised. `app`: administrators of the app alone.
const EXPECTED: &str = "
    members_max            6000      6000      6000      no limit  100000
    edits_texts            all       admins    owner     owner     admins
    edits_settings         owner     admins    owner     owner     admins
    lists_members          all       all       all       app       all
    dissolves              app       owner     owner     owner     owner
    takes_requests         no        yes       yes       yes       yes
    apply_join_option      refused   reviewed  free      free      free
    chooses_apply_option   no        yes       yes       yes       no
    takes_invitations      yes       yes       yes       no        yes
    invite_join_option     free      refused   refused   refused   free
    has_roster             yes       yes       yes       no        yes
    owner_may_leave        yes       no        no        no        no
    sets_admins            nobody    owner     owner     nobody    owner
    appoints_admins        nobody    nobody    nobody    owner     nobody
    changes_owner          owner     owner     owner     nobody    owner
    removes_members        owner     admins    admins    nobody    admins
    mutes_members          nobody    admins    admins    admins    admins
    history_before_join    no        no        yes       no        yes
    chooses_history        yes       yes       yes       no        no
    receive                notify    notify    quiet     quiet     notify
    is_imported            yes       yes       yes       no        yes
    waits_for_a_message    yes       no        no        no        no
    counts_unread          yes       yes       no        no        yes
    takes_targets          yes       yes       yes       no        no
    bans_members           owner     admins    admins    admins    nobody
    has_attributes         no        no        no        yes       no
    has_counters           yes       yes       yes       yes       no
    makes_topics           nobody    nobody    nobody    nobody    admins
    has_receipts           yes       yes       yes       no        no
    recalls                yes       yes       yes       no        yes
    tells_invited          kept      kept      no        told      kept
    tells_joined           kept      kept      no        told      kept
    tells_removed          kept      kept      no        told      kept
    tells_left             kept      kept      no        told      kept
    tells_profile          kept      kept      kept      told      kept
    tells_mute_all         no        no        no        no        no
    tells_join_option      no        no        no        no        no
    tells_members          kept      kept      no        no        kept
";

/// As [`EXPECTED`] writes a cell of the table.
fn word(cell: &str) -> String {
    match cell {
        "app administrators" => "app",
        "owner, admins" => "admins",
        "every member" => "all",
        "AcceptAndNotify" => "notify",
        "AcceptNotNotify" => "quiet",
        other => other,
    }
    .replace(' ', "")
}

#[test]
fn the_table_says_what_was_promised() {
    let expected = EXPECTED.replace("no limit", "nolimit");
    let expected: Vec<Vec<&str>> = expected
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.split_whitespace().collect())
        .collect();
    let found: Vec<Vec<String>> = rows()
        .iter()
        .map(|row| {
            let cells = row.cells.iter().map(|cell| word(cell));
            [row.name.to_owned()].into_iter().chain(cells).collect()
        })
        .collect();
    assert_eq!(found, expected);
}

const GROUP: &str = "g";

/// A group of a type with an owner, an administrator and three members, two of them to act on.
fn of_type(group_type: GroupType) -> Given {
    let accounts = ["owner", "admin", "member", "kim", "lee", "stranger"];
    let members = [
        ("owner", Role::Owner),
        ("admin", Role::Admin),
        ("member", Role::Member),
        ("kim", Role::Member),
        ("lee", Role::Admin),
    ];
    let given = Given::default().accounts(&accounts);
    let given = given.group(GROUP, group_type, &members);
    given.change_group(GROUP, |group| group.profile.max_members = 100)
}

fn profile(change: GroupProfileChange) -> Command {
    ChangeGroupProfile {
        group_id: group(GROUP),
        change,
        shown_as: None,
    }
    .into()
}

fn member(who: &str, change: MemberChange) -> Command {
    ChangeMember {
        group_id: group(GROUP),
        user_id: user(who),
        change,
    }
    .into()
}

fn mute(who: &[&str], mute: MuteFor) -> Command {
    MuteMembers {
        topic_id: None,
        group_id: group(GROUP),
        accounts: who.iter().map(|id| user(id)).collect(),
        mute,
    }
    .into()
}

fn remove(who: &[&str]) -> Command {
    RemoveMembers {
        group_id: group(GROUP),
        accounts: who.iter().map(|id| user(id)).collect(),
        silent: false,
        reason: None,
        imported: None,
    }
    .into()
}

fn ban(who: &[&str], seconds: u32) -> Command {
    BanMembers {
        group_id: group(GROUP),
        accounts: who.iter().map(|id| user(id)).collect(),
        seconds,
        reason: String::new(),
    }
    .into()
}

fn add(who: &[&str]) -> Command {
    AddMembers {
        group_id: group(GROUP),
        accounts: who.iter().map(|id| user(id)).collect(),
        silent: false,
        imported: None,
    }
    .into()
}

fn join(who: &str) -> Command {
    JoinGroup {
        group_id: group(GROUP),
        user: user(who),
        reason: "please".to_owned(),
    }
    .into()
}

fn quit(who: &str) -> Command {
    QuitGroup {
        group_id: group(GROUP),
        user: user(who),
    }
    .into()
}

fn answer(who: &str, accept: bool) -> Command {
    AnswerJoinRequest {
        group_id: group(GROUP),
        user: user(who),
        accept,
        reason: String::new(),
    }
    .into()
}

fn appoint(who: &[&str], are_admins: bool) -> Command {
    AppointAdmins {
        group_id: group(GROUP),
        accounts: who.iter().map(|id| user(id)).collect(),
        are_admins,
    }
    .into()
}

/// One command for each rule that says who may.
fn commands() -> Vec<(&'static str, Command)> {
    let name = GroupProfileChange {
        name: Some("new".to_owned()),
        ..GroupProfileChange::default()
    };
    let settings = GroupProfileChange {
        mute_all: Some(true),
        ..name.clone()
    };
    let admin = MemberChange {
        role: Some(Role::Admin),
        ..MemberChange::default()
    };
    let owner = ChangeOwner {
        group_id: group(GROUP),
        owner: user("kim"),
        shown_as: None,
    };
    let dissolve = DissolveGroup {
        group_id: group(GROUP),
    };
    vec![
        ("edits_texts", profile(name)),
        ("edits_settings", profile(settings)),
        ("dissolves", dissolve.into()),
        ("sets_admins", member("kim", admin)),
        ("appoints_admins", appoint(&["kim"], true)),
        ("changes_owner", owner.into()),
        ("removes_members", remove(&["kim"])),
        ("mutes_members", mute(&["kim"], MuteFor::Good)),
        ("bans_members", ban(&["kim"], 60)),
    ]
}

#[test]
fn every_cell_of_who_may_holds_for_every_role() {
    let roles = [
        ("stranger", None),
        ("member", Some(Role::Member)),
        ("admin", Some(Role::Admin)),
        ("owner", Some(Role::Owner)),
    ];
    let mut cells = 0;
    for (at, group_type) in GroupType::ALL.into_iter().enumerate() {
        let given = of_type(group_type);
        for (rule, command) in commands() {
            let table = rows();
            let row = table.iter().find(|row| row.name == rule);
            let cell = row.expect("a row").cells[at].clone();
            for (who, role) in roles {
                let may = match cell.as_str() {
                    "every member" => role.is_some(),
                    "owner, admins" => matches!(role, Some(Role::Owner | Role::Admin)),
                    "owner" => role == Some(Role::Owner),
                    _ => false,
                };
                let decided = given.when_own(who, command.clone());
                assert_eq!(
                    decided.is_ok(),
                    may,
                    "{rule} {group_type:?} {who}: {decided:?}"
                );
                cells += 1;
            }
            let by_the_app = given.when(command.clone());
            let expected = if cell == "nobody" {
                Err(Reason::GroupTypeForbids)
            } else {
                Ok(1)
            };
            let events = by_the_app.map(|decision| decision.events.len());
            assert_eq!(events, expected, "{rule} {group_type:?} by the app");
        }
    }
    assert_eq!(cells, 5 * 9 * 4);
}

#[test]
fn a_live_room_has_up_to_five_administrators() {
    let given = Given::default()
        .accounts(&["owner", "a1", "a2", "a3", "a4", "a5", "a6"])
        .group(
            GROUP,
            GroupType::AvChatRoom,
            &[("owner", Role::Owner), ("a1", Role::Admin)],
        );
    let changed = |who: &[&str], are_admins| {
        let decided = given.when_own("owner", appoint(who, are_admins));
        decided.map(|decision| match decision.events.as_slice() {
            [] => Vec::new(),
            [Event::Group(GroupEvent::RoomAdminsChanged(event))] => event.accounts.clone(),
            other => panic!("{other:?}"),
        })
    };
    let four = ["a2", "a3", "a4", "a5"];
    assert_eq!(changed(&four, true), Ok(four.map(user).to_vec()));
    let five = changed(&["a2", "a3", "a4", "a5", "a6"], true);
    assert_eq!(five, Err(Reason::GroupFull));
    assert_eq!(changed(&["a1", "owner"], true), Ok(Vec::new()), "they are");
    assert_eq!(changed(&["a1", "a2"], false), Ok(vec![user("a1")]));
    assert_eq!(changed(&["zoe"], true), Err(Reason::AccountUnknown));
}

#[test]
fn administrators_act_on_members_and_not_on_administrators() {
    let given = of_type(GroupType::Public);
    for command in [
        remove(&["lee"]),
        mute(&["lee"], MuteFor::Good),
        ban(&["lee"], 60),
    ] {
        let by_admin = given.when_own("admin", command.clone());
        assert_eq!(by_admin, Err(Reason::GroupRoleForbids));
        assert!(given.when_own("owner", command).is_ok());
    }
    for by in ["owner", "admin"] {
        let muted = given.when_own(by, mute(&["owner"], MuteFor::Good));
        assert_eq!(muted, Err(Reason::GroupRoleForbids), "{by}");
    }
    let removed = given.when_own("admin", remove(&["owner"]));
    assert_eq!(removed, Err(Reason::OwnerStays));
}

fn only(decision: &Decision) -> &GroupEvent {
    let [Event::Group(event)] = decision.events.as_slice() else {
        panic!("not one event of a group: {decision:?}");
    };
    event
}

#[test]
fn the_owner_of_a_work_group_may_leave_and_no_other() {
    for group_type in GroupType::ALL {
        let left = of_type(group_type).when_own("owner", quit("owner"));
        match group_type {
            GroupType::Work => {
                let left = left.expect("it leaves");
                let GroupEvent::MembersRemoved(event) = only(&left) else {
                    panic!("not a leave");
                };
                assert_eq!(event.how, Leaving::Quit);
            }
            GroupType::AvChatRoom => assert_eq!(left, Err(Reason::GroupTypeForbids)),
            GroupType::Public | GroupType::Meeting | GroupType::Community => {
                assert_eq!(left, Err(Reason::OwnerStays), "{group_type:?}")
            }
        }
    }
    let given = of_type(GroupType::Work);
    let again = given.when_own("stranger", quit("stranger")).expect("taken");
    assert!(again.events.is_empty(), "it has left already");
}

#[test]
fn who_asks_to_join_is_treated_as_the_group_has_it() {
    let with = |group_type, option| {
        let given = of_type(group_type);
        let given = given.change_group(GROUP, |group| group.profile.apply_join_option = option);
        given.when_own("stranger", join("stranger"))
    };
    use JoinOption::{Disabled, FreeAccess, NeedPermission};
    let free = with(GroupType::Public, FreeAccess).expect("it joins");
    let GroupEvent::MembersAdded(event) = only(&free) else {
        panic!("not a join");
    };
    assert_eq!(
        (event.how, event.accounts.as_slice()),
        (Joining::Applied, &[user("stranger")][..])
    );
    assert_eq!(free.reply, Reply::Member(AddOutcome::Added));
    let asked = with(GroupType::Meeting, NeedPermission).expect("it waits");
    assert!(matches!(only(&asked), GroupEvent::JoinRequested(_)));
    assert_eq!(asked.reply, Reply::Member(AddOutcome::Waiting));
    let refused = with(GroupType::Public, Disabled);
    assert_eq!(refused, Err(Reason::JoinRequestsRefused));
    assert_eq!(
        with(GroupType::Work, FreeAccess),
        Err(Reason::GroupTypeForbids)
    );
    assert!(
        with(GroupType::Community, Disabled).is_ok(),
        "a Community's is fixed"
    );
    let member = of_type(GroupType::Public).when_own("kim", join("kim"));
    let member = member.expect("taken");
    assert_eq!(member.reply, Reply::Member(AddOutcome::AlreadyMember));
}

#[test]
fn who_waits_is_let_in_or_refused_by_the_administrators() {
    let given = of_type(GroupType::Public).waits(GROUP, "stranger", None);
    for who in ["member", "stranger"] {
        let answered = given.when_own(who, answer("stranger", true));
        assert_eq!(answered, Err(Reason::GroupRoleForbids), "{who}");
    }
    let accepted = given.when_own("admin", answer("stranger", true));
    let accepted = accepted.expect("let in");
    let GroupEvent::MembersAdded(event) = only(&accepted) else {
        panic!("not a join");
    };
    assert_eq!(event.how, Joining::Applied);
    let refused = given.when_own("owner", answer("stranger", false));
    let refused = refused.expect("refused");
    assert!(matches!(only(&refused), GroupEvent::JoinRefused(_)));
    let nobody = given.when(answer("kim", true));
    assert_eq!(nobody, Err(Reason::JoinRequestUnknown));
    let full = given.change_group(GROUP, |group| group.profile.max_members = 5);
    assert_eq!(full.when(answer("stranger", true)), Err(Reason::GroupFull));
    let again = of_type(GroupType::Public).waits(GROUP, "stranger", None);
    let again = again.when_own("stranger", join("stranger")).expect("taken");
    assert!(again.events.is_empty(), "the same words again");
}

#[test]
fn requests_that_wait_are_bounded() {
    let crowd = |waiting| {
        let given = of_type(GroupType::Public);
        let given = given.change_group(GROUP, |group| group.join_requests = waiting);
        given.when_own("stranger", join("stranger"))
    };
    let max = limits::JOIN_REQUESTS_MAX;
    assert!(crowd(max - 1).is_ok());
    assert_eq!(crowd(max), Err(Reason::JoinRequestsFull));
}

#[test]
fn who_is_invited_is_treated_as_the_group_has_it() {
    let with = |option, by: &str| {
        let given = of_type(GroupType::Public);
        let given = given.change_group(GROUP, |group| group.profile.invite_join_option = option);
        given.when_own(by, add(&["stranger"]))
    };
    let outcome = |decision: Decision| {
        let Reply::Members(mut outcomes) = decision.reply else {
            panic!("not an answer by account");
        };
        outcomes.remove(0).1
    };
    use JoinOption::{Disabled, FreeAccess, NeedPermission};
    assert_eq!(with(FreeAccess, "stranger"), Err(Reason::GroupRoleForbids));
    assert_eq!(with(FreeAccess, "kim").map(outcome), Ok(AddOutcome::Added));
    assert_eq!(
        with(NeedPermission, "kim").map(outcome),
        Ok(AddOutcome::Waiting)
    );
    assert_eq!(
        with(NeedPermission, "admin").map(outcome),
        Ok(AddOutcome::Added)
    );
    assert_eq!(with(Disabled, "owner"), Err(Reason::InvitationsRefused));
    let room = of_type(GroupType::AvChatRoom).when_own("owner", add(&["stranger"]));
    assert_eq!(room, Err(Reason::GroupTypeForbids));
}

#[test]
fn a_member_changes_what_is_kept_of_itself_and_administrators_of_others() {
    let card = || MemberChange {
        name_card: Some("card".to_owned()),
        ..MemberChange::default()
    };
    let quiet = || MemberChange {
        receive: Some(hansard_events::group::ReceiveOption::Discard),
        ..MemberChange::default()
    };
    let given = of_type(GroupType::Public);
    assert!(given.when_own("kim", member("kim", card())).is_ok());
    assert!(given.when_own("kim", member("kim", quiet())).is_ok());
    assert!(given.when_own("admin", member("kim", card())).is_ok());
    let forbidden = Err(Reason::GroupRoleForbids);
    assert_eq!(given.when_own("kim", member("member", card())), forbidden);
    assert_eq!(given.when_own("admin", member("lee", card())), forbidden);
    assert_eq!(given.when_own("owner", member("kim", quiet())), forbidden);
    let stranger = given.when_own("stranger", member("stranger", card()));
    assert_eq!(stranger, Err(Reason::MemberUnknown));
    let long = MemberChange {
        name_card: Some("n".repeat(limits::NAME_CARD_BYTES_MAX + 1)),
        ..MemberChange::default()
    };
    let long = given.when_own("kim", member("kim", long));
    assert_eq!(long, Err(Reason::NameCardTooLong));
}

#[test]
fn a_custom_field_says_who_writes_it() {
    let field = |key: &str, writers| GroupField {
        key: key.to_owned(),
        readers: FieldRank::Anyone,
        writers,
    };
    let given = of_type(GroupType::Public)
        .own_app(&["administrator"], Vec::new())
        .group_fields(
            vec![
                field("open", FieldRank::Member),
                field("ours", FieldRank::App),
            ],
            vec![
                field("desk", FieldRank::Admin),
                field("badge", FieldRank::App),
            ],
        );
    let of_group = |key: &str, value: &str| {
        profile(GroupProfileChange {
            fields: [(key.to_owned(), value.to_owned())].into(),
            ..GroupProfileChange::default()
        })
    };
    let of_kim = |key: &str| {
        let fields = [(key.to_owned(), "x".to_owned())].into();
        member(
            "kim",
            MemberChange {
                fields,
                ..MemberChange::default()
            },
        )
    };
    assert!(given.when_own("kim", of_group("open", "x")).is_ok());
    let read_only = Err(Reason::GroupFieldReadOnly);
    assert_eq!(given.when_own("stranger", of_group("open", "x")), read_only);
    assert_eq!(given.when_own("owner", of_group("ours", "x")), read_only);
    assert!(given.when(of_group("ours", "x")).is_ok());
    let unknown = given.when(of_group("other", "x"));
    assert_eq!(unknown, Err(Reason::GroupFieldUnknown));
    let longest = "x".repeat(limits::GROUP_FIELD_VALUE_BYTES_MAX);
    assert!(given.when(of_group("open", &longest)).is_ok());
    let longer = given.when(of_group("open", &(longest + "x")));
    assert_eq!(longer, Err(Reason::GroupFieldTooLong));
    assert!(given.when_own("kim", of_kim("desk")).is_ok(), "its own");
    assert!(given.when_own("admin", of_kim("desk")).is_ok());
    assert_eq!(given.when_own("kim", of_kim("badge")), read_only);
    assert!(given.when(of_kim("badge")).is_ok());
    let gone = given.when(of_group("open", "")).expect("taken");
    assert!(gone.events.is_empty(), "it is not there");
}

#[test]
fn who_is_muted_in_a_group_says_nothing_there_until_the_mute_is_over() {
    let says = |until: Timestamp| {
        let given = of_type(GroupType::Public).muted(GROUP, "kim", until);
        let said = SendGroup {
            topic_id: None,
            group_id: group(GROUP),
            from: user("kim"),
            content: Content::text("hello"),
            random: 1,
            priority: 2,
            mentions: Vec::new(),
            targets: Vec::new(),
            online_only: false,
            wants_receipts: false,
            live: false,
            per_second: None,
        };
        given
            .when_own("kim", said)
            .map(|decision| decision.events.len())
    };
    assert_eq!(says(NOW), Ok(1), "it is over");
    assert_eq!(says(Timestamp(NOW.0 + 1)), Err(Reason::MutedInGroup));
    assert_eq!(says(Timestamp::FOREVER), Err(Reason::MutedInGroup));
}

#[test]
fn an_account_creates_groups_of_its_own_only() {
    let create = |owner: Option<&str>| CreateGroup {
        group_id: group("new"),
        group_type: GroupType::Public,
        owner: owner.map(user),
        profile: GroupProfileChange::default(),
        members: Vec::new(),
        created_at: None,
    };
    let given = Given::default().accounts(&["ann", "ben"]);
    let by = |owner| given.when_own("ann", create(owner)).map(drop);
    assert_eq!(by(Some("ann")), Ok(()));
    assert_eq!(by(Some("ben")), Err(Reason::NotPermitted));
    assert_eq!(by(None), Err(Reason::NotPermitted));
}

#[test]
fn who_is_banned_comes_in_by_no_way_until_the_ban_is_over() {
    let with = |until: Timestamp| {
        let given = of_type(GroupType::Public);
        let given = given.change_group(GROUP, |group| {
            group.profile.apply_join_option = JoinOption::FreeAccess;
        });
        given.banned(GROUP, "stranger", until)
    };
    let over = with(NOW);
    assert!(over.when_own("stranger", join("stranger")).is_ok());
    let banned = with(Timestamp(NOW.0 + 1));
    let refused = Err(Reason::MemberBanned);
    assert_eq!(banned.when_own("stranger", join("stranger")), refused);
    let added = banned.when(add(&["stranger"])).expect("taken");
    assert!(added.events.is_empty());
    let outcome = vec![(user("stranger"), AddOutcome::Banned)];
    assert_eq!(added.reply, Reply::Members(outcome));
    let waits = with(Timestamp::FOREVER).waits(GROUP, "stranger", None);
    assert_eq!(waits.when(answer("stranger", true)), refused);
    let owner = of_type(GroupType::Public).when(ban(&["owner"], 60));
    assert_eq!(owner, Err(Reason::OwnerStays));
}

#[test]
fn attributes_and_counters_have_their_limits() {
    let attributes = |change| {
        let command = ChangeAttributes {
            group_id: group(GROUP),
            change: AttributeChange::Set(change),
        };
        of_type(GroupType::AvChatRoom).when(command).map(drop)
    };
    let numbered = |count: usize, bytes: usize| {
        let pair = |at| (format!("k{at:02}"), "v".repeat(bytes));
        (0..count).map(pair).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(attributes(numbered(limits::ATTRIBUTES_MAX, 1)), Ok(()));
    let one_more = numbered(limits::ATTRIBUTES_MAX + 1, 1);
    assert_eq!(attributes(one_more), Err(Reason::AttributesFull));
    let longest = limits::ATTRIBUTE_VALUE_BYTES_MAX;
    assert_eq!(attributes(numbered(1, longest)), Ok(()));
    assert_eq!(
        attributes(numbered(1, longest + 1)),
        Err(Reason::AttributeValueTooLong)
    );
    assert_eq!(
        attributes(numbered(5, longest)),
        Err(Reason::AttributesTooLarge)
    );
    let long_key = [("k".repeat(33), "v".to_owned())].into();
    assert_eq!(attributes(long_key), Err(Reason::AttributeKeyInvalid));
    let counters = |change| {
        let command = ChangeCounters {
            group_id: group(GROUP),
            change,
        };
        of_type(GroupType::Public).when(command).map(drop)
    };
    let counted = |count: usize, value: i64| {
        let pair = |at| (format!("c{at}"), value);
        (0..count).map(pair).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(counters(CounterChange::Set(counted(20, i64::MIN))), Ok(()));
    let one_more = counters(CounterChange::Set(counted(21, 0)));
    assert_eq!(one_more, Err(Reason::CountersFull));
    assert_eq!(counters(CounterChange::Add(counted(1, i64::MAX))), Ok(()));
}

#[test]
fn a_topic_is_muted_by_itself_and_its_administrators_speak() {
    let given = of_type(GroupType::Community).topic(GROUP, "news");
    let say = |given: &Given, who: &str, topic: Option<&str>| {
        let command = SendGroup {
            topic_id: topic.map(topic_id),
            group_id: group(GROUP),
            from: user(who),
            content: Content::text("hello"),
            random: 1,
            priority: 2,
            mentions: Vec::new(),
            targets: Vec::new(),
            online_only: false,
            wants_receipts: false,
            live: false,
            per_second: None,
        };
        given.when_own(who, command).err()
    };
    let muted = given.muted_in_topic(GROUP, "news", "kim", Timestamp::FOREVER);
    assert_eq!(say(&muted, "kim", Some("news")), Some(Reason::MutedInGroup));
    assert_eq!(say(&muted, "kim", None), None);
    assert_eq!(
        say(&muted, "member", Some("none")),
        Some(Reason::TopicUnknown)
    );
    let silent = muted.change_topic(GROUP, "news", |topic| topic.mute_all = true);
    assert_eq!(
        say(&silent, "member", Some("news")),
        Some(Reason::GroupMuted)
    );
    assert_eq!(say(&silent, "admin", Some("news")), None);
    assert_eq!(
        say(&silent, "stranger", Some("news")),
        Some(Reason::MemberUnknown)
    );
}

#[test]
fn topics_are_made_by_administrators_up_to_a_number_and_where_the_group_has_them() {
    let create = || CreateTopic {
        group_id: group(GROUP),
        topic_id: topic_id("two"),
        profile: hansard_events::group::TopicProfile {
            name: "two".to_owned(),
            ..hansard_events::group::TopicProfile::default()
        },
        shown_as: None,
        created_at: None,
    };
    let given = of_type(GroupType::Community);
    let refused = |given: &Given, who: &str| given.when_own(who, create()).err();
    assert_eq!(refused(&given, "admin"), Some(Reason::TopicsOff));
    let given = given.topic(GROUP, "one");
    assert_eq!(refused(&given, "admin"), None);
    assert_eq!(refused(&given, "member"), Some(Reason::GroupRoleForbids));
    let full = given.change_group(GROUP, |group| group.topics = limits::TOPICS_MAX);
    assert_eq!(refused(&full, "owner"), Some(Reason::TopicsFull));
    let off = profile(GroupProfileChange {
        supports_topics: Some(false),
        ..GroupProfileChange::default()
    });
    assert_eq!(full.when(off).err(), Some(Reason::TopicsRemain));
    let public = of_type(GroupType::Public);
    assert_eq!(refused(&public, "owner"), Some(Reason::GroupTypeForbids));
}

#[test]
fn what_is_over_the_cap_is_dropped_after_everything_that_refuses_it() {
    let say = |random| SendGroup {
        topic_id: None,
        group_id: group(GROUP),
        from: user("kim"),
        content: Content::text("hello"),
        random,
        priority: 2,
        mentions: Vec::new(),
        targets: Vec::new(),
        online_only: false,
        wants_receipts: false,
        live: false,
        per_second: std::num::NonZeroU32::new(40),
    };
    let given = || {
        of_type(GroupType::Public)
            .message("group:g", 1, "kim")
            .full()
    };
    let reply = |given: &Given, random| given.when(say(random)).map(|decision| decision.reply);
    assert_eq!(reply(&given(), 2), Ok(Reply::Dropped { at: NOW }));
    let again = reply(&given(), 1);
    assert!(
        matches!(
            again,
            Ok(Reply::Sent {
                duplicate: true,
                ..
            })
        ),
        "{again:?}"
    );
    let muted = given().muted(GROUP, "kim", Timestamp::FOREVER);
    assert_eq!(reply(&muted, 2), Err(Reason::MutedInGroup));
    let free = SendGroup {
        per_second: None,
        ..say(2)
    };
    let sent = given().when(free).expect("no cap").reply;
    assert!(matches!(sent, Reply::Sent { .. }), "{sent:?}");
}

#[test]
fn an_app_has_less_room_in_its_groups_but_not_in_communities() {
    let of_app = hansard_events::app::GroupLimits {
        members: 200,
        ..hansard_events::app::GroupLimits::default()
    };
    let room = |group_type, asked| {
        let given = Given::default().accounts(&["owner"]);
        let given = given
            .own_app(&["administrator"], Vec::new())
            .group_limits(of_app);
        let command = CreateGroup {
            group_id: group("new"),
            group_type,
            owner: None,
            profile: GroupProfileChange {
                name: Some("n".to_owned()),
                max_members: asked,
                ..GroupProfileChange::default()
            },
            members: Vec::new(),
            created_at: None,
        };
        let decision = given.when(command).expect("it is made");
        match &decision.events[..] {
            [Event::Group(GroupEvent::Created(event))] => event.max_members,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(room(GroupType::Public, None), 200);
    assert_eq!(room(GroupType::Work, Some(100)), 100);
    assert_eq!(room(GroupType::Meeting, Some(6000)), 200);
    assert_eq!(
        room(GroupType::Community, None),
        limits::COMMUNITY_MEMBERS_MAX
    );
}
