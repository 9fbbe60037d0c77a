//! UUIDs: `uuid.parse`, `uuid.rfc4122`.
//!
//! Source: RFC 4122; OPA policy reference, "UUID"; `internal/uuid`.

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::operand;

const FIELDS: Type = Type::Object(&[], Some(&(Type::String, Type::Any)));

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(Decl::function("uuid.parse", &[Type::String], FIELDS), parse),
    Builtin::new(
        Decl::function("uuid.rfc4122", &[Type::String], Type::String).nondeterministic(),
        rfc4122,
    ),
];

/// Returns a random UUID, the same for the same key within a query: `uuid.rfc4122("k")`.
fn rfc4122(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let key = operand::any(operands, 0)?.clone();
    context.cached("uuid.rfc4122", key, |context| {
        let mut bytes = [0; 16];
        context.host().random(&mut bytes);
        let bits = u128::from_be_bytes(bytes);
        // Version 4 in the top half of byte 6, variant 10 in the top bits of byte 8.
        let bits = (bits & !(0xf << 76) & !(0b11 << 62)) | (4 << 76) | (0b10 << 62);
        Ok(Value::from(hyphenated(bits)))
    })
}

fn hyphenated(bits: u128) -> String {
    let hex = format!("{bits:032x}");
    let part = |from, to| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// Returns what is in a UUID: its version and variant, and for versions 1 and 2 time and place:
/// `uuid.parse("00000000-0000-4000-8000-000000000000").version == 4`. Undefined for other text.
fn parse(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let bits = bits(operand::string(operands, 0)?).ok_or(BuiltinError::Undefined)?;
    let version = (bits >> 76) as i64 & 0xf;
    let mut fields = vec![("version", Value::from(version)), ("variant", variant(bits).into())];
    if matches!(version, 1 | 2) {
        fields.push(("time", Value::from(unix_nanoseconds(bits))));
        fields.push(("nodeid", Value::from(node(bits))));
        fields.push(("macvariables", Value::from(mac_variables(bits))));
        fields.push(("clocksequence", Value::from((bits >> 48) as i64 & 0x3fff)));
    }
    if version == 2 {
        fields.push(("id", Value::from((bits >> 96) as i64)));
        fields.push(("domain", Value::from(domain(bits))));
    }
    let entries = fields.into_iter().map(|(key, value)| (Value::from(key), value));
    Ok(Value::object(entries.collect()))
}

/// Returns the bits of `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, which may follow `urn:uuid:`, stand
/// between any two characters (meant for braces), or lack its hyphens.
fn bits(text: &str) -> Option<u128> {
    let text = match text.len() {
        32 | 36 => text,
        45 if text.get(..9)?.eq_ignore_ascii_case("urn:uuid:") => text.get(9..)?,
        38 => text.get(1..37)?,
        _ => return None,
    };
    let hyphens = text.len() == 36;
    let at_hyphen = |at| hyphens && matches!(at, 8 | 13 | 18 | 23);
    let mut bits = 0;
    for (at, c) in text.chars().enumerate() {
        if at_hyphen(at) {
            (c == '-').then_some(())?;
        } else {
            bits = bits << 4 | u128::from(c.to_digit(16)?);
        }
    }
    Some(bits)
}

fn variant(bits: u128) -> &'static str {
    match (bits >> 61) & 0b111 {
        0b100 | 0b101 => "RFC4122",
        0b110 => "Microsoft",
        0b111 => "Future",
        _ => "Reserved",
    }
}

/// Returns the time since 1970; a UUID counts in 100 nanoseconds since 1582-10-15.
fn unix_nanoseconds(bits: u128) -> i64 {
    let low = (bits >> 96) as i64 & 0xffff_ffff;
    let middle = (bits >> 80) as i64 & 0xffff;
    let high = (bits >> 64) as i64 & 0x0fff;
    let ticks = low | middle << 32 | high << 48;
    (ticks - 122_192_928_000_000_000).wrapping_mul(100)
}

fn node(bits: u128) -> String {
    let bytes = (0..6).rev().map(|i| format!("{:02x}", (bits >> (8 * i)) & 0xff));
    bytes.collect::<Vec<_>>().join("-")
}

fn mac_variables(bits: u128) -> &'static str {
    match (bits >> 40) & 0b11 {
        0b11 => "local:multicast",
        0b01 => "global:multicast",
        0b10 => "local:unicast",
        _ => "global:unicast",
    }
}

fn domain(bits: u128) -> String {
    match (bits >> 48) & 0xff {
        0 => "Person".to_string(),
        1 => "Group".to_string(),
        2 => "Org".to_string(),
        other => format!("Domain{other}"),
    }
}

#[cfg(test)]
mod tests {
    use rego_vm::BuiltinError;

    use crate::testing::{call, check};

    #[test]
    fn fields_are_as_in_opa() {
        check(
            "uuid.parse",
            r#"["000003e8-48b9-21ee-b200-325096b39f47"]"#,
            r#"{"clocksequence": 12800, "domain": "Person", "id": 1000,
                "macvariables": "local:unicast", "nodeid": "32-50-96-b3-9f-47",
                "time": 1693566990121469600, "variant": "RFC4122", "version": 2}"#,
        );
        let want = r#"{"variant": "RFC4122", "version": 3}"#;
        check("uuid.parse", r#"["6bea8ef2d3d33cd184e09bab06a52ece"]"#, want);
        check("uuid.parse", r#"["{6bea8ef2-d3d3-3cd1-84e0-9bab06a52ece}"]"#, want);
        check("uuid.parse", r#"["URN:uuid:6bea8ef2-d3d3-3cd1-84e0-9bab06a52ece"]"#, want);
        check(
            "uuid.parse",
            r#"["bdf46d2e-a116-11ee-8c90-0242ac120002"]"#,
            r#"{"clocksequence": 3216, "macvariables": "local:unicast", "version": 1,
                "nodeid": "02-42-ac-12-00-02", "time": 1703282954332907000, "variant": "RFC4122"}"#,
        );
    }

    #[test]
    fn other_text_is_undefined() {
        let bad = ["", "not-valid", "6bea8ef2xd3d3-3cd1-84e0-9bab06a52ece", "åååååååååååååååå"];
        for text in bad {
            assert_eq!(call("uuid.parse", &[&text.into()]), Err(BuiltinError::Undefined));
        }
    }

    #[test]
    fn a_random_one_is_of_version_4() {
        check("uuid.rfc4122", r#"["k"]"#, r#""ffffffff-ffff-4fff-bfff-ffffffffffff""#);
    }
}
