//! UserSig (TLSSigAPIv2): proof that whoever holds an app's secret vouches for an account.
//!
//! Rules from the public generators, checked against four of them: four lines
//! `TLS.identifier`, `TLS.sdkappid`, `TLS.time`, `TLS.expire` (and a fifth with `TLS.userbuf`),
//! HMAC-SHA256 with the secret's text as the key, a JSON object, zlib, and base64 with
//! `+ / =` written as `* - _`. Signatures are verified by their parsed fields, never by bytes,
//! because key order and whitespace differ by library.
//!
//! A signature is a credential: nothing here logs or prints one.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, Engine as _};
use flate2::{Decompress, FlushDecompress, Status};
use hansard_types::{AppId, Timestamp};
use hmac::{Hmac, Mac};
use parking_lot::RwLock;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};

/// A signature as written, bytes; real ones are about 200.
pub const SIGNATURE_BYTES_MAX: usize = 4096;
/// The JSON inside a signature, bytes: a small text that inflates to gigabytes stops here.
const INFLATED_BYTES_MAX: usize = 8192;
/// Verified signatures that are remembered. When it is full they are all forgotten.
const REMEMBERED_MAX: usize = 4096;

/// Decodes with or without padding: callers have been seen to lose it.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a signature does not hold, in the order in which it is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    #[error("the usersig is empty")]
    Empty,
    #[error("the usersig is cut off")]
    Truncated,
    #[error("the usersig is not one")]
    Malformed,
    #[error("there is no such sdkappid")]
    AppUnknown,
    #[error("the usersig was made with another key or for another sdkappid")]
    KeyDiffers,
    #[error("the usersig was made for another identifier")]
    IdentifierDiffers,
    #[error("the usersig was made for another sdkappid")]
    AppDiffers,
    #[error("the usersig has expired")]
    Expired,
    /// Looked for after all others, by whoever knows the accounts.
    #[error("the usersig was taken back: every one that was issued before the kick is void")]
    Revoked,
}

impl SignatureFault {
    /// A stable word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "signature_empty",
            Self::Truncated => "signature_truncated",
            Self::Malformed => "signature_malformed",
            Self::AppUnknown => "app_unknown",
            Self::KeyDiffers => "signature_key_differs",
            Self::IdentifierDiffers => "signature_identifier_differs",
            Self::AppDiffers => "signature_app_differs",
            Self::Expired => "signature_expired",
            Self::Revoked => "signature_revoked",
        }
    }
}

/// What a request claims with its signature.
#[derive(Clone, Copy)]
pub struct Claim<'a> {
    pub app: AppId,
    /// Absent: whoever the signature names (bearer tokens).
    pub identifier: Option<&'a str>,
    pub signature: &'a str,
}

/// A signature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The account it was made for.
    pub identifier: Arc<str>,
    /// When it was issued, Unix.
    pub issued_at_seconds: u64,
    /// The first second at which it no longer holds, Unix.
    pub expires_at_seconds: u64,
}

/// The JSON inside.
#[derive(Deserialize)]
struct Signed {
    #[serde(rename = "TLS.identifier")]
    identifier: String,
    #[serde(rename = "TLS.sdkappid", deserialize_with = "number")]
    app: u64,
    #[serde(rename = "TLS.time", deserialize_with = "number")]
    time: u64,
    /// A duration, seconds.
    #[serde(rename = "TLS.expire", deserialize_with = "number")]
    expire: u64,
    #[serde(rename = "TLS.userbuf", default)]
    userbuf: Option<String>,
    #[serde(rename = "TLS.sig")]
    sig: String,
}

impl Signed {
    fn read(signature: &str) -> Result<Self, SignatureFault> {
        if signature.is_empty() {
            return Err(SignatureFault::Empty);
        }
        if signature.len() > SIGNATURE_BYTES_MAX {
            return Err(SignatureFault::Malformed);
        }
        let json = inflate(&decode_base64(signature)?)?;
        let signed: Self = serde_json::from_slice(&json).map_err(|_| SignatureFault::Malformed)?;
        // It ends what is signed, so it must not be able to say what the lines before it say: an
        // identifier that holds a line break would otherwise lend its signature to another.
        if signed.userbuf.as_deref().is_some_and(|buf| !is_base64(buf)) {
            return Err(SignatureFault::Malformed);
        }
        Ok(signed)
    }

    fn to_sign(&self) -> String {
        let Self {
            identifier,
            app,
            time,
            expire,
            userbuf,
            sig: _,
        } = self;
        let mut text = format!(
            "TLS.identifier:{identifier}\nTLS.sdkappid:{app}\nTLS.time:{time}\nTLS.expire:{expire}\n"
        );
        if let Some(userbuf) = userbuf {
            text.push_str("TLS.userbuf:");
            text.push_str(userbuf);
            text.push('\n');
        }
        text
    }

