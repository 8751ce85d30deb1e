use hansard_types::{AppId, LogId, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::{CATALOGUE, EventId, Identity, Provenance, encode};

fn events() -> impl Iterator<Item = RawEvent> {
    let log = LogId::new(AppId(7), 0);
    CATALOGUE.iter().map(move |row| {
        let identity = Identity {
            id: EventId::from_u128(1),
            salt: [7; 16],
        };
        let provenance = Provenance {
            actor: "x".repeat(200),
            correlation: Some("번".to_owned()),
            causation: None,
        };
        let (time, event) = (Timestamp(1_794_000_000_123), (row.sample)());
        let encoded = encode(&event, identity, log, time, provenance, &[9; 32]);
        encoded.expect("samples encode").0
    })
}

/// What is written piece by piece is what the parts make.
#[test]
fn an_event_reads_back_with_its_headers_in_order() {
    for event in events() {
        assert_eq!(RawEvent::read(event.bytes()).as_ref(), Some(&event));
        let view = EventRef::parse(event.bytes()).expect("reads");
        assert_eq!(view.header("CE-ID"), event.header(header::ID));
        assert_eq!(view.header("none"), None);
        let parts = RawEvent::new(view.subject, view.headers(), view.body);
        assert_eq!(parts, event);
    }
}

#[test]
fn names_that_are_known_are_not_written() {
    for event in events() {
        let text = String::from_utf8_lossy(event.bytes()).into_owned();
        for (name, _) in event.headers() {
            assert!(!text.contains(name), "{name}");
        }
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
        assert_eq!(number_bytes(number), bytes.len(), "{number}");
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
    (any::<String>(), headers, body).prop_map(|(subject, headers, body)| {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        RawEvent::new(&subject, headers, &body)
    })
}

proptest! {
    #[test]
    fn any_event_reads_back(event in any_event()) {
        prop_assert_eq!(RawEvent::read(event.bytes()), Some(event.clone()));
        let again = RawEvent::new(event.subject(), event.headers(), event.body());
        prop_assert_eq!(again, event);
    }

    #[test]
    fn bytes_that_are_no_event_are_none_and_nothing_worse(
        event in any_event(),
        flips in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6),
        cut in any::<usize>(),
    ) {
        let mut bytes = event.bytes().to_vec();
        let length = bytes.len();
        for (at, value) in flips {
            bytes[at % length] ^= value;
        }
        bytes.truncate(cut % (length + 1));
        if let Some(read) = RawEvent::read(&bytes) {
            // Other bytes of the same meaning are none of this reader's business: whoever holds
            // them has a checksum.
            let again = RawEvent::new(read.subject(), read.headers(), read.body());
            prop_assert!(again.headers().eq(read.headers()));
            prop_assert_eq!((again.subject(), again.body()), (read.subject(), read.body()));
        }
    }
}
