//! Keys of signatures: read from certificates, PEM and JSON Web Keys, and used.
//!
//! Must not know: tokens, and the context of a builtin; what a use costs is told, not paid here.

mod algorithm;
mod ec;
mod jwk;
mod rsa;
mod spki;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use rego_value::Value;
use sha2::{Sha256, Sha384, Sha512};

use crate::pem;

pub(crate) use self::algorithm::{Algorithm, Hash};
pub(crate) use self::jwk::{from_text, from_value};
pub(crate) use self::spki::of_public_key;
use self::{ec::EcPrivate, ec::EcPublic, rsa::RsaPrivate, rsa::RsaPublic};

/// How many bytes of seed [`Key::sign`] asks for.
pub(crate) const SEED_BYTES: usize = 32;

/// What the use of an Ed25519 key costs, in steps of about 10 ns.
const ED25519_STEPS: u64 = 10_000;

/// A key that signs or verifies.
pub(crate) enum Key {
    /// A public RSA key.
    Rsa(RsaPublic),
    /// A private RSA key.
    RsaPrivate(Box<RsaPrivate>),
    /// A public key on one of NIST's curves.
    Ec(EcPublic),
    /// A private key on one of NIST's curves.
    EcPrivate(EcPrivate),
    /// A public Ed25519 key.
    Ed25519(VerifyingKey),
    /// A private Ed25519 key.
    Ed25519Private(Box<SigningKey>),
    /// The bytes of a symmetric key.
    Secret(Vec<u8>),
    /// A key that verifies nothing: of a kind that signs no tokens (X25519, DSA, P-224), or with
    /// numbers that make no key.
    Useless,
}

/// A key with what a JSON Web Key says of it; both are empty where it says nothing.
pub(crate) struct NamedKey {
    /// The key.
    pub(crate) key: Key,
    /// The algorithm it is for (`alg`).
    pub(crate) algorithm: String,
    /// Its name (`kid`).
    pub(crate) id: String,
}

/// How closely a signature and its key must keep to RFC 7518.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The salt of a PSS signature is as long as the hash, the halves of an ECDSA signature as long
    /// as the curve's numbers. A private key verifies with its public part.
    Exact,
    /// Any salt; halves of any length; public keys only. So OPA's `io.jwt.verify_*`.
    Loose,
}

/// Returns the keys of a text: of one PEM block (a certificate, or a public key as PKIX has it), or
/// of a JSON Web Key or a set of them.
///
/// Errors: worded as OPA's; the keys of a set for algorithms that sign no tokens are left out.
///
/// Source: OPA policy reference, "Token Verification".
pub(crate) fn verification_keys(text: &str) -> Result<Vec<NamedKey>, String> {
    let Some((block, rest)) = pem::decode(text) else {
        let keys = from_text(text);
        let mut keys = keys.map_err(|e| format!("failed to parse a JWK key (set): {e}"))?;
        keys.retain(|key| key.algorithm.is_empty() || Algorithm::named(&key.algorithm).is_some());
        return Ok(keys);
    };
    if !rest.is_empty() {
        return Err("extra data after a PEM certificate block".to_owned());
    }
    let key = match block.label {
        "CERTIFICATE" => spki::of_certificate(&block.bytes)
            .map_err(|e| format!("failed to parse a PEM certificate: {e}"))?,
        "PUBLIC KEY" => spki::of_public_key(&block.bytes)
            .map_err(|e| format!("failed to parse a PEM public key: {e}"))?,
        _ => return Err("failed to extract a Key from the PEM certificate".to_owned()),
    };
    Ok(vec![NamedKey { key, algorithm: String::new(), id: String::new() }])
}

