//! UserSig (TLSSigAPIv2): who a caller says they are, signed with the app's secret.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// How long a signature is valid unless someone says otherwise: 180 days, in seconds.
pub const EXPIRE_SECONDS_DEFAULT: u64 = 180 * 24 * 60 * 60;

/// A signature for a user of an app, valid for `expire_seconds` from `now_seconds` (Unix).
///
/// The secret's text is the key as it is: it is not decoded from hex.
#[must_use]
pub fn generate(
    app: u32,
    secret: &str,
    user: &str,
    now_seconds: u64,
    expire_seconds: u64,
) -> String {
    let document = serde_json::json!({
        "TLS.ver": "2.0",
        "TLS.identifier": user,
        "TLS.sdkappid": app,
        "TLS.expire": expire_seconds,
        "TLS.time": now_seconds,
        "TLS.sig": sign(app, secret, user, now_seconds, expire_seconds),
    });
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(document.to_string().as_bytes());
    let compressed = written.and_then(|()| encoder.finish());
    let compressed = compressed.expect("writing to memory does not fail");
    // Not the URL-safe alphabet of RFC 4648: here `-` stands for `/` and `_` for `=`.
    STANDARD
        .encode(compressed)
        .replace('+', "*")
        .replace('/', "-")
        .replace('=', "_")
}

fn sign(app: u32, secret: &str, user: &str, now_seconds: u64, expire_seconds: u64) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    let signed = format!(
        "TLS.identifier:{user}\nTLS.sdkappid:{app}\nTLS.time:{now_seconds}\nTLS.expire:{expire_seconds}\n"
    );
    mac.update(signed.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::ZlibDecoder;
    use serde_json::Value;

    use super::*;

    const APP: u32 = 1_400_000_001;
    const SECRET: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
    /// Made with Python's hmac, hashlib, zlib and json (so with spaces after separators).
    const FROM_PYTHON: &str = "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkElNyM-Myi0uKEkvyi2BKilOyEwsKMlOACgxNDCDAECqXWlGQWZQKlLEwA0pBBUsyc0FChuaWUOUwgzLTQZZo5-iaZzq6uVZlVZSbu7iaVaRnJebkRxUUulSlVBV7ZRhrZwY5O1Z6JFbk2yrVAgBW3zZl";

    fn read(signature: &str) -> Value {
        let standard = signature
            .replace('*', "+")
            .replace('-', "/")
            .replace('_', "=");
        let compressed = STANDARD.decode(standard).expect("base64");
        let mut text = String::new();
        ZlibDecoder::new(compressed.as_slice())
            .read_to_string(&mut text)
            .expect("zlib");
        serde_json::from_str(&text).expect("JSON")
    }

    #[test]
    fn a_signature_says_what_python_says() {
        let ours = generate(APP, SECRET, "administrator", 1_794_000_000, 86_400);
        assert_eq!(read(&ours), read(FROM_PYTHON));
        assert_eq!(
            read(&ours)["TLS.sig"],
            "+lM7iAFEzjxw7DE6xgjaloZpqDzdzsJh3+iRCAyHaxo="
        );
    }

    #[test]
    fn a_signature_uses_the_alphabet_of_the_contract() {
        for second in 0..200 {
            let signature = generate(APP, SECRET, "bob", 1_794_000_000 + second, 86_400);
            assert!(
                signature
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"*-_".contains(&b)),
                "{signature}"
            );
        }
    }

    #[test]
    fn everything_that_is_signed_changes_the_signature() {
        let sig = |app, secret, user, now, expire| {
            read(&generate(app, secret, user, now, expire))["TLS.sig"].to_string()
        };
        let one = sig(APP, SECRET, "alice", 1_794_000_000, 60);
        assert_ne!(one, sig(APP + 1, SECRET, "alice", 1_794_000_000, 60));
        assert_ne!(one, sig(APP, "another", "alice", 1_794_000_000, 60));
        assert_ne!(one, sig(APP, SECRET, "bob", 1_794_000_000, 60));
        assert_ne!(one, sig(APP, SECRET, "alice", 1_794_000_001, 60));
        assert_ne!(one, sig(APP, SECRET, "alice", 1_794_000_000, 61));
    }
}
