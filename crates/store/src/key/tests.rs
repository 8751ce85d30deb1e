use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::KeyRange;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    U16(u16),
    U32(u32),
    U64(u64),
    Text(String),
    Conversation(ConversationId),
}

/// Few different characters, so that texts are often beginnings of each other.
fn text(bytes: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    vec(prop_oneof![Just(' '), Just('a'), Just('~')], bytes).prop_map(String::from_iter)
}

fn user() -> impl Strategy<Value = UserId> {
    text(1..4).prop_map(|id| UserId::new(&id).expect("printable and short"))
}

fn conversation() -> impl Strategy<Value = ConversationId> {
    let group = text(1..4).prop_map(|id| GroupId::new(&id).expect("printable and short"));
    prop_oneof![
        (user(), user()).prop_map(|(one, other)| ConversationId::c2c(&one, &other)),
        group.prop_map(ConversationId::Group),
    ]
}

/// Two values of one kind of part.
fn two_parts() -> impl Strategy<Value = (Part, Part)> {
    fn both<V: Strategy + Clone>(
        value: V,
        part: fn(V::Value) -> Part,
    ) -> impl Strategy<Value = (Part, Part)> {
        (value.clone(), value).prop_map(move |(one, other)| (part(one), part(other)))
    }
    let equal = |(one, _): (Part, Part)| (one.clone(), one);
    let any_two = prop_oneof![
        both(any::<u16>(), Part::U16),
        both(any::<u32>(), Part::U32),
        both(any::<u64>(), Part::U64),
        both(text(0..4).boxed(), Part::Text),
        both(conversation().boxed(), Part::Conversation),
    ]
    .boxed();
    prop_oneof![any_two.clone().prop_map(equal), any_two]
}

fn log(app: u32) -> LogId {
    LogId::new(AppId(app), 0)
}

fn key(app: u32, parts: &[Part]) -> Vec<u8> {
    let mut key = Key::of(log(app));
    for part in parts {
        key = match part {
            Part::U16(number) => key.u16(*number),
            Part::U32(number) => key.u32(*number),
            Part::U64(number) => key.u64(*number),
            Part::Text(text) => key.text(text),
            Part::Conversation(conversation) => key.conversation(conversation),
        };
    }
    key.bytes()
}

proptest! {
    #[test]
    fn keys_of_one_shape_are_ordered_as_their_values(
        apps in (0_u32..3, 0_u32..3),
        pairs in vec(two_parts(), 0..4),
    ) {
        let (ones, others): (Vec<Part>, Vec<Part>) = pairs.into_iter().unzip();
        let by_value = (apps.0, &ones).cmp(&(apps.1, &others));
        prop_assert_eq!(key(apps.0, &ones).cmp(&key(apps.1, &others)), by_value);
    }

    #[test]
    fn a_key_comes_apart_into_what_it_was_made_of(
        app in any::<u32>(),
        pairs in vec(two_parts(), 0..4),
    ) {
        let parts: Vec<Part> = pairs.into_iter().map(|(one, _)| one).collect();
        let bytes = key(app, &parts);
        let mut rest = Parts::of(&bytes);
        prop_assert_eq!(rest.log(), Some(log(app)));
        for part in &parts {
            let taken = match part {
                Part::U16(_) => rest.u16().map(Part::U16),
                Part::U32(_) => rest.u32().map(Part::U32),
                Part::U64(_) => rest.u64().map(Part::U64),
                Part::Text(_) => rest.text().map(|text| Part::Text(text.to_owned())),
                Part::Conversation(_) => rest.conversation().map(Part::Conversation),
            };
            prop_assert_eq!(taken.as_ref(), Some(part));
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn taking_parts_of_any_bytes_is_an_answer_and_no_panic(
        bytes in vec(any::<u8>(), 0..12),
    ) {
        let parts = || Parts::of(&bytes);
        prop_assert_eq!(parts().u16().is_some(), bytes.len() >= 2);
        prop_assert_eq!(parts().u32().is_some(), bytes.len() >= 4);
        prop_assert_eq!(parts().u64().is_some(), bytes.len() >= 8);
        let text = parts().text().map(str::len);
        prop_assert!(text.is_none_or(|length| bytes[length] == 0));
        prop_assert!(parts().conversation().is_none() || bytes.len() >= 3);
    }
}

#[test]
fn the_keys_of_one_user_are_not_those_of_a_user_with_a_longer_name() {
    let of = |user: &str| Key::of(log(1)).text(user);
    let range = KeyRange::prefix(&of("bob").bytes());
    assert!(range.contains(&of("bob").u64(u64::MAX).bytes()));
    assert!(!range.contains(&of("bobby").u64(1).bytes()));
    assert!(!range.contains(&of("bo").u64(1).bytes()));
}

#[test]
fn the_bytes_of_a_key_stay_what_they_are() {
    let user = |id| UserId::new(id).expect("valid");
    let pair = ConversationId::c2c(&user("b"), &user("a"));
    let bytes = Key::of(LogId::new(AppId(0x0102_0304), 0x0506))
        .conversation(&pair)
        .u16(5)
        .u32(6)
        .u64(7)
        .bytes();
    assert_eq!(
        bytes,
        *b"\x01\x02\x03\x04\x05\x06ca\0b\0\0\x05\0\0\0\x06\0\0\0\0\0\0\0\x07"
    );
    let group = ConversationId::Group(GroupId::new("@TGS#1").expect("valid"));
    assert_eq!(
        Key::of(log(1)).conversation(&group).bytes(),
        *b"\0\0\0\x01\0\0g@TGS#1\0"
    );
}
