//! Integers: `%d`, `%b`, `%o`, `%x`, `%c`, `%q`, `%U`.

use rego_vm::BuiltinError;

use super::text::{is_print, quote_char};
use super::{Arg, Printer};
use crate::decimal;

/// Writes Go's `int`.
pub(super) fn print(
    printer: &mut Printer<'_, '_>,
    value: i64,
    verb: char,
) -> Result<(), BuiltinError> {
    let magnitude = value.unsigned_abs();
    let digits = match verb {
        'v' | 'd' => magnitude.to_string(),
        'b' => format!("{magnitude:b}"),
        'o' | 'O' => format!("{magnitude:o}"),
        'x' => format!("{magnitude:x}"),
        'X' => format!("{magnitude:X}"),
        'c' => return printer.pad(character(value).encode_utf8(&mut [0; 4])),
        'q' => {
            let quoted = quote_char(character(value), printer.flags.plus);
            return printer.pad(&quoted);
        }
        'U' => return code_point(printer, value),
        _ => return printer.bad_verb(&Arg::Int(value), verb),
    };
    signed(printer, value < 0, &digits, verb)
}

/// Writes sign, prefix, zeros and digits.
fn signed(
    printer: &mut Printer<'_, '_>,
    negative: bool,
    digits: &str,
    verb: char,
) -> Result<(), BuiltinError> {
    let flags = printer.flags;
    let sign = match (negative, flags.plus, flags.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    };
    let wanted = match (flags.precision, flags.width) {
        (Some(0), _) if digits == "0" => return printer.pad_blank(""),
        (Some(precision), _) => precision,
        (None, Some(width)) if flags.zero && !flags.minus => width.saturating_sub(sign.len()),
        _ => 0,
    };
    let zeros = wanted.saturating_sub(digits.len());
    let prefix = match verb {
        'O' => "0o",
        'b' if flags.sharp => "0b",
        'o' if flags.sharp && zeros == 0 && !digits.starts_with('0') => "0",
        'x' if flags.sharp => "0x",
        'X' if flags.sharp => "0X",
        _ => "",
    };
    crate::charge::make(printer.context, zeros)?;
    let zeros = "0".repeat(zeros);
    printer.pad_blank(&format!("{sign}{prefix}{zeros}{digits}"))
}

/// Writes Go's `*big.Int`, whose own formatter differs in small things.
pub(super) fn print_big(
    printer: &mut Printer<'_, '_>,
    text: &str,
    verb: char,
) -> Result<(), BuiltinError> {
    let flags = printer.flags;
    let (negative, decimal) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = match verb {
        'd' | 's' | 'v' => decimal.to_string(),
        'b' => decimal::radix_text(printer.context, decimal, 1)?,
        'o' | 'O' => decimal::radix_text(printer.context, decimal, 3)?,
        'x' => decimal::radix_text(printer.context, decimal, 4)?,
        'X' => decimal::radix_text(printer.context, decimal, 4)?.to_uppercase(),
        _ => return printer.push(&format!("%!{verb}(big.Int={text})")),
    };
    let sign = match (negative, flags.plus || flags.plus_v, flags.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    };
    let prefix = match verb {
        'O' => "0o",
        'b' if flags.sharp => "0b",
        'o' if flags.sharp => "0",
        'x' if flags.sharp => "0x",
        'X' if flags.sharp => "0X",
        _ => "",
    };
    let mut zeros = flags.precision.unwrap_or(0).saturating_sub(digits.len());
    let length = sign.len() + prefix.len() + zeros + digits.len();
    if flags.zero && !flags.minus && flags.precision.is_none() {
        zeros += flags.width.unwrap_or(0).saturating_sub(length);
    }
    crate::charge::make(printer.context, zeros)?;
    let zeros = "0".repeat(zeros);
    printer.pad_blank(&format!("{sign}{prefix}{zeros}{digits}"))
}

fn character(value: i64) -> char {
    u32::try_from(value).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Writes `U+0041`, and with `#` the character too.
fn code_point(printer: &mut Printer<'_, '_>, value: i64) -> Result<(), BuiltinError> {
    let digits = printer.flags.precision.unwrap_or(4).max(4);
    let code = format!("{:X}", value.cast_unsigned());
    let zeros = digits.saturating_sub(code.len());
    crate::charge::make(printer.context, zeros)?;
    let mut out = format!("U+{}{code}", "0".repeat(zeros));
    let shown = u32::try_from(value).ok().and_then(char::from_u32).filter(|c| is_print(*c));
    if let Some(c) = shown.filter(|_| printer.flags.sharp) {
        out.push_str(&format!(" '{c}'"));
    }
    printer.pad_blank(&out)
}
