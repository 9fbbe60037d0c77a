//! `crypto.x509.*` and `crypto.parse_private_keys`: certificates, requests for them, and keys.
//!
//! What is read, what is refused and in which words, and what the result looks like is what Go's
//! `crypto/x509` and its JSON make of it. Nothing is fetched: neither intermediate certificates nor
//! lists of those that were revoked.
//!
//! Source: OPA policy reference, "Crypto"; RFC 5280.

mod alternative;
mod certificate;
mod constraints;
mod curve;
mod der;
mod domain;
mod extensions;
mod json;
mod name;
mod policy;
mod private_key;
mod public_key;
mod request;
mod signature;
mod verify;

use rego_value::{ObjectRef, Value, View};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::bytes::{self, Base64};
use crate::pem::{self, is_pem};
use crate::{charge, operand};

use certificate::Certificate;
use private_key::PrivateKey;
use verify::Options;

const STRING: Type = Type::String;
const FIELDS: Type = Type::Object(&[], Some(&(STRING, Type::Any)));
const LIST: Type = Type::Array(&FIELDS);
const VERIFIED: Type = Type::Tuple(&[Type::Boolean, LIST]);

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(Decl::function("crypto.parse_private_keys", &[STRING], LIST), parse_private_keys),
    Builtin::new(
        Decl::function("crypto.x509.parse_and_verify_certificates", &[STRING], VERIFIED),
        parse_and_verify,
    ),
    Builtin::new(
        Decl::function(
            "crypto.x509.parse_and_verify_certificates_with_options",
            &[STRING, FIELDS],
            VERIFIED,
        ),
        parse_and_verify_with_options,
    ),
    Builtin::new(
        Decl::function("crypto.x509.parse_certificate_request", &[STRING], FIELDS),
        parse_certificate_request,
    ),
    Builtin::new(
        Decl::function("crypto.x509.parse_certificates", &[STRING], LIST),
        parse_certificates,
    ),
    Builtin::new(
        Decl::function("crypto.x509.parse_keypair", &[STRING, STRING], FIELDS),
        parse_keypair,
    ),
    Builtin::new(
        Decl::function("crypto.x509.parse_rsa_private_key", &[STRING], FIELDS),
        parse_rsa_private_key,
    ),
];

/// How much longer results are than texts at most: each part of a certificate is in it several
/// times.
const GROWTH_MAX: usize = 24;

/// The largest number that is read, in bytes: its decimal text takes time by the square.
const NUMBER_BYTES_MAX: usize = 1 << 14;

/// What a private key costs in steps: making the public part of one on the largest curve.
const PRIVATE_KEY_STEPS: u64 = 200_000;

/// The uses of keys that options name; Go's number for each is its place.
const USAGES: &[&str] = &[
    "KeyUsageAny",
    "KeyUsageServerAuth",
    "KeyUsageClientAuth",
    "KeyUsageCodeSigning",
    "KeyUsageEmailProtection",
    "KeyUsageIPSECEndSystem",
    "KeyUsageIPSECTunnel",
    "KeyUsageIPSECUser",
    "KeyUsageTimeStamping",
    "KeyUsageOCSPSigning",
    "KeyUsageMicrosoftServerGatedCrypto",
    "KeyUsageNetscapeServerGatedCrypto",
    "KeyUsageMicrosoftCommercialCodeSigning",
    "KeyUsageMicrosoftKernelCodeSigning",
];

fn failed(why: impl Into<String>) -> BuiltinError {
    BuiltinError::Failed(why.into())
}

/// Returns the certificates of a text: PEM, or base64 of PEM or of DER, one after the other.
///
/// Errors: what is no certificate. Source: OPA policy reference, `crypto.x509.parse_certificates`.
fn parse_certificates(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let certificates = read_certificates(context, operand::string(operands, 0)?)?;
    Ok(Value::array(certificates.iter().map(json::certificate_with_uris).collect()))
}

