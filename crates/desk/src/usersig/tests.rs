use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::{APP, SECRET, mac_of, pack, pack_bytes, pack_text, sign};

const NOW: Timestamp = Timestamp(1_794_000_000_000);

fn valid() -> String {
    sign(APP, SECRET, "administrator", NOW.seconds() - 10, 3600)
}

fn verify(signature: &str) -> Result<Verified, SignatureFault> {
    verify_as(signature, Some("administrator"), APP, Some(SECRET))
}

fn verify_as(
    signature: &str,
    identifier: Option<&str>,
    app: AppId,
    secret: Option<&str>,
) -> Result<Verified, SignatureFault> {
    Verifier::default().verify(
        Claim {
            app,
            identifier,
            signature,
        },
        secret,
        NOW,
    )
}

#[test]
fn a_signature_of_the_generators_holds() {
    let verified = verify(&valid()).expect("it holds");
    assert_eq!(&*verified.identifier, "administrator");
    assert_eq!(verified.expires_at_seconds, NOW.seconds() + 3590);
}

#[test]
fn the_identifier_comes_from_inside_when_none_is_claimed() {
    let verified = verify_as(&valid(), None, APP, Some(SECRET)).expect("it holds");
    assert_eq!(&*verified.identifier, "administrator");
}

#[test]
fn the_standard_alphabet_and_a_space_for_plus_hold_too() {
    let standard = valid()
        .replace('*', "+")
        .replace('-', "/")
        .replace('_', "=");
    verify(&standard).expect("the standard alphabet");
    verify(&standard.replace('+', " ")).expect("an unescaped plus in a query");
    verify(standard.trim_end_matches('=')).expect("without padding");
}

#[test]
fn a_userbuf_is_part_of_what_is_signed() {
    let time = NOW.seconds();
    let text = format!(
        "TLS.identifier:a\nTLS.sdkappid:{APP}\nTLS.time:{time}\nTLS.expire:60\n\
         TLS.userbuf:YWJj\n"
    );
    let mut json = json!({
        "TLS.identifier": "a", "TLS.sdkappid": APP.0, "TLS.expire": 60, "TLS.time": time,
        "TLS.userbuf": "YWJj", "TLS.sig": mac_of(&text, SECRET),
    });
    verify_as(&pack(&json), Some("a"), APP, Some(SECRET)).expect("it holds");
    json["TLS.userbuf"] = "YWJk".into();
    let fault = verify_as(&pack(&json), Some("a"), APP, Some(SECRET));
    assert_eq!(fault, Err(SignatureFault::KeyDiffers));
}

#[test]
fn each_fault_is_told_apart() {
    let other = AppId(1_400_000_002);
    let expired = sign(APP, SECRET, "administrator", NOW.seconds() - 60, 60);
    let half = &valid()[..valid().len() / 2];
    let table = [
        (verify(""), SignatureFault::Empty),
        (verify(half), SignatureFault::Truncated),
        (verify("!!!!"), SignatureFault::Malformed),
        (
            verify(&pack(&json!({"TLS.ver": "2.0"}))),
            SignatureFault::Malformed,
        ),
        (verify(&pack(&json!([1, 2]))), SignatureFault::Malformed),
        (
            verify(&valid().replace('_', "__")),
            SignatureFault::Malformed,
        ),
        (
            verify_as(&valid(), None, APP, Some("another key")),
            SignatureFault::KeyDiffers,
        ),
        (
            verify_as(&valid(), Some("bob"), APP, Some(SECRET)),
            SignatureFault::IdentifierDiffers,
        ),
        (
            verify_as(&valid(), Some("administrator"), other, Some(SECRET)),
            SignatureFault::AppDiffers,
        ),
        (
            verify_as(&valid(), Some("administrator"), other, None),
            SignatureFault::AppUnknown,
        ),
        (verify(&expired), SignatureFault::Expired),
    ];
    for (index, (result, fault)) in table.into_iter().enumerate() {
        assert_eq!(result, Err(fault), "row {index}");
    }
}

#[test]
fn a_signature_that_inflates_without_end_is_malformed() {
    let bomb = pack_bytes(&vec![b' '; 2_000_000], 9);
    assert!(
        bomb.len() < SIGNATURE_BYTES_MAX,
        "the bomb is small: {}",
        bomb.len()
    );
    assert_eq!(verify(&bomb), Err(SignatureFault::Malformed));
    assert_eq!(
        verify(&"A".repeat(SIGNATURE_BYTES_MAX + 1)),
        Err(SignatureFault::Malformed)
    );
}

