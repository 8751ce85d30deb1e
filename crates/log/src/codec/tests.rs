use hansard_types::{AppId, LogId};
use proptest::prelude::*;

use super::*;
use crate::conformance::events;

fn encoded(event: &RawEvent) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_event(event, &mut bytes);
    bytes
}

#[test]
fn an_event_reads_back_with_its_headers_in_order() {
    for stored in events(LogId::new(AppId(7), 0), 3) {
        let bytes = encoded(&stored.event);
        assert_eq!(decode_event(&bytes).as_ref(), Some(&stored.event));
        let view = EventRef::parse(&bytes).expect("reads");
        assert_eq!(view.subject, stored.event.subject);
        assert_eq!(view.body, stored.event.body);
        assert_eq!(view.header("CE-ID"), stored.event.header(header::ID));
        assert_eq!(view.header("none"), None);
        let pairs: Vec<(&str, &str)> = view.headers().collect();
        let written = stored.event.headers.iter();
        let written: Vec<(&str, &str)> = written.map(|(k, v)| (&**k, &**v)).collect();
        assert_eq!(pairs, written);
    }
}

#[test]
fn names_that_are_known_are_neither_written_nor_copied() {
    let event = events(LogId::new(AppId(7), 0), 1).remove(0).event;
    let bytes = encoded(&event);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    for (name, _) in &event.headers {
        assert!(!text.contains(&**name), "{name}");
    }
    let read = decode_event(&bytes).expect("reads");
    for (name, _) in read.headers {
        assert!(matches!(name, Cow::Borrowed(_)), "{name}");
    }
}

#[test]
fn the_codes_on_disk_stay_what_they_are() {
    let code = |name| code_of(name, 0).expect("known");
    assert_eq!((code(header::ID), code(header::CHAIN)), (1, 13));
    for (place, name) in KNOWN.iter().enumerate() {
        assert_eq!(usize::from(code(name)), place + 1, "{name} is listed once");
    }
}

#[test]
fn numbers_take_as_many_bytes_as_they_need_and_are_bounded() {
    for number in [0, 1, 127, 128, 16_383, 16_384, u32::MAX as usize] {
        let mut bytes = Vec::new();
        push_number(number, &mut bytes);
        let mut rest = bytes.as_slice();
        assert_eq!(take_number(&mut rest), Some(number));
        assert!(rest.is_empty(), "{number}");
    }
    for not_one in [
        &[][..],
        &[0x80],
        &[0xff; 5],
        &[0xff, 0xff, 0xff, 0xff, 0x1f],
    ] {
        assert_eq!(take_number(&mut &*not_one), None, "{not_one:?}");
    }
}

fn any_event() -> impl Strategy<Value = RawEvent> {
    let known = proptest::sample::select(KNOWN.to_vec()).prop_map(str::to_owned);
    let name = prop_oneof![known, any::<String>()];
    let headers = proptest::collection::vec((name, any::<String>()), 0..14);
    let body = proptest::collection::vec(any::<u8>(), 0..400);
    (any::<String>(), headers, body).prop_map(|(subject, headers, body)| RawEvent {
        subject,
        headers: headers
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect(),
        body,
    })
}

proptest! {
    #[test]
    fn any_event_reads_back(event in any_event()) {
        let bytes = encoded(&event);
        prop_assert_eq!(decode_event(&bytes), Some(event));
    }

    #[test]
    fn bytes_that_are_no_event_are_none_and_nothing_worse(
        event in any_event(),
        flips in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6),
        cut in any::<usize>(),
    ) {
        let mut bytes = encoded(&event);
        let length = bytes.len();
        for (at, value) in flips {
            bytes[at % length] ^= value;
        }
        bytes.truncate(cut % (length + 1));
        if let Some(read) = decode_event(&bytes) {
            // Other bytes of the same meaning are none of this reader's business: whoever holds
            // them has a checksum.
            let again = encoded(&read);
            prop_assert_eq!(decode_event(&again), Some(read));
        }
    }
}
