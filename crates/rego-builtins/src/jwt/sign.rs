//! `io.jwt.encode_sign`, `io.jwt.encode_sign_raw`: tokens made.

use rego_value::Value;
use rego_vm::{BuiltinError, Context};

use super::{failed, key_cache};
use crate::bytes::Base64;
use crate::keys::{Algorithm, SEED_BYTES};
use crate::{charge, operand};

/// How many bytes of a token come of a byte of its parts, at most.
const TOKEN_GROWTH: usize = 2;

/// What a token is made of.
struct Parts<'v> {
    header: &'v str,
    /// The value of the header, or how it is not JSON.
    fields: Result<Value, String>,
    payload: &'v str,
    is_json: bool,
    key: &'v Value,
}

/// Returns the token of a header and a payload, signed with a JSON Web Key, of a set with the first:
/// `io.jwt.encode_sign({"alg": "HS256"}, {}, {"kty": "oct", "k": "c2VjcmV0"})`.
///
/// Errors: as [`encode_sign_raw`]. Source: OPA policy reference, `io.jwt.encode_sign`.
pub(super) fn encode_sign(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let header = operand::any(operands, 0)?;
    let payload = operand::any(operands, 1)?;
    let key = operand::any(operands, 2)?;
    for value in [header, payload, key] {
        charge::text_of(context, value)?;
    }
    let parts = Parts {
        header: &header.to_json(),
        fields: Ok(header.clone()),
        payload: &payload.to_json(),
        is_json: true,
        key,
    };
    token(context, &parts)
}

/// Returns the token of the texts of a header, a payload and a JSON Web Key.
///
/// Errors: a key that is none; a header that is not JSON, or without a known `alg`; a payload that is
/// not JSON, unless the header has another `typ` than `JWT`; a key that does not fit the algorithm.
///
/// Source: OPA policy reference, `io.jwt.encode_sign_raw`.
pub(super) fn encode_sign_raw(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    operand::string(operands, 2)?;
    let (header, payload) = (operand::string(operands, 0)?, operand::string(operands, 1)?);
    charge::make(context, header.len() + payload.len())?;
    let parts = Parts {
        header,
        fields: fields(header),
        payload,
        is_json: Value::from_json(payload.as_bytes()).is_ok(),
        key: operand::any(operands, 2)?,
    };
    token(context, &parts)
}

/// Returns the value of a header's text.
///
/// Errors: begin as those of OPA's reader.
fn fields(header: &str) -> Result<Value, String> {
    if header.trim_ascii().is_empty() {
        let error = "cannot parse empty string; unparsed tail: \"\"";
        return Err(format!("cannot parse JSON: {error}"));
    }
    Value::from_json(header.as_bytes()).map_err(|e| format!("cannot parse JSON: {}", e.message()))
}

fn token(context: &mut Context<'_>, parts: &Parts<'_>) -> Result<Value, BuiltinError> {
    let keys = key_cache::signing_keys(context, parts.key)?;
    let key = keys.first().ok_or_else(|| failed("no keys found in JWK set"))?;
    let wrong = |error: &str| failed(format!("missing or invalid 'alg' header: {error}"));
    let fields = parts.fields.as_ref().map_err(|error| wrong(error))?;
    let field = |name: &str| fields.as_object().and_then(|fields| fields.get_str(name)?.as_str());
    let name = field("alg").ok_or_else(|| wrong("jwsbb: header \"alg\" not found"))?;
    let algorithm = Algorithm::named(name);
    let algorithm = algorithm.ok_or_else(|| failed(format!("unknown JWS algorithm: {name}")))?;
    if field("typ").is_none_or(|kind| kind == "JWT") && !parts.is_json {
        return Err(failed("type is JWT but payload is not JSON"));
    }
    charge::make(context, TOKEN_GROWTH * (parts.header.len() + parts.payload.len()))?;
    context.charge_steps(key.key.sign_steps())?;
    let encode = |part: &[u8]| Base64::Url.encode(part, false);
    let signed =
        format!("{}.{}", encode(parts.header.as_bytes()), encode(parts.payload.as_bytes()));
    let mut seed = [0; SEED_BYTES];
    context.host().random(&mut seed);
    let signature = key.key.sign(algorithm, signed.as_bytes(), seed);
    let signature = signature.map_err(BuiltinError::Failed)?;
    Ok(Value::from(format!("{signed}.{}", encode(&signature))))
}
