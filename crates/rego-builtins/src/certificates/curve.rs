//! NIST's curves: points of keys. (Signatures are checked elsewhere.)

use num_bigint::{BigInt, Sign};

use super::der::Oid;

/// A curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    P224,
    P256,
    P384,
    P521,
}

/// What a point begins with that has both of its numbers.
const UNCOMPRESSED: u8 = 4;

/// Returns the point of a private key's number.
macro_rules! point_of {
    ($curve:ident, $number:expr) => {
        $curve::SecretKey::from_slice($number)
            .ok()
            .map(|key| key.public_key().to_sec1_bytes().to_vec())
    };
}

impl Curve {
    const ALL: [Self; 4] = [Self::P224, Self::P256, Self::P384, Self::P521];

    fn oid(self) -> &'static str {
        match self {
            Self::P224 => "1.3.132.0.33",
            Self::P256 => "1.2.840.10045.3.1.7",
            Self::P384 => "1.3.132.0.34",
            Self::P521 => "1.3.132.0.35",
        }
    }

    /// Returns the curve of an identifier.
    pub(super) fn of(oid: &Oid) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| oid.is(curve.oid()))
    }

    /// Returns the name in JSON Web Keys, which have none for P-224.
    pub(super) fn jwk_name(self) -> Option<&'static str> {
        match self {
            Self::P224 => None,
            Self::P256 => Some("P-256"),
            Self::P384 => Some("P-384"),
            Self::P521 => Some("P-521"),
        }
    }

    /// Returns the length of a number of this curve, in bytes.
    pub(super) fn number_bytes(self) -> usize {
        match self {
            Self::P224 => 28,
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// Returns the coordinates of a point with both of its numbers. Nothing where it is not on the
    /// curve.
    pub(super) fn point(self, bytes: &[u8]) -> Option<(BigInt, BigInt)> {
        let numbers = bytes.strip_prefix(&[UNCOMPRESSED])?;
        let on_curve = match self {
            Self::P224 => p224::PublicKey::from_sec1_bytes(bytes).is_ok(),
            Self::P256 => p256::PublicKey::from_sec1_bytes(bytes).is_ok(),
            Self::P384 => p384::PublicKey::from_sec1_bytes(bytes).is_ok(),
            Self::P521 => p521::PublicKey::from_sec1_bytes(bytes).is_ok(),
        };
        let (x, y) = numbers.split_at_checked(self.number_bytes()).filter(|_| on_curve)?;
        let number = |digits| BigInt::from_bytes_be(Sign::Plus, digits);
        Some((number(x), number(y)))
    }

    /// Returns the bytes of a point.
    pub(super) fn point_bytes(self, x: &BigInt, y: &BigInt) -> Vec<u8> {
        let mut bytes = vec![UNCOMPRESSED];
        for number in [x, y] {
            let (_, digits) = number.to_bytes_be();
            bytes.resize(bytes.len() + self.number_bytes().saturating_sub(digits.len()), 0);
            bytes.extend(digits);
        }
        bytes
    }

    /// Returns the coordinates of the public point of a private number in full length. Nothing where
    /// that is zero or not below the curve's order.
    pub(super) fn public_point(self, number: &[u8]) -> Option<(BigInt, BigInt)> {
        let point = match self {
            Self::P224 => point_of!(p224, number),
            Self::P256 => point_of!(p256, number),
            Self::P384 => point_of!(p384, number),
            Self::P521 => point_of!(p521, number),
        };
        self.point(&point?)
    }
}
