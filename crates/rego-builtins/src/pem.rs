//! PEM, read as Go's `encoding/pem` reads it. Must not know: what a block holds.

use crate::bytes::Base64;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// A block of a PEM text.
pub(crate) struct Block<'t> {
    /// What it says it is: `CERTIFICATE`.
    pub(crate) label: &'t str,
    /// What it holds.
    pub(crate) bytes: Vec<u8>,
}

/// Whether a text begins as PEM does.
pub(crate) fn is_pem(text: &str) -> bool {
    text.starts_with("-----BEGIN")
}

/// Returns the first block of a text and what follows the line that ends it; what is no block is
/// passed over.
///
/// Takes time in proportion to the text: the next end is looked for once, and what cannot be base64
/// is not copied.
pub(crate) fn decode(text: &str) -> Option<(Block<'_>, &str)> {
    let mut rest = text;
    let mut known_end: Option<&str> = None;
    loop {
        rest = behind_line_start(rest, BEGIN)?;
        let (label, behind) = line(rest);
        rest = behind;
        let Some(label) = label.strip_suffix(DASHES) else { continue };
        let (body, headers) = behind_headers(rest)?;
        rest = body;
        let end = if !headers && rest.starts_with(END) {
            rest
        } else {
            // An end that was found before is still ahead, unless it has been passed.
            match known_end.filter(|end| end.len() < rest.len()) {
                Some(end) => end,
                None => at_line(rest, END)?,
            }
        };
        known_end = Some(end);
        let inside = rest.get(..rest.len() - end.len()).unwrap_or_default();
        if let Some(behind) = closes(end, label)
            && let Some(bytes) = bytes_of(inside)
        {
            return Some((Block { label, bytes }, behind));
        }
    }
}

/// Splits off a line, without white space at its end.
fn line(text: &str) -> (&str, &str) {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    (line.strip_suffix('\r').unwrap_or(line).trim_end_matches([' ', '\t']), rest)
}

/// Returns the text from the next line on that begins with `mark`, which is not the first.
fn at_line<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    let at = text.match_indices(mark).find(|(at, _)| {
        let before = at.checked_sub(1).and_then(|before| text.as_bytes().get(before));
        before == Some(&b'\n')
    });
    at.and_then(|(at, _)| text.get(at..))
}

/// Returns the text behind the next `mark` at the start of a line.
fn behind_line_start<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    text.strip_prefix(mark).or_else(|| at_line(text, mark)?.strip_prefix(mark))
}

/// Returns the text behind the headers, and whether there were any. Nothing where the text ends.
fn behind_headers(text: &str) -> Option<(&str, bool)> {
    let mut rest = text;
    loop {
        if rest.is_empty() {
            return None;
        }
        let (header, behind) = line(rest);
        if !header.contains(':') {
            return Some((rest, rest.len() < text.len()));
        }
        rest = behind;
    }
}

/// Returns the text behind the line that ends a block of this kind.
fn closes<'t>(end: &'t str, label: &str) -> Option<&'t str> {
    let (end, behind) = line(end);
    let closed = end.strip_prefix(END)?.strip_prefix(label)? == DASHES;
    closed.then_some(behind)
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=\r\n \t".contains(&byte);
    if !text.bytes().all(is_base64) {
        return None;
    }
    Base64::Standard.decode(&text.replace([' ', '\t'], "")).ok()
}

#[cfg(test)]
mod tests {
    use super::decode;

    fn blocks(text: &str) -> Vec<(String, String)> {
        let mut rest = text;
        let one = |rest: &mut &str| {
            let (block, behind) = decode(rest)?;
            *rest = behind;
            Some((block.label.to_string(), String::from_utf8(block.bytes).unwrap()))
        };
        std::iter::from_fn(|| one(&mut rest)).collect()
    }

    #[test]
    fn blocks_are_found_among_other_text() {
        let text = "before\n-----BEGIN A-----\r\nKey: value\r\n\r\naGk=\r\n-----END A-----\r\nbetween\n\
            -----BEGIN B B----- \n aG k=\n-----END B B-----\nafter";
        let pair = |a: &str, b: &str| (a.to_string(), b.to_string());
        assert_eq!(blocks(text), [pair("A", "hi"), pair("B B", "hi")]);
        assert_eq!(blocks("-----BEGIN A-----\n-----END A-----"), [pair("A", "")]);
    }

    #[test]
    fn what_is_broken_is_passed_over() {
        let good = "-----BEGIN B-----\naGk=\n-----END B-----\n";
        let bad = [
            "-----BEGIN A-----\naGk=\n-----END C-----\n",
            "-----BEGIN A-----\naG!=\n-----END A-----\n",
            "-----BEGIN A\naGk=\n-----END A-----\n",
            "-----BEGIN A-----\n",
            " -----BEGIN A-----\naGk=\n-----END A-----\n",
        ];
        for bad in bad {
            assert_eq!(blocks(&format!("{bad}{good}")).len(), 1, "{bad}");
            assert!(blocks(bad).is_empty(), "{bad}");
        }
    }

    #[test]
    fn many_beginnings_take_no_longer_than_few() {
        let text = "-----BEGIN A-----\n".repeat(100_000) + "-----END B-----\n";
        assert!(blocks(&text).is_empty());
        let text = "-----BEGIN A-----\n".repeat(100_000) + "-----END A-----\n";
        assert!(blocks(&text).len() <= 1);
    }
}
