//! Private keys: alone, and with the certificate that they belong to.
//!
//! Must not know: what the certificate says.
//!
//! Source: Go's `tls.X509KeyPair`; OPA policy reference, "Crypto".

use rego_value::Value;
use rego_vm::{BuiltinError, Context};

use crate::bytes::{self, Base64};
use crate::pem::{self, is_pem};
use crate::{charge, operand};

use super::private_key::{self, PrivateKey};
use super::{GROWTH_MAX, certificate, check_numbers, check_private_key, failed, json};

/// Returns a certificate (the first of a text, with all others after it) and its private key, each
/// PEM, or base64 of PEM or of DER.
///
/// Errors: what is none, and a key that is not the certificate's.
/// Source: OPA policy reference, `crypto.x509.parse_keypair`.
pub(super) fn parse_keypair(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let chain = operand::string(operands, 0)?;
    let key = operand::string(operands, 1)?;
    charge::make(context, GROWTH_MAX * (chain.len() + key.len()))?;
    let (chain, key) = (blocks(chain, "CERTIFICATE")?, blocks(key, "PRIVATE KEY")?);
    let (ders, others): (Vec<_>, Vec<_>) =
        chain.into_iter().partition(|(label, _)| label == "CERTIFICATE");
    let Some((_, first)) = ders.first() else { return Err(failed(no_certificate(&others))) };
    let is_key = |label: &str| label == "PRIVATE KEY" || label.ends_with(" PRIVATE KEY");
    let Some((_, key)) = key.iter().find(|(label, _)| is_key(label)) else {
        return Err(failed(no_key(&key)));
    };
    let leaf = certificate::read_one(first).map_err(failed)?;
    check_numbers(context, &leaf)?;
    check_private_key(context, key.len())?;
    let key = private_key::any(key).map_err(failed)?;
    if let Some(why) = key.mismatch(leaf.key.key.as_ref()) {
        return Err(failed(why));
    }
    let raw = ders.iter().map(|(_, der)| Value::from(Base64::Standard.encode(der, true)));
    Ok(Value::object_from_strs([
        ("Certificate", Value::array(raw.collect())),
        ("PrivateKey", key.to_value().map_err(failed)?),
        ("SupportedSignatureAlgorithms", Value::NULL),
        ("OCSPStaple", Value::NULL),
        ("SignedCertificateTimestamps", Value::NULL),
        ("Leaf", json::certificate(&leaf)),
    ]))
}

fn labels(blocks: &[(String, Vec<u8>)]) -> String {
    let labels: Vec<&str> = blocks.iter().map(|(label, _)| label.as_str()).collect();
    labels.join(" ")
}

fn no_certificate(others: &[(String, Vec<u8>)]) -> String {
    match others {
        [] => "tls: failed to find any PEM data in certificate input".to_string(),
        [(label, _)] if label.ends_with("PRIVATE KEY") => {
            "tls: failed to find certificate PEM data in certificate input, but did find a private \
             key; PEM inputs may have been switched"
                .to_string()
        }
        others => format!(
            "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM \
             blocks of the following types: [{}]",
            labels(others)
        ),
    }
}

fn no_key(others: &[(String, Vec<u8>)]) -> String {
    match others {
        [] => "tls: failed to find any PEM data in key input".to_string(),
        [(label, _)] if label == "CERTIFICATE" => {
            "tls: found a certificate rather than a key in the PEM for the private key".to_string()
        }
        others => format!(
            "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after \
             skipping PEM blocks of the following types: [{}]",
            labels(others)
        ),
    }
}

/// Returns the blocks of PEM, or of base64 of it; what is base64 of something else is one block.
fn blocks(text: &str, label: &str) -> Result<Vec<(String, Vec<u8>)>, BuiltinError> {
    let decoded;
    let mut rest = text;
    if !text.starts_with("-----BEGIN ") {
        let bytes = Base64::Standard.decode(text).map_err(failed)?;
        if !bytes.starts_with(b"-----BEGIN ") {
            return Ok(vec![(label.to_string(), bytes)]);
        }
        decoded = bytes::text(bytes);
        rest = &decoded;
    }
    let mut blocks = Vec::new();
    while let Some((block, behind)) = pem::decode(rest) {
        blocks.push((block.label.to_string(), block.bytes));
        rest = behind;
    }
    Ok(blocks)
}

/// Returns the first private key of a text (PEM, or base64 of it) as a JSON Web Key, or null where
/// there is none.
///
/// Errors: what is no key. Source: OPA policy reference, `crypto.x509.parse_rsa_private_key`.
pub(super) fn parse_rsa_private_key(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    if text.is_empty() {
        return Err(failed("input PEM data was empty"));
    }
    charge::make(context, GROWTH_MAX * text.len())?;
    let decoded;
    let mut pem = text;
    if !is_pem(text) {
        decoded = bytes::text(Base64::Standard.decode(text).map_err(failed)?);
        pem = &decoded;
    }
    let keys = read_keys(context, pem)?;
    keys.first().map_or(Ok(Value::NULL), |key| key.to_jwk().map_err(failed))
}

/// Returns the private keys of a text (PEM, or base64 of it) as Go's structures give them in JSON;
/// null where the text is empty.
///
/// Errors: what is no key. Source: OPA policy reference, `crypto.parse_private_keys`.
pub(super) fn parse_private_keys(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    if text.is_empty() {
        return Ok(Value::NULL);
    }
    charge::make(context, GROWTH_MAX * text.len())?;
    let keys = read_keys(context, text)?;
    let values: Result<Vec<Value>, String> = keys.iter().map(PrivateKey::to_value).collect();
    values.map(Value::array).map_err(failed)
}

/// Returns the private keys of PEM; blocks of other kinds are passed over.
fn read_keys(context: &mut Context<'_>, text: &str) -> Result<Vec<PrivateKey>, BuiltinError> {
    let decoded = Base64::Standard.decode(text).map(bytes::text);
    let mut rest = decoded.as_deref().unwrap_or(text);
    let mut keys = Vec::new();
    while let Some((block, behind)) = pem::decode(rest) {
        rest = behind;
        let read = match block.label {
            "RSA PRIVATE KEY" => private_key::pkcs1,
            "PRIVATE KEY" => private_key::pkcs8,
            "EC PRIVATE KEY" => |der: &[u8]| private_key::sec1(der, None),
            _ => continue,
        };
        check_private_key(context, block.bytes.len())?;
        keys.push(read(&block.bytes).map_err(failed)?);
    }
    Ok(keys)
}
