//! Private keys: PKCS #1, PKCS #8 and SEC 1.
//!
//! Source: RFC 8017, A.1.2; RFC 5208; RFC 5915; Go, `crypto/x509`, whose words errors have.

use num_bigint::{BigInt, Sign};
use rego_value::Value;

use super::curve::Curve;
use super::der::{Der, OCTET_STRING, OID, SEQUENCE, wrapped};
use super::public_key::{Algorithm, PublicKey, integer};
use crate::bytes::Base64;

/// A private key.
pub(super) enum PrivateKey {
    Rsa(Box<Rsa>),
    /// The private number, and the public point.
    Ecdsa {
        curve: Curve,
        d: BigInt,
        x: BigInt,
        y: BigInt,
    },
    /// The seed, and the public key.
    Ed25519([u8; 32], [u8; 32]),
    X25519,
}

/// Numbers of an RSA key.
pub(super) struct Rsa {
    n: BigInt,
    e: i64,
    d: BigInt,
    /// Two or more.
    primes: Vec<BigInt>,
}

/// The most primes that a key may have.
const PRIMES_MAX: usize = 8;

const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";
const ED25519: &str = "1.3.101.112";
const X25519: &str = "1.3.101.110";

/// The length of a key on Curve25519, in bytes.
const KEY_25519_BYTES: usize = 32;

const OTHER_FORMAT: &str = "x509: failed to parse private key (use";

/// Reads a key in any of the formats, as Go's `crypto/tls` does.
pub(super) fn any(der: &[u8]) -> Result<PrivateKey, String> {
    pkcs1(der)
        .or_else(|_| pkcs8(der))
        .or_else(|_| sec1(der, None))
        .map_err(|_| "tls: failed to parse private key".to_string())
}

/// What a key's structure begins with: a version, and what follows it.
fn outline(der: &[u8]) -> Option<(i64, Der<'_>)> {
    let mut rest = Der(der);
    let mut body = rest.take(SEQUENCE)?;
    Some((body.small_integer()?, body))
}

fn is_pkcs8(der: &[u8]) -> bool {
    outline(der).is_some_and(|(_, body)| body.next_is(SEQUENCE))
}

fn is_sec1(der: &[u8]) -> bool {
    outline(der).is_some_and(|(_, body)| body.next_is(OCTET_STRING))
}

/// Reads a key as PKCS #1 has it.
pub(super) fn pkcs1(der: &[u8]) -> Result<PrivateKey, String> {
    let mut rest = Der(der);
    let whole = rest.element(SEQUENCE).is_some();
    if whole && !rest.is_empty() {
        return Err("asn1: syntax error: trailing data".to_string());
    }
    if is_sec1(der) {
        return Err(format!("{OTHER_FORMAT} ParseECPrivateKey instead for this key format)"));
    }
    if is_pkcs8(der) {
        return Err(format!("{OTHER_FORMAT} ParsePKCS8PrivateKey instead for this key format)"));
    }
    let numbers = || {
        let (version, mut body) = outline(der)?;
        let (n, e) = (body.integer()?, body.small_integer()?);
        let (d, p, q) = (body.integer()?, body.integer()?, body.integer()?);
        let mut primes = vec![p, q];
        // What follows from the others is not looked at: it is calculated.
        while body.next_is(super::der::INTEGER) {
            body.integer()?;
        }
        let mut others = body.optional(SEQUENCE)?.unwrap_or(Der(&[]));
        while !others.is_empty() {
            primes.push(others.take(SEQUENCE)?.integer()?);
        }
        Some((version, Rsa { n, e, d, primes }))
    };
    let (version, key) = numbers().ok_or("asn1: structure error: tags don't match")?;
    if version > 1 {
        return Err("x509: unsupported private key version".to_string());
    }
    key.checked().map(|key| PrivateKey::Rsa(Box::new(key)))
}

/// Reads a key as PKCS #8 has it.
pub(super) fn pkcs8(der: &[u8]) -> Result<PrivateKey, String> {
    let parts = || {
        let (_, mut body) = outline(der)?;
        let algorithm = Algorithm::read(body.take(SEQUENCE)?).ok()?;
        Some((algorithm, body.take(OCTET_STRING)?.0))
    };
    let Some((algorithm, inner)) = parts() else {
        if is_sec1(der) {
            return Err(format!("{OTHER_FORMAT} ParseECPrivateKey instead for this key format)"));
        }
        if outline(der).is_some() {
            return Err(format!(
                "{OTHER_FORMAT} ParsePKCS1PrivateKey instead for this key format)"
            ));
        }
        return Err("asn1: structure error: tags don't match".to_string());
    };
    let embedded = |kind: &str, why: String| {
        format!("x509: failed to parse {kind} private key embedded in PKCS#8: {why}")
    };
    if algorithm.oid.is(RSA) {
        return pkcs1(inner).map_err(|why| embedded("RSA", why));
    }
    if algorithm.oid.is(EC) {
        let mut parameters = Der(algorithm.parameters);
        let oid = parameters.next_is(OID).then(|| parameters.oid()).flatten();
        let curve = oid.and_then(|oid| Curve::of(&oid));
        return sec1(inner, curve).map_err(|why| embedded("EC", why));
    }
    if algorithm.oid.is(ED25519) {
        let seed = key_25519(&algorithm, inner, "Ed25519")?;
        let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key().to_bytes();
        return Ok(PrivateKey::Ed25519(seed, public));
    }
    if algorithm.oid.is(X25519) {
        return key_25519(&algorithm, inner, "X25519").map(|_| PrivateKey::X25519);
    }
    let oid = algorithm.oid.text();
    let why = "PKCS#8 wrapping contained private key with unknown algorithm";
    Err(format!("x509: {why}: {oid}"))
}

