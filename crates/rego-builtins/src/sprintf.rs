//! `sprintf`.
//!
//! Source: OPA policy reference, "Strings"; `v1/topdown/strings.go`; Go's package `fmt`.

use rego_value::{Value, View};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::gofmt::{self, Arg};
use crate::{charge, operand};

const ARGS: &[Type] = &[Type::String, Type::Array(&Type::Any)];

/// The family.
pub(crate) const FAMILY: &[Builtin] =
    &[Builtin::new(Decl::function("sprintf", ARGS, Type::String), sprintf)];

/// Returns the format with the values in it: `sprintf("%s has %d", ["a", 1])`.
fn sprintf(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let format = operand::string(operands, 0)?;
    let values = operand::array(operands, 1)?;
    if let ("%d", [only]) = (format, values)
        && let View::Int(i) = only.view()
    {
        return Ok(Value::from(i.to_string()));
    }
    charge::scan(context, format.len())?;
    let mut args = Vec::with_capacity(values.len());
    for value in values {
        args.push(arg(context, value)?);
    }
    Ok(Value::from(gofmt::sprintf(context, format, &args)?))
}

/// Returns what OPA hands to Go for a value: a number as the smallest type that holds it, a string
/// as itself, anything else as its text in Rego.
fn arg<'v>(context: &mut Context<'_>, value: &'v Value) -> Result<Arg<'v>, BuiltinError> {
    Ok(match value.view() {
        View::Int(i) => Arg::Int(i),
        View::String(s) => Arg::Text(s.into()),
        View::Number(number) => number_arg(number.text()),
        _ => {
            charge::text_of(context, value)?;
            Arg::Text(value.to_rego().into())
        }
    })
}

fn number_arg(text: &str) -> Arg<'_> {
    if let Ok(i) = text.parse() {
        return Arg::Int(i);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Arg::Big(text.into());
    }
    match text.parse() {
        Ok(float) if f64::is_finite(float) => Arg::Float(float),
        _ => Arg::Text(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    /// Each line: format, operands as JSON, what Go prints.
    const CASES: &[(&str, &str, &str)] = &[
        ("hi %02X.%02X", "[127, 1]", "hi 7F.01"),
        ("hi %.2f", "[3.1415]", "hi 3.14"),
        ("%s", "[true]", "true"),
        ("%v", r#"[["there", 5, 3.14]]"#, r#"["there", 5, 3.14]"#),
        ("%s", "[1]", "%!s(int=1)"),
        ("%d", r#"["a"]"#, "%!d(string=a)"),
        ("%d", "[1, 2]", "1%!(EXTRA int=2)"),
        ("%d", r#"[1, "a", 1.5]"#, "1%!(EXTRA string=a, float64=1.5)"),
        ("%d %s", "[1]", "1 %!s(MISSING)"),
        ("%", "[]", "%!(NOVERB)"),
        ("%*d", "[42]", "%!d(MISSING)"),
        ("%*d|", "[5, 42]", "   42|"),
        ("%-*d|", "[-5, 42]", "42   |"),
        ("%*d", r#"["x", 42]"#, "%!(BADWIDTH)42"),
        ("%.*f", "[2, 1.005]", "1.00"),
        ("%-10.3f|", "[3.14159]", "3.142     |"),
        ("%+d % d %05d %-5d|", "[1, 2, -3, 4]", "+1  2 -0003 4    |"),
        ("%[2]d %[1]d", "[1, 2]", "2 1"),
        ("%[3]d", "[1]", "%!d(BADINDEX)"),
        ("%[x]d", "[1]", "%!d(BADINDEX)"),
        ("%[2]*[1]d", "[1, 3]", "  1"),
        ("%!", "[1]", "%!!(int=1)"),
        ("%%%d%%", "[1]", "%1%"),
        ("%5%", "[]", "%"),
        ("%s", "[123456789123456789123]", "123456789123456789123"),
        (
            "%d %x %b",
            "[123456789123456789123, 36893488147419103232, 18446744073709551616]",
            "123456789123456789123 20000000000000000 10000000000000000000000000000000000000000000000000000000000000000",
        ),
        ("%q", "[123456789123456789123]", "%!q(big.Int=123456789123456789123)"),
        (
            "%x %X %o %O %b %#x %#o %#b",
            "[255, 255, 8, 8, 5, 255, 8, 5]",
            "ff FF 10 0o10 101 0xff 010 0b101",
        ),
        ("%c %q %U %#U", "[65, 65, 8364, 8364]", "A 'A' U+20AC U+20AC '€'"),
        ("%q %+q %#q", r#"["a\n\u00e9", "é", "a`b"]"#, r#""a\né" "\u00e9" "a`b""#),
        ("%x % X %#x % #x", r#"["hi", "hi", "hi", "hi"]"#, "6869 68 69 0x6869 0x68 0x69"),
        ("%5s|%-5s|%.2s|%05s", r#"["ab", "ab", "åäö", "ab"]"#, "   ab|ab   |åä|000ab"),
        ("%v %v %v %v", "[1.50, 1e21, 1e6, 100000.0]", "1.5 1e+21 1e+06 100000"),
        ("%v %v %v", "[0.0001, 0.00001, 123456789.0]", "0.0001 1e-05 1.23456789e+08"),
        ("%e %E %g %G", "[1234.5678, 0.0, 1e-7, 1e-7]", "1.234568e+03 0.000000E+00 1e-07 1E-07"),
        (
            "%.3g %.10g %#g %#.3g",
            "[1234.5678, 1234.5678, 1.0, 1.0]",
            "1.23e+03 1234.5678 1.00000 1.00",
        ),
        (
            "%6.2f|%-8.1f|%08.3f|%+.1f",
            "[3.14159, 2.5, -3.14159, 2.0]",
            "  3.14|2.5     |-003.142|+2.0",
        ),
        ("%b %x %.2x", "[1.5, 1.5, 1.999]", "6755399441055744p-52 0x1.8p+00 0x1.00p+01"),
        ("%d", "[1.5]", "%!d(float64=1.5)"),
        ("%5z", "[3]", "%!z(int=    3)"),
        ("%T %T %T %T", "[1, 1.5, \"a\", 123456789123456789123]", "int float64 string *big.Int"),
        ("%t", "[true]", "%!t(string=true)"),
        ("%.0d|%.3d|%6.3d|%x", "[0, 7, 7, -255]", "|007|   007|-ff"),
        ("%v", "[-0.0]", "-0"),
    ];

    #[test]
    fn every_case_is_as_in_go() {
        for (format, operands, want) in CASES {
            let format = rego_value::Value::from(*format).to_json();
            let want = rego_value::Value::from(*want).to_json();
            check("sprintf", &format!("[{format}, {operands}]"), &want);
        }
    }

    #[test]
    fn a_value_that_shares_its_parts_is_paid_for() {
        let mut value = rego_value::Value::array(vec![1.into()]);
        for _ in 0..60 {
            value = rego_value::Value::array(vec![value.clone(), value]);
        }
        let values = rego_value::Value::array(vec![value]);
        assert!(crate::testing::call("sprintf", &[&"%v".into(), &values]).is_err());
    }

    #[test]
    fn a_wide_operand_is_paid_for() {
        let format = rego_value::Value::from("%1000000d".repeat(2));
        let values = rego_value::Value::array(vec![1.into(), 2.into()]);
        assert!(crate::testing::call("sprintf", &[&format, &values]).is_err());
    }
}
