//! Encodings: base64, hexadecimal, URL queries, JSON and YAML.
//!
//! Source: OPA policy reference, "Encoding".

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::bytes::{self, Base64};
use crate::{charge, operand};

mod json;
#[cfg(test)]
mod tests;
mod urlquery;
mod yaml;

const STRING: Type = Type::String;
const TEXT: &[Type] = &[STRING];
const JSON_OPTIONS: Type = Type::Object(
    &[("indent", STRING), ("prefix", STRING), ("pretty", Type::Boolean)],
    Some(&(STRING, Type::Any)),
);
const STRINGS: Type = Type::Array(&STRING);
const PARAMETER: Type = Type::Union(&[STRING, STRINGS, Type::Set(&STRING)]);
const PARAMETERS: Type = Type::Object(&[], Some(&(STRING, PARAMETER)));
const DECODED: Type = Type::Object(&[], Some(&(STRING, STRINGS)));

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(Decl::function("base64.decode", TEXT, STRING), base64_decode),
    Builtin::new(Decl::function("base64.encode", TEXT, STRING), base64_encode),
    Builtin::new(Decl::function("base64.is_valid", TEXT, Type::Boolean), base64_is_valid),
    Builtin::new(Decl::function("base64url.decode", TEXT, STRING), base64url_decode),
    Builtin::new(Decl::function("base64url.encode", TEXT, STRING), base64url_encode),
    Builtin::new(Decl::function("base64url.encode_no_pad", TEXT, STRING), base64url_encode_no_pad),
    Builtin::new(Decl::function("hex.decode", TEXT, STRING), hex_decode),
    Builtin::new(Decl::function("hex.encode", TEXT, STRING), hex_encode),
    Builtin::new(Decl::function("json.is_valid", TEXT, Type::Boolean), json::is_valid),
    Builtin::new(Decl::function("json.marshal", &[Type::Any], STRING), json::marshal),
    Builtin::new(
        Decl::function("json.marshal_with_options", &[Type::Any, JSON_OPTIONS], STRING),
        json::marshal_with_options,
    ),
    Builtin::new(Decl::function("json.unmarshal", TEXT, Type::Any), json::unmarshal),
    Builtin::new(Decl::function("urlquery.decode", TEXT, STRING), urlquery::decode),
    Builtin::new(Decl::function("urlquery.decode_object", TEXT, DECODED), urlquery::decode_object),
    Builtin::new(Decl::function("urlquery.encode", TEXT, STRING), urlquery::encode),
    Builtin::new(
        Decl::function("urlquery.encode_object", &[PARAMETERS], STRING),
        urlquery::encode_object,
    ),
    Builtin::new(Decl::function("yaml.is_valid", TEXT, Type::Boolean), yaml::is_valid),
    Builtin::new(Decl::function("yaml.marshal", &[Type::Any], STRING), yaml::marshal),
    Builtin::new(Decl::function("yaml.unmarshal", TEXT, Type::Any), yaml::unmarshal),
];

/// Returns the text that base64 stands for: `base64.decode("aGk=")` is `"hi"`. Bytes that are not
/// UTF-8 become U+FFFD.
///
/// Source: OPA policy reference, `base64.decode`.
fn base64_decode(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::make(context, text.len())?;
    plain(Base64::Standard.decode(text))
}

/// Returns the base64 of a text: `base64.encode("hi")` is `"aGk="`.
///
/// Source: OPA policy reference, `base64.encode`.
fn base64_encode(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    encode(context, operands, |text| Base64::Standard.encode(text, true))
}

/// Whether a text is base64.
///
/// Source: OPA policy reference, `base64.is_valid`.
fn base64_is_valid(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let Some(text) = operand::any(operands, 0)?.as_str() else {
        return Ok(Value::FALSE);
    };
    charge::make(context, text.len())?;
    Ok(Value::from(Base64::Standard.decode(text).is_ok()))
}

/// Returns the text that base64 in the alphabet for URLs stands for, its padding there or not:
/// `base64url.decode("aGk")` is `"hi"`.
///
/// Source: OPA policy reference, `base64url.decode`.
fn base64url_decode(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::make(context, 2 * text.len())?;
    plain(Base64::Url.decode_unpadded(text))
}

/// Returns the base64 of a text in the alphabet for URLs: `base64url.encode("hi")` is `"aGk="`.
///
/// Source: OPA policy reference, `base64url.encode`.
fn base64url_encode(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    encode(context, operands, |text| Base64::Url.encode(text, true))
}

/// Returns the base64 of a text in the alphabet for URLs, without padding:
/// `base64url.encode_no_pad("hi")` is `"aGk"`.
///
/// Source: OPA policy reference, `base64url.encode_no_pad`.
fn base64url_encode_no_pad(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    encode(context, operands, |text| Base64::Url.encode(text, false))
}

/// Returns the text whose bytes hexadecimal digits spell: `hex.decode("6869")` is `"hi"`.
///
/// Source: OPA policy reference, `hex.decode`.
fn hex_decode(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::make(context, text.len())?;
    plain(bytes::from_hex(text))
}

/// Returns the hexadecimal digits of a text's bytes: `hex.encode("hi")` is `"6869"`.
///
/// Source: OPA policy reference, `hex.encode`.
fn hex_encode(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    encode(context, operands, bytes::to_hex)
}

/// Returns the text of decoded bytes as a builtin's outcome.
fn plain(decoded: Result<Vec<u8>, String>) -> Result<Value, BuiltinError> {
    decoded.map(|bytes| Value::from(bytes::text(bytes))).map_err(BuiltinError::Failed)
}

/// Returns what `encoding`, which at most doubles the length, makes of the operand.
fn encode(
    context: &mut Context<'_>,
    operands: &[&Value],
    encoding: fn(&[u8]) -> String,
) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::make(context, 2 * text.len())?;
    Ok(Value::from(encoding(text.as_bytes())))
}
