//! Keys and what they sign: the algorithms of RFC 7518 that OPA takes, and EdDSA.
//!
//! Must not know: what is signed.
//!
//! Source: OPA documentation, "Bundles", "Signing"; RFC 7518 §3.1, RFC 8037, RFC 5915.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, crypto};
use p521::ecdsa::signature::{Signer, Verifier};
use p521::pkcs8::DecodePublicKey;

use crate::error::BundleError;

/// How a token is signed. There is no `none`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// RSASSA-PKCS1-v1_5 with SHA-256: where nothing else is asked for.
    #[default]
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// Ed25519.
    EdDsa,
}

/// What kind of key an algorithm needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Secret,
    Rsa,
    /// The algorithm identifier of the curve (RFC 5480) in DER.
    Ec(&'static [u8]),
    P521,
    Ed,
}

/// `SEQUENCE { id-ecPublicKey, prime256v1 }`
const P256: &[u8] =
    b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
/// `SEQUENCE { id-ecPublicKey, secp384r1 }`
const P384: &[u8] = b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22";

impl SignatureAlgorithm {
    /// Every one.
    pub const ALL: [Self; 13] = [
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::EdDsa,
    ];

    /// Returns its name in tokens and configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Returns the algorithm of this name.
    ///
    /// Errors: there is none.
    pub fn from_name(name: &str) -> Result<Self, BundleError> {
        let found = Self::ALL.into_iter().find(|algorithm| algorithm.name() == name);
        found.ok_or_else(|| BundleError::Key(format!("unknown signature algorithm: {name}")))
    }

    /// Whether its key is a secret that both sides know, and not a pair.
    pub fn is_symmetric(self) -> bool {
        self.family() == Family::Secret
    }

    fn family(self) -> Family {
        match self {
            Self::Hs256 | Self::Hs384 | Self::Hs512 => Family::Secret,
            Self::Es256 => Family::Ec(P256),
            Self::Es384 => Family::Ec(P384),
            Self::Es512 => Family::P521,
            Self::EdDsa => Family::Ed,
            _ => Family::Rsa,
        }
    }

    /// Returns the library's name for it; it has none for ES512, which is done here.
    fn library(self) -> Option<Algorithm> {
        Some(match self {
            Self::Es256 => Algorithm::ES256,
            Self::Es384 => Algorithm::ES384,
            Self::Es512 => return None,
            Self::Hs256 => Algorithm::HS256,
            Self::Hs384 => Algorithm::HS384,
            Self::Hs512 => Algorithm::HS512,
            Self::Ps256 => Algorithm::PS256,
            Self::Ps384 => Algorithm::PS384,
            Self::Ps512 => Algorithm::PS512,
            Self::Rs256 => Algorithm::RS256,
            Self::Rs384 => Algorithm::RS384,
            Self::Rs512 => Algorithm::RS512,
            Self::EdDsa => Algorithm::EdDSA,
        })
    }
}

/// A key that verifies.
#[derive(Clone, PartialEq, Eq)]
pub struct VerificationKey {
    /// The secret, or the public key or certificate in PEM.
    pub key: String,
    /// The only algorithm that it verifies.
    pub algorithm: SignatureAlgorithm,
    /// The scope that signatures must have, where the configuration names no other.
    pub scope: String,
}

impl fmt::Debug for VerificationKey {
    /// Leaves the key out: it may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerificationKey({}, scope {:?})", self.algorithm.name(), self.scope)
    }
}

/// A key that signs.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// The key's id, that a verifier finds its key by; may be empty.
    pub id: String,
    /// How it signs.
    pub algorithm: SignatureAlgorithm,
    /// The secret, or the private key in PEM.
    pub key: String,
}

impl fmt::Debug for SigningKey {
    /// Leaves the key out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, id {:?})", self.algorithm.name(), self.id)
    }
}

impl VerificationKey {
    /// Checks that the key can be used with its algorithm, so that a wrong configuration is known
    /// before the first bundle comes.
    ///
    /// Errors: that it cannot.
    pub fn check(&self) -> Result<(), BundleError> {
        match self.algorithm.library() {
            Some(_) => self.decoding_key().map(drop),
            None => self.p521_key().map(drop),
        }
    }

    fn decoding_key(&self) -> Result<DecodingKey, BundleError> {
        let bytes = self.key.as_bytes();
        let key = match self.algorithm.family() {
            Family::Secret => return Ok(DecodingKey::from_secret(secret(&self.key)?)),
            Family::Rsa => DecodingKey::from_rsa_pem(bytes),
            Family::Ec(_) => DecodingKey::from_ec_pem(bytes),
            Family::Ed => DecodingKey::from_ed_pem(bytes),
            Family::P521 => return Err(unusable(self.algorithm, "public")),
        };
        key.map_err(|_| unusable(self.algorithm, "public"))
    }

