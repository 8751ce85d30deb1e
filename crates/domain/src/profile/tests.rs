use hansard_events::Event;
use hansard_events::app::FieldType;
use hansard_types::profile::{ALLOW_TYPE, NICK, STANDARD_FIELDS};

use super::*;
use crate::testing::{Given, user};

fn text(words: &str) -> ProfileValue {
    ProfileValue::Text(words.to_owned())
}

fn given() -> Given {
    let field = |name: &str, writers: &[Party]| CustomField {
        name: name.to_owned(),
        field_type: FieldType::Text,
        readers: Vec::new(),
        writers: writers.to_vec(),
    };
    let fields = vec![field("Team", &[Party::Admin]), field("Mood", &[Party::App])];
    Given::default().accounts(&["ann"]).own_app(&[], fields)
}

fn change(by: Party, fields: &[(&str, ProfileValue)]) -> Result<Decision, Reason> {
    change_of(&given(), by, fields)
}

fn change_of(
    given: &Given,
    by: Party,
    fields: &[(&str, ProfileValue)],
) -> Result<Decision, Reason> {
    let command = ChangeProfile {
        user_id: user("ann"),
        fields: fields
            .iter()
            .map(|(tag, value)| ((*tag).to_owned(), value.clone()))
            .collect(),
    };
    match by {
        Party::Admin => given.when(command),
        Party::App => given.when_own("ann", command),
    }
}

#[test]
fn every_standard_tag_keeps_its_rule() {
    for (tag, rule) in STANDARD_FIELDS {
        let set = |value| change(Party::Admin, &[(tag, value)]).map(|it| it.events.len());
        match rule {
            FieldRule::Number => {
                assert_eq!(set(ProfileValue::Number(u32::MAX)), Ok(1), "{tag}");
                assert_eq!(set(text("7")), Err(Reason::ProfileTypeDiffers), "{tag}");
            }
            FieldRule::Text { bytes_max } => {
                assert_eq!(set(text(&"x".repeat(*bytes_max))), Ok(1), "{tag}");
                let long = text(&"x".repeat(bytes_max + 1));
                assert_eq!(set(long), Err(Reason::ProfileValueTooLong), "{tag}");
                let number = ProfileValue::Number(7);
                assert_eq!(set(number), Err(Reason::ProfileTypeDiffers), "{tag}");
            }
            FieldRule::OneOf(allowed) => {
                for value in *allowed {
                    assert_eq!(set(text(value)), Ok(1), "{tag} {value}");
                }
                let other = text("Other");
                assert_eq!(set(other), Err(Reason::ProfileValueNotAllowed), "{tag}");
                let number = ProfileValue::Number(7);
                assert_eq!(set(number), Err(Reason::ProfileTypeDiffers), "{tag}");
            }
        }
    }
}

#[test]
fn custom_fields_are_declared_and_say_who_writes_them() {
    let table = [
        (Party::Admin, "Tag_Profile_Custom_Team", None),
        (
            Party::App,
            "Tag_Profile_Custom_Team",
            Some(Reason::ProfileReadOnly),
        ),
        (
            Party::Admin,
            "Tag_Profile_Custom_Mood",
            Some(Reason::ProfileReadOnly),
        ),
        (Party::App, "Tag_Profile_Custom_Mood", None),
        (
            Party::Admin,
            "Tag_Profile_Custom_team",
            Some(Reason::ProfileTagUnknown),
        ),
        (
            Party::Admin,
            "Tag_Profile_IM_Age",
            Some(Reason::ProfileTagUnknown),
        ),
        (Party::Admin, "", Some(Reason::ProfileTagUnknown)),
    ];
    for (by, tag, refused) in table {
        let outcome = change(by, &[(tag, text("blue"))]);
        assert_eq!(outcome.err(), refused, "{by:?} {tag}");
    }
    let team = "Tag_Profile_Custom_Team";
    let long = |bytes| text(&"x".repeat(bytes));
    assert!(change(Party::Admin, &[(team, long(500))]).is_ok());
    assert_eq!(
        change(Party::Admin, &[(team, long(501))]),
        Err(Reason::ProfileValueTooLong)
    );
    assert_eq!(
        change(Party::Admin, &[(team, ProfileValue::Number(1))]),
        Err(Reason::ProfileTypeDiffers)
    );
    let forbid = text("AdminForbid_Type_None");
    assert_eq!(
        change(Party::App, &[(ADMIN_FORBID_TYPE, forbid)]),
        Err(Reason::ProfileReadOnly)
    );
}

#[test]
fn the_event_names_exactly_what_changed_and_one_refusal_refuses_all() {
    let given = given().profile("ann", NICK, text("Ann"));
    let same = change_of(&given, Party::Admin, &[(NICK, text("Ann"))]).expect("taken");
    assert_eq!(same.events, []);
    let fields = [
        (NICK, text("Ann")),
        (ALLOW_TYPE, text("AllowType_Type_DenyAny")),
        (ALLOW_TYPE, text("AllowType_Type_AllowAny")),
    ];
    let decision = change_of(&given, Party::Admin, &fields).expect("taken");
    let expected = AccountProfileChanged {
        user_id: user("ann"),
        fields: BTreeMap::from([(ALLOW_TYPE.to_owned(), text("AllowType_Type_AllowAny"))]),
    };
    assert_eq!(decision.events, [Event::from(expected)]);
    let half = [(NICK, text("Anna")), (ALLOW_TYPE, text("perhaps"))];
    assert_eq!(
        change_of(&given, Party::Admin, &half),
        Err(Reason::ProfileValueNotAllowed)
    );
    let nobody = Given::default();
    assert_eq!(
        change_of(&nobody, Party::Admin, &fields),
        Err(Reason::AccountUnknown)
    );
}
