//! Private keys in PEM that a passphrase protects.
//!
//! PKCS #8 (`ENCRYPTED PRIVATE KEY`, RFC 5958 and 8018) and the older form of OpenSSL, which names
//! its cipher in a header of the PEM and derives the key with MD5.
//!
//! Must not know: what the key is for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use md5::{Digest, Md5};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::pem::LineEnding;

use crate::config::invalid;
use crate::{RemoteError, Secret};

/// Returns the text of a PEM file.
///
/// Errors: it is not text; `key` is said to be at fault.
pub(crate) fn to_pem_text<'a>(key: &str, bytes: &'a [u8]) -> Result<&'a str, RemoteError> {
    std::str::from_utf8(bytes).map_err(|_| invalid(key, "the file is not in PEM"))
}

/// Returns the key without protection, in PEM; as it is, if it has none.
///
/// Errors: the passphrase is missing or wrong, or the protection is one we do not know; `key` is
/// said to be at fault.
pub(crate) fn decrypted_pem(
    key: &str,
    pem: &str,
    passphrase: &Secret,
) -> Result<String, RemoteError> {
    let is_pkcs8 = pem.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----");
    let legacy = header(pem, "DEK-Info:");
    if !is_pkcs8 && legacy.is_none() {
        return Ok(pem.to_string());
    }
    if passphrase.is_empty() {
        return Err(invalid(key, "it is encrypted, and `private_key_passphrase` is not given"));
    }
    let block = find_block(pem).ok_or_else(|| invalid(key, "the PEM is broken"))?;
    let opened = match legacy {
        Some(info) => {
            legacy_decrypt(info, &block.bytes, passphrase).map(|der| to_pem(&block.label, &der))
        }
        None => pkcs8_decrypt(&block.bytes, passphrase),
    };
    opened.map_err(|reason| invalid(key, reason))
}

const WRONG: &str = "it cannot be decrypted with `private_key_passphrase`";

fn pkcs8_decrypt(der: &[u8], passphrase: &Secret) -> Result<String, &'static str> {
    let unknown = "it is encrypted in a way that is not supported";
    let info = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| unknown)?;
    let opened = info.decrypt(passphrase.expose()).map_err(|_| WRONG)?;
    let pem = opened.to_pem("PRIVATE KEY", LineEnding::LF).map_err(|_| WRONG)?;
    Ok(pem.to_string())
}

/// `info` is like `AES-256-CBC,0123…`: a cipher and its initial vector, which is the salt as well.
fn legacy_decrypt(info: &str, sealed: &[u8], passphrase: &Secret) -> Result<Vec<u8>, &'static str> {
    let (cipher, iv) = info.split_once(',').ok_or("its header `DEK-Info` is broken")?;
    let iv = crate::hex::from_hex(iv.trim()).ok_or("its header `DEK-Info` is broken")?;
    let opened = match cipher.trim() {
        "AES-128-CBC" => open::<Decryptor<aes::Aes128>>(16, &iv, sealed, passphrase),
        "AES-192-CBC" => open::<Decryptor<aes::Aes192>>(24, &iv, sealed, passphrase),
        "AES-256-CBC" => open::<Decryptor<aes::Aes256>>(32, &iv, sealed, passphrase),
        "DES-EDE3-CBC" => open::<Decryptor<des::TdesEde3>>(24, &iv, sealed, passphrase),
        _ => return Err("its cipher is not supported; `openssl pkcs8 -topk8` makes a better file"),
    };
    opened.ok_or(WRONG)
}

/// Bytes of the initial vector that salt the key.
const SALT_BYTES: usize = 8;

fn open<D: KeyIvInit + BlockModeDecrypt>(
    key_bytes: usize,
    iv: &[u8],
    sealed: &[u8],
    passphrase: &Secret,
) -> Option<Vec<u8>> {
    let salt = iv.get(..SALT_BYTES)?;
    let mut key = Vec::new();
    let mut last: Vec<u8> = Vec::new();
    while key.len() < key_bytes {
        let mut md5 = Md5::new();
        md5.update(&last);
        md5.update(passphrase.expose().as_bytes());
        md5.update(salt);
        last = md5.finalize().to_vec();
        key.extend_from_slice(&last);
    }
    let decryptor = D::new_from_slices(key.get(..key_bytes)?, iv).ok()?;
    let opened = decryptor.decrypt_padded_vec::<Pkcs7>(sealed).ok()?;
    // The padding of a wrong key is right once in 256 times; what it hides is no DER sequence then.
    opened.first().is_some_and(|byte| *byte == 0x30).then_some(opened)
}

/// One block of a PEM file.
pub(crate) struct Block {
    pub(crate) label: String,
    pub(crate) bytes: Vec<u8>,
}

/// Returns the first private key of a PEM file. None: there is none, or it is broken.
pub(crate) fn find_block(pem: &str) -> Option<Block> {
    let mut lines = pem.lines().map(str::trim);
    let label = lines.by_ref().find_map(|line| {
        let label = line.strip_prefix("-----BEGIN ")?.strip_suffix("-----")?;
        label.ends_with("PRIVATE KEY").then(|| label.to_string())
    })?;
    let body = lines.take_while(|line| !line.starts_with("-----END "));
    let body: String = body.filter(|line| !line.contains(':')).collect();
    Some(Block { label, bytes: STANDARD.decode(body).ok()? })
}

fn header<'a>(pem: &'a str, name: &str) -> Option<&'a str> {
    pem.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// Columns of a line of PEM.
const PEM_COLUMNS: usize = 64;

/// Writes a block of PEM.
pub(crate) fn to_pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for (column, c) in encoded.chars().enumerate() {
        if column > 0 && column % PEM_COLUMNS == 0 {
            text.push('\n');
        }
        text.push(c);
    }
    text.push_str(&format!("\n-----END {label}-----\n"));
    text
}