/// Returns whether the last certificate of a text is vouched for by the first, the root, by way of
/// those between, now and for a server; and the chain from the last to the first, or nothing.
///
/// Source: OPA policy reference, `crypto.x509.parse_and_verify_certificates`.
fn parse_and_verify(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    let Some(certificates) = readable(read_certificates(context, text))? else {
        return Ok(unverified());
    };
    let options = now(context);
    verified(context, &certificates, options, json::certificate_with_uris)
}

/// Returns the same for a host (`DNSName`), a time (`CurrentTime`, in nanoseconds), uses of keys
/// (`KeyUsages`), and a number of comparisons with constraints (`MaxConstraintComparisons`).
///
/// Errors: other options, or of other types.
/// Source: OPA policy reference, `crypto.x509.parse_and_verify_certificates_with_options`.
fn parse_and_verify_with_options(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    let given = operand::object(operands, 1)?;
    let Some(certificates) = readable(read_certificates(context, text))? else {
        return Ok(unverified());
    };
    let mut options = now(context);
    read_options(given, &mut options)?;
    verified(context, &certificates, options, json::certificate)
}

/// Returns a request for a certificate: PEM, or base64 of PEM or of DER.
///
/// Errors: what is none. Source: OPA policy reference, `crypto.x509.parse_certificate_request`.
fn parse_certificate_request(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::make(context, GROWTH_MAX * text.len())?;
    let der = if text.starts_with("-----BEGIN CERTIFICATE REQUEST-----") {
        text.as_bytes().to_vec()
    } else {
        Base64::Standard.decode(text).map_err(failed)?
    };
    let inner = bytes::text(der.clone());
    let der = match pem::decode(&inner) {
        Some((block, _)) if block.label == "CERTIFICATE REQUEST" => block.bytes,
        Some(_) => return Err(failed("invalid PEM-encoded certificate signing request")),
        None => der,
    };
    let request = request::read(&der).map_err(failed)?;
    let numbers = request.key.key.as_ref().map_or(0, |key| key.number_bytes());
    check_number(context, numbers)?;
    Ok(json::request(&request))
}

