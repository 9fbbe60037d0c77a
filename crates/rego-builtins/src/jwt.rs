//! `io.jwt.*`: JSON Web Tokens, read, verified and signed.
//!
//! Source: OPA policy reference, "Token Verification" and "Token Signing"; RFC 7515, RFC 7519;
//! `v1/topdown/tokens.go` for what is an error and what is merely false.

mod constraints;
mod decode_verify;
mod key_cache;
mod sign;
mod token;
mod verdicts;

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use self::token::{Header, Token};
use crate::keys::{Algorithm, Hash, NamedKey, Reading};
use crate::{bytes, charge, keys, operand};

const STRING: Type = Type::String;
const TWO: &[Type] = &[STRING, STRING];
const ANYTHING: Type = Type::Object(&[], Some(&(Type::Any, Type::Any)));
const FIELDS: Type = Type::Object(&[], Some(&(STRING, Type::Any)));

/// How many tokens may lie within each other. Each is shorter than the one around it by a quarter.
const NESTED_MAX: usize = 64;

const fn verifier(name: &'static str) -> Decl {
    Decl::function(name, TWO, Type::Boolean)
}

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(
        Decl::function("io.jwt.decode", &[STRING], Type::Tuple(&[ANYTHING, ANYTHING, STRING])),
        decode,
    ),
    Builtin::new(
        Decl::function(
            "io.jwt.decode_verify",
            &[STRING, FIELDS],
            Type::Tuple(&[Type::Boolean, ANYTHING, ANYTHING]),
        )
        .nondeterministic(),
        decode_verify::decode_verify,
    ),
    Builtin::new(
        Decl::function("io.jwt.encode_sign", &[FIELDS, FIELDS, FIELDS], STRING).nondeterministic(),
        sign::encode_sign,
    ),
    Builtin::new(
        Decl::function("io.jwt.encode_sign_raw", &[STRING, STRING, STRING], STRING)
            .nondeterministic(),
        sign::encode_sign_raw,
    ),
    Builtin::new(verifier("io.jwt.verify_eddsa"), |c, o| verify(c, o, Algorithm::Ed25519)),
    Builtin::new(verifier("io.jwt.verify_es256"), |c, o| {
        verify(c, o, Algorithm::Ecdsa(Hash::Sha256))
    }),
    Builtin::new(verifier("io.jwt.verify_es384"), |c, o| {
        verify(c, o, Algorithm::Ecdsa(Hash::Sha384))
    }),
    Builtin::new(verifier("io.jwt.verify_es512"), |c, o| {
        verify(c, o, Algorithm::Ecdsa(Hash::Sha512))
    }),
    Builtin::new(verifier("io.jwt.verify_hs256"), |c, o| verify_code(c, o, Hash::Sha256)),
    Builtin::new(verifier("io.jwt.verify_hs384"), |c, o| verify_code(c, o, Hash::Sha384)),
    Builtin::new(verifier("io.jwt.verify_hs512"), |c, o| verify_code(c, o, Hash::Sha512)),
    Builtin::new(verifier("io.jwt.verify_ps256"), |c, o| {
        verify(c, o, Algorithm::RsaPss(Hash::Sha256))
    }),
    Builtin::new(verifier("io.jwt.verify_ps384"), |c, o| {
        verify(c, o, Algorithm::RsaPss(Hash::Sha384))
    }),
    Builtin::new(verifier("io.jwt.verify_ps512"), |c, o| {
        verify(c, o, Algorithm::RsaPss(Hash::Sha512))
    }),
    Builtin::new(verifier("io.jwt.verify_rs256"), |c, o| {
        verify(c, o, Algorithm::RsaPkcs1(Hash::Sha256))
    }),
    Builtin::new(verifier("io.jwt.verify_rs384"), |c, o| {
        verify(c, o, Algorithm::RsaPkcs1(Hash::Sha384))
    }),
    Builtin::new(verifier("io.jwt.verify_rs512"), |c, o| {
        verify(c, o, Algorithm::RsaPkcs1(Hash::Sha512))
    }),
];