    fn holds(&self, secret: &str) -> Result<(), SignatureFault> {
        let sig: Vec<u8> = self.sig.bytes().filter(|byte| !breaks(*byte)).collect();
        let given = BASE64.decode(sig).map_err(|_| SignatureFault::Malformed)?;
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret.as_bytes())
            .expect("HMAC takes a key of any length");
        mac.update(self.to_sign().as_bytes());
        // Constant time.
        mac.verify_slice(&given)
            .map_err(|_| SignatureFault::KeyDiffers)
    }
}

/// A number, or one written as text: both are seen.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u64),
        Text(String),
    }
    match Written::deserialize(deserializer)? {
        Written::Number(number) => Ok(number),
        Written::Text(text) => text.parse().map_err(D::Error::custom),
    }
}

/// Some base64 encoders end lines.
fn breaks(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

fn is_base64(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=*-_".contains(&byte);
    text.bytes().all(|byte| is_part(byte) || breaks(byte))
}

fn decode_base64(signature: &str) -> Result<Vec<u8>, SignatureFault> {
    let standard: Vec<u8> = signature
        .bytes()
        .filter(|byte| !breaks(*byte))
        .map(|byte| match byte {
            b'*' | b' ' => b'+',
            b'-' => b'/',
            b'_' => b'=',
            other => other,
        })
        .collect();
    BASE64.decode(&standard).map_err(|error| match error {
        DecodeError::InvalidLength(_) | DecodeError::InvalidLastSymbol(..) => {
            SignatureFault::Truncated
        }
        DecodeError::InvalidByte(..) | DecodeError::InvalidPadding => SignatureFault::Malformed,
    })
}

fn inflate(compressed: &[u8]) -> Result<Vec<u8>, SignatureFault> {
    let mut inflated = vec![0; INFLATED_BYTES_MAX];
    let mut stream = Decompress::new(true);
    let status = stream
        .decompress(compressed, &mut inflated, FlushDecompress::Finish)
        .map_err(|_| SignatureFault::Malformed)?;
    let read = usize::try_from(stream.total_in()).unwrap_or(usize::MAX);
    let written = usize::try_from(stream.total_out()).unwrap_or(usize::MAX);
    match status {
        Status::StreamEnd if read == compressed.len() => {
            inflated.truncate(written);
            Ok(inflated)
        }
        Status::StreamEnd => Err(SignatureFault::Malformed),
        Status::Ok | Status::BufError if written >= INFLATED_BYTES_MAX => {
            Err(SignatureFault::Malformed)
        }
        Status::Ok | Status::BufError => Err(SignatureFault::Truncated),
    }
}

/// Verifies signatures and remembers those that held, so that a request costs one hash. Expiry
/// is looked at every time.
#[derive(Default)]
pub struct Verifier {
    /// By the hash of the claim and the secret, so that neither is kept, and a changed secret
    /// forgets what it had signed.
    held: RwLock<HashMap<[u8; 32], Verified>>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("held", &self.held.read().len())
            .finish()
    }
}

impl Verifier {
    /// Verifies a claim with the app's secret (`None`: there is no such app).
    ///
    /// # Errors
    /// The first [`SignatureFault`], in the order of its variants.
    pub fn verify(
        &self,
        claim: Claim<'_>,
        secret: Option<&str>,
        now: Timestamp,
    ) -> Result<Verified, SignatureFault> {
        let verified = match secret {
            None => {
                Signed::read(claim.signature)?;
                return Err(SignatureFault::AppUnknown);
            }
            Some(secret) => self.held(claim, secret)?,
        };
        if verified.expires_at_seconds <= now.seconds() {
            return Err(SignatureFault::Expired);
        }
        Ok(verified)
    }

    fn held(&self, claim: Claim<'_>, secret: &str) -> Result<Verified, SignatureFault> {
        if claim.signature.len() > SIGNATURE_BYTES_MAX {
            return Err(SignatureFault::Malformed);
        }
        let key = key_of(claim, secret);
        if let Some(verified) = self.held.read().get(&key) {
            return Ok(verified.clone());
        }
        let signed = Signed::read(claim.signature)?;
        signed.holds(secret)?;
        if claim
            .identifier
            .is_some_and(|claimed| claimed != signed.identifier)
        {
            return Err(SignatureFault::IdentifierDiffers);
        }
        if signed.app != u64::from(claim.app.0) {
            return Err(SignatureFault::AppDiffers);
        }
        let verified = Verified {
            issued_at_seconds: signed.time,
            expires_at_seconds: signed.time.saturating_add(signed.expire),
            identifier: signed.identifier.into(),
        };
        let mut held = self.held.write();
        if held.len() >= REMEMBERED_MAX {
            held.clear();
        }
        held.insert(key, verified.clone());
        Ok(verified)
    }
}

fn key_of(claim: Claim<'_>, secret: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hasher.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(bytes);
    };
    field(claim.signature.as_bytes());
    field(&claim.app.0.to_be_bytes());
    field(secret.as_bytes());
    match claim.identifier {
        None => field(b"any"),
        Some(identifier) => {
            field(b"this");
            field(identifier.as_bytes());
        }
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests;
