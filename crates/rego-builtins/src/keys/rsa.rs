//! RSA, with the paddings of PKCS #1 v1.5 and of PSS.
//!
//! Source: RFC 8017; sizes that are refused, Go's `crypto/rsa`.

use rand_chacha::ChaCha20Rng;
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::pss::Pss;
use rsa::rand_core::SeedableRng;
use rsa::sha2::{Sha256, Sha384, Sha512};
use rsa::traits::{PrivateKeyParts, PublicKeyParts, SignatureScheme};
use rsa::{BigUint, RsaPrivateKey, RsaPublicKey};

use super::algorithm::Hash;
use super::{Reading, SEED_BYTES};

/// The shortest modulus that is used, in bits; a shorter one verifies nothing.
const BITS_MIN: usize = 1024;

/// The longest modulus of a public key, in bits.
const BITS_MAX: usize = 16_384;

/// The longest modulus of a private key, in bits: signing costs its third power.
const PRIVATE_BITS_MAX: usize = 8192;

/// By how many bits the primes of a key may differ in length. The library's time grows with their
/// quotient.
const PRIMES_APART_MAX: usize = 8;

/// A public key.
pub(crate) struct RsaPublic(RsaPublicKey);

/// A private key.
pub(crate) struct RsaPrivate {
    key: RsaPrivateKey,
    public: RsaPublic,
}

/// The numbers of a private key, in big-endian bytes.
#[derive(Default)]
pub(super) struct PrivateNumbers {
    pub(super) n: Vec<u8>,
    pub(super) e: Vec<u8>,
    pub(super) d: Vec<u8>,
    /// Both or neither: they follow from the others.
    pub(super) primes: Option<(Vec<u8>, Vec<u8>)>,
}

impl RsaPublic {
    /// Returns the key of a modulus and an exponent. Nothing where they make none.
    ///
    /// Errors: a modulus longer than [`BITS_MAX`].
    pub(super) fn new(n: &[u8], e: &[u8]) -> Result<Option<Self>, String> {
        let n = number(n, BITS_MAX)?;
        let e = number(e, BITS_MAX)?;
        Ok(RsaPublicKey::new_with_max_size(n, e, BITS_MAX).ok().map(Self))
    }

    /// Whether a message's signature is this key's.
    pub(super) fn verify_pkcs1(&self, hash: Hash, message: &[u8], signature: &[u8]) -> bool {
        let scheme = match hash {
            Hash::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
            Hash::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
            Hash::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
        };
        self.verify(scheme, &hash.digest(message), signature)
    }

    /// Whether a message's signature is this key's.
    pub(super) fn verify_pss(
        &self,
        hash: Hash,
        reading: Reading,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let digest = hash.digest(message);
        if self.verify(pss(hash, hash.bytes()), &digest, signature) {
            return true;
        }
        let salt = (reading == Reading::Loose).then(|| self.salt_bytes(hash, signature)).flatten();
        let other = salt.filter(|bytes| *bytes != hash.bytes());
        other.is_some_and(|bytes| self.verify(pss(hash, bytes), &digest, signature))
    }

    fn verify(&self, scheme: impl SignatureScheme, digest: &[u8], signature: &[u8]) -> bool {
        // The scheme would take a number beyond the modulus for the one that it is congruent to.
        self.fits(signature) && self.0.verify(scheme, digest, signature).is_ok()
    }

    fn fits(&self, signature: &[u8]) -> bool {
        self.0.n().bits() >= BITS_MIN
            && signature.len() == self.0.size()
            && BigUint::from_bytes_be(signature) < *self.0.n()
    }

    /// Returns how long the salt of a PSS signature is, by the mark in front of it (RFC 8017, 9.1.2,
    /// steps 7 to 10). Only the length: whether the signature is right is for the scheme to say.
    fn salt_bytes(&self, hash: Hash, signature: &[u8]) -> Option<usize> {
        if !self.fits(signature) {
            return None;
        }
        let encoded = BigUint::from_bytes_be(signature).modpow(self.0.e(), self.0.n());
        let encoded_bytes = (self.0.n().bits() - 1).div_ceil(8);
        let mut padded = vec![0; encoded_bytes.checked_sub(encoded.to_bytes_be().len())?];
        padded.extend(encoded.to_bytes_be());
        let (masked, rest) =
            padded.split_at_checked(encoded_bytes.checked_sub(hash.bytes() + 1)?)?;
        let seed = rest.get(..hash.bytes())?;
        let unused_bits = 8 * encoded_bytes - (self.0.n().bits() - 1);
        let mut plain = masked.iter().zip(mask(hash, seed, masked.len())).map(|(a, b)| a ^ b);
        let first = plain.next()? & (0xff_u8.checked_shr(u32::try_from(unused_bits).ok()?)?);
        let mut before = 1;
        let mark = std::iter::once(first).chain(plain).inspect(|_| before += 1);
        let mark = mark.into_iter().find(|byte| *byte != 0)?;
        (mark == 1).then(|| masked.len() + 1 - before)
    }