#[test]
fn an_endless_validity_does_not_overflow() {
    let signature = sign(APP, SECRET, "administrator", u64::MAX, u64::MAX);
    assert_eq!(
        verify(&signature).map(|one| one.expires_at_seconds),
        Ok(u64::MAX)
    );
}

#[test]
fn a_remembered_signature_still_expires_and_forgets_a_changed_secret() {
    let verifier = Verifier::default();
    let signature = valid();
    let claim = Claim {
        app: APP,
        identifier: Some("administrator"),
        signature: &signature,
    };
    verifier.verify(claim, Some(SECRET), NOW).expect("it holds");
    verifier
        .verify(claim, Some(SECRET), NOW)
        .expect("from memory");
    let later = Timestamp::from_seconds(NOW.seconds() + 3590);
    assert_eq!(
        verifier.verify(claim, Some(SECRET), later),
        Err(SignatureFault::Expired)
    );
    assert_eq!(
        verifier.verify(claim, Some("new"), NOW),
        Err(SignatureFault::KeyDiffers)
    );
    let as_bob = Claim {
        identifier: Some("bob"),
        ..claim
    };
    let differs = verifier.verify(as_bob, Some(SECRET), NOW);
    assert_eq!(differs, Err(SignatureFault::IdentifierDiffers));
}

#[test]
fn what_is_remembered_is_bounded() {
    let verifier = Verifier::default();
    for number in 0..=REMEMBERED_MAX {
        let user = format!("user{number}");
        let signature = sign(APP, SECRET, &user, NOW.seconds(), 60);
        let claim = Claim {
            app: APP,
            identifier: Some(&user),
            signature: &signature,
        };
        verifier.verify(claim, Some(SECRET), NOW).expect("it holds");
    }
    assert_eq!(
        verifier.held.read().len(),
        1,
        "it was emptied when it was full"
    );
}

/// What published generators print for the administrator, [`NOW`] less ten seconds and an hour, byte
/// for byte.
const PUBLISHED: [(&str, &str); 6] = [
    (
        "Python, tls-sig-api-v2 1.1",
        "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkElNyM-Myi0uKEkvyi2BKilOyEwsKMlOACgxNDCDAECqXWlGQWZQKlDE2MzCAipVk5oJEDM0tjS1BACZenJkOsiPPKdHbOd0r26-YMtzX08fV1zzXNNDTvbzSyCsxw9Ql3TkkydU0KNC71LvYVqkWABcHNPs_",
    ),
    (
        "Python, tls-sig-api-v2 1.1, with a userbuf",
        "eJw9jdEKgjAYRl9FdmvI1EgNuohAwzICjehytk1*QlvblCx69zS17-KcA98bZfvUaphESwM5FkYz40eAskoDh0EQWkIFSkui73JKFL0RIYB2gT3Hw*zRsacAyTrjLjAemYayJ7YXuEG-ideKybzm-c*1DJo8Xbv-Cyh6rOxdzLzNIQujhMTB0Wy3Pj0R-xGKMxAzKQh-tdgpIn5Zoc8XBaE8*Q__",
    ),
    (
        "Node, tls-sig-api-v2 1.0.2",
        "eJwtil0LgjAYRv-Lex2yaSYOuskkdBpYQteLrfUimmzri*i-R85z95zzfKCtjsFDGWAQBgQW00apBocXnLSQPQ5onRHuZuaDlZ0YR5TA6JJ4qC8OewWMJmmU-iHeqteIRgGLVmQ2FjUwGDaCZ7rs9jY91UWV10kfN8Xu*Q5LcY23OmvPeXxo*J3bNXx-itwzmw__",
    ),
    (
        "Rust, tls_sig_api 0.1.1, in standard base64",
        "eJwtjF0LgjAYhf/Lex0yNROFbjIJvwJL6HqxZS+yNbb1RfTfM+e5e55zOB/o6qP34BpSCDwCi4mRcWnxgpOmTKBEYzW1Nz0PDBuoUsgg9ZfExXcNfynUHNJwRYgzFsXIfpyEyT+zNdiP33JDq6wvh71JTk1R500sorbYPd9BSa/Rts+6cx4d2upemTV8f5bMM5s=",
    ),
    (
        "Rust, tls_sig_api 0.1.1, with a userbuf",
        "eJw1jNEKgjAYhd9lt4VsGumELiLQsIxAI7qcbZOf0NY2JYvePVM7d+c7h++N8n3mtEKjELkORvOhAxe1BQkDZryCGozVzN71dDD8xpQCjkKywGPIuIinAi1Q6C0xHomFqu/Epx79ZaKNEbpoZO+/VrQtsrX3V0PZQ0N2ifA3hzyKU5bQ46zbBvzEgkekzsBmacnkq8NuGcvLCn2++6Y7WQ==",
    ),
    (
        "Java, as the published class does it: a hash map's order, java.util.zip",
        "eJyrVgrxCdZLrSjILEpVsjI2MzDQAYuUpRYpWSkZ6RkoQfjFKdmJBQWZKUpWhiYGEGAIkclMSc0ryUzLBGtITMnNzMssLilKLMkvgmnNTAfK5Dklejune2X7FVuG*3r6uPqa55oGerqXVxp5JWaYuqQ7hyS5mgYFepd6F9tCNZZk5gLdZGhuaWwJAga1AHdzM5s_",
    ),
];

