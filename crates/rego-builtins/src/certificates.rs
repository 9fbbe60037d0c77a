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
mod keypair;
mod name;
mod options;
mod policy;
mod private_key;
mod public_key;
mod request;
mod signature;
mod verify;

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::bytes::{self, Base64};
use crate::pem::{self, is_pem};
use crate::{charge, operand};

use certificate::Certificate;
use keypair::{parse_keypair, parse_private_keys, parse_rsa_private_key};
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
    options::read(given, &mut options)?;
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
