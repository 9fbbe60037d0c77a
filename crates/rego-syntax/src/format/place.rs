//! Where nodes stand: rows, and the text that OPA keeps of a node.
//!
//! OPA lays out by rows, and looks for closing brackets in the raw text of a node, strings and
//! comments included. Must not know: nodes, how anything is printed.

use rego_source::Span;

/// A node's place as OPA has it. The text may start before the node (an opening parenthesis
/// around it), or be that of another node which the place was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The byte that row and column are those of.
    pub(super) at: u32,
    /// The row of `at`, from 1.
    pub(super) row: u32,
    /// The text.
    pub(super) text: Span,
    /// Whether it was taken from another node.
    pub(super) borrowed: bool,
}

impl Place {
    /// Returns the place for a node that is not there.
    pub(super) fn lent(self) -> Self {
        Self { borrowed: true, ..self }
    }
}

/// A source with its rows.
pub(super) struct Lines<'s> {
    text: &'s str,
    starts: Vec<u32>,
}

impl<'s> Lines<'s> {
    /// Returns the rows of a text.
    pub(super) fn new(text: &'s str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(i, _)| i as u32 + 1)).collect();
        Self { text, starts }
    }

    /// Returns the row of a byte, from 1.
    pub(super) fn row(&self, at: u32) -> u32 {
        self.starts.partition_point(|start| *start <= at) as u32
    }

    /// Returns the place of a node that starts at `at`.
    pub(super) fn place(&self, at: u32, text: Span) -> Place {
        Place { at, row: self.row(at), text, borrowed: false }
    }

    /// Returns the text of a span; empty where it is not inside.
    pub(super) fn slice(&self, span: Span) -> &'s str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Returns how many line breaks a span holds.
    pub(super) fn breaks(&self, span: Span) -> u32 {
        self.row(span.end) - self.row(span.start)
    }

    /// Returns the row on which the first bracket of a place's text is closed.
    pub(super) fn closing_row(&self, place: Place, brackets: [u8; 2]) -> Option<u32> {
        self.closing_row_after(place, None, brackets)
    }

    /// Returns the row on which the first bracket after a pair of others is closed.
    pub(super) fn closing_row_after(
        &self,
        place: Place,
        skipped: Option<[u8; 2]>,
        brackets: [u8; 2],
    ) -> Option<u32> {
        let bytes = self.slice(place.text).as_bytes();
        let (from, passed) = match skipped {
            None => (0, 0),
            Some(skipped) => closing(bytes, 0, skipped)?,
        };
        let (_, breaks) = closing(bytes, from, brackets)?;
        Some(place.row + passed + breaks)
    }
}

/// Returns where the first opening bracket from an offset on is closed, and the line breaks between
/// the two. Those before the opening one do not count, as in OPA.
fn closing(bytes: &[u8], from: usize, [open, close]: [u8; 2]) -> Option<(usize, u32)> {
    let mut depth = 0usize;
    let mut breaks = 0;
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        if *byte == open {
            depth += 1;
        } else if depth > 0 && *byte == close {
            depth -= 1;
            if depth == 0 {
                return Some((at, breaks));
            }
        } else if depth > 0 && *byte == b'\n' {
            breaks += 1;
        }
    }
    None
}
