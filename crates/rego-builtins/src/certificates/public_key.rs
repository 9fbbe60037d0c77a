//! Public keys of certificates and requests.
//!
//! Source: RFC 3279, RFC 5480, RFC 8410; Go, `crypto/x509`, whose words errors have.

use num_bigint::{BigInt, Sign};
use rego_value::{Number, Value};

use super::curve::Curve;
use super::der::{BIT_STRING, Der, NULL, OID, Oid, SEQUENCE};
use crate::bytes::Base64;

/// A public key.
#[derive(Debug)]
pub(super) enum PublicKey {
    /// Modulus and exponent.
    Rsa { n: BigInt, e: i64 },
    /// The numbers p, q, g, and y.
    Dsa([BigInt; 4]),
    /// The coordinates of a point.
    Ecdsa { curve: Curve, x: BigInt, y: BigInt },
    /// The key's bytes.
    Ed25519(Vec<u8>),
}

/// An algorithm's identifier, with its parameters as they are.
pub(super) struct Algorithm<'d> {
    pub(super) oid: Oid,
    pub(super) parameters: &'d [u8],
}

impl<'d> Algorithm<'d> {
    /// Reads what is inside of the identifier's sequence.
    pub(super) fn read(mut der: Der<'d>) -> Result<Self, String> {
        let oid = der.oid().ok_or("x509: malformed OID")?;
        if der.is_empty() {
            return Ok(Self { oid, parameters: &[] });
        }
        let parameters = der.any().ok_or("x509: malformed parameters")?.whole;
        Ok(Self { oid, parameters })
    }

    fn no_parameters(&self, what: &str) -> Result<(), String> {
        let wrong = || format!("x509: {what} key encoded with illegal parameters");
        self.parameters.is_empty().then_some(()).ok_or_else(wrong)
    }
}

/// The bytes of NULL.
pub(super) const NULL_BYTES: &[u8] = &[NULL, 0];

/// A key with the number that Go has for its algorithm; nothing and zero where it is not known.
pub(super) struct KeyInfo {
    pub(super) key: Option<PublicKey>,
    pub(super) algorithm: i64,
}

impl KeyInfo {
    /// Reads a `SubjectPublicKeyInfo`.
    pub(super) fn read(mut der: Der<'_>) -> Result<Self, String> {
        let malformed = || "x509: malformed spki".to_string();
        let mut info = der.take(SEQUENCE).ok_or_else(malformed)?;
        let algorithm = info.take(SEQUENCE);
        let algorithm = algorithm.ok_or("x509: malformed public key algorithm identifier")?;
        let algorithm = Algorithm::read(algorithm)?;
        let Some(bits) = info.next_is(BIT_STRING).then(|| info.bits()).flatten() else {
            return Err("x509: malformed subjectPublicKey".to_string());
        };
        let data = bits.right_aligned();
        let known = ALGORITHMS.iter().find(|(oid, _, _)| algorithm.oid.is(oid));
        let Some((_, number, read)) = known else { return Ok(Self { key: None, algorithm: 0 }) };
        Ok(Self { key: Some(read(&algorithm, &data)?), algorithm: *number })
    }
}

