use hansard_events::app::{FieldType, Party};

use super::*;
use crate::Command;
use crate::testing::Given;

fn field(name: &str, field_type: FieldType) -> CustomField {
    CustomField {
        name: name.to_owned(),
        field_type,
        readers: vec![Party::Admin],
        writers: vec![Party::Admin],
    }
}

fn declare(before: Vec<CustomField>, new: Vec<CustomField>) -> Result<usize, Reason> {
    let command = Command::ChangeAppSettings(ChangeAppSettings {
        profile_fields: Some(new),
        ..ChangeAppSettings::none(AppId(7))
    });
    let decided = Given::default().own_app(&[], before).when(command);
    decided.map(|decision| decision.events.len())
}

#[test]
fn a_field_is_declared_with_a_short_name_of_letters() {
    let text = |name: &str| vec![field(name, FieldType::Text)];
    assert_eq!(declare(Vec::new(), text("Team")), Ok(1));
    assert_eq!(declare(Vec::new(), text("Eightlet")), Ok(1));
    for name in ["", "Nineletrs", "Team1", "a b", "팀"] {
        let refused = declare(Vec::new(), text(name));
        assert_eq!(refused, Err(Reason::FieldNameInvalid), "{name}");
    }
    let twice = vec![
        field("Team", FieldType::Text),
        field("Team", FieldType::Bytes),
    ];
    assert_eq!(declare(Vec::new(), twice), Err(Reason::FieldNameInvalid));
}

#[test]
fn twenty_fields_are_taken_and_one_more_is_refused() {
    let fields = |count: u8| {
        (0..count)
            .map(|n| field(&char::from(b'a' + n).to_string(), FieldType::Text))
            .collect::<Vec<_>>()
    };
    assert_eq!(declare(Vec::new(), fields(20)), Ok(1));
    assert_eq!(declare(Vec::new(), fields(21)), Err(Reason::FieldsFull));
}

#[test]
fn a_declared_field_keeps_its_name_and_type_and_may_change_its_rights() {
    let before = vec![field("Team", FieldType::Text)];
    assert_eq!(declare(before.clone(), before.clone()), Ok(0));
    let gone = declare(before.clone(), Vec::new());
    assert_eq!(gone, Err(Reason::FieldStays));
    let retyped = declare(before.clone(), vec![field("Team", FieldType::Bytes)]);
    assert_eq!(retyped, Err(Reason::FieldStays));
    let open = CustomField {
        readers: vec![Party::App, Party::Admin],
        ..field("Team", FieldType::Text)
    };
    assert_eq!(declare(before, vec![open]), Ok(1));
}
