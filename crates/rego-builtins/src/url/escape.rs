//! Percent-encoding as Go's `net/url` does it.

use crate::gofmt;

/// The part of a URI that a text is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Path,
    User,
    Host,
    /// The zone of an IPv6 address.
    Zone,
    Fragment,
}

/// Returns the text without percent-encoding. Bytes that are no UTF-8 become U+FFFD.
pub(super) fn unescape(text: &str, part: Part) -> Result<String, String> {
    let host = matches!(part, Part::Host | Part::Zone);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '%' {
            out.push(escaped_byte(rest, part)?);
            rest = rest.get(3..).unwrap_or_default();
            continue;
        }
        if host && first.is_ascii() && !is_host_char(first) {
            let quoted = gofmt::quote(first.encode_utf8(&mut [0; 4]));
            return Err(format!("invalid character {quoted} in host name"));
        }
        out.extend(first.encode_utf8(&mut [0; 4]).bytes());
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
    }
    Ok(String::from_utf8(out).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into()))
}

/// Returns the byte that the escape at the start of `rest` stands for.
fn escaped_byte(rest: &str, part: Part) -> Result<u8, String> {
    let end = rest.char_indices().nth(3).map_or(rest.len(), |(at, _)| at);
    let shown = rest.get(..end).unwrap_or(rest);
    let wrong = || format!("invalid URL escape {}", gofmt::quote(shown));
    let digits = rest.get(1..3).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    let byte = u8::from_str_radix(digits.ok_or_else(wrong)?, 16).map_err(|_| wrong())?;
    let allowed = byte == b'%'
        || match part {
            Part::Host => byte >= 0x80,
            Part::Zone => byte == b' ' || is_host_char(char::from(byte)),
            _ => true,
        };
    if allowed { Ok(byte) } else { Err(wrong()) }
}

fn is_host_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]<>\"".contains(c)
}

/// Returns the text with percent-encoding, as Go would write this part.
pub(super) fn escape(text: &str, part: Part) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_plain(byte, part) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Whether Go writes the byte as it is in this part.
fn is_plain(byte: u8, part: Part) -> bool {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        return true;
    }
    let others: &[u8] = match part {
        Part::Path => b"$&+,/:;=@",
        Part::User => b"$&+,;=",
        Part::Host | Part::Zone => b"!$&'()*+,;=:[]<>\"",
        Part::Fragment => b"$&+,/:;=?@!()*",
    };
    others.contains(&byte)
}

/// Whether a text can stand for this part as it is: no byte must be percent-encoded.
pub(super) fn is_valid_encoding(text: &str, part: Part) -> bool {
    text.bytes().all(|byte| b"!$&'()*+,;=:@[]%".contains(&byte) || is_plain(byte, part))
}
