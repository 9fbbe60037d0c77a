//! What is printed: lines with their indentation, and the comments that go between them.
//!
//! Comments are taken by row, in order. One that stands on the row of what is printed waits for the
//! end of the line. Where a second one would have to wait, the two clash: they stood on rows that
//! the layout joins. Must not know: nodes.

use rego_source::Span;

use crate::ast;

/// Two comments want the end of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clash;

/// A comment of the source.
pub(super) struct Comment {
    row: u32,
    span: Span,
    /// With its `#`, without blanks at the end.
    text: String,
}

/// What is printed so far, and the comments that are not printed yet.
pub(super) struct Page {
    out: String,
    level: usize,
    /// Whether a line is started.
    inline: bool,
    /// The comment that waits for the end of the line.
    waiting: Option<usize>,
    /// Whether it lets the next line end pass.
    patient: bool,
    comments: Vec<Comment>,
    /// The first comment that was not taken.
    next: usize,
    /// Each comment that was printed, and where.
    printed: Vec<(usize, usize)>,
    /// Whether the text ends within a comment.
    in_comment: bool,
    /// Whether something was printed within a comment.
    spoiled: bool,
}

/// Where a page was. The text up to there is still the same.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    len: usize,
    level: usize,
    inline: bool,
    waiting: Option<usize>,
    patient: bool,
    next: usize,
    printed: usize,
    in_comment: bool,
    spoiled: bool,
}

impl Page {
    /// Returns an empty page.
    pub(super) fn new(comments: &[ast::Comment], row: impl Fn(u32) -> u32) -> Self {
        let comment = |comment: &ast::Comment| Comment {
            row: row(comment.span.start),
            span: comment.span,
            text: format!("#{}", comment.text.trim_end()),
        };
        Self {
            out: String::new(),
            level: 0,
            inline: false,
            waiting: None,
            patient: false,
            comments: comments.iter().map(comment).collect(),
            next: 0,
            printed: Vec::new(),
            in_comment: false,
            spoiled: false,
        }
    }

    /// Returns the text, with one line break at its end.
    pub(super) fn finish(mut self) -> String {
        if self.inline || self.waiting.is_some() {
            self.end_line();
        }
        let len = self.out.trim_end_matches('\n').len();
        self.out.truncate(len);
        self.out.push('\n');
        self.out
    }

    pub(super) fn write(&mut self, text: &str) {
        self.spoiled |= self.in_comment && !text.is_empty() && !text.starts_with('\n');
        self.in_comment &= !text.starts_with('\n');
        self.out.push_str(text);
    }

    pub(super) fn is_inline(&self) -> bool {
        self.inline
    }

    pub(super) fn start_line(&mut self) {
        self.inline = true;
        for _ in 0..self.level {
            self.out.push('\t');
        }
    }

    /// Starts a line where none is.
    pub(super) fn ensure_line(&mut self) {
        if !self.inline {
            self.start_line();
        }
    }

    pub(super) fn end_line(&mut self) {
        self.inline = false;
        if !self.patient
            && let Some(index) = self.waiting.take()
        {
            self.out.push(' ');
            self.write_comment(index);
        }
        self.patient = false;
        self.in_comment = false;
        self.out.push('\n');
    }

    /// Ends the line, if one is started, and leaves one blank.
    pub(super) fn blank_line(&mut self) {
        if self.inline {
            self.end_line();
        }
        self.out.push('\n');
    }

    pub(super) fn indent(&mut self) {
        self.level += 1;
    }

    pub(super) fn outdent(&mut self) {
        self.level = self.level.saturating_sub(1);
    }

    /// Starts the first line of several within brackets. A comment that waits goes to the end of
    /// that line, as OPA has it.
    pub(super) fn start_lines(&mut self) {
        self.patient = true;
        self.end_line();
        self.indent();
        self.start_line();
    }

    /// Prints the comments above a row, with a blank line after them where one is in the source,
    /// and lets one on it wait.
    pub(super) fn comments_to(&mut self, row: u32) -> Result<(), Clash> {
        let from = self.next;
        self.count(|comment| comment.row < row);
        let mut last = None;
        for index in from..self.next {
            let at = self.row_of(index);
            self.space(last, at);
            self.comment_line(index);
            last = at;
        }
        self.space(last, Some(row));
        match self.count(|comment| comment.row == row) {
            0 => Ok(()),
            _ => self.wait(self.next - 1),
        }
    }

    /// Leaves a line blank between rows that are apart.
    fn space(&mut self, last: Option<u32>, next: Option<u32>) {
        if let (Some(last), Some(next)) = (last, next)
            && next > last + 1
        {
            self.blank_line();
        }
    }

