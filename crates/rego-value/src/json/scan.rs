//! Runs of bytes inside a string: where the plain ones end, and what an escape stands for.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Returns how many bytes from the start need no attention in a string: neither a quote nor a
/// backslash nor a control character.
#[inline]
pub(super) fn plain_len(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
        let special = specials(u64::from_le_bytes(*chunk));
        if special != 0 {
            return bytes.len() - rest.len() + special.trailing_zeros() as usize / 8;
        }
        rest = behind;
    }
    let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    bytes.len() - rest.len() + plain.unwrap_or(rest.len())
}

/// Sets the high bit of bytes that are special. The lowest one set is right; ones above it may not
/// be, as borrows run upwards.
#[inline]
fn specials(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let found = (word.wrapping_sub(ONES * 0x20) & !word)
        | (quote.wrapping_sub(ONES) & !quote)
        | (backslash.wrapping_sub(ONES) & !backslash);
    found & HIGHS
}

/// Whether a string can be written as it is, whatever the style: it is ASCII without control
/// characters, quotes, backslashes and `<`, `>`, `&`.
#[inline]
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk::<8>() else {
        return escapes(short_word(bytes)) == 0;
    };
    let words = bytes.as_chunks::<8>().0;
    let found = words.iter().fold(0, |found, word| found | escapes(u64::from_le_bytes(*word)));
    // The last eight bytes may have been looked at in part.
    (found | escapes(u64::from_le_bytes(*last))) == 0
}

/// Returns fewer than eight bytes as a word, in any order and perhaps twice, filled up with spaces.
#[inline]
fn short_word(bytes: &[u8]) -> u64 {
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
        }
        _ => bytes.iter().fold(ONES * b' ' as u64, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// Returns zero for eight plain bytes.
#[inline]
fn escapes(word: u64) -> u64 {
    let control = word.wrapping_sub(ONES * 0x20);
    // Each pair differs in one bit.
    let angle = ((word | (ONES * 0x02)) ^ (ONES * b'>' as u64)).wrapping_sub(ONES);
    let quote = ((word | (ONES * 0x04)) ^ (ONES * b'&' as u64)).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    (word | control | angle | quote | backslash) & HIGHS
}

/// Returns the character of the two-character escape `\letter`.
pub(super) fn short_escape(letter: u8) -> Option<char> {
    Some(match letter {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        _ => return None,
    })
}

/// Returns the four hexadecimal digits at the start as a number.
pub(super) fn hex4(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.first_chunk::<4>()?;
    digits.iter().try_fold(0, |sum, digit| Some(sum << 4 | char::from(*digit).to_digit(16)?))
}

/// Returns the character of a surrogate pair.
pub(super) fn paired(high: u32, low: u32) -> Option<char> {
    if !(0xd800..0xdc00).contains(&high) || !(0xdc00..0xe000).contains(&low) {
        return None;
    }
    char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))
}