type Read = fn(&Algorithm<'_>, &[u8]) -> Result<PublicKey, String>;

/// The algorithms, with Go's numbers for them.
const ALGORITHMS: &[(&str, i64, Read)] = &[
    ("1.2.840.113549.1.1.1", 1, rsa),
    ("1.2.840.10040.4.1", 2, dsa),
    ("1.2.840.10045.2.1", 3, ecdsa),
    ("1.3.101.112", 4, ed25519),
];

fn is_positive(number: &BigInt) -> bool {
    number.sign() == Sign::Plus
}

fn rsa(algorithm: &Algorithm<'_>, data: &[u8]) -> Result<PublicKey, String> {
    if algorithm.parameters != NULL_BYTES {
        return Err("x509: RSA key missing NULL parameters".to_string());
    }
    let mut der = Der(data).take(SEQUENCE).ok_or("x509: invalid RSA public key")?;
    let n = der.integer().ok_or("x509: invalid RSA modulus")?;
    let e = der.small_integer().ok_or("x509: invalid RSA public exponent")?;
    if !is_positive(&n) {
        return Err("x509: RSA modulus is not a positive number".to_string());
    }
    if e <= 0 {
        return Err("x509: RSA public exponent is not a positive number".to_string());
    }
    Ok(PublicKey::Rsa { n, e })
}

fn dsa(algorithm: &Algorithm<'_>, data: &[u8]) -> Result<PublicKey, String> {
    let y = Der(data).integer().ok_or("x509: invalid DSA public key")?;
    let numbers = || {
        let mut der = Der(algorithm.parameters).take(SEQUENCE)?;
        Some([der.integer()?, der.integer()?, der.integer()?, y])
    };
    let numbers = numbers().ok_or("x509: invalid DSA parameters")?;
    if !numbers.iter().all(is_positive) {
        return Err("x509: zero or negative DSA parameter".to_string());
    }
    Ok(PublicKey::Dsa(numbers))
}

fn ecdsa(algorithm: &Algorithm<'_>, data: &[u8]) -> Result<PublicKey, String> {
    let mut parameters = Der(algorithm.parameters);
    let oid = parameters.next_is(OID).then(|| parameters.oid()).flatten();
    let oid = oid.ok_or("x509: invalid ECDSA parameters")?;
    let curve = Curve::of(&oid).ok_or("x509: unsupported elliptic curve")?;
    let point = curve.point(data).ok_or("x509: failed to unmarshal elliptic curve point")?;
    Ok(PublicKey::Ecdsa { curve, x: point.0, y: point.1 })
}

fn ed25519(algorithm: &Algorithm<'_>, data: &[u8]) -> Result<PublicKey, String> {
    algorithm.no_parameters("Ed25519")?;
    if data.len() != 32 {
        return Err("x509: wrong Ed25519 public key size".to_string());
    }
    Ok(PublicKey::Ed25519(data.to_vec()))
}

/// Returns the number as a value.
pub(super) fn integer(number: &BigInt) -> Value {
    Value::from(Number::from_bigint(number))
}

impl PublicKey {
    /// Returns the fields of Go's structure for the key; nothing for Ed25519, which is bytes.
    pub(super) fn fields(&self) -> Vec<(Value, Value)> {
        let fields = match self {
            Self::Rsa { n, e } => vec![("N", integer(n)), ("E", Value::from(*e))],
            Self::Dsa([p, q, g, y]) => {
                vec![("P", integer(p)), ("Q", integer(q)), ("G", integer(g)), ("Y", integer(y))]
            }
            Self::Ecdsa { x, y, .. } => {
                // Go's curves show nothing of themselves in JSON.
                let curve = Value::object(Vec::new());
                vec![("Curve", curve), ("X", integer(x)), ("Y", integer(y))]
            }
            Self::Ed25519(_) => Vec::new(),
        };
        fields.into_iter().map(|(name, value)| (Value::from(name), value)).collect()
    }

    /// Returns the key as Go gives it in JSON.
    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Ed25519(bytes) => Value::from(Base64::Standard.encode(bytes, true)),
            _ => Value::object(self.fields()),
        }
    }

    /// Returns how many bytes its numbers have, together.
    pub(super) fn number_bytes(&self) -> usize {
        let bits = match self {
            Self::Rsa { n, .. } => n.bits(),
            Self::Dsa(numbers) => numbers.iter().map(BigInt::bits).sum(),
            Self::Ecdsa { x, y, .. } => x.bits() + y.bits(),
            Self::Ed25519(_) => 0,
        };
        usize::try_from(bits / 8 + 1).unwrap_or(usize::MAX)
    }
}