fn key_25519(
    algorithm: &Algorithm<'_>,
    inner: &[u8],
    name: &str,
) -> Result<[u8; KEY_25519_BYTES], String> {
    if !algorithm.parameters.is_empty() {
        return Err(format!("x509: invalid {name} private key parameters"));
    }
    let key = Der(inner).take(OCTET_STRING);
    let key = key.ok_or_else(|| format!("x509: invalid {name} private key"))?.0;
    let length = key.len();
    key.try_into().map_err(|_| format!("x509: invalid {name} private key length: {length}"))
}

/// Reads a key as SEC 1 has it; the curve may be told from outside.
pub(super) fn sec1(der: &[u8], outer: Option<Curve>) -> Result<PrivateKey, String> {
    let parts = || {
        let (version, mut body) = outline(der)?;
        let number = body.take(OCTET_STRING)?.0;
        let curve = match body.optional(wrapped(0))? {
            Some(mut curve) => Curve::of(&curve.oid()?),
            None => None,
        };
        Some((version, number, curve))
    };
    let Some((version, number, inner)) = parts() else {
        if is_pkcs8(der) {
            return Err(format!(
                "{OTHER_FORMAT} ParsePKCS8PrivateKey instead for this key format)"
            ));
        }
        if outline(der).is_some() {
            return Err(format!(
                "{OTHER_FORMAT} ParsePKCS1PrivateKey instead for this key format)"
            ));
        }
        let why = "asn1: structure error: tags don't match";
        return Err(format!("x509: failed to parse EC private key: {why}"));
    };
    if version != 1 {
        return Err(format!("x509: unknown EC private key version {version}"));
    }
    let curve = outer.or(inner).ok_or("x509: unknown elliptic curve")?;
    let first = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    let digits = number.get(first..).unwrap_or_default();
    let invalid = "x509: invalid elliptic curve private key value";
    let zeros = curve.number_bytes().checked_sub(digits.len()).ok_or(invalid)?;
    let padded = [vec![0; zeros], digits.to_vec()].concat();
    let (x, y) = curve.public_point(&padded).ok_or(invalid)?;
    Ok(PrivateKey::Ecdsa { curve, d: BigInt::from_bytes_be(Sign::Plus, digits), x, y })
}

impl Rsa {
    /// Returns the key if its numbers agree with each other.
    fn checked(self) -> Result<Self, String> {
        let one = BigInt::from(1);
        let positive = |number: &BigInt| number.sign() == Sign::Plus;
        if ![&self.n, &self.d].into_iter().chain(&self.primes).all(positive) {
            return Err("x509: private key contains zero or negative value".to_string());
        }
        if self.e < 2 {
            return Err("crypto/rsa: public exponent too small".to_string());
        }
        if self.e > i64::from(i32::MAX) {
            return Err("crypto/rsa: public exponent too large".to_string());
        }
        if self.primes.len() > PRIMES_MAX || self.primes.contains(&one) {
            return Err("crypto/rsa: invalid prime value".to_string());
        }
        if self.primes.iter().product::<BigInt>() != self.n {
            return Err("crypto/rsa: invalid modulus".to_string());
        }
        let both = &self.d * self.e;
        if self.primes.iter().any(|prime| (&both - 1) % (prime - 1) != BigInt::ZERO) {
            return Err("crypto/rsa: invalid exponents".to_string());
        }
        Ok(self)
    }

    /// Returns the two first primes; a key that was checked has them.
    fn pair(&self) -> (BigInt, BigInt) {
        let prime = |place: usize| self.primes.get(place).cloned().unwrap_or_default();
        (prime(0), prime(1))
    }

    /// Returns the exponents for both primes, and the second prime's inverse. Nothing where it has
    /// none.
    fn precomputed(&self) -> Option<[BigInt; 3]> {
        let (p, q) = self.pair();
        let inverse = q.modinv(&p)?;
        Some([&self.d % (&p - 1), &self.d % (&q - 1), inverse])
    }

