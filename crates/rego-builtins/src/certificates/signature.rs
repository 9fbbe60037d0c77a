//! Signatures of certificates: by which algorithm, and whether they are right.
//!
//! Source: RFC 5280, 4.1.1.2; RFC 4055; RFC 8410; Go, `crypto/x509`.

use num_bigint::{BigInt, Sign};

use super::certificate::Certificate;
use super::curve::Curve;
use super::der::{Der, SEQUENCE, wrapped};
use super::public_key::{Algorithm, NULL_BYTES, PublicKey};
use crate::keys::{self, Hash, Reading};

/// An algorithm of signatures.
#[derive(Clone, Copy)]
pub(super) struct SignatureAlgorithm {
    /// Go's number for it; zero where it is not known.
    pub(super) number: i64,
    /// How such signatures are checked; nothing where they are not trusted, like those by SHA-1.
    scheme: Option<keys::Algorithm>,
}

const PSS: &str = "1.2.840.113549.1.1.10";
const ED25519: &str = "1.3.101.112";
const MASK: &str = "1.2.840.113549.1.1.8";

/// The algorithms whose identifier says all, with Go's numbers for them.
const PLAIN: &[(&str, i64, Option<keys::Algorithm>)] = &[
    ("1.2.840.113549.1.1.4", 2, None),
    ("1.2.840.113549.1.1.5", 3, None),
    ("1.3.14.3.2.29", 3, None),
    ("1.2.840.113549.1.1.11", 4, Some(keys::Algorithm::RsaPkcs1(Hash::Sha256))),
    ("1.2.840.113549.1.1.12", 5, Some(keys::Algorithm::RsaPkcs1(Hash::Sha384))),
    ("1.2.840.113549.1.1.13", 6, Some(keys::Algorithm::RsaPkcs1(Hash::Sha512))),
    ("1.2.840.10040.4.3", 7, None),
    ("2.16.840.1.101.3.4.3.2", 8, None),
    ("1.2.840.10045.4.1", 9, None),
    ("1.2.840.10045.4.3.2", 10, Some(keys::Algorithm::Ecdsa(Hash::Sha256))),
    ("1.2.840.10045.4.3.3", 11, Some(keys::Algorithm::Ecdsa(Hash::Sha384))),
    ("1.2.840.10045.4.3.4", 12, Some(keys::Algorithm::Ecdsa(Hash::Sha512))),
];

/// The hashes of PSS, with Go's numbers for the algorithms.
const PSS_HASHES: &[(&str, i64, Hash)] = &[
    ("2.16.840.1.101.3.4.2.1", 13, Hash::Sha256),
    ("2.16.840.1.101.3.4.2.2", 14, Hash::Sha384),
    ("2.16.840.1.101.3.4.2.3", 15, Hash::Sha512),
];

impl SignatureAlgorithm {
    const UNKNOWN: Self = Self { number: 0, scheme: None };

    /// Returns the algorithm of an identifier.
    pub(super) fn of(algorithm: &Algorithm<'_>) -> Self {
        if algorithm.oid.is(ED25519) {
            let plain = algorithm.parameters.is_empty();
            let known = Self { number: 16, scheme: Some(keys::Algorithm::Ed25519) };
            return if plain { known } else { Self::UNKNOWN };
        }
        if algorithm.oid.is(PSS) {
            return pss(algorithm.parameters).unwrap_or(Self::UNKNOWN);
        }
        let known = PLAIN.iter().find(|(oid, _, _)| algorithm.oid.is(oid));
        known.map_or(Self::UNKNOWN, |(_, number, scheme)| Self { number: *number, scheme: *scheme })
    }
}

/// Reads parameters of PSS; only the usual ones make an algorithm: one hash for all, and a salt as
/// long as the hash.
fn pss(parameters: &[u8]) -> Option<SignatureAlgorithm> {
    let mut der = Der(parameters).take(SEQUENCE)?;
    let hash = hash_of(&mut der.take(wrapped(0))?)?;
    let mut mask = der.take(wrapped(1))?.take(SEQUENCE)?;
    let is_usual_mask = mask.oid()?.is(MASK) && hash_of(&mut mask)? == hash;
    let salt = der.take(wrapped(2))?.small_integer()?;
    let trailer = match der.optional(wrapped(3))? {
        Some(mut trailer) => trailer.small_integer()?,
        None => 1,
    };
    let (_, number, hash) = PSS_HASHES.iter().find(|(oid, _, _)| *oid == hash)?;
    let usual = is_usual_mask && salt == hash.bytes() as i64 && trailer == 1;
    let scheme = Some(keys::Algorithm::RsaPss(*hash));
    usual.then_some(SignatureAlgorithm { number: *number, scheme })
}