/// Returns a certificate (the first of a text, with all others after it) and its private key, each
/// PEM, or base64 of PEM or of DER.
///
/// Errors: what is none, and a key that is not the certificate's.
/// Source: OPA policy reference, `crypto.x509.parse_keypair`.
fn parse_keypair(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
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
fn parse_rsa_private_key(
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
fn parse_private_keys(
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

/// Returns the certificates of a text.
fn read_certificates(
    context: &mut Context<'_>,
    text: &str,
) -> Result<Vec<Certificate>, BuiltinError> {
    charge::make(context, GROWTH_MAX * text.len())?;
    let der = if is_pem(text) {
        certificates_of_pem(text)?
    } else {
        let decoded = Base64::Standard.decode(text).map_err(failed)?;
        if decoded.starts_with(b"-----BEGIN") {
            certificates_of_pem(&bytes::text(decoded))?
        } else {
            decoded
        }
    };
    let certificates = certificate::read_all(&der).map_err(failed)?;
    for certificate in &certificates {
        check_numbers(context, certificate)?;
    }
    Ok(certificates)
}

fn certificates_of_pem(text: &str) -> Result<Vec<u8>, BuiltinError> {
    let mut der = Vec::new();
    let mut rest = text;
    while let Some((block, behind)) = pem::decode(rest) {
        if block.label != "CERTIFICATE" {
            let kind = block.label;
            return Err(failed(format!("PEM block type is '{kind}', expected CERTIFICATE")));
        }
        der.extend(block.bytes);
        rest = behind;
    }
    Ok(der)
}

/// Pays for the decimal texts of a certificate's numbers.
fn check_numbers(context: &mut Context<'_>, certificate: &Certificate) -> Result<(), BuiltinError> {
    let serial = usize::try_from(certificate.serial.bits() / 8).unwrap_or(usize::MAX);
    check_number(context, serial)?;
    check_number(context, certificate.key.key.as_ref().map_or(0, |key| key.number_bytes()))
}

/// Pays for calculating with a number of so many bytes.
fn check_number(context: &mut Context<'_>, bytes: usize) -> Result<(), BuiltinError> {
    if bytes > NUMBER_BYTES_MAX {
        return Err(failed(format!("numbers of more than {NUMBER_BYTES_MAX} bytes are not read")));
    }
    let words = (bytes / 8) as u64;
    context.charge_steps(words * words / 4)
}

/// Pays for reading a private key of so many bytes: its public part is calculated, or an RSA key's
/// numbers are held against each other.
fn check_private_key(context: &mut Context<'_>, bytes: usize) -> Result<(), BuiltinError> {
    check_number(context, bytes)?;
    let words = (bytes / 8) as u64;
    context.charge_steps(PRIVATE_KEY_STEPS + 4 * words * words)
}

/// Returns what was read, or nothing where it cannot be read.
fn readable<T>(read: Result<T, BuiltinError>) -> Result<Option<T>, BuiltinError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(BuiltinError::Failed(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn unverified() -> Value {
    Value::array(vec![Value::FALSE, Value::array(Vec::new())])
}

fn verified(
    context: &mut Context<'_>,
    certificates: &[Certificate],
    options: Options,
    show: fn(&Certificate) -> Value,
) -> Result<Value, BuiltinError> {
    let Some(chain) = verify::verify(context, certificates, options)? else {
        return Ok(unverified());
    };
    let members = chain.iter().filter_map(|place| certificates.get(*place));
    Ok(Value::array(vec![Value::TRUE, Value::array(members.map(show).collect())]))
}

/// Returns the options that hold if nothing else is said.
fn now(context: &mut Context<'_>) -> Options {
    let time_ns = context.now_ns();
    Options { host: String::new(), time_ns, comparisons_max: 0, usages: Vec::new() }
}

/// Reads options; keys that are no strings are passed over, as in OPA.
fn read_options(given: ObjectRef<'_>, options: &mut Options) -> Result<(), BuiltinError> {
    for (key, value) in given.iter() {
        match key.as_str() {
            None => {}
            Some("DNSName") => {
                let host = value.as_str().ok_or_else(|| failed("'DNSName' should be a string"))?;
                options.host = host.trim_matches('"').to_string();
            }
            Some("CurrentTime") => {
                options.time_ns = whole(value, "CurrentTime", "a valid int64 number")?;
            }
            Some("MaxConstraintComparisons") => {
                let name = "MaxConstraintComparisons";
                options.comparisons_max = whole(value, name, "a valid number")?;
            }
            Some("KeyUsages") => options.usages = usages(value)?,
            Some(_) => return Err(failed("invalid key option")),
        }
    }
    Ok(())
}

/// Returns the number of an option that must be spelled as an integer.
fn whole(value: &Value, name: &str, wanted: &str) -> Result<i64, BuiltinError> {
    let should = |what: &str| failed(format!("'{name}' should be {what}"));
    let number = value.as_number().ok_or_else(|| should("a number"))?;
    number.text().parse().map_err(|_| should(wanted))
}

fn usages(value: &Value) -> Result<Vec<i64>, BuiltinError> {
    let names = match value.view() {
        View::Array(_) | View::Set(_) => value.as_elements().unwrap_or_default(),
        _ => return Err(failed("'KeyUsages' should be an Array or Set")),
    };
    let names = names.iter().filter_map(Value::as_str).map(|name| name.trim_matches('"'));
    let place = |name: &&str| USAGES.iter().position(|known| known == name);
    let (known, unknown): (Vec<&str>, Vec<&str>) = names.partition(|name| place(name).is_some());
    if !unknown.is_empty() {
        let unknown = unknown.join(" ");
        return Err(failed(format!("invalid entries for 'KeyUsages' found: [{unknown}]")));
    }
    Ok(known.iter().filter_map(place).map(|place| place as i64).collect())
}
