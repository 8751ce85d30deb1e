//! Signatures as the public generators make them, for tests.

use std::io::Write as _;

use base64::Engine as _;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use hansard_types::AppId;
use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::usersig::BASE64;

/// The app that tests use.
pub const APP: AppId = AppId(1_400_000_001);
/// Its secret key.
pub const SECRET: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";

pub(crate) fn mac_of(text: &str, secret: &str) -> String {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(text.as_bytes());
    BASE64.encode(mac.finalize().into_bytes())
}

pub(crate) fn pack(json: &serde_json::Value) -> String {
    pack_text(&json.to_string(), 6)
}

pub(crate) fn pack_text(text: &str, level: u32) -> String {
    pack_bytes(text.as_bytes(), level)
}

pub(crate) fn pack_bytes(bytes: &[u8], level: u32) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).expect("a Vec takes everything");
    let base64 = BASE64.encode(encoder.finish().expect("a Vec takes everything"));
    base64.replace('+', "*").replace('/', "-").replace('=', "_")
}

/// A signature as the public generators make it.
///
/// # Panics
/// Never: a `Vec` takes everything.
#[must_use]
pub fn sign(app: AppId, secret: &str, user: &str, time: u64, expire: u64) -> String {
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
