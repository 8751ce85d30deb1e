use hansard_types::{AppId, LogId, Timestamp};

use proptest::prelude::*;

use super::*;
use crate::{CATALOGUE, chain};

fn log() -> LogId {
    LogId::new(AppId(1_400_000_001), 0)
}

fn provenance() -> Provenance {
    Provenance {
        actor: "administrator".to_owned(),
        correlation: Some("request-1".to_owned()),
        causation: Some(EventId::from_u128(7)),
    }
}

fn encoded(event: &Event) -> (RawEvent, Envelope) {
    encoded_by(event, provenance())
}

fn encoded_by(event: &Event, provenance: Provenance) -> (RawEvent, Envelope) {
    let identity = Identity {
        id: EventId::from_u128(1),
        salt: [7; 16],
    };
    let time = Timestamp(1_794_000_000_123);
    let genesis = chain::genesis(log());
    encode(event, identity, log(), time, provenance, &genesis).expect("samples encode")
}

/// Another event, of the parts of this one.
fn with<'a>(
    event: &'a RawEvent,
    headers: impl Fn(&'a str, &'a str) -> Option<&'a str>,
    body: &[u8],
) -> RawEvent {
    let headers = event
        .headers()
        .filter_map(|(name, value)| Some((name, headers(name, value)?)));
    let headers: Vec<(&str, &str)> = headers.collect();
    RawEvent::new(event.subject(), headers.into_iter(), body)
}

fn with_header(event: &RawEvent, changed: &str, value: &str) -> RawEvent {
    let value = |name: &str, held| Some(if name == changed { value } else { held });
    with(event, value, event.body())
}

fn without_header(event: &RawEvent, gone: &str) -> RawEvent {
    with(
        event,
        |name, held| Some(held).filter(|_| name != gone),
        event.body(),
    )
}

fn with_body(event: &RawEvent, body: &[u8]) -> RawEvent {
    with(event, |_, held| Some(held), body)
}

#[test]
fn every_sample_survives_being_written_and_read() {
    for row in CATALOGUE {
        let event = (row.sample)();
        let (raw, envelope) = encoded(&event);
        let recorded = decode(9, &raw).expect("what we wrote reads back");
        assert_eq!(
            recorded,
            Recorded {
                sequence: 9,
                envelope,
                event: Some(event),
                erased: false,
            },
            "{}",
            row.name
        );
    }
}

#[test]
fn a_changed_byte_changes_the_chain() {
    let (raw, envelope) = encoded(&(CATALOGUE[0].sample)());
    let genesis = chain::genesis(log());
    assert_eq!(chain::next(&genesis, &raw), Some(envelope.chain));
    let mut body = raw.body().to_vec();
    *body.last_mut().expect("a body") ^= 1;
    let other_body = with_body(&raw, &body);
    let other_actor = with_header(&raw, header::ACTOR, "administratorx");
    let other_salt = with_header(&raw, header::SALT, &chain::to_hex(&[8; 16]));
    for changed in [other_body, other_actor, other_salt] {
        let value = chain::next(&genesis, &changed).expect("it has a salt");
        assert_ne!(value, envelope.chain);
    }
}

#[test]
fn an_erased_event_keeps_its_identity_and_its_place_in_the_chain() {
    let (raw, envelope) = encoded(&(CATALOGUE[0].sample)());
    let erased = raw.erased().expect("it has a salt");
    assert!(erased.body().is_empty());
    assert_eq!(erased.header(header::SALT), None);
    let genesis = chain::genesis(log());
    assert_eq!(chain::next(&genesis, &erased), Some(envelope.chain));
    assert_eq!(erased.erased().as_ref(), Some(&erased), "erased once");
    let recorded = decode(9, &erased).expect("its identity reads");
    assert_eq!((recorded.event, recorded.erased), (None, true));
    assert_eq!(recorded.envelope, envelope);
}

#[test]
fn what_holds_neither_a_body_nor_a_commitment_has_no_place_in_the_chain() {
    let (raw, _) = encoded(&(CATALOGUE[0].sample)());
    let erased = raw.erased().expect("it has a salt");
    let neither = without_header(&raw, header::SALT);
    let headers = raw.headers().chain(erased.headers());
    let both = RawEvent::new(raw.subject(), headers, raw.body());
    let erased_with_body = with_body(&erased, raw.body());
    for odd in [neither, both, erased_with_body] {
        assert_eq!(chain::next(&chain::genesis(log()), &odd), None);
    }
}

proptest! {
    /// Clients trim the values of headers, and some take only a part of ASCII: whatever a user
    /// chose is written in letters that nobody changes.
    #[test]
    fn any_provenance_is_written_in_letters_that_survive(
        actor in any::<String>(),
        correlation in any::<Option<String>>(),
    ) {
        let given = Provenance { actor, correlation, causation: None };
        let (raw, envelope) = encoded_by(&(CATALOGUE[0].sample)(), given.clone());
        prop_assert_eq!(&envelope.provenance, &given);
        for (_, value) in raw.headers() {
            prop_assert!(value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'));
        }
        let recorded = decode(1, &raw).expect("what we wrote reads back");
        prop_assert_eq!(recorded.envelope.provenance, given);
    }
}

#[test]
fn an_unknown_event_and_a_newer_version_are_read_without_their_body() {
    let (raw, _) = encoded(&(CATALOGUE[0].sample)());
    for (header, value) in [(header::TYPE, "message.pinned"), (header::SCHEMA, "99")] {
        let newer = with_header(&raw, header, value);
        let recorded = decode(1, &newer).expect("unknown is no error");
        assert_eq!(recorded.event, None);
    }
}

#[test]
fn bytes_behind_the_body_are_refused() {
    let (raw, _) = encoded(&(CATALOGUE[0].sample)());
    let longer = with_body(&raw, &[raw.body(), &[0xc0]].concat());
    assert!(matches!(
        decode(1, &longer),
        Err(CodecError::TrailingBytes(1))
    ));
}

#[test]
fn a_missing_or_malformed_header_is_named() {
    let (raw, _) = encoded(&(CATALOGUE[0].sample)());
    for name in [
        header::ID,
        header::TYPE,
        header::SOURCE,
        header::TIME,
        header::CHAIN,
    ] {
        let without = without_header(&raw, name);
        assert!(
            matches!(decode(1, &without), Err(CodecError::HeaderMissing(missing)) if missing == name)
        );
    }
    let malformed = with_header(&raw, header::TIME, "yesterday");
    assert!(matches!(
        decode(1, &malformed),
        Err(CodecError::HeaderMalformed(header::TIME))
    ));
}

#[test]
fn a_body_from_a_newer_release_with_more_fields_is_read() {
    let mut map = json_of_body(&to_bytes(&serde_json::json!({"user_id": "bob"})).expect("encodes"))
        .expect("reads as JSON");
    map["favourite_colour"] = "green".into();
    let bytes = to_bytes(&map).expect("encodes");
    let account: crate::account::AccountImported = from_bytes(&bytes).expect("extra is ignored");
    assert_eq!(account.user_id.as_str(), "bob");
}
