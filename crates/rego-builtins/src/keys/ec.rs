//! ECDSA on NIST's curves P-256, P-384 and P-521.
//!
//! Source: FIPS 186-5; nonces as RFC 6979 has them, so that no bad source of randomness can give a
//! private key away.

use super::Reading;

/// A curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    /// Returns the curve of a name in a JSON Web Key (`crv`).
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "P-256" => Some(Self::P256),
            "P-384" => Some(Self::P384),
            "P-521" => Some(Self::P521),
            _ => None,
        }
    }

    /// Returns the length of a number of this curve, in bytes.
    fn number_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// A public key.
#[derive(PartialEq)]
pub(crate) enum EcPublic {
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
}

/// A private key.
pub(crate) struct EcPrivate {
    secret: EcSecret,
    public: EcPublic,
}

enum EcSecret {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
}

/// Whether a digest's signature is a key's. (The crates of the curves are of two generations, with
/// traits of their own.)
macro_rules! verified {
    ($curve:ident, $key:expr, $digest:expr, $signature:expr) => {{
        use $curve::ecdsa::signature::hazmat::PrehashVerifier as _;
        let signature = $curve::ecdsa::Signature::from_slice($signature);
        signature.is_ok_and(|signature| $key.verify_prehash($digest, &signature).is_ok())
    }};
}

/// Returns a digest's signature by a key.
macro_rules! signed {
    ($curve:ident, $key:expr, $digest:expr) => {{
        use $curve::ecdsa::signature::hazmat::PrehashSigner as _;
        let signature: Result<$curve::ecdsa::Signature, _> = $key.sign_prehash($digest);
        signature.map(|signature| signature.to_bytes().to_vec()).map_err(|e| e.to_string())
    }};
}

impl EcPublic {
    /// Returns the key at a point: `4`, and both of its numbers in full length. Nothing where that is
    /// not on the curve.
    pub(super) fn from_point(curve: Curve, point: &[u8]) -> Option<Self> {
        match curve {
            Curve::P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok().map(Self::P256),
            Curve::P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(point).ok().map(Self::P384),
            Curve::P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(point).ok().map(Self::P521),
        }
    }

    /// Returns the key at two numbers, which may lack zeros in front.
    pub(super) fn from_numbers(curve: Curve, x: &[u8], y: &[u8]) -> Option<Self> {
        let mut point = vec![4];
        point.extend(in_length(x, curve.number_bytes())?);
        point.extend(in_length(y, curve.number_bytes())?);
        Self::from_point(curve, &point)
    }

    /// Whether a digest's signature, two numbers one after the other, is this key's.
    pub(super) fn verify(&self, reading: Reading, digest: &[u8], signature: &[u8]) -> bool {
        let number_bytes = self.curve().number_bytes();
        let (r, s) = signature.split_at(signature.len() / 2);
        if reading == Reading::Exact && (r.len() != number_bytes || s.len() != number_bytes) {
            return false;
        }
        let (Some(mut pair), Some(s)) = (in_length(r, number_bytes), in_length(s, number_bytes))
        else {
            return false;
        };
        pair.extend(s);
        match self {
            Self::P256(key) => verified!(p256, key, digest, &pair),
            Self::P384(key) => verified!(p384, key, digest, &pair),
            Self::P521(key) => verified!(p521, key, digest, &pair),
        }
    }

    /// Returns what verifying or signing costs, in steps of about 10 ns.
    pub(super) fn steps(&self) -> u64 {
        match self {
            Self::P256(_) => 40_000,
            Self::P384(_) => 400_000,
            Self::P521(_) => 250_000,
        }
    }

    fn curve(&self) -> Curve {
        match self {
            Self::P256(_) => Curve::P256,
            Self::P384(_) => Curve::P384,
            Self::P521(_) => Curve::P521,
        }
    }
}

impl EcPrivate {
    /// Returns the key of a number, which may lack zeros in front. Nothing where it is zero or not
    /// below the curve's order.
    pub(super) fn from_number(curve: Curve, d: &[u8]) -> Option<Self> {
        let d = in_length(d, curve.number_bytes())?;
        let (secret, public) = match curve {
            Curve::P256 => {
                let key = p256::ecdsa::SigningKey::from_slice(&d).ok()?;
                let public = EcPublic::P256(*key.verifying_key());
                (EcSecret::P256(key), public)
            }
            Curve::P384 => {
                let key = p384::ecdsa::SigningKey::from_slice(&d).ok()?;
                let public = EcPublic::P384(*key.verifying_key());
                (EcSecret::P384(key), public)
            }
            Curve::P521 => {
                let key = p521::ecdsa::SigningKey::from_slice(&d).ok()?;
                let public = EcPublic::P521(*key.verifying_key());
                (EcSecret::P521(key), public)
            }
        };
        Some(Self { secret, public })
    }

    /// Returns the public part.
    pub(super) fn public(&self) -> &EcPublic {
        &self.public
    }

    /// Returns the signature of a digest: two numbers in full length.
    ///
    /// Errors: none that a key and a digest of 32 bytes or more are known to give.
    pub(super) fn sign(&self, digest: &[u8]) -> Result<Vec<u8>, String> {
        match &self.secret {
            EcSecret::P256(key) => signed!(p256, key, digest),
            EcSecret::P384(key) => signed!(p384, key, digest),
            EcSecret::P521(key) => signed!(p521, key, digest),
        }
    }
}

/// Returns a number with zeros in front so that it has this length. Nothing where it is longer.
fn in_length(number: &[u8], length: usize) -> Option<Vec<u8>> {
    let first = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    let digits = number.get(first..)?;
    let mut padded = vec![0; length.checked_sub(digits.len())?];
    padded.extend(digits);
    Some(padded)
}
