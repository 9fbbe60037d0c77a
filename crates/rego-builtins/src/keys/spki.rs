//! The public key of a certificate, or of a `SubjectPublicKeyInfo` by itself.
//!
//! Source: RFC 5280, RFC 5480, RFC 8410; what is refused and how that is worded, Go's
//! `crypto/x509`.

use ed25519_dalek::VerifyingKey;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::Key;
use super::ec::{Curve, EcPublic};
use super::rsa::RsaPublic;

const RSA: &str = "1.2.840.113549.1.1.1";
const DSA: &str = "1.2.840.10040.4.1";
const EC: &str = "1.2.840.10045.2.1";
const ED25519: &str = "1.3.101.112";
const X25519: &str = "1.3.101.110";

const P224: &str = "1.3.132.0.33";
const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";
const P521: &str = "1.3.132.0.35";

/// Returns the key of a certificate in DER. A kind that is not known verifies nothing.
///
/// Errors: what is no certificate, and a key of a known kind that is none. Neither dates nor
/// signatures are looked at, as OPA does not either.
pub(super) fn of_certificate(der: &[u8]) -> Result<Key, String> {
    let (rest, certificate) =
        X509Certificate::from_der(der).map_err(|_| "x509: malformed certificate".to_owned())?;
    if !rest.is_empty() {
        return Err("x509: trailing data".to_owned());
    }
    Ok(key(certificate.public_key())?.unwrap_or(Key::Useless))
}

/// Returns the key of a `SubjectPublicKeyInfo` in DER.
///
/// Errors: what is none, and a kind that is not known.
pub(crate) fn of_public_key(der: &[u8]) -> Result<Key, String> {
    let (rest, info) = SubjectPublicKeyInfo::from_der(der)
        .map_err(|_| "asn1: structure error: tags don't match".to_owned())?;
    if !rest.is_empty() {
        return Err("x509: trailing data after ASN.1 of public-key".to_owned());
    }
    key(&info)?.ok_or_else(|| "x509: unknown public key algorithm".to_owned())
}

/// Returns the key, or nothing where its kind is not known.
fn key(info: &SubjectPublicKeyInfo<'_>) -> Result<Option<Key>, String> {
    let bits = info.subject_public_key.data.as_ref();
    let parameters = info.algorithm.parameters.as_ref();
    let key = match info.algorithm.algorithm.to_id_string().as_str() {
        RSA => rsa(bits)?,
        EC => {
            let curve = parameters.and_then(|parameters| parameters.as_oid().ok());
            let curve = curve.ok_or("x509: invalid ECDSA parameters")?;
            ec(&curve.to_id_string(), bits)?
        }
        ED25519 => {
            let bytes = bits.try_into().map_err(|_| "x509: wrong Ed25519 public key size")?;
            VerifyingKey::from_bytes(bytes).map_or(Key::Useless, Key::Ed25519)
        }
        X25519 | DSA => Key::Useless,
        _ => return Ok(None),
    };
    Ok(Some(key))
}

fn rsa(bits: &[u8]) -> Result<Key, String> {
    let parsed = x509_parser::public_key::RSAPublicKey::from_der(bits);
    let (rest, numbers) = parsed.map_err(|_| "x509: invalid RSA public key")?;
    if !rest.is_empty() {
        return Err("x509: trailing data after RSA public key".to_owned());
    }
    let positive = |number: &[u8]| {
        number.first().is_some_and(|first| *first < 0x80) && number.iter().any(|byte| *byte != 0)
    };
    if !positive(numbers.modulus) {
        return Err("x509: RSA modulus is not a positive number".to_owned());
    }
    if !positive(numbers.exponent) {
        return Err("x509: RSA public exponent is not a positive number".to_owned());
    }
    Ok(RsaPublic::new(numbers.modulus, numbers.exponent)?.map_or(Key::Useless, Key::Rsa))
}

fn ec(curve: &str, point: &[u8]) -> Result<Key, String> {
    let curve = match curve {
        P256 => Curve::P256,
        P384 => Curve::P384,
        P521 => Curve::P521,
        P224 => return Ok(Key::Useless),
        _ => return Err("x509: unsupported elliptic curve".to_owned()),
    };
    let wrong = || "x509: failed to unmarshal elliptic curve point".to_owned();
    // Go takes a point with both of its numbers only.
    let point = (point.first() == Some(&4)).then_some(point).ok_or_else(wrong)?;
    EcPublic::from_point(curve, point).map(Key::Ec).ok_or_else(wrong)
}
