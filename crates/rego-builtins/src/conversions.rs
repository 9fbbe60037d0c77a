//! Conversions: `to_number`, and the deprecated `cast_*`.
//!
//! Source: OPA policy reference, "Conversions"; `v1/topdown/casts.go`.

use rego_value::{Number, Value, View};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::{charge, operand};

const SCALAR: Type = Type::Union(&[Type::Null, Type::Boolean, Type::Number, Type::String]);
const ANY_OBJECT: Type = Type::Object(&[], Some(&(Type::Any, Type::Any)));

const fn cast(name: &'static str, result: Type) -> Decl {
    Decl::function(name, &[Type::Any], result).deprecated()
}

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(Decl::function("to_number", &[SCALAR], Type::Number), to_number),
    Builtin::new(cast("cast_array", Type::Array(&Type::Any)), cast_array),
    Builtin::new(cast("cast_boolean", Type::Boolean), |_, o| same(o, &["boolean"])),
    Builtin::new(cast("cast_null", Type::Null), |_, o| same(o, &["null"])),
    Builtin::new(cast("cast_object", ANY_OBJECT), |_, o| same(o, &["object"])),
    Builtin::new(cast("cast_set", Type::Set(&Type::Any)), cast_set),
    Builtin::new(cast("cast_string", Type::String), |_, o| same(o, &["string"])),
];

/// Returns the number of a scalar: null and false are 0, true is 1, a string is what it spells:
/// `to_number("1.5")`.
fn to_number(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let value = operand::any(operands, 0)?;
    match value.view() {
        View::Null => Ok(Value::from(0)),
        View::Bool(b) => Ok(Value::from(i64::from(b))),
        View::Int(_) | View::Number(_) => Ok(value.clone()),
        View::String(text) => {
            charge::make(context, text.len())?;
            number_of(value, text)
        }
        _ => Err(BuiltinError::operand(1, value, &["null", "boolean", "number", "string"])),
    }
}

fn number_of(value: &Value, text: &str) -> Result<Value, BuiltinError> {
    if let Ok(i) = text.parse::<i64>()
        && i.to_string() == text
    {
        return Ok(Value::from(i));
    }
    let name = text.trim_start_matches(['+', '-']).to_lowercase();
    if matches!(name.as_str(), "inf" | "infinity" | "nan") {
        return Err(BuiltinError::operand(1, value, &["valid number string"]));
    }
    let failed = |why| {
        let quoted = crate::gofmt::quote(text);
        BuiltinError::Failed(format!("strconv.ParseFloat: parsing {quoted}: {why}"))
    };
    let spelled = json_spelling(text).ok_or_else(|| failed("invalid syntax"))?;
    if !spelled.parse().is_ok_and(f64::is_finite) {
        return Err(failed("value out of range"));
    }
    let number = Number::parse(&spelled).ok_or_else(|| failed("invalid syntax"))?;
    Ok(Value::from(number))
}

/// Returns the number as JSON spells it, of a text that Go's `strconv.ParseFloat` takes: that one
/// also knows `+1`, `.5`, `5.`, `007`, `1_000` and hexadecimal numbers.
fn json_spelling(text: &str) -> Option<String> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => ("-", text.get(1..)?),
        b'+' => ("", text.get(1..)?),
        _ => ("", text),
    };
    let plain = without_underscores(rest)?;
    if let Some(hex) = plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X")) {
        return Some(format!("{sign}{}", hexadecimal(hex)?));
    }
    let (mantissa, exponent) = match plain.find(['e', 'E']) {
        Some(at) => (plain.get(..at)?, plain.get(at..)?),
        None => (plain.as_str(), ""),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let power = exponent.get(1..).unwrap_or_default();
    let power = power.strip_prefix(['+', '-']).unwrap_or(power);
    let known = digits(whole) && digits(fraction) && digits(power);
    if !known || whole.len() + fraction.len() == 0 || power.is_empty() != exponent.is_empty() {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        trimmed => trimmed,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}{exponent}"))
}