#[test]
fn what_the_published_generators_print_holds() {
    for (generator, signature) in PUBLISHED {
        let verified = verify(signature).unwrap_or_else(|fault| panic!("{generator}: {fault}"));
        let issued = NOW.seconds() - 10;
        let expected = Verified {
            identifier: "administrator".into(),
            issued_at_seconds: issued,
            expires_at_seconds: issued + 3600,
        };
        assert_eq!(verified, expected, "{generator}");
    }
}

/// The JSON of a signature, before it is compressed.
fn text_of(signature: &str) -> String {
    let json = inflate(&decode_base64(signature).expect("base64")).expect("zlib");
    String::from_utf8(json).expect("UTF-8")
}

#[test]
fn every_way_to_write_the_same_json_holds() {
    // A MAC with a slash, which PHP escapes.
    let user = (0..)
        .map(|number| format!("user{number}"))
        .find(|user| text_of(&sign(APP, SECRET, user, NOW.seconds(), 60)).contains('/'));
    let user = user.expect("one in two has a slash");
    let plain = text_of(&sign(APP, SECRET, &user, NOW.seconds(), 60));
    let number = |name: &str, value: u64| {
        let text = format!("\"{name}\":{value}");
        assert!(plain.contains(&text), "{plain} has {text}");
        (text, format!("\"{name}\":\"{value}\""))
    };
    let (app, app_as_text) = number("TLS.sdkappid", APP.0.into());
    let (expire, expire_as_text) = number("TLS.expire", 60);
    let (time, time_as_text) = number("TLS.time", NOW.seconds());
    let as_text = plain
        .replace(&app, &app_as_text)
        .replace(&expire, &expire_as_text)
        .replace(&time, &time_as_text);
    for written in [
        plain.replace('/', "\\/"),
        plain.replace(',', ", ").replace("\":", "\": "),
        plain.replace(',', ",\n\t"),
        plain.replace("=\"", "=\\n\""),
        plain.replace("{", "{\"TLS.more\":{\"a\":[1]},"),
        as_text,
    ] {
        assert_ne!(written, plain, "it is another way");
        for level in 0..=9 {
            let signature = pack_text(&written, level);
            let lines = signature.as_bytes().chunks(76).map(String::from_utf8_lossy);
            let lines: Vec<_> = lines.collect();
            for signature in [
                signature.clone(),
                lines.join("\r\n"),
                lines.join("\n") + "\n",
            ] {
                let verified = verify_as(&signature, Some(&user), APP, Some(SECRET));
                verified.unwrap_or_else(|fault| panic!("{written} at level {level}: {fault}"));
            }
        }
    }
}