fn hash_of(der: &mut Der<'_>) -> Option<String> {
    let algorithm = Algorithm::read(der.take(SEQUENCE)?).ok()?;
    let plain = algorithm.parameters.is_empty() || algorithm.parameters == NULL_BYTES;
    plain.then(|| algorithm.oid.text())
}

enum Key {
    Usual(Box<keys::Key>),
    /// P-224, by which no tokens are signed.
    P224(p224::ecdsa::VerifyingKey),
}

/// What a check by a key on P-224 costs, in steps.
const P224_STEPS: u64 = 30_000;

/// A key, ready to check signatures.
pub(super) struct Checker {
    key: Key,
    /// The length of a number of the key's curve.
    number_bytes: usize,
}

impl Checker {
    /// Returns the checker of a certificate's key; nothing where it checks no signatures.
    pub(super) fn of(certificate: &Certificate) -> Option<Self> {
        let number_bytes = match certificate.key.key.as_ref()? {
            PublicKey::Ecdsa { curve, .. } => curve.number_bytes(),
            _ => 0,
        };
        let key = match certificate.key.key.as_ref()? {
            PublicKey::Ecdsa { curve: curve @ Curve::P224, x, y } => {
                let point = curve.point_bytes(x, y);
                Key::P224(p224::ecdsa::VerifyingKey::from_sec1_bytes(&point).ok()?)
            }
            _ => Key::Usual(Box::new(keys::of_public_key(&certificate.raw_key).ok()?)),
        };
        Some(Self { key, number_bytes })
    }

    /// Returns what a check costs, in steps, but for reading the message.
    pub(super) fn steps(&self) -> u64 {
        match &self.key {
            Key::Usual(key) => key.verify_steps(),
            Key::P224(_) => P224_STEPS,
        }
    }

    /// Whether this key has signed a certificate.
    pub(super) fn signed(&self, certificate: &Certificate) -> bool {
        let Some(scheme) = certificate.signature_algorithm.scheme else { return false };
        let message = &certificate.raw_tbs;
        let check = |signature: &[u8]| match &self.key {
            Key::Usual(key) => key.verify(scheme, Reading::Exact, message, signature),
            Key::P224(key) => p224_agrees(key, scheme, message, signature),
        };
        match scheme {
            keys::Algorithm::Ecdsa(_) => {
                self.pair(&certificate.signature).is_some_and(|pair| check(&pair))
            }
            _ => check(&certificate.signature),
        }
    }

    /// Returns the two numbers of a signature one after the other.
    fn pair(&self, signature: &[u8]) -> Option<Vec<u8>> {
        let mut outer = Der(signature);
        let mut inner = outer.take(SEQUENCE).filter(|_| outer.is_empty())?;
        let (r, s) = (inner.integer()?, inner.integer()?);
        let mut pair = self.number(&r)?;
        pair.extend(self.number(&s)?);
        inner.is_empty().then_some(pair)
    }

    fn number(&self, number: &BigInt) -> Option<Vec<u8>> {
        let (_, digits) = Some(number).filter(|n| n.sign() == Sign::Plus)?.to_bytes_be();
        let zeros = self.number_bytes.checked_sub(digits.len())?;
        Some([vec![0; zeros], digits].concat())
    }
}

/// Whether a signature, two numbers one after the other, is that of a key on P-224.
fn p224_agrees(
    key: &p224::ecdsa::VerifyingKey,
    scheme: keys::Algorithm,
    message: &[u8],
    signature: &[u8],
) -> bool {
    use p224::ecdsa::signature::hazmat::PrehashVerifier;
    let keys::Algorithm::Ecdsa(hash) = scheme else { return false };
    let signature = p224::ecdsa::Signature::from_slice(signature);
    signature.is_ok_and(|signature| key.verify_prehash(&hash.digest(message), &signature).is_ok())
}
