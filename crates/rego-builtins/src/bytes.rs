//! Bytes and text: hexadecimal, base64, and the text of bytes that may not be UTF-8. All as Go's
//! standard library has them. Must not know values.

/// Returns the text of bytes, with U+FFFD for each byte that is not part of valid UTF-8.
///
/// (Rust's own lossy conversion has one U+FFFD for several bytes.)
pub(crate) fn text(bytes: Vec<u8>) -> String {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return text,
        Err(error) => error.into_bytes(),
    };
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

/// Returns the lower-case hexadecimal text of bytes.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Reads hexadecimal text of either case.
///
/// Errors: worded as Go's `encoding/hex`.
pub(crate) fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let nibble = |byte: u8| {
        let wrong = || format!("encoding/hex: invalid byte: {}", code_point(byte));
        char::from(byte).to_digit(16).map(|digit| digit as u8).ok_or_else(wrong)
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes: Result<_, String> =
        pairs.iter().map(|[high, low]| Ok(nibble(*high)? << 4 | nibble(*low)?)).collect();
    let bytes = bytes?;
    match rest.first() {
        Some(byte) => {
            nibble(*byte)?;
            Err("encoding/hex: odd length hex string".to_string())
        }
        None => Ok(bytes),
    }
}

/// Returns a byte as Go's `%#U` prints it: `U+0067 'g'`.
fn code_point(byte: u8) -> String {
    let printable = matches!(byte, 0x20..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let quoted = if printable { format!(" '{}'", char::from(byte)) } else { String::new() };
    format!("U+{byte:04X}{quoted}")
}

/// A base64 alphabet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base64 {
    /// With `+` and `/`.
    Standard,
    /// With `-` and `_`.
    Url,
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl Base64 {
    /// Returns the base64 text of bytes, with or without padding.
    pub(crate) fn encode(self, bytes: &[u8], padded: bool) -> String {
        let alphabet = if self == Self::Standard { STANDARD } else { URL };
        let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
        for chunk in bytes.chunks(3) {
            let group = chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte));
            let group = group << (8 * (3 - chunk.len()));
            for place in 0..4 {
                let index = (group >> (18 - 6 * place)) as usize & 63;
                match alphabet.get(index) {
                    Some(symbol) if place <= chunk.len() => text.push(char::from(*symbol)),
                    _ if padded => text.push('='),
                    _ => {}
                }
            }
        }
        text
    }

    /// Reads padded base64. Line ends count for nothing anywhere, bits after the last byte are
    /// ignored, both as in Go.
    ///
    /// Errors: worded as Go's `encoding/base64`, with the offset of the first wrong byte.
    pub(crate) fn decode(self, text: &str) -> Result<Vec<u8>, String> {
        let corrupt = |at: usize| format!("illegal base64 data at input byte {at}");
        let mut symbols =
            text.bytes().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'));
        let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
        loop {
            let mut group = 0u32;
            for place in 0..4 {
                let Some((at, byte)) = symbols.next() else {
                    // Go points at the beginning of an incomplete group.
                    return if place == 0 { Ok(bytes) } else { Err(corrupt(text.len() - place)) };
                };
                if byte == b'=' {
                    if place < 2 {
                        return Err(corrupt(at));
                    }
                    if place == 2 {
                        match symbols.next() {
                            Some((_, b'=')) => {}
                            Some((at, _)) => return Err(corrupt(at - 1)),
                            None => return Err(corrupt(text.len())),
                        }
                    }
                    if let Some((at, _)) = symbols.next() {
                        return Err(corrupt(at));
                    }
                    let group = group << (6 * (4 - place));
                    let [_, first, second, _] = group.to_be_bytes();
                    bytes.push(first);
                    bytes.extend((place == 3).then_some(second));
                    return Ok(bytes);
                }
                group = group << 6 | self.digit(byte).ok_or_else(|| corrupt(at))?;
            }
            let [_, tail @ ..] = group.to_be_bytes();
            bytes.extend(tail);
        }
    }

    /// Reads base64 whose padding may be there or not.
    ///
    /// Errors: worded as OPA's for a length that no bytes have, else as those of [`Base64::decode`].
    pub(crate) fn decode_unpadded(self, text: &str) -> Result<Vec<u8>, String> {
        let padding = match text.len() % 4 {
            _ if text.ends_with('=') => "",
            0 => "",
            2 => "==",
            3 => "=",
            _ => return Err(format!("illegal base64url string: {text}")),
        };
        self.decode(&format!("{text}{padding}"))
    }

    fn digit(self, byte: u8) -> Option<u32> {
        Some(u32::from(match (byte, self) {
            (b'A'..=b'Z', _) => byte - b'A',
            (b'a'..=b'z', _) => byte - b'a' + 26,
            (b'0'..=b'9', _) => byte - b'0' + 52,
            (b'+', Self::Standard) | (b'-', Self::Url) => 62,
            (b'/', Self::Standard) | (b'_', Self::Url) => 63,
            _ => return None,
        }))
    }
}