/// Returns header, payload and signature (as hexadecimal text) of a token, nothing of it verified:
/// `io.jwt.decode("eyJhbGciOiJub25lIn0.e30.")` is `[{"alg": "none"}, {}, ""]`. Of tokens within each
/// other (`"cty": "JWT"`) it is the innermost one.
///
/// Errors: text that is no token, and an encrypted one. Source: OPA policy reference,
/// `io.jwt.decode`.
fn decode(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let mut text = operand::string(operands, 0)?.to_owned();
    for _ in 0..NESTED_MAX {
        let token = Token::split(context, &text)?;
        let header = token.header(context)?;
        let payload = token.payload_text(context)?;
        match header.get(&Value::from("cty")) {
            Some(content) if content.as_str() == Some("JWT") => {
                // Some issuers put the inner token in quotes.
                text = payload.trim_matches(['"', '\'']).to_owned();
                continue;
            }
            Some(content) if content.as_str().is_none() => {
                return Err(failed("cty: must be a string"));
            }
            _ => {}
        }
        let payload = token::object(context, &payload)?;
        let signature = token.signature_bytes();
        let signature =
            signature.map_err(|e| failed(format!("JWT signature had invalid encoding: {e}")))?;
        let signature = Value::from(bytes::to_hex(&signature));
        return Ok(Value::array(vec![header, payload, signature]));
    }
    Err(too_deep())
}

/// Whether a token's signature is one of the keys of the second operand (see
/// [`keys::verification_keys`]). If a key has the name that the token says, it is that key's alone.
///
/// Errors: text that is no token, and keys that are none. Source: OPA policy reference,
/// `io.jwt.verify_rs256` and the like.
fn verify(
    context: &mut Context<'_>,
    operands: &[&Value],
    algorithm: Algorithm,
) -> Result<Value, BuiltinError> {
    let token = Token::split(context, operand::string(operands, 0)?)?;
    operand::string(operands, 1)?;
    let parts = || verdict_parts(operands, &format!("{algorithm:?}"));
    let check = |context: &mut Context<'_>| {
        let keys = key_cache::verification_keys(context, operand::any(operands, 1)?)?;
        let signature = token.signature_bytes().map_err(BuiltinError::Failed)?;
        let header = Header::read(&token.header(context)?)?;
        let check =
            Check { algorithm: Some(algorithm), reading: Reading::Loose, signature: &signature };
        check.any_key(context, &keys, &header, &token)
    };
    Ok(Value::from(verdicts::recalled(context, parts, check)?))
}

/// Whether a token's signature is a code by the second operand.
///
/// Errors: text that is no token. Source: OPA policy reference, `io.jwt.verify_hs256` and the like.
fn verify_code(
    context: &mut Context<'_>,
    operands: &[&Value],
    hash: Hash,
) -> Result<Value, BuiltinError> {
    let (text, secret) = (operand::string(operands, 0)?, operand::string(operands, 1)?);
    let token = Token::split(context, text)?;
    let signature = token.signature_bytes().map_err(BuiltinError::Failed)?;
    let parts = || verdict_parts(operands, &format!("code {hash:?}"));
    let check = |context: &mut Context<'_>| {
        charge::scan(context, text.len() + secret.len())?;
        let message = token.signed_text().as_bytes();
        Ok(keys::code_agrees(hash, secret.as_bytes(), message, &signature))
    };
    Ok(Value::from(verdicts::recalled(context, parts, check)?))
}

/// What the verdict about a signature depends on: token, keys, and how it is checked.
fn verdict_parts(operands: &[&Value], how: &str) -> Vec<Value> {
    let operands = operands.iter().map(|operand| (*operand).clone());
    operands.chain([Value::from(how)]).collect()
}

/// How a signature is checked.
struct Check<'s> {
    /// Nothing verifies by an algorithm that is not known.
    algorithm: Option<Algorithm>,
    reading: Reading,
    signature: &'s [u8],
}

impl Check<'_> {
    /// Whether the signature is that of the key with the name in the header, or where no key has it,
    /// of one of those that are for the header's algorithm or for any.
    fn any_key(
        &self,
        context: &mut Context<'_>,
        keys: &[NamedKey],
        header: &Header,
        token: &Token<'_>,
    ) -> Result<bool, BuiltinError> {
        let named = keys.iter().find(|key| !header.key_id.is_empty() && key.id == header.key_id);
        if let Some(key) = named {
            return self.one_key(context, key, token);
        }
        for key in keys {
            let fits = key.algorithm.is_empty() || key.algorithm == header.algorithm;
            if fits && self.one_key(context, key, token)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn one_key(
        &self,
        context: &mut Context<'_>,
        key: &NamedKey,
        token: &Token<'_>,
    ) -> Result<bool, BuiltinError> {
        let Some(algorithm) = self.algorithm else { return Ok(false) };
        let message = token.signed_text();
        charge::scan(context, message.len())?;
        context.charge_steps(key.key.verify_steps())?;
        Ok(key.key.verify(algorithm, self.reading, message.as_bytes(), self.signature))
    }
}

fn failed(message: impl Into<String>) -> BuiltinError {
    BuiltinError::Failed(message.into())
}

fn too_deep() -> BuiltinError {
    failed(format!("more than {NESTED_MAX} tokens within each other"))
}
