//! Units: `units.parse`, `units.parse_bytes`.
//!
//! Source: OPA policy reference, "Units"; `v1/topdown/parse_units.go`, `parse_bytes.go`.

use rego_value::{Number, Value};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::decimal::Decimal;
use crate::{charge, operand};

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(Decl::function("units.parse", &[Type::String], Type::Number), parse),
    Builtin::new(Decl::function("units.parse_bytes", &[Type::String], Type::Number), parse_bytes),
];

/// The most digits that an exponent may have. Source: OPA, `maxExponentDigits`.
const EXPONENT_DIGITS_MAX: usize = 6;

/// How many digits behind the point a fraction keeps.
const PLACES: usize = 10;

/// What the two functions call themselves and their operand in errors.
struct Words {
    name: &'static str,
    amount: &'static str,
    unit: &'static str,
}

const UNITS: Words = Words { name: "units.parse", amount: "amount", unit: "unit" };
const BYTES: Words = Words { name: "units.parse_bytes", amount: "byte amount", unit: "byte unit" };

impl Words {
    fn error(&self, text: &str) -> BuiltinError {
        BuiltinError::Failed(format!("{}: {text}", self.name))
    }

    fn unknown(&self, unit: &str) -> BuiltinError {
        self.error(&format!("{} {unit} not recognized", self.unit))
    }
}

/// Returns the number of a text with a decimal or binary unit: `units.parse("1.5Ki") == 1536`.
/// Only in `m` (milli) and `M` (mega) does the case of letters count.
fn parse(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::make(context, text.len())?;
    let text = text.replace('"', "");
    let (amount, unit) = split(&text, &UNITS)?;
    let mut chars = unit.chars();
    let first = chars.next().map(String::from).unwrap_or_default();
    let unit = first + &chars.as_str().to_lowercase();
    let milli = unit == "m";
    let scale = if milli { Some(1) } else { scale(&unit) };
    let scale = scale.ok_or_else(|| UNITS.unknown(&unit))?;
    let mut number = amount_of(amount, &UNITS)?;
    if milli {
        thousandth(&mut number);
    }
    number.multiply(scale);
    number_value(context, &number)
}

/// Returns the number of bytes of a text: `units.parse_bytes("1KiB") == 1024`. Fractions of a byte
/// are cut off.
fn parse_bytes(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::make(context, text.len())?;
    let text = text.to_lowercase().replace('"', "");
    let (amount, unit) = split(&text, &BYTES)?;
    let scale = if unit == "b" { None } else { scale(unit.strip_suffix('b').unwrap_or(unit)) };
    let scale = scale.ok_or_else(|| BYTES.unknown(unit))?;
    let mut number = amount_of(amount, &BYTES)?;
    number.multiply(scale);
    let whole = number.whole_text(context)?;
    value_of_text(&whole)
}

fn amount_of(text: &str, words: &Words) -> Result<Decimal, BuiltinError> {
    let wrong = || words.error(&format!("could not parse {} to a number", words.amount));
    Decimal::parse(text).ok_or_else(wrong)
}

/// Multiplies by the double next to 0.001, which is what OPA has for `m`: it is this mantissa over
/// 2^62, hence the mantissa times 5^62 over 10^62.
fn thousandth(number: &mut Decimal) {
    number.multiply(0x0010_624D_D2F1_A9FC);
    for power in [27, 27, 8] {
        number.multiply(5_u64.pow(power));
    }
    number.exponent -= 62;
}

/// Returns what a unit without its `b` stands for.
fn scale(unit: &str) -> Option<u64> {
    let (letter, binary) = match unit.strip_suffix('i') {
        Some(letter) => (letter, true),
        None => (unit, false),
    };
    let power = match letter {
        "" if !binary => 0,
        "k" | "K" => 1,
        "m" | "M" => 2,
        "g" | "G" => 3,
        "t" | "T" => 4,
        "p" | "P" => 5,
        "e" | "E" => 6,
        _ => return None,
    };
    Some(if binary { 1 << (10 * power) } else { 1000_u64.pow(power) })
}