    /// Returns what verifying costs, in steps of about 10 ns: some 20 multiplications.
    pub(super) fn verify_steps(&self) -> u64 {
        let words = self.0.n().bits().div_ceil(64) as u64;
        20 * words * words
    }
}

impl RsaPrivate {
    /// Returns the key of numbers that agree with each other.
    ///
    /// Errors: numbers that do not, and a modulus that is too long.
    pub(super) fn new(numbers: &PrivateNumbers) -> Result<Self, String> {
        let [n, e, d] =
            [&numbers.n, &numbers.e, &numbers.d].map(|bytes| number(bytes, PRIVATE_BITS_MAX));
        let (n, e, d) = (n?, e?, d?);
        let primes = match &numbers.primes {
            Some((p, q)) => vec![number(p, PRIVATE_BITS_MAX)?, number(q, PRIVATE_BITS_MAX)?],
            None => Vec::new(),
        };
        let invalid = |e: rsa::Error| format!("invalid RSA private key: {e}");
        // What finds the primes takes for granted that no number is zero.
        let public = RsaPublicKey::new_with_max_size(n.clone(), e.clone(), PRIVATE_BITS_MAX);
        let public = RsaPublic(public.map_err(invalid)?);
        if d.bits() == 0 {
            return Err(invalid(rsa::Error::InvalidExponent));
        }
        let key = RsaPrivateKey::from_components(n, e, d, primes).map_err(invalid)?;
        let lengths = || key.primes().iter().map(BigUint::bits);
        let (shortest, longest) = (lengths().min(), lengths().max());
        if longest.unwrap_or(0).abs_diff(shortest.unwrap_or(0)) > PRIMES_APART_MAX {
            return Err(invalid(rsa::Error::InvalidPrime));
        }
        Ok(Self { key, public })
    }

    /// Returns the public part.
    pub(super) fn public(&self) -> &RsaPublic {
        &self.public
    }

    /// Returns the signature of a message. The seed only hides the key from whoever measures.
    ///
    /// Errors: a key that is too short.
    pub(super) fn sign_pkcs1(
        &self,
        hash: Hash,
        message: &[u8],
        seed: [u8; SEED_BYTES],
    ) -> Result<Vec<u8>, String> {
        let scheme = match hash {
            Hash::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
            Hash::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
            Hash::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
        };
        self.sign(scheme, &hash.digest(message), seed)
    }

    /// Returns the signature of a message, its salt as long as the hash and drawn from the seed.
    ///
    /// Errors: a key that is too short.
    pub(super) fn sign_pss(
        &self,
        hash: Hash,
        message: &[u8],
        seed: [u8; SEED_BYTES],
    ) -> Result<Vec<u8>, String> {
        self.sign(pss(hash, hash.bytes()), &hash.digest(message), seed)
    }

    fn sign(
        &self,
        scheme: impl SignatureScheme,
        digest: &[u8],
        seed: [u8; SEED_BYTES],
    ) -> Result<Vec<u8>, String> {
        let bits = self.key.n().bits();
        if bits < BITS_MIN {
            return Err(format!("crypto/rsa: {bits}-bit keys are insecure"));
        }
        // A generator, and not the host's bytes themselves: the draw is repeated until it fits, which
        // a host that always gives the same bytes must not turn into a loop.
        let mut random = ChaCha20Rng::from_seed(seed);
        let signature = self.key.sign_with_rng(&mut random, scheme, digest);
        signature.map_err(|e| format!("crypto/rsa: {e}"))
    }

    /// Returns what signing costs, in steps of about 10 ns.
    pub(super) fn sign_steps(&self) -> u64 {
        let words = self.key.n().bits().div_ceil(64) as u64;
        8 * words * words * words
    }
}

fn pss(hash: Hash, salt_bytes: usize) -> Pss {
    match hash {
        Hash::Sha256 => Pss::new_blinded_with_salt::<Sha256>(salt_bytes),
        Hash::Sha384 => Pss::new_blinded_with_salt::<Sha384>(salt_bytes),
        Hash::Sha512 => Pss::new_blinded_with_salt::<Sha512>(salt_bytes),
    }
}

/// Returns the mask MGF1 of a seed (RFC 8017, B.2.1).
fn mask(hash: Hash, seed: &[u8], bytes: usize) -> Vec<u8> {
    let blocks = u32::try_from(bytes.div_ceil(hash.bytes())).unwrap_or_default();
    let mut mask = Vec::with_capacity(bytes + hash.bytes());
    for counter in 0..blocks {
        mask.extend(hash.digest(&[seed, &counter.to_be_bytes()].concat()));
    }
    mask.truncate(bytes);
    mask
}

/// Returns the number of big-endian bytes.
///
/// Errors: more bits than `bits_max`; told before anything is calculated with it.
fn number(bytes: &[u8], bits_max: usize) -> Result<BigUint, String> {
    let number = BigUint::from_bytes_be(bytes);
    if number.bits() > bits_max {
        return Err(format!("RSA keys of more than {bits_max} bits are not supported"));
    }
    Ok(number)
}
