//! One block of PEM, found where Go's `encoding/pem` finds it.
//!
//! Must not know: what a block holds.

use crate::bytes::Base64;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// How many beginnings are tried: each may be looked at to the end of the text.
const BEGINNINGS_MAX: usize = 16;

/// A block.
pub(super) struct Block<'t> {
    /// What its first line says it is: `CERTIFICATE`.
    pub(super) label: &'t str,
    /// What it holds.
    pub(super) bytes: Vec<u8>,
}

/// Returns the first block of a text and what follows the line that ends it. Text before it, and
/// what begins like a block and is none, is passed over.
pub(super) fn decode(text: &str) -> Option<(Block<'_>, &str)> {
    let mut rest = text;
    for _ in 0..BEGINNINGS_MAX {
        rest = after_begin(rest)?;
        let (first, body) = line(rest);
        if let Some(label) = first.strip_suffix(DASHES)
            && let Some(found) = block(label, body)
        {
            return Some(found);
        }
    }
    None
}

/// Returns what follows `-----BEGIN ` at the beginning of a line.
fn after_begin(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix(BEGIN) {
        return Some(rest);
    }
    let (_, rest) = text.split_once("\n-----BEGIN ")?;
    Some(rest)
}

/// Returns a block of which the first line was read.
fn block<'t>(label: &'t str, body: &'t str) -> Option<(Block<'t>, &'t str)> {
    let body = after_headers(body);
    let (inside, ending) = match body.strip_prefix(END) {
        Some(ending) => ("", ending),
        None => body.split_once("\n-----END ")?,
    };
    let (last, rest) = line(ending);
    if last.strip_suffix(DASHES) != Some(label) {
        return None;
    }
    let packed: String =
        inside.chars().filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')).collect();
    let bytes = Base64::Standard.decode(&packed).ok()?;
    Some((Block { label, bytes }, rest))
}

/// Returns what follows the lines `name: value`.
fn after_headers(text: &str) -> &str {
    let mut rest = text;
    loop {
        let (first, next) = line(rest);
        if next.is_empty() || !first.contains(':') {
            return rest;
        }
        rest = next;
    }
}

/// Returns a line without the blanks at its end, and what follows it.
fn line(text: &str) -> (&str, &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    (first.trim_end_matches([' ', '\t', '\r']), rest)
}