/// Splits a text into its number and its unit, each of which may be wrong still.
fn split<'t>(text: &'t str, words: &Words) -> Result<(&'t str, &'t str), BuiltinError> {
    if text.contains(' ') {
        return Err(words.error("spaces not allowed in resource strings"));
    }
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'0'..=b'9' | b'.' | b'+' | b'-' => at += 1,
            b'e' | b'E' => {
                let next = bytes.get(at + 1);
                if !next.is_some_and(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-')) {
                    break;
                }
                let signed = usize::from(!next.is_some_and(u8::is_ascii_digit));
                at += 1 + signed;
                let rest = bytes.get(at..).unwrap_or_default();
                let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
                if digits > EXPONENT_DIGITS_MAX {
                    return Err(words.error("exponent too large"));
                }
            }
            _ => break,
        }
    }
    if at == 0 {
        return Err(words.error(&format!("no {} provided", words.amount)));
    }
    Ok(text.split_at_checked(at).unwrap_or((text, "")))
}

fn number_value(context: &mut Context<'_>, number: &Decimal) -> Result<Value, BuiltinError> {
    if number.is_whole() {
        return value_of_text(&number.whole_text(context)?);
    }
    value_of_text(&number.fixed_text(context, PLACES)?)
}

fn value_of_text(text: &str) -> Result<Value, BuiltinError> {
    let number = Number::parse(text);
    number.map(Value::from).ok_or_else(|| BuiltinError::Failed("illegal value".to_string()))
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, check_error};

    #[test]
    fn units_scale_numbers() {
        let cases = [
            ("500m", "0.5"),
            ("0.0005K", "0.5"),
            ("10K", "10000"),
            ("10KI", "10240"),
            ("1.1Ki", "1126.4"),
            ("100Mi", "104857600"),
            ("10E", "10000000000000000000"),
            ("10ei", "11529215046068469760"),
            ("4E2G", "400000000000"),
            ("1e-2", "0.01"),
            ("-3.5E2m", "-0.35"),
            ("5.K", "5000"),
            ("1.5e-2K", "15"),
            ("0", "0"),
            ("7.8E-1", "0.78"),
            ("\\\"5\\\"", "5"),
            ("5E", "5000000000000000000"),
            ("1e5", "100000"),
            ("0.3", "0.3"),
        ];
        for (text, want) in cases {
            check("units.parse", &format!("[\"{text}\"]"), want);
        }
    }

    #[test]
    fn bytes_are_cut() {
        let cases = [
            ("1.1KiB", "1126"),
            ("1.1KB", "1100"),
            (".5KB", "500"),
            (".0", "0"),
            ("100m", "100000000"),
            ("10eib", "11529215046068469760"),
            ("4.5e1GiB", "48318382080"),
            ("0.1", "0"),
        ];
        for (text, want) in cases {
            check("units.parse_bytes", &format!("[\"{text}\"]"), want);
        }
    }

    #[test]
    fn errors_are_worded_as_in_opa() {
        let cases = [
            ("", "no amount provided"),
            ("eK", "no amount provided"),
            ("foo", "no amount provided"),
            ("1 K", "spaces not allowed in resource strings"),
            ("1e1234567", "exponent too large"),
            ("-K", "could not parse amount to a number"),
            (".K", "could not parse amount to a number"),
            ("e5K", "could not parse amount to a number"),
            ("1Kb", "unit Kb not recognized"),
            ("1e+K", "could not parse amount to a number"),
            ("1i", "unit i not recognized"),
        ];
        for (text, want) in cases {
            check_error("units.parse", &format!("[\"{text}\"]"), &format!("units.parse: {want}"));
        }
        let want = "units.parse_bytes: byte unit b not recognized";
        check_error("units.parse_bytes", r#"["1b"]"#, want);
    }
}
