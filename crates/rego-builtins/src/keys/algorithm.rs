//! The algorithms of signatures, by their names in JSON Web Algorithms (RFC 7518, RFC 8037).

use sha2::{Digest, Sha256, Sha384, Sha512};

/// How a message is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// `HS*`: a code by a secret.
    Hmac(Hash),
    /// `RS*`: RSA with the padding of PKCS #1 v1.5.
    RsaPkcs1(Hash),
    /// `PS*`: RSA with the padding of PSS.
    RsaPss(Hash),
    /// `ES*`: ECDSA. The curve is the key's: as in OPA it need not be the one of RFC 7518.
    Ecdsa(Hash),
    /// `EdDSA`, on the curve Ed25519.
    Ed25519,
}

/// What a message is hashed with before it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    /// 32 bytes.
    Sha256,
    /// 48 bytes.
    Sha384,
    /// 64 bytes.
    Sha512,
}

impl Algorithm {
    /// Returns the algorithm of a name, which is told apart by case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        if name == "EdDSA" {
            return Some(Self::Ed25519);
        }
        let (family, bits) = name.split_at_checked(2)?;
        let hash = match bits {
            "256" => Hash::Sha256,
            "384" => Hash::Sha384,
            "512" => Hash::Sha512,
            _ => return None,
        };
        match family {
            "HS" => Some(Self::Hmac(hash)),
            "RS" => Some(Self::RsaPkcs1(hash)),
            "PS" => Some(Self::RsaPss(hash)),
            "ES" => Some(Self::Ecdsa(hash)),
            _ => None,
        }
    }
}

impl Hash {
    /// Returns the hash of a message.
    pub(crate) fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }

    /// Returns the length of a hash, in bytes.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}
