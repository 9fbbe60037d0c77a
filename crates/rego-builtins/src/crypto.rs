//! `crypto.*`: digests and message authentication codes, as hexadecimal text.
//!
//! Source: OPA policy reference, "Crypto".

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::{bytes, charge, operand};

const STRING: Type = Type::String;
const TWO: &[Type] = &[STRING, STRING];

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(Decl::function("crypto.hmac.equal", TWO, Type::Boolean), hmac_equal),
    Builtin::new(Decl::function("crypto.hmac.md5", TWO, STRING), hmac_md5),
    Builtin::new(Decl::function("crypto.hmac.sha1", TWO, STRING), hmac_sha1),
    Builtin::new(Decl::function("crypto.hmac.sha256", TWO, STRING), hmac_sha256),
    Builtin::new(Decl::function("crypto.hmac.sha512", TWO, STRING), hmac_sha512),
    Builtin::new(Decl::function("crypto.md5", &[STRING], STRING), digest::<Md5>),
    Builtin::new(Decl::function("crypto.sha1", &[STRING], STRING), digest::<Sha1>),
    Builtin::new(Decl::function("crypto.sha256", &[STRING], STRING), digest::<Sha256>),
];

/// Whether two codes are the same, told in a time that does not depend on where they differ.
///
/// Source: OPA policy reference, `crypto.hmac.equal`.
fn hmac_equal(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (a, b) = (operand::string(operands, 0)?, operand::string(operands, 1)?);
    charge::scan(context, a.len())?;
    let differing = a.bytes().zip(b.bytes()).fold(0, |bits, (x, y)| bits | (x ^ y));
    Ok(Value::from(a.len() == b.len() && differing == 0))
}

/// Returns the code of a text by a key: `crypto.hmac.md5("foo", "bar")` is
/// `"31b6db9e5eb4addb42f1a6ca07367adc"`.
///
/// Source: OPA policy reference, `crypto.hmac.md5`.
fn hmac_md5(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    code::<Hmac<Md5>>(context, operands)
}

/// Returns the code of a text by a key. Source: OPA policy reference, `crypto.hmac.sha1`.
fn hmac_sha1(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    code::<Hmac<Sha1>>(context, operands)
}

/// Returns the code of a text by a key. Source: OPA policy reference, `crypto.hmac.sha256`.
fn hmac_sha256(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    code::<Hmac<Sha256>>(context, operands)
}

/// Returns the code of a text by a key. Source: OPA policy reference, `crypto.hmac.sha512`.
fn hmac_sha512(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    code::<Hmac<Sha512>>(context, operands)
}

/// Returns the digest of a text: `crypto.md5("message")` is
/// `"78e731027d8fd50ed642340b7c9a63b3"`.
///
/// Source: OPA policy reference, `crypto.md5`, `crypto.sha1`, `crypto.sha256`.
fn digest<D: Digest>(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::scan(context, text.len())?;
    Ok(Value::from(bytes::to_hex(&D::digest(text))))
}

fn code<M: Mac + KeyInit>(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let (text, key) = (operand::string(operands, 0)?, operand::string(operands, 1)?);
    charge::scan(context, text.len() + key.len())?;
    let machine = <M as KeyInit>::new_from_slice(key.as_bytes());
    let mut machine = machine.map_err(|error| BuiltinError::Failed(error.to_string()))?;
    machine.update(text.as_bytes());
    Ok(Value::from(bytes::to_hex(&machine.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn digests_are_hexadecimal() {
        for (name, operands, want) in [
            ("crypto.md5", r#"["message"]"#, "78e731027d8fd50ed642340b7c9a63b3"),
            ("crypto.sha1", r#"["message"]"#, "6f9b9af3cd6e8b8a73c2cdced37fe9f59226e27d"),
            (
                "crypto.sha256",
                r#"["message"]"#,
                "ab530a13e45914982b79f9b7e3fba994cfd1f3fb22f71cea1afbf02b460c6d1d",
            ),
            ("crypto.hmac.md5", r#"["foo", "bar"]"#, "31b6db9e5eb4addb42f1a6ca07367adc"),
            ("crypto.hmac.sha1", r#"["foo", "bar"]"#, "85d155c55ed286a300bd1cf124de08d87e914f3a"),
            (
                "crypto.hmac.sha256",
                r#"["foo", "bar"]"#,
                "147933218aaabc0b8b10a2b3a5c34684c8d94341bcf10a4736dc7270f7741851",
            ),
        ] {
            check(name, operands, &format!("{want:?}"));
        }
    }

    #[test]
    fn codes_are_compared_whole() {
        check("crypto.hmac.equal", r#"["ab", "ab"]"#, "true");
        check("crypto.hmac.equal", r#"["ab", "ac"]"#, "false");
        check("crypto.hmac.equal", r#"["ab", "abc"]"#, "false");
    }
}