#[test]
fn a_signature_lends_itself_to_no_other_identifier() {
    let time = NOW.seconds();
    let rest = format!("\nTLS.sdkappid:{APP}\nTLS.time:{time}\nTLS.expire:60\nTLS.userbuf:");
    // Signed by a backend that lets its users choose any name.
    let chosen = format!("administrator{rest}");
    let signed = sign(APP, SECRET, &chosen, time, 60);
    verify_as(&signed, None, APP, Some(SECRET)).expect("the chosen name's own");
    let mut json: serde_json::Value = serde_json::from_str(&text_of(&signed)).expect("JSON");
    json["TLS.identifier"] = "administrator".into();
    json["TLS.userbuf"] = format!("\nTLS.sdkappid:{APP}\nTLS.time:{time}\nTLS.expire:60").into();
    let to_sign = format!(
        "TLS.identifier:administrator{rest}\nTLS.sdkappid:{APP}\nTLS.time:{time}\n\
         TLS.expire:60\n"
    );
    assert_eq!(
        json["TLS.sig"],
        mac_of(&to_sign, SECRET),
        "the texts are the same"
    );
    assert_eq!(verify(&pack(&json)), Err(SignatureFault::Malformed));
}

/// Whether a text that was made from a valid signature says what that one says: the bits that
/// fill up the last byte of a compressed stream mean nothing, so two texts can be the same.
fn says_the_same(changed: &str, original: &str) -> bool {
    let json = decode_base64(changed).and_then(|bytes| inflate(&bytes));
    json.is_ok_and(|json| json == text_of(original).as_bytes())
}

/// A field of the JSON, and a value that it does not have.
fn other_field() -> impl Strategy<Value = (&'static str, serde_json::Value)> {
    let others = (
        any::<u32>(),
        any::<u64>(),
        "[ -~]{0,32}",
        "[A-Za-z0-9+/]{0,43}=?",
    );
    others.prop_flat_map(|(app, seconds, text, sig)| {
        prop::sample::select(vec![
            ("TLS.sdkappid", json!(app)),
            ("TLS.time", json!(seconds)),
            ("TLS.expire", json!(seconds)),
            ("TLS.identifier", json!(text)),
            ("TLS.userbuf", json!(text)),
            ("TLS.userbuf", json!(sig)),
            ("TLS.sig", json!(sig)),
            ("TLS.sig", json!(seconds)),
        ])
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn no_text_holds_or_makes_it_panic(text in "\\PC{0,300}") {
        prop_assert!(verify(&text).is_err());
    }

    #[test]
    fn no_bytes_hold_or_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(verify(&BASE64.encode(bytes)).is_err());
    }

    #[test]
    fn no_compressed_bytes_hold_or_make_it_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        level in 0_u32..=9,
    ) {
        prop_assert!(verify(&pack_bytes(&bytes, level)).is_err());
    }

    #[test]
    fn a_changed_text_never_holds(
        at in any::<prop::sample::Index>(),
        length in 0_usize..4,
        to in "[A-Za-z0-9*_ -]{0,4}",
    ) {
        let original = valid();
        let start = at.index(original.len());
        let end = (start + length).min(original.len());
        let mut changed = original.clone();
        changed.replace_range(start..end, &to);
        let verified = verify(&changed);
        if says_the_same(&changed, &original) {
            prop_assert_eq!(verified, verify(&original));
        } else {
            prop_assert!(verified.is_err(), "{} holds", changed);
        }
    }

    #[test]
    fn changed_bytes_never_hold(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let original = valid();
        let mut bytes = decode_base64(&original).expect("base64");
        let at = at.index(bytes.len());
        bytes[at] = to;
        let changed = BASE64.encode(bytes);
        let holds = verify(&changed).is_ok();
        prop_assert_eq!(holds, says_the_same(&changed, &original));
    }

    #[test]
    fn a_changed_field_never_holds((name, value) in other_field()) {
        let mut json: serde_json::Value = serde_json::from_str(&text_of(&valid())).expect("JSON");
        prop_assume!(json[name] != value);
        json[name] = value;
        let fault = verify_as(&pack(&json), None, APP, Some(SECRET)).expect_err("a fault");
        let known = [SignatureFault::KeyDiffers, SignatureFault::Malformed];
        prop_assert!(known.contains(&fault), "{}", fault);
    }

    #[test]
    fn another_key_never_holds(key in "\\PC{0,64}") {
        let signature = sign(APP, &key, "administrator", NOW.seconds(), 60);
        let fault = verify(&signature);
        prop_assert_eq!(fault, Err(SignatureFault::KeyDiffers));
    }
}
