//! Strings: `%s`, `%q`, `%x`, and Go's quoted form of a text.

use rego_vm::BuiltinError;

use super::{Arg, Flags, Printer};

/// Writes a string.
pub(super) fn print(
    printer: &mut Printer<'_, '_>,
    text: &str,
    verb: char,
) -> Result<(), BuiltinError> {
    match verb {
        'v' if !printer.flags.sharp_v => printer.pad(printer.truncated(text)),
        's' => printer.pad(printer.truncated(text)),
        'v' | 'q' => {
            let quoted = quoted(&printer.flags, printer.truncated(text));
            printer.pad(&quoted)
        }
        'x' | 'X' => hex(printer, text.as_bytes(), verb),
        _ => printer.bad_verb(&Arg::Text(text.into()), verb),
    }
}

fn quoted(flags: &Flags, text: &str) -> String {
    let plain = |c: char| c == '\t' || !(c < ' ' || matches!(c, '`' | '\u{7f}' | '\u{feff}'));
    if flags.sharp && text.chars().all(plain) {
        return format!("`{text}`");
    }
    if flags.plus { quote_ascii(text) } else { quote(text) }
}

/// Writes the bytes in hexadecimal.
fn hex(printer: &mut Printer<'_, '_>, bytes: &[u8], verb: char) -> Result<(), BuiltinError> {
    let Flags { sharp, space, precision, width, minus, .. } = printer.flags;
    let bytes = bytes.get(..precision.unwrap_or(bytes.len())).unwrap_or(bytes);
    crate::charge::make(printer.context, bytes.len() * 5)?;
    let mut out = String::with_capacity(bytes.len() * 2);
    for (i, byte) in bytes.iter().enumerate() {
        if space && i > 0 {
            out.push(' ');
        }
        if sharp && (space || i == 0) {
            out.push_str(if verb == 'X' { "0X" } else { "0x" });
        }
        let digits = if verb == 'X' { format!("{byte:02X}") } else { format!("{byte:02x}") };
        out.push_str(&digits);
    }
    let missing = width.unwrap_or(0).saturating_sub(out.len());
    if minus {
        printer.push(&out)?;
        return printer.padding(missing);
    }
    printer.padding(missing)?;
    printer.push(&out)
}

/// Returns `text` as a Go string literal: `"a\n\u00a0"`.
pub(crate) fn quote(text: &str) -> String {
    wrapped(text, '"', is_print)
}

/// Returns `text` as a Go string literal of ASCII only.
fn quote_ascii(text: &str) -> String {
    wrapped(text, '"', |c| c.is_ascii() && is_print(c))
}

/// Returns `c` as a Go character literal.
pub(super) fn quote_char(c: char, ascii: bool) -> String {
    let mut buffer = [0; 4];
    wrapped(c.encode_utf8(&mut buffer), '\'', |c| (!ascii || c.is_ascii()) && is_print(c))
}

fn wrapped(text: &str, mark: char, keep: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(mark);
    for c in text.chars() {
        if c == mark || c == '\\' {
            out.extend(['\\', c]);
        } else if keep(c) {
            out.push(c);
        } else {
            out.push_str(&escaped(c));
        }
    }
    out.push(mark);
    out
}

fn escaped(c: char) -> String {
    let named = match c {
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\u{b}' => "\\v",
        _ => "",
    };
    match u32::from(c) {
        _ if !named.is_empty() => named.to_string(),
        code @ (..0x20 | 0x7f) => format!("\\x{code:02x}"),
        code @ ..0x1_0000 => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

/// Whether Go's `strconv.IsPrint` holds: a letter, mark, number, punctuation, symbol, or the blank.
pub(super) fn is_print(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    // The standard library escapes what does not print; a combining mark only where it starts a
    // text, hence the letter before it.
    let mut buffer = [b'a'; 5];
    let width = c.encode_utf8(buffer.get_mut(1..).unwrap_or_default()).len();
    let text = buffer.get(..=width).and_then(|bytes| std::str::from_utf8(bytes).ok());
    text.is_some_and(|text| text.escape_debug().count() == 2)
}
