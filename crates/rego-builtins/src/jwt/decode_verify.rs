//! `io.jwt.decode_verify`: a token is read only if it is to be trusted.

use rego_value::Value;
use rego_vm::{BuiltinError, Context};

use super::constraints::Constraints;
use super::token::{self, Header, Token};
use super::{Check, NESTED_MAX, too_deep, verdicts};
use crate::keys::{Algorithm, Key, NamedKey, Reading};
use crate::operand;

/// Returns whether a token meets the constraints of the second operand, and if so its header and
/// payload: `[true, {"alg": "HS256"}, {"iss": "a"}]`, else `[false, {}, {}]`. Of tokens within each
/// other each must be signed; header and payload are those of the innermost.
///
/// Errors: text that is no token, constraints that are unknown, of the wrong type or without a key.
///
/// Source: OPA policy reference, `io.jwt.decode_verify`.
pub(super) fn decode_verify(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let constraints = Constraints::read(context, operands, 1)?;
    let refused = || {
        let nothing = || Value::object(Vec::new());
        Ok(Value::array(vec![Value::FALSE, nothing(), nothing()]))
    };
    let Some((header, payload)) = trusted(context, operand::string(operands, 0)?, &constraints)?
    else {
        return refused();
    };
    if !constraints.allow(&payload)? {
        return refused();
    }
    Ok(Value::array(vec![Value::TRUE, header, payload]))
}

/// Returns header and payload of the innermost token, or nothing where one is not signed as wanted.
fn trusted(
    context: &mut Context<'_>,
    text: &str,
    constraints: &Constraints,
) -> Result<Option<(Value, Value)>, BuiltinError> {
    let mut text = text.to_owned();
    for _ in 0..NESTED_MAX {
        let token = Token::split(context, &text)?;
        let fields = token.header(context)?;
        let header = Header::read(&fields)?;
        let wanted = constraints.algorithm.is_empty() || constraints.algorithm == header.algorithm;
        if header.algorithm.is_empty() || header.demands_unknown || !wanted {
            return Ok(None);
        }
        let signature = token.signature_bytes().map_err(BuiltinError::Failed)?;
        let algorithm = Algorithm::named(&header.algorithm);
        let check = Check { algorithm, reading: Reading::Exact, signature: &signature };
        let parts = || {
            let how = if constraints.keys.is_some() { "cert" } else { "secret" };
            let parts = [Value::from(text.as_str()), Value::from(how)];
            parts.into_iter().chain(constraints.key.clone()).collect()
        };
        let verified = |context: &mut Context<'_>| match &constraints.keys {
            Some(keys) => check.any_key(context, keys, &header, &token),
            None => {
                let key = Key::Secret(constraints.secret.clone().into_bytes());
                let key = NamedKey { key, algorithm: String::new(), id: String::new() };
                check.one_key(context, &key, &token)
            }
        };
        if !verdicts::recalled(context, parts, verified)? {
            return Ok(None);
        }
        let payload = token.payload_text(context)?;
        if !header.content.eq_ignore_ascii_case("JWT") {
            return Ok(Some((fields, token::object(context, &payload)?)));
        }
        text = payload;
    }
    Err(too_deep())
}