/// Returns the text without underscores, each of which must stand between digits.
fn without_underscores(text: &str) -> Option<String> {
    if !text.contains('_') {
        return Some(text.to_string());
    }
    let hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    let digit = |c: Option<char>| {
        c.is_some_and(|c| c.is_ascii_digit() || (hexadecimal && c.is_ascii_hexdigit()))
    };
    let between = |(at, _): (usize, &str)| {
        let before = text.get(..at).unwrap_or_default();
        let prefix = hexadecimal && before.len() == 2;
        (digit(before.chars().next_back()) || prefix)
            && digit(text.get(at + 1..).unwrap_or_default().chars().next())
    };
    text.match_indices('_').all(between).then(|| text.replace('_', ""))
}

/// Returns the number of a hexadecimal text with its binary exponent, `1.8p3`, in decimal.
fn hexadecimal(text: &str) -> Option<String> {
    let (mantissa, power) = text.split_once(['p', 'P'])?;
    let power: i32 = power.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    // Sixteen digits fit the integer; more than those a double does not hold exactly.
    let known = !digits.is_empty() && digits.len() <= 16;
    let mantissa = u64::from_str_radix(&digits, 16).ok().filter(|_| known)?;
    let value = mantissa as f64 * 2_f64.powi(power.saturating_sub(4 * fraction.len() as i32));
    Some(format!("{value}"))
}

/// Returns the value, which must be of this type: `cast_string("a")`.
fn same(operands: &[&Value], name: &'static [&'static str; 1]) -> Result<Value, BuiltinError> {
    let value = operand::any(operands, 0)?;
    if name.contains(&value.type_name()) {
        return Ok(value.clone());
    }
    Err(BuiltinError::operand(1, value, name))
}

/// Returns the array of the elements: `cast_array({1, 2})`.
fn cast_array(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let items = operand::elements(operands, 0)?;
    context.charge_steps(items.len() as u64)?;
    Ok(Value::array(items.to_vec()))
}

/// Returns the set of the elements: `cast_set([1, 1])`.
fn cast_set(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let items = operand::elements(operands, 0)?;
    context.charge_steps(items.len() as u64)?;
    Ok(Value::set(items.to_vec()))
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, check_error, check_type_error};

    #[test]
    fn scalars_become_numbers() {
        check("to_number", r#"["-42.0"]"#, "-42.0");
        check("to_number", "[null]", "0");
        check("to_number", "[true]", "1");
        check("to_number", "[100.1]", "100.1");
        check("to_number", r#"["+5"]"#, "5");
        check("to_number", r#"[".5"]"#, "0.5");
        check("to_number", r#"["007"]"#, "7");
        check("to_number", r#"["0x1.8p1"]"#, "3");
        check("to_number", r#"["1_000"]"#, "1000");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let syntax = "strconv.ParseFloat: parsing \"abc\": invalid syntax";
        check_error("to_number", r#"["abc"]"#, syntax);
        let range = "strconv.ParseFloat: parsing \"1e400\": value out of range";
        check_error("to_number", r#"["1e400"]"#, range);
        let valid = "operand 1 must be valid number string but got string";
        check_type_error("to_number", r#"["-NaN"]"#, valid);
        check_type_error("to_number", r#"["infinity"]"#, valid);
        for text in ["", " 1", "1 ", "1e", "e1", ".", "1_", "_1", "0x", "1.2.3"] {
            let operands = format!("[{text:?}]");
            let want = format!("strconv.ParseFloat: parsing {text:?}: invalid syntax");
            check_error("to_number", &operands, &want);
        }
    }

    #[test]
    fn casts_check_types() {
        check("cast_array", "[[2, 1]]", "[2, 1]");
        check_type_error("cast_null", "[{}]", "operand 1 must be null but got object");
    }
}
