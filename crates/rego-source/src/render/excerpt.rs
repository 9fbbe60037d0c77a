//! The line that OPA shows for an error.

use crate::span::SourceFile;

/// A line of the source and a byte in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excerpt<'s> {
    /// The line, without its break.
    pub(super) line: &'s str,
    /// Which byte of the line is meant, from 0.
    pub(super) index: usize,
    /// The same byte of the whole text.
    pub(super) offset: usize,
}

/// Returns the line of an offset, or, where blanks stand there, of the last thing before them.
/// Source: OPA's `ParserErrorDetail`.
pub(super) fn excerpt(file: &SourceFile, offset: u32) -> Excerpt<'_> {
    let bytes = file.text().as_bytes();
    let last = bytes.len().saturating_sub(1);
    let is_blank = |at: usize| bytes.get(at).is_some_and(|b| is_space(*b));
    let mut offset = (offset as usize).min(last);
    while offset > 0 && is_blank(offset) {
        offset -= 1;
    }
    let before = bytes.get(..=offset).unwrap_or_default();
    let begin = before.iter().rposition(|b| is_break(*b)).map_or(0, |at| at + 1);
    let after = bytes.get(offset..).unwrap_or_default();
    let end = after.iter().position(|b| is_break(*b)).map_or(bytes.len(), |at| offset + at);
    let line = file.text().get(begin.min(end)..end).unwrap_or("");
    Excerpt { line, index: offset.saturating_sub(begin), offset }
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Go's notion of a blank, of a byte taken as a Latin-1 character.
fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ' | 0x85 | 0xa0)
}