    /// Returns what Go keeps of the third prime and those after it.
    fn later_primes(&self) -> Option<Value> {
        let mut product: BigInt = self.primes.iter().take(2).product();
        let mut values = Vec::new();
        for prime in self.primes.iter().skip(2) {
            values.push(Value::object_from_strs([
                ("Exp", integer(&(&self.d % (prime - 1)))),
                ("Coeff", integer(&product.modinv(prime)?)),
                ("R", integer(&product)),
            ]));
            product *= prime;
        }
        Some(Value::array(values))
    }

    fn to_value(&self) -> Option<Value> {
        let [dp, dq, inverse] = self.precomputed()?;
        let precomputed = Value::object_from_strs([
            ("Dp", integer(&dp)),
            ("Dq", integer(&dq)),
            ("Qinv", integer(&inverse)),
            ("CRTValues", self.later_primes()?),
        ]);
        Some(Value::object_from_strs([
            ("N", integer(&self.n)),
            ("E", Value::from(self.e)),
            ("D", integer(&self.d)),
            ("Primes", Value::array(self.primes.iter().map(integer).collect())),
            ("Precomputed", precomputed),
        ]))
    }
}

/// Returns the bytes as JSON Web Keys write them.
fn web(bytes: &[u8]) -> Value {
    Value::from(Base64::Url.encode(bytes, false))
}

/// Returns a number that is not negative as JSON Web Keys write it, with zeros in front up to a
/// length in bytes.
fn web_number(number: &BigInt, length: usize) -> Value {
    let (_, digits) = number.to_bytes_be();
    let zeros = length.saturating_sub(digits.len());
    web(&[vec![0; zeros], digits].concat())
}

impl PrivateKey {
    /// Returns the key as Go's structure gives it in JSON.
    ///
    /// Errors: an RSA key whose primes are not different.
    pub(super) fn to_value(&self) -> Result<Value, String> {
        Ok(match self {
            Self::Rsa(key) => key.to_value().ok_or("crypto/rsa: invalid prime value")?,
            Self::Ecdsa { curve, d, x, y } => {
                let public = PublicKey::Ecdsa { curve: *curve, x: x.clone(), y: y.clone() };
                let mut fields = public.fields();
                fields.push((Value::from("D"), integer(d)));
                Value::object(fields)
            }
            Self::Ed25519(seed, public) => {
                Value::from(Base64::Standard.encode(&[*seed, *public].concat(), true))
            }
            Self::X25519 => Value::object(Vec::new()),
        })
    }

    /// Returns the key as a JSON Web Key.
    ///
    /// Errors: a kind of key that there is none of.
    pub(super) fn to_jwk(&self) -> Result<Value, String> {
        let text = |text: &'static str| Value::from(text);
        match self {
            Self::Rsa(key) => {
                let parts = key.precomputed().ok_or("crypto/rsa: invalid prime value")?;
                let [dp, dq, inverse] = parts.each_ref().map(|number| web_number(number, 0));
                let (p, q) = key.pair();
                Ok(Value::object_from_strs([
                    ("kty", text("RSA")),
                    ("n", web_number(&key.n, 0)),
                    ("e", web_number(&BigInt::from(key.e), 0)),
                    ("d", web_number(&key.d, 0)),
                    ("p", web_number(&p, 0)),
                    ("q", web_number(&q, 0)),
                    ("dp", dp),
                    ("dq", dq),
                    ("qi", inverse),
                ]))
            }
            Self::Ecdsa { curve, d, x, y } => {
                let name = curve.jwk_name().ok_or("invalid elliptic curve P-224")?;
                let [d, x, y] = [d, x, y].map(|number| web_number(number, curve.number_bytes()));
                Ok(Value::object_from_strs([
                    ("kty", text("EC")),
                    ("crv", text(name)),
                    ("d", d),
                    ("x", x),
                    ("y", y),
                ]))
            }
            Self::Ed25519(seed, public) => Ok(Value::object_from_strs([
                ("kty", text("OKP")),
                ("crv", text("Ed25519")),
                ("d", web(seed)),
                ("x", web(public)),
            ])),
            Self::X25519 => Err("no JSON Web Key is made of an X25519 key".to_string()),
        }
    }

    /// Returns what is wrong where a public key is not this one's.
    pub(super) fn mismatch(&self, public: Option<&PublicKey>) -> Option<&'static str> {
        let same = match (self, public) {
            (Self::Rsa(key), Some(PublicKey::Rsa { n, .. })) => key.n == *n,
            (
                Self::Ecdsa { curve, x, y, .. },
                Some(PublicKey::Ecdsa { curve: its_curve, x: its_x, y: its_y }),
            ) => curve == its_curve && x == its_x && y == its_y,
            (Self::Ed25519(_, key), Some(PublicKey::Ed25519(its_key))) => key[..] == **its_key,
            (_, None | Some(PublicKey::Dsa(_))) => {
                return Some("tls: unknown public key algorithm");
            }
            _ => return Some("tls: private key type does not match public key type"),
        };
        (!same).then_some("tls: private key does not match public key")
    }
}