    fn p521_key(&self) -> Result<p521::ecdsa::VerifyingKey, BundleError> {
        let key = p521::PublicKey::from_public_key_pem(self.key.trim());
        key.map(Into::into).map_err(|_| unusable(self.algorithm, "public"))
    }

    /// Whether this key made the signature (decoded) of the message.
    ///
    /// Errors: a key that does not fit its algorithm.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> Result<bool, BundleError> {
        let Some(algorithm) = self.algorithm.library() else {
            let key = self.p521_key()?;
            let signature = p521::ecdsa::Signature::from_slice(signature);
            return Ok(signature.is_ok_and(|signature| key.verify(message, &signature).is_ok()));
        };
        let key = self.decoding_key()?;
        let signature = URL_SAFE_NO_PAD.encode(signature);
        crypto::verify(&signature, message, &key, algorithm)
            .map_err(|_| unusable(self.algorithm, "public"))
    }
}

impl SigningKey {
    /// Returns the signature of the message.
    ///
    /// Errors: a key that does not fit its algorithm.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, BundleError> {
        let unusable = || unusable(self.algorithm, "private");
        let Some(algorithm) = self.algorithm.library() else {
            let key = p521::SecretKey::from_pem(
                block(&self.key, "EC PRIVATE KEY")
                    .or_else(|| block(&self.key, "PRIVATE KEY"))
                    .ok_or_else(unusable)?,
            );
            let key = p521::ecdsa::SigningKey::from(key.map_err(|_| unusable())?);
            let signature: p521::ecdsa::Signature =
                key.try_sign(message).map_err(|_| unusable())?;
            return Ok(signature.to_bytes().to_vec());
        };
        let bytes = self.key.as_bytes();
        let key = match self.algorithm.family() {
            Family::Secret => Ok(EncodingKey::from_secret(secret(&self.key)?)),
            Family::Rsa => EncodingKey::from_rsa_pem(bytes),
            Family::Ec(curve) => match sec1_to_pkcs8(&self.key, curve) {
                Some(der) => Ok(EncodingKey::from_ec_der(&der)),
                None => EncodingKey::from_ec_pem(bytes),
            },
            Family::Ed => EncodingKey::from_ed_pem(bytes),
            Family::P521 => return Err(unusable()),
        };
        let key = key.map_err(|_| unusable())?;
        let text = crypto::sign(message, &key, algorithm).map_err(|_| unusable())?;
        URL_SAFE_NO_PAD.decode(text).map_err(|_| unusable())
    }
}

fn unusable(algorithm: SignatureAlgorithm, side: &str) -> BundleError {
    BundleError::Key(format!("the key is not a {side} key in PEM that {} takes", algorithm.name()))
}

/// Returns a secret's bytes.
///
/// Errors: no secret; and a public key, which everybody knows: taken as a secret it would let
/// everybody sign.
fn secret(key: &str) -> Result<&[u8], BundleError> {
    if key.is_empty() {
        return Err(BundleError::Key("the secret is empty".to_string()));
    }
    let is_public = ["PUBLIC KEY-----", "CERTIFICATE-----"].iter().any(|mark| key.contains(mark));
    if key.contains("-----BEGIN ") && is_public {
        let message = "a public key is no secret: HMAC must not be used with it";
        return Err(BundleError::Key(message.to_string()));
    }
    Ok(key.as_bytes())
}

/// Returns the block with this label, with its first and last line. OpenSSL puts the parameters of
/// a curve before its key.
fn block<'k>(pem: &'k str, label: &str) -> Option<&'k str> {
    let start = pem.find(&format!("-----BEGIN {label}-----"))?;
    let end_mark = format!("-----END {label}-----");
    let end = start + pem.get(start..)?.find(&end_mark)? + end_mark.len();
    pem.get(start..end)
}

/// Wraps a key as `openssl ecparam -genkey` writes it (RFC 5915) into PKCS #8, which the library
/// takes.
fn sec1_to_pkcs8(pem: &str, curve: &[u8]) -> Option<Vec<u8>> {
    let block = block(pem, "EC PRIVATE KEY")?;
    let body: String = block.lines().filter(|line| !line.starts_with("-----")).collect();
    let key = STANDARD.decode(body.trim()).ok()?;
    let version: &[u8] = b"\x02\x01\x00";
    let key = der(0x04, &key)?;
    der(0x30, &[version, curve, &key].concat())
}

/// Returns an element in DER; its content has less than 64 KiB.
fn der(tag: u8, content: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(content.len()).ok()?;
    let [high, low] = length.to_be_bytes();
    let head: &[u8] = match length {
        0..=0x7f => &[tag, low],
        0x80..=0xff => &[tag, 0x81, low],
        _ => &[tag, 0x82, high, low],
    };
    Some([head, content].concat())
}
