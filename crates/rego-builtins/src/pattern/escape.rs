//! Escapes: `\n`, `\x41`, `\d`, `\pL`.

use super::syntax::Error;

/// Appends a character that means itself.
pub(super) fn push_literal(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() || !c.is_ascii() {
        out.push(c);
    } else {
        out.push_str(&format!("\\x{:02X}", u32::from(c)));
    }
}

/// Takes the escape of one character at the start of `rest` (a backslash) and returns it, with what
/// is left behind it.
pub(super) fn character(rest: &str) -> Result<(char, &str), Error> {
    let mut chars = rest.chars();
    chars.next();
    let c =
        chars.next().ok_or_else(|| Error::new("trailing backslash at end of expression", ""))?;
    let behind = chars.as_str();
    let named = match c {
        'a' => Some('\u{7}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\u{b}'),
        c if c.is_ascii_punctuation() || c.is_ascii_control() || c == ' ' => Some(c),
        _ => None,
    };
    if let Some(named) = named {
        return Ok((named, behind));
    }
    let numbered = match c {
        'x' => hexadecimal(behind),
        '0' => octal(rest),
        // One digit alone would be a back reference, which RE2 does not have.
        '1'..='7' if behind.starts_with(|c: char| c.is_digit(8)) => octal(rest),
        _ => None,
    };
    let shown = rest.get(..rest.len() - behind.len()).unwrap_or(rest);
    numbered.ok_or_else(|| Error::new("invalid escape sequence", shown))
}

/// Returns the character of up to three octal digits behind a backslash.
fn octal(rest: &str) -> Option<(char, &str)> {
    let digits = rest.get(1..)?.bytes().take(3).take_while(|b| matches!(b, b'0'..=b'7')).count();
    let code = u32::from_str_radix(rest.get(1..=digits)?, 8).ok()?;
    Some((char::from_u32(code)?, rest.get(1 + digits..)?))
}

/// Returns the character of `41` or `{10ffff}`.
fn hexadecimal(rest: &str) -> Option<(char, &str)> {
    let (digits, behind) = match rest.strip_prefix('{') {
        Some(inside) => inside.split_once('}')?,
        None => rest.split_at_checked(2)?,
    };
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, behind))
}

/// Takes an escape that stands for a class of characters, and returns the class as the engine
/// writes it (good inside of brackets too), with what is left behind it.
pub(super) fn class(rest: &str) -> Result<Option<(String, &str)>, Error> {
    let mut chars = rest.chars();
    chars.next();
    let simple = match chars.next() {
        Some('d') => "[0-9]",
        Some('D') => "[^0-9]",
        Some('s') => r"[\t\n\x0C\r ]",
        Some('S') => r"[^\t\n\x0C\r ]",
        Some('w') => "[0-9A-Za-z_]",
        Some('W') => "[^0-9A-Za-z_]",
        Some('p' | 'P') => return unicode(rest).map(Some),
        _ => return Ok(None),
    };
    Ok(Some((simple.to_string(), chars.as_str())))
}

/// Takes `\pL`, `\p{Greek}`, `\p{^Greek}`.
fn unicode(rest: &str) -> Result<(String, &str), Error> {
    let range = |shown| Error::new("invalid character class range", shown);
    let mut negated = rest.starts_with("\\P");
    let behind = rest.get(2..).unwrap_or_default();
    let (name, behind) = match behind.strip_prefix('{') {
        Some(inside) => inside.split_once('}').ok_or_else(|| range(rest))?,
        None => {
            let width = behind.chars().next().ok_or_else(|| range(rest))?.len_utf8();
            behind.split_at(width)
        }
    };
    let shown = rest.get(..rest.len() - behind.len()).unwrap_or(rest);
    let name = match name.strip_prefix('^') {
        Some(name) => {
            negated = !negated;
            name
        }
        None => name,
    };
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let class = format!("\\{}{{{name}}}", if negated { 'P' } else { 'p' });
    if !plain || regex::Regex::new(&class).is_err() {
        return Err(range(shown));
    }
    Ok((class, behind))
}