impl Key {
    /// Whether a signature of a message is this key's.
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        reading: Reading,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let exact = reading == Reading::Exact;
        match (algorithm, self) {
            (Algorithm::Hmac(hash), Self::Secret(secret)) if exact => {
                code_agrees(hash, secret, message, signature)
            }
            (Algorithm::RsaPkcs1(hash), Self::Rsa(key)) => {
                key.verify_pkcs1(hash, message, signature)
            }
            (Algorithm::RsaPkcs1(hash), Self::RsaPrivate(key)) if exact => {
                key.public().verify_pkcs1(hash, message, signature)
            }
            (Algorithm::RsaPss(hash), Self::Rsa(key)) => {
                key.verify_pss(hash, reading, message, signature)
            }
            (Algorithm::RsaPss(hash), Self::RsaPrivate(key)) if exact => {
                key.public().verify_pss(hash, reading, message, signature)
            }
            (Algorithm::Ecdsa(hash), Self::Ec(key)) => {
                key.verify(reading, &hash.digest(message), signature)
            }
            (Algorithm::Ecdsa(hash), Self::EcPrivate(key)) if exact => {
                key.public().verify(reading, &hash.digest(message), signature)
            }
            (Algorithm::Ed25519, Self::Ed25519(key)) => edwards_agrees(key, message, signature),
            (Algorithm::Ed25519, Self::Ed25519Private(key)) if exact => {
                edwards_agrees(&key.verifying_key(), message, signature)
            }
            _ => false,
        }
    }

    /// Returns the signature of a message. RSA draws what it must draw from the seed; the others
    /// are the same each time.
    ///
    /// Errors: a key that is not a private one for the algorithm, and RSA keys out of bounds.
    pub(crate) fn sign(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        seed: [u8; SEED_BYTES],
    ) -> Result<Vec<u8>, String> {
        let wants = match (algorithm, self) {
            (Algorithm::Hmac(hash), Self::Secret(secret)) => return code(hash, secret, message),
            (Algorithm::RsaPkcs1(hash), Self::RsaPrivate(key)) => {
                return key.sign_pkcs1(hash, message, seed);
            }
            (Algorithm::RsaPss(hash), Self::RsaPrivate(key)) => {
                return key.sign_pss(hash, message, seed);
            }
            (Algorithm::Ecdsa(hash), Self::EcPrivate(key)) => {
                return key.sign(&hash.digest(message));
            }
            (Algorithm::Ed25519, Self::Ed25519Private(key)) => {
                return Ok(key.sign(message).to_bytes().to_vec());
            }
            (Algorithm::Hmac(_), _) => "a symmetric key",
            (Algorithm::RsaPkcs1(_) | Algorithm::RsaPss(_), _) => "a private RSA key",
            (Algorithm::Ecdsa(_), _) => "a private EC key",
            (Algorithm::Ed25519, _) => "a private Ed25519 key",
        };
        Err(format!("jwsbb.Sign: invalid key type: {wants} is required"))
    }

    /// Returns what verifying with this key costs, in steps, but for reading the message.
    pub(crate) fn verify_steps(&self) -> u64 {
        match self {
            Self::Rsa(key) => key.verify_steps(),
            Self::RsaPrivate(key) => key.public().verify_steps(),
            Self::Ec(key) => key.steps(),
            Self::EcPrivate(key) => key.public().steps(),
            Self::Ed25519(_) | Self::Ed25519Private(_) => ED25519_STEPS,
            Self::Secret(_) | Self::Useless => 1,
        }
    }

    /// Returns what signing with this key costs, in steps, but for reading the message.
    pub(crate) fn sign_steps(&self) -> u64 {
        match self {
            Self::RsaPrivate(key) => key.sign_steps(),
            other => other.verify_steps(),
        }
    }
}

/// Whether a code of a message is that by a secret; told in a time that does not depend on where
/// they differ.
pub(crate) fn code_agrees(hash: Hash, secret: &[u8], message: &[u8], code: &[u8]) -> bool {
    match hash {
        Hash::Sha256 => compared::<Hmac<Sha256>>(secret, message, code),
        Hash::Sha384 => compared::<Hmac<Sha384>>(secret, message, code),
        Hash::Sha512 => compared::<Hmac<Sha512>>(secret, message, code),
    }
}

fn compared<M: Mac + KeyInit>(secret: &[u8], message: &[u8], code: &[u8]) -> bool {
    let machine = <M as KeyInit>::new_from_slice(secret);
    machine.is_ok_and(|machine| machine.chain_update(message).verify_slice(code).is_ok())
}

fn code(hash: Hash, secret: &[u8], message: &[u8]) -> Result<Vec<u8>, String> {
    match hash {
        Hash::Sha256 => coded::<Hmac<Sha256>>(secret, message),
        Hash::Sha384 => coded::<Hmac<Sha384>>(secret, message),
        Hash::Sha512 => coded::<Hmac<Sha512>>(secret, message),
    }
}

fn coded<M: Mac + KeyInit>(secret: &[u8], message: &[u8]) -> Result<Vec<u8>, String> {
    let machine = <M as KeyInit>::new_from_slice(secret).map_err(|e| e.to_string())?;
    Ok(machine.chain_update(message).finalize().into_bytes().to_vec())
}

fn edwards_agrees(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    let signature = ed25519_dalek::Signature::from_slice(signature);
    signature.is_ok_and(|signature| {
        use ed25519_dalek::Verifier;
        key.verify(message, &signature).is_ok()
    })
}