    /// Takes the comments of which something holds, and returns how many.
    fn count(&mut self, holds: impl Fn(&Comment) -> bool) -> usize {
        let rest = self.comments.get(self.next..).unwrap_or_default();
        let count = rest.iter().take_while(|comment| holds(comment)).count();
        self.next += count;
        count
    }

    fn wait(&mut self, index: usize) -> Result<(), Clash> {
        match self.waiting.take() {
            None => {
                self.waiting = Some(index);
                Ok(())
            }
            Some(_) => Err(Clash),
        }
    }

    fn row_of(&self, index: usize) -> Option<u32> {
        self.comments.get(index).map(|comment| comment.row)
    }

    fn comment_line(&mut self, index: usize) {
        self.ensure_line();
        self.write_comment(index);
        self.end_line();
    }

    fn write_comment(&mut self, index: usize) {
        self.printed.push((self.out.len(), index));
        if let Some(comment) = self.comments.get(index) {
            self.out.push_str(&comment.text);
        }
    }

    /// Prints all that are left.
    pub(super) fn remaining_comments(&mut self) {
        while self.next < self.comments.len() {
            self.comment_line(self.next);
            self.next += 1;
        }
    }

    /// Prints those that start within a span, wherever they would have gone.
    pub(super) fn comments_within(&mut self, span: Span) {
        while self.comments.get(self.next).is_some_and(|comment| comment.span.start < span.end) {
            self.comment_line(self.next);
            self.next += 1;
        }
    }

    /// Returns the row of the first comment that was not taken.
    pub(super) fn next_row(&self) -> Option<u32> {
        self.row_of(self.next)
    }

    /// Returns whether a comment waits for the end of the line.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Takes the comments on some rows out, and returns each with its row.
    pub(super) fn take_on(&mut self, is_row: impl Fn(u32) -> bool) -> Vec<(u32, String)> {
        let rest = self.comments.split_off(self.next.min(self.comments.len()));
        let (taken, kept): (Vec<_>, Vec<_>) = rest.into_iter().partition(|c| is_row(c.row));
        self.comments.extend(kept);
        taken.into_iter().map(|comment| (comment.row, comment.text)).collect()
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            len: self.out.len(),
            level: self.level,
            inline: self.inline,
            waiting: self.waiting,
            patient: self.patient,
            next: self.next,
            printed: self.printed.len(),
            in_comment: self.in_comment,
            spoiled: self.spoiled,
        }
    }

    /// Goes back to a mark.
    pub(super) fn rewind(&mut self, mark: Mark) {
        self.out.truncate(mark.len);
        self.level = mark.level;
        self.inline = mark.inline;
        self.waiting = mark.waiting;
        self.patient = mark.patient;
        self.next = mark.next;
        self.printed.truncate(mark.printed);
        self.in_comment = mark.in_comment;
        self.spoiled = mark.spoiled;
    }

    /// Takes back what was printed since a mark, and puts text of the source in its place, with the
    /// comments in it. OPA leaves the indentation as it is then; so it stays (its known oddity).
    ///
    /// A comment after the text's last row goes there too where `take_last`, or stays to be taken.
    pub(super) fn replace(&mut self, mark: Mark, raw: Raw<'_>, take_last: bool) {
        self.out.truncate(mark.len);
        self.next = mark.next;
        self.printed.truncate(mark.printed);
        self.in_comment = mark.in_comment;
        self.spoiled = mark.spoiled;
        self.write_raw(raw, take_last);
    }

    /// Prints text of the source; see [`Page::replace`].
    pub(super) fn write_raw(&mut self, raw: Raw<'_>, take_last: bool) {
        let within = |comment: &Comment| {
            comment.span.start >= raw.span.start && comment.span.end <= raw.span.end
        };
        let inside = self.comments.iter().enumerate().filter(|(_, comment)| within(comment));
        let start = self.out.len();
        self.printed.extend(inside.map(|(index, _)| (start, index)));
        self.out.push_str(raw.text);
        self.count(|comment| comment.row < raw.last_row);
        if take_last && self.next_row() == Some(raw.last_row) {
            self.out.push(' ');
            self.write_comment(self.next);
            self.in_comment = true;
            self.next += 1;
        }
    }

    /// Returns whether every comment taken since a mark is printed once, or waits, and nothing went
    /// into one.
    pub(super) fn kept_all_since(&self, mark: Mark) -> bool {
        let mut seen: Vec<usize> =
            self.printed.iter().skip(mark.printed).map(|(_, index)| *index).collect();
        seen.extend(self.waiting);
        seen.sort_unstable();
        let expected = mark.waiting.into_iter().chain(mark.next..self.next);
        !self.spoiled && seen.into_iter().eq(expected)
    }
}

/// Text of the source.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a> {
    pub(super) text: &'a str,
    pub(super) span: Span,
    /// The row on which it ends.
    pub(super) last_row: u32,
}
