use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;
use serde_json::json;

use super::*;

pub(crate) const APP: AppId = AppId(1_400_000_001);
pub(crate) const SECRET: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const NOW: Timestamp = Timestamp(1_794_000_000_000);

fn mac_of(text: &str, secret: &str) -> String {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(text.as_bytes());
    BASE64.encode(mac.finalize().into_bytes())
}

fn pack(json: &serde_json::Value) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder
        .write_all(json.to_string().as_bytes())
        .expect("a Vec takes everything");
    let base64 = BASE64.encode(encoder.finish().expect("a Vec takes everything"));
    base64.replace('+', "*").replace('/', "-").replace('=', "_")
}

/// A signature as the public generators make it.
pub(crate) fn sign(app: AppId, secret: &str, user: &str, time: u64, expire: u64) -> String {
    let text = format!(
        "TLS.identifier:{user}\nTLS.sdkappid:{app}\nTLS.time:{time}\nTLS.expire:{expire}\n"
    );
    pack(&json!({
        "TLS.ver": "2.0",
        "TLS.identifier": user,
        "TLS.sdkappid": app.0,
        "TLS.expire": expire,
        "TLS.time": time,
        "TLS.sig": mac_of(&text, secret),
    }))
}

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
fn each_fault_has_its_own_code() {
    let other = AppId(1_400_000_002);
    let expired = sign(APP, SECRET, "administrator", NOW.seconds() - 60, 60);
    let half = &valid()[..valid().len() / 2];
    let table = [
        (verify(""), 70002),
        (verify(half), 70003),
        (verify("!!!!"), 70005),
        (verify(&pack(&json!({"TLS.ver": "2.0"}))), 70005),
        (verify(&pack(&json!([1, 2]))), 70005),
        (verify(&valid().replace('_', "__")), 70005),
        (verify_as(&valid(), None, APP, Some("another key")), 70009),
        (verify_as(&valid(), Some("bob"), APP, Some(SECRET)), 70013),
        (
            verify_as(&valid(), Some("administrator"), other, Some(SECRET)),
            70014,
        ),
        (
            verify_as(&valid(), Some("administrator"), other, None),
            70020,
        ),
        (verify(&expired), 70001),
    ];
    for (index, (result, code)) in table.into_iter().enumerate() {
        assert_eq!(result.expect_err("a fault").code(), code, "row {index}");
    }
}

#[test]
fn a_signature_that_inflates_without_end_is_malformed() {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder
        .write_all(&vec![b' '; 2_000_000])
        .expect("a Vec takes everything");
    let bomb = BASE64.encode(encoder.finish().expect("a Vec takes everything"));
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

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,300}") {
        prop_assert!(verify(&text).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(verify(&BASE64.encode(bytes)).is_err());
    }

    #[test]
    fn a_changed_character_never_holds(at in 0_usize..150, to in "[A-Za-z0-9]") {
        let signature = valid();
        let at = at % signature.trim_end_matches('_').len();
        let mut changed = signature.clone();
        changed.replace_range(at..=at, &to);
        // The last character may carry bits that no byte is made of.
        prop_assert!(changed == signature || verify(&changed).is_err() || at + 3 > signature.len());
    }
}
