//! Numbers and strings: what their text means.

use rego_source::Span;

use crate::ast::{Term, TermKind, Text};
use crate::token::Tok;

use super::Parser;

/// The greatest power of two that a number's size may have, either way (OPA's limit).
const EXPONENT_MAX: f64 = 100_000.0;

impl Parser<'_> {
    /// Reads a number with its sign; `.5` stands for `0.5`.
    pub(super) fn parse_number(&mut self) -> Option<Term> {
        let start = self.at.span.start;
        let negative = self.is(Tok::Minus);
        if negative {
            self.scan();
            if !matches!(self.tok(), Tok::Number | Tok::Dot) {
                self.illegal("expected number");
                return None;
            }
        }
        let fraction = self.is(Tok::Dot);
        if fraction {
            self.scan();
            if !self.is(Tok::Number) {
                self.illegal("expected number");
                return None;
            }
        }
        let digits = self.text();
        if !fraction && has_leading_zero(digits) {
            self.illegal("expected number without leading zero");
            return None;
        }
        if fraction && digits.contains('.') {
            self.illegal("invalid float");
            return None;
        }
        let sign = if negative { "-" } else { "" };
        let text = match (negative, fraction) {
            (false, false) => Text::from(digits),
            (_, false) => Text::from(format!("{sign}{digits}")),
            (_, true) => Text::from(format!("{sign}0.{digits}")),
        };
        if is_too_big(&text) {
            self.error(self.at.span, "number too big");
            return None;
        }
        Some(Term { kind: TermKind::Number(text), span: Span::new(start, self.at.span.end) })
    }

    /// Reads a string between double quotes.
    pub(super) fn parse_string(&mut self) -> Option<Term> {
        let literal = self.text();
        let Some(value) = unescape(inside(literal)) else {
            self.error(self.at.span, format!("illegal string literal: {literal}"));
            return None;
        };
        Some(Term { kind: TermKind::String { value, raw: false }, span: self.at.span })
    }

    /// Reads a string between back quotes.
    pub(super) fn parse_raw_string(&mut self) -> Term {
        let value = Text::from(inside(self.text()));
        Term { kind: TermKind::String { value, raw: true }, span: self.at.span }
    }
}

/// Returns a literal without its first and last character, which are ASCII.
pub(super) fn inside(literal: &str) -> &str {
    literal.get(1..literal.len().saturating_sub(1)).unwrap_or("")
}

fn has_leading_zero(digits: &str) -> bool {
    match digits.as_bytes() {
        [b'0', b'.', ..] | [b'0'] => false,
        [b'0', b'e' | b'E', _, ..] => false,
        [b'0', ..] => true,
        _ => false,
    }
}

/// Returns whether a number's size is beyond OPA's limit, of 2 to the power of 100 000.
fn is_too_big(text: &str) -> bool {
    let text = text.trim_start_matches('-');
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    if exponent == "0" && mantissa.len() < 300 {
        return false;
    }
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = whole.bytes().chain(fraction.bytes());
    let Some(zeros) = digits.clone().position(|b| b != b'0') else {
        return false;
    };
    let lead = digits
        .skip(zeros)
        .take(17)
        .fold((0.0, 1.0), |(sum, unit), digit| (sum + f64::from(digit - b'0') * unit, unit / 10.0));
    let exponent: f64 = exponent.parse().unwrap_or(f64::INFINITY);
    let power_of_ten = exponent + whole.len() as f64 - 1.0 - zeros as f64 + lead.0.log10();
    let power_of_two = (power_of_ten * std::f64::consts::LOG2_10).floor() + 1.0;
    power_of_two.abs() > EXPONENT_MAX
}

/// Returns what a text with escapes stands for, by JSON's rules: `None` for a bad escape, and for
/// a control character beside an escape. A surrogate without its other half becomes U+FFFD.
pub(super) fn unescape(text: &str) -> Option<Text> {
    if !text.contains('\\') {
        return Some(Text::from(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at)?);
        let (char, after) = escape(rest.get(at + 1..)?)?;
        out.push(char);
        rest = after;
    }
    out.push_str(rest);
    let control = text.bytes().any(|b| b < 0x20);
    (!control).then(|| Text::from(out))
}

fn escape(text: &str) -> Option<(char, &str)> {
    let kind = *text.as_bytes().first()?;
    let after = text.get(1..)?;
    let char = match kind {
        b'"' | b'\\' | b'/' | b'{' => kind as char,
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(after),
        _ => return None,
    };
    Some((char, after))
}

fn unicode_escape(text: &str) -> Option<(char, &str)> {
    let (first, after) = hex(text)?;
    if let Some(second) = after.strip_prefix("\\u").and_then(hex)
        && let [Ok(char)] = char::decode_utf16([first, second.0]).collect::<Vec<_>>().as_slice()
    {
        return Some((*char, second.1));
    }
    Some((char::from_u32(u32::from(first)).unwrap_or(char::REPLACEMENT_CHARACTER), after))
}

fn hex(text: &str) -> Option<(u16, &str)> {
    let digits = text.get(..4)?;
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    Some((u16::from_str_radix(digits, 16).ok()?, text.get(4..)?))
}
