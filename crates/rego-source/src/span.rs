//! Where something stands in a text.

use std::sync::Arc;

/// A half-open range of bytes of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span that is in the source and nowhere in particular: OPA's row 0.
    pub const NOWHERE: Span = Span { start: u32::MAX, end: u32::MAX };

    /// Returns the span from byte `start` up to, not including, byte `end`.
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// Returns the smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Names one source within a [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A span of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// Which source.
    pub source: SourceId,
    /// Where in it.
    pub span: Span,
}

/// A place as people count: row and column from 1. The column counts as OPA's do: characters of
/// the line before it, plus 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub row: u32,
    /// Column, from 1.
    pub col: u32,
}

/// A named text with its line starts.
#[derive(Debug)]
pub struct SourceFile {
    name: String,
    text: Arc<str>,
    line_starts: Vec<u32>,
}

impl SourceFile {
    /// Returns the source of this name (a path, or empty for a query) and text.
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        let text: Arc<str> = text.into();
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        let line_starts = std::iter::once(0).chain(breaks.map(|(i, _)| i as u32 + 1)).collect();
        Self { name: name.into(), text, line_starts }
    }

    /// Returns the name it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the row and column of a byte offset.
    pub fn position(&self, offset: u32) -> Position {
        let row = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts.get(row - 1).copied().unwrap_or(0);
        let line = self.text.get(start as usize..offset as usize).unwrap_or("");
        Position { row: row as u32, col: line.chars().count() as u32 + 1 }
    }

    /// Returns the row and column that OPA gives for an error at a byte offset. It differs from
    /// [`SourceFile::position`] where OPA's scanner has not moved on yet: the end of the text has
    /// the column of the last character, a line break belongs to the next row at column 0, and
    /// [`Span::NOWHERE`] is row 0.
    pub fn error_position(&self, offset: u32) -> Position {
        if offset == Span::NOWHERE.start {
            return Position { row: 0, col: 0 };
        }
        let position = self.position(offset);
        match self.text.as_bytes().get(offset as usize) {
            None => Position { col: position.col - 1, ..position },
            Some(b'\n') => Position { row: position.row + 1, col: 0 },
            Some(_) => position,
        }
    }

    /// Returns the text of a row without its line break; empty past the end.
    pub fn line(&self, row: u32) -> &str {
        let index = row.saturating_sub(1) as usize;
        let Some(&start) = self.line_starts.get(index) else {
            return "";
        };
        let end = self.line_starts.get(index + 1).copied().unwrap_or(self.text.len() as u32);
        let line = self.text.get(start as usize..end as usize).unwrap_or("");
        line.trim_end_matches(['\n', '\r'])
    }

    /// Returns the text of a span; empty where it is not inside.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }
}

/// All the sources of one compilation.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Arc<SourceFile>>,
}

impl Sources {
    /// Adds a source and returns its id.
    pub fn add(&mut self, file: Arc<SourceFile>) -> SourceId {
        self.files.push(file);
        SourceId(self.files.len() as u32 - 1)
    }

    /// Returns a source.
    pub fn get(&self, id: SourceId) -> Option<&Arc<SourceFile>> {
        self.files.get(id.0 as usize)
    }

    /// Returns the file name of a location, and the row and column that OPA gives for an error
    /// there.
    pub fn resolve(&self, location: Location) -> Option<(&str, Position)> {
        let file = self.files.get(location.source.0 as usize)?;
        Some((file.name(), file.error_position(location.span.start)))
    }
}
