//! Hexadecimal digits.
//!
//! Must not know: what the bytes mean.

/// Returns the bytes. None: an odd number of digits, or something else among them.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            let (high, low) = (digit(*pair.first()?)?, digit(*pair.get(1)?)?);
            Some(high << 4 | low)
        })
        .collect()
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

/// Returns the digits, in lower case.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
