//! Signing algorithms of JSON Web Tokens (RFC 7518), and keys that are at hand.
//!
//! Must not know: claims, services that keep keys.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use p521::ecdsa::signature::Signer;
use p521::pkcs8::DecodePrivateKey;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::config::{KeyConfig, invalid};
use crate::private_key::find_block;
use crate::{RemoteError, Secret};

/// A signing algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signing {
    pub(crate) family: Family,
    pub(crate) bits: Bits,
}

/// The kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Hmac,
    Rsa,
    RsaPss,
    Ecdsa,
}

/// The hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bits {
    B256,
    B384,
    B512,
}

impl Signing {
    /// Returns the algorithm of a name like `ES256`. None: there is none of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (family, bits) = name.split_at_checked(2)?;
        let family = match family {
            "HS" => Family::Hmac,
            "RS" => Family::Rsa,
            "PS" => Family::RsaPss,
            "ES" => Family::Ecdsa,
            _ => return None,
        };
        Some(Self { family, bits: Bits::parse(bits)? })
    }

    /// Returns the hash of a message.
    pub(crate) fn digest(self, message: &[u8]) -> Vec<u8> {
        match self.bits {
            Bits::B256 => Sha256::digest(message).to_vec(),
            Bits::B384 => Sha384::digest(message).to_vec(),
            Bits::B512 => Sha512::digest(message).to_vec(),
        }
    }

    /// Returns the name.
    pub(crate) fn name(self) -> &'static str {
        match (self.family, self.bits) {
            (Family::Hmac, Bits::B256) => "HS256",
            (Family::Hmac, Bits::B384) => "HS384",
            (Family::Hmac, Bits::B512) => "HS512",
            (Family::Rsa, Bits::B256) => "RS256",
            (Family::Rsa, Bits::B384) => "RS384",
            (Family::Rsa, Bits::B512) => "RS512",
            (Family::RsaPss, Bits::B256) => "PS256",
            (Family::RsaPss, Bits::B384) => "PS384",
            (Family::RsaPss, Bits::B512) => "PS512",
            (Family::Ecdsa, Bits::B256) => "ES256",
            (Family::Ecdsa, Bits::B384) => "ES384",
            (Family::Ecdsa, Bits::B512) => "ES512",
        }
    }
}

impl Bits {
    /// Returns the hash of a name like `256`.
    pub(crate) fn parse(bits: &str) -> Option<Self> {
        Some(match bits {
            "256" => Self::B256,
            "384" => Self::B384,
            "512" => Self::B512,
            _ => return None,
        })
    }
}

/// A key that is at hand.
pub(crate) struct LocalKey {
    pub(crate) signing: Signing,
    key: Key,
}

enum Key {
    Common(EncodingKey, Algorithm),
    P521(Box<p521::ecdsa::SigningKey>),
}

impl LocalKey {
    /// Makes a key of `keys.<id>`, and tries it.
    ///
    /// Errors: no such algorithm, or the private key is not for it.
    pub(crate) fn new(id: &str, config: &KeyConfig) -> Result<Self, RemoteError> {
        let algorithm = &config.algorithm;
        let signing = Signing::parse(algorithm).ok_or_else(|| {
            invalid(&format!("keys.{id}.algorithm"), format_args!("`{algorithm}` is unknown"))
        })?;
        let secret = match (signing.family, config.private_key.is_empty()) {
            (Family::Hmac, true) => &config.key,
            _ => &config.private_key,
        };
        let wrong = || {
            let reason = format_args!("it must hold a key for `{algorithm}`").to_string();
            invalid(&format!("keys.{id}.private_key"), reason)
        };
        let key = make(signing, secret).ok_or_else(wrong)?;
        let made = Self { signing, key };
        made.sign(b"").ok_or_else(wrong)?;
        Ok(made)
    }

    /// Returns the signature in base64url. None: the key is of no use.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<String> {
        match &self.key {
            Key::Common(key, algorithm) => {
                jsonwebtoken::crypto::sign(message, key, *algorithm).ok()
            }
            Key::P521(key) => {
                let signature: p521::ecdsa::Signature = key.try_sign(message).ok()?;
                Some(URL_SAFE_NO_PAD.encode(signature.to_bytes()))
            }
        }
    }
}

fn make(signing: Signing, secret: &Secret) -> Option<Key> {
    let text = secret.expose();
    if text.is_empty() {
        return None;
    }
    let algorithm: Option<Algorithm> = signing.name().parse().ok();
    match (signing.family, signing.bits) {
        (Family::Hmac, _) => {
            Some(Key::Common(EncodingKey::from_secret(text.as_bytes()), algorithm?))
        }
        (Family::Rsa | Family::RsaPss, _) => {
            Some(Key::Common(EncodingKey::from_rsa_pem(text.as_bytes()).ok()?, algorithm?))
        }
        (Family::Ecdsa, Bits::B512) => {
            let der = ec_pkcs8(text, Bits::B512)?;
            let secret = p521::SecretKey::from_pkcs8_der(&der).ok()?;
            Some(Key::P521(Box::new(secret.into())))
        }
        (Family::Ecdsa, bits) => {
            Some(Key::Common(EncodingKey::from_ec_der(&ec_pkcs8(text, bits)?), algorithm?))
        }
    }
}

/// Returns an elliptic key as PKCS #8: OpenSSL also writes it as RFC 5915 has it, which lacks the
/// envelope.
fn ec_pkcs8(pem: &str, bits: Bits) -> Option<Vec<u8>> {
    let block = find_block(pem)?;
    if block.label != "EC PRIVATE KEY" {
        return Some(block.bytes);
    }
    const EC_PUBLIC_KEY: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    let curve: &[u8] = match bits {
        Bits::B256 => &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        Bits::B384 => &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22],
        Bits::B512 => &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23],
    };
    let algorithm = der(0x30, &[EC_PUBLIC_KEY, curve].concat())?;
    let inner = der(0x04, &block.bytes)?;
    der(0x30, &[[0x02, 0x01, 0x00].as_slice(), &algorithm, &inner].concat())
}

/// Writes one element of DER. None: it is longer than any key.
fn der(tag: u8, content: &[u8]) -> Option<Vec<u8>> {
    let [high, low] = u16::try_from(content.len()).ok()?.to_be_bytes();
    let head: &[u8] = match (high, low) {
        (0, 0..=0x7f) => &[tag, low],
        (0, _) => &[tag, 0x81, low],
        _ => &[tag, 0x82, high, low],
    };
    Some([head, content].concat())
}
