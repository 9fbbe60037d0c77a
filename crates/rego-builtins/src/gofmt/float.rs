//! Floating-point numbers: `%e`, `%f`, `%g`, `%b`, `%x`.
//!
//! Source: Go, documentation of `strconv.FormatFloat` and of package `fmt`.

use rego_vm::BuiltinError;

use super::{Arg, Printer};

/// No double has more digits than this after the point; what goes beyond is zeros.
const DIGITS_MAX: usize = 1100;

/// Writes Go's `float64`.
pub(super) fn print(
    printer: &mut Printer<'_, '_>,
    value: f64,
    verb: char,
) -> Result<(), BuiltinError> {
    let (verb, default) = match verb {
        'v' => ('g', None),
        'b' | 'g' | 'G' | 'x' | 'X' => (verb, None),
        'f' | 'e' | 'E' => (verb, Some(6)),
        'F' => ('f', Some(6)),
        _ => return printer.bad_verb(&Arg::Float(value), verb),
    };
    let precision = printer.flags.precision.or(default);
    crate::charge::make(printer.context, precision.unwrap_or(0) + 400)?;
    let mut digits = format(value.abs(), verb, precision);
    if printer.flags.sharp && verb != 'b' {
        digits = sharp(&digits, verb, precision);
    }
    signed(printer, value.is_sign_negative(), &digits)
}

fn signed(printer: &mut Printer<'_, '_>, negative: bool, digits: &str) -> Result<(), BuiltinError> {
    let flags = printer.flags;
    let sign = match (negative, flags.plus, flags.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => return printer.pad(digits),
    };
    let length = sign.len() + digits.len();
    let width = flags.width.unwrap_or(0);
    if flags.zero && !flags.minus && width > length {
        printer.push(sign)?;
        printer.padding(width - length)?;
        return printer.push(digits);
    }
    printer.pad(&format!("{sign}{digits}"))
}

/// Returns the text of a number that is not negative; no precision means as many digits as it
/// takes to read the same number again.
pub(crate) fn format(value: f64, verb: char, precision: Option<usize>) -> String {
    match verb {
        'f' => fixed(value, precision),
        'e' | 'E' => exponential(value, precision, verb),
        'b' => binary(value),
        'x' | 'X' => hexadecimal(value, precision, verb),
        _ => general(value, precision, if verb == 'G' { 'E' } else { 'e' }),
    }
}

fn fixed(value: f64, precision: Option<usize>) -> String {
    let Some(precision) = precision else {
        return format!("{value}");
    };
    let shown = precision.min(DIGITS_MAX);
    format!("{value:.shown$}{}", "0".repeat(precision - shown))
}

fn exponential(value: f64, precision: Option<usize>, mark: char) -> String {
    let shown = precision.map(|p| p.min(DIGITS_MAX));
    let text = match shown {
        Some(shown) => format!("{value:.shown$e}"),
        None => format!("{value:e}"),
    };
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let zeros = "0".repeat(precision.unwrap_or(0) - shown.unwrap_or(0));
    format!("{digits}{zeros}{}", exponent_text(mark, exponent.parse().unwrap_or(0)))
}

/// Returns the exponent as Go writes it: a sign and two digits at least.
fn exponent_text(mark: char, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mark}{sign}{:02}", exponent.unsigned_abs())
}

/// Returns the shorter of both notations: the exponential one for exponents below -4, and for
/// those that reach the precision (6 where there is none).
fn general(value: f64, precision: Option<usize>, mark: char) -> String {
    let wanted = precision.map(|p| p.clamp(1, DIGITS_MAX));
    let text = match wanted {
        Some(wanted) => format!("{value:.*e}", wanted - 1),
        None => format!("{value:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let count = digits.len() as i32;
    let limit = match precision {
        None => 6,
        Some(precision) => {
            let precision = i32::try_from(precision.max(1)).unwrap_or(i32::MAX);
            if precision > count && count > exponent { count } else { precision }
        }
    };
    if value != 0.0 && (exponent < -4 || exponent >= limit) {
        return exponential(value, Some(digits.len().saturating_sub(1)), mark);
    }
    fixed(value, Some(usize::try_from(count - 1 - exponent).unwrap_or(0)))
}

/// Splits a number into a whole mantissa and a power of two.
fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    if exponent == 0 { (fraction, -1074) } else { (fraction | (1 << 52), exponent - 1075) }
}

fn binary(value: f64) -> String {
    let (mantissa, exponent) = parts(value);
    format!("{mantissa}p{exponent:+}")
}

fn hexadecimal(value: f64, precision: Option<usize>, verb: char) -> String {
    let (mut mantissa, mut exponent) = parts(value);
    if mantissa == 0 {
        exponent = 0;
    } else {
        // The first digit is always 1: move it to bit 60, and count from there.
        let shift = mantissa.leading_zeros() as i32 - 3;
        mantissa <<= shift;
        exponent += 60 - shift;
    }
    if let Some(shift) = precision.filter(|p| *p < 15).map(|p| p * 4) {
        let rest = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        mantissa += u64::from(rest | (mantissa & 1) > 1 << 59);
        mantissa <<= 60 - shift;
        if mantissa & (1 << 61) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let lead = (mantissa >> 60) & 1;
    let tail = format!("{:015x}", mantissa & ((1 << 60) - 1));
    let tail = match precision {
        None => tail.trim_end_matches('0').to_string(),
        Some(p) => format!("{tail:0<p$}", p = p.min(DIGITS_MAX)).chars().take(p).collect(),
    };
    let zeros = "0".repeat(precision.unwrap_or(0).saturating_sub(tail.len()));
    let point = if tail.is_empty() { "" } else { "." };
    let text = format!("0x{lead}{point}{tail}{zeros}{}", exponent_text('p', exponent));
    if verb == 'X' { text.to_uppercase() } else { text }
}

/// Returns the number with a point always, and for `%g` with all its digits.
fn sharp(text: &str, verb: char, precision: Option<usize>) -> String {
    let hexadecimal = matches!(verb, 'x' | 'X');
    let mark = |c| matches!(c, 'p' | 'P') || (!hexadecimal && matches!(c, 'e' | 'E'));
    let (number, tail) = text.split_at(text.find(mark).unwrap_or(text.len()));
    let mut wanted =
        if matches!(verb, 'g' | 'G') || hexadecimal { precision.unwrap_or(6) } else { 0 };
    let significant = number.chars().filter(|c| *c != '.').skip_while(|c| *c == '0').count();
    wanted = wanted.saturating_sub(significant);
    let point = if number.contains('.') { "" } else { "." };
    if !number.contains('.') && number == "0" {
        wanted = wanted.saturating_sub(1);
    }
    format!("{number}{point}{}{tail}", "0".repeat(wanted))
}
