//! Tokens to tree, by recursive descent.
//!
//! Rego's grammar is what OPA's parser does, so this one makes the same decisions in the same
//! order; a rule that looks odd here is OPA's. A production returns `None` after it has reported
//! an error. Must not know: builtins, other modules, what names mean.
//!
//! Read first: this file (the cursor), `module.rs` (statements), `rule.rs`, `term.rs`.

mod annotation;
mod body;
mod check;
mod collection;
mod head;
mod hint;
mod import;
mod literal;
mod module;
mod reference;
mod rule;
mod statement;
mod template;
mod term;

use std::collections::BTreeSet;

use rego_source::{Diagnostic, Location, SourceId, Span};

use crate::ast::{Name, Parens, RegoVersion, Term, TermKind, Text};
use crate::lexer::{Lexer, Quote};
use crate::token::{Keywords, Tok};
use crate::{Features, ParseOptions};

pub(crate) use check::keyword_name;
pub(crate) use import::{keyword_end, keyword_end_message};
pub(crate) use module::{parse_module, parse_query};

/// How deep brackets, bodies and calls may stand in each other. OPA stops at 100 000 steps of its
/// own recursion; ours is what the stack of a worker thread (2 MiB) holds, with room to spare, in
/// a build without optimisation.
pub(crate) const DEPTH_MAX: u32 = 128;

/// How high a term's tree may be, where each operator of a chain `a + b + c` adds a level, and how
/// many else branches a rule may have: what later passes may recurse over.
pub(crate) const HEIGHT_MAX: u32 = 400;

/// After how many errors a text is given up.
pub(crate) const ERRORS_MAX: usize = 64;

/// How much text may be read again, after going back, for each byte of it. Going back happens a few
/// times in a rule at most; only text made for it, where attempts nest in attempts, comes near.
const REREAD_PER_BYTE_MAX: usize = 4;

/// How much text may be read again however short it is, in bytes.
const REREAD_BYTES_MIN: usize = 64 * 1024;

/// Where the parser is: cheap to copy, so that it may go back.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    /// The kind of the current token.
    tok: Tok,
    /// Where the current token stands.
    span: Span,
    /// The end of the last token that was not a blank.
    last_end: u32,
    /// Whether a line break stands between that token and the current one.
    skipped_newline: bool,
}

/// What [`Parser::restore`] goes back to.
#[derive(Clone, Copy, Debug)]
struct Saved {
    cursor: Cursor,
    errors: usize,
    comments: usize,
    parens: usize,
    height: u32,
}

/// A parser of one text.
pub(crate) struct Parser<'s> {
    lexer: Lexer<'s>,
    source: SourceId,
    version: RegoVersion,
    features: Features,
    at: Cursor,
    errors: Vec<Diagnostic>,
    /// How many errors there were when the current statement of the module started.
    errors_before: usize,
    comments: Vec<Span>,
    parens: Vec<Parens>,
    hints: Vec<&'static str>,
    depth: u32,
    /// How many more bytes may be read again.
    reread_left: usize,
    /// The height of the highest term among those last read within the current one.
    height: u32,
    /// The furthest place read, from where recovery goes on: the start of a token, or the end of
    /// a broken one.
    furthest: u32,
    /// Offsets of `|` that were found not to start a comprehension, so that none is tried twice.
    not_comprehensions: BTreeSet<u32>,
}

impl<'s> Parser<'s> {
    /// Returns a parser that stands on the first token.
    fn new(source: SourceId, text: &'s str, options: &ParseOptions) -> Self {
        let all = options.future_keywords || options.version == RegoVersion::V1;
        let keywords = if all { Keywords::all() } else { Keywords::default() };
        let lexer = Lexer::new(text, keywords);
        let start = lexer.start();
        let at = Cursor {
            tok: Tok::Whitespace,
            span: Span::new(start, start),
            last_end: start,
            skipped_newline: false,
        };
        let mut parser = Self {
            lexer,
            source,
            version: options.version,
            features: options.features,
            at,
            errors: Vec::new(),
            errors_before: 0,
            comments: Vec::new(),
            parens: Vec::new(),
            hints: Vec::new(),
            depth: 0,
            reread_left: text.len().saturating_mul(REREAD_PER_BYTE_MAX) + REREAD_BYTES_MIN,
            height: 0,
            furthest: 0,
            not_comprehensions: BTreeSet::new(),
        };
        parser.scan();
        parser
    }

    fn tok(&self) -> Tok {
        self.at.tok
    }

    fn is(&self, tok: Tok) -> bool {
        self.at.tok == tok
    }

    /// Moves to the next token that is not a blank.
    fn scan(&mut self) {
        self.advance(true);
    }

    /// Moves to the next token, which may be a blank.
    fn scan_blank(&mut self) {
        self.advance(false);
    }

    fn advance(&mut self, skip_blanks: bool) {
        self.leave_token();
        if self.reread_left == 0 {
            return self.end_here();
        }
        let mut from = self.at.span.end;
        loop {
            if skip_blanks && !self.lexer.is_odd() {
                from = self.skip_blanks(from);
            }
            let token = self.lexer.token(from);
            self.enter_token(token.tok, token.span);
            if self.is(Tok::Comment) {
                self.comments.push(token.span);
            } else if self.is(Tok::Whitespace) {
                self.at.skipped_newline |= self.lexer.byte(from as usize) == Some(b'\n');
                if !skip_blanks {
                    return;
                }
            } else {
                return;
            }
            from = token.span.end;
        }
    }

    /// Gives the text up: from here on it has no further token.
    fn end_here(&mut self) {
        let end = self.lexer.text.len() as u32;
        self.at.tok = Tok::Eof;
        self.at.span = Span::new(end, end);
        self.furthest = end;
    }

    fn skip_blanks(&mut self, from: u32) -> u32 {
        let mut at = from as usize;
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = self.lexer.byte(at) {
            self.at.skipped_newline |= byte == b'\n';
            at += 1;
        }
        at as u32
    }

    /// Moves from the `}` after a template's expression to the text that follows it.
    fn scan_template(&mut self, quote: Quote) {
        self.leave_token();
        let token = self.lexer.template_continued(self.at.span.start, quote);
        self.enter_token(token.tok, token.span);
    }

    fn leave_token(&mut self) {
        if !self.is(Tok::Whitespace) {
            self.at.last_end = self.at.span.end;
            self.at.skipped_newline = false;
        }
    }

    fn enter_token(&mut self, tok: Tok, span: Span) {
        self.at.tok = tok;
        self.at.span = span;
        self.furthest = self.furthest.max(span.start);
        if !self.lexer.errors.is_empty() {
            for message in std::mem::take(&mut self.lexer.errors) {
                self.error(span, message);
            }
            self.at.tok = Tok::Illegal;
            self.furthest = self.furthest.max(span.end);
        }
    }

    fn save(&self) -> Saved {
        Saved {
            cursor: self.at,
            errors: self.errors.len(),
            comments: self.comments.len(),
            parens: self.parens.len(),
            height: self.height,
        }
    }

    /// Moves without reading, and counts what will be read again.
    fn move_to(&mut self, to: Cursor) {
        let back = self.at.span.start.saturating_sub(to.span.start);
        self.reread_left = self.reread_left.saturating_sub(back as usize);
        self.at = to;
    }

    /// Goes back, and forgets what was found wrong since.
    fn restore(&mut self, saved: Saved) {
        self.move_to(saved.cursor);
        self.errors.truncate(saved.errors);
        self.comments.truncate(saved.comments);
        self.parens.truncate(saved.parens);
        self.height = saved.height;
    }

    /// Returns the token after the current one, blanks included, without moving.
    fn peek_blank(&mut self) -> Tok {
        let saved = self.save();
        let furthest = self.furthest;
        self.scan_blank();
        let tok = self.tok();
        self.restore(saved);
        self.furthest = furthest;
        tok
    }

    /// Reads a keyword that starts a reference (`if.x`, `default["a"]`) as a name.
    fn keyword_as_name(&mut self) -> bool {
        let starts_ref =
            self.tok().is_keyword() && matches!(self.peek_blank(), Tok::Dot | Tok::LBrack);
        if starts_ref {
            self.at.tok = Tok::Ident;
        }
        starts_ref
    }

    /// Returns the text of the current token.
    fn text(&self) -> &'s str {
        self.slice(self.at.span)
    }

    fn slice(&self, span: Span) -> &'s str {
        self.lexer.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Returns the span from an offset to the end of the last token.
    fn span_from(&self, start: u32) -> Span {
        Span::new(start, self.at.last_end.max(start))
    }

    /// Returns the current token as a variable.
    fn var(&self) -> Term {
        Term { kind: TermKind::Var(Text::from(self.text())), span: self.at.span }
    }

    fn name(&self) -> Name {
        Name { text: Text::from(self.text()), span: self.at.span }
    }

    /// Reads something one level deeper; an error where that is too deep.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= DEPTH_MAX {
            self.too_deep();
            return None;
        }
        self.depth += 1;
        let around = std::mem::take(&mut self.height);
        let read = read(self);
        self.height = around.max(self.height + 1);
        self.depth -= 1;
        read
    }

    /// Counts a level that an operator or call puts on the current term; `false`, with an error,
    /// where it is too high.
    fn grow(&mut self) -> bool {
        self.height += 1;
        let fits = self.height < HEIGHT_MAX;
        if !fits {
            self.too_deep();
        }
        fits
    }

    fn too_deep(&mut self) {
        self.error(self.at.span, "max parsing recursion depth exceeded");
    }

    /// Reports an error with its source line.
    fn error(&mut self, span: Span, message: impl Into<String>) {
        let mut message = message.into();
        let hints = std::mem::take(&mut self.hints);
        match hints.as_slice() {
            [] => {}
            [hint] => message.push_str(&format!(" (hint: {hint})")),
            _ => message.push_str(&format!(" (hints: {})", hints.join(", "))),
        }
        self.errors.push(hint::error(self.location(span), &message).with_source_line());
    }

    fn location(&self, span: Span) -> Location {
        Location { source: self.source, span }
    }

    /// Reports the current token as one that must not stand here.
    fn illegal_token(&mut self) {
        self.illegal("");
    }

    /// Reports the current token as one that must not stand here, and says what should.
    fn illegal(&mut self, note: &str) {
        let span = self.at.span;
        if self.is(Tok::Illegal) {
            return self.error(span, "illegal token");
        }
        if self.reread_left == 0 {
            return self.error(span, "text is too ambiguous to be parsed");
        }
        let name = self.tok().name();
        let class = if self.tok().is_keyword() { "keyword" } else { "token" };
        let colon = if note.is_empty() { "" } else { ": " };
        self.error(span, format!("unexpected {name} {class}{colon}{note}"));
    }

    /// Returns whether an error was found in the current statement of the module.
    fn failed(&self) -> bool {
        self.errors.len() > self.errors_before
    }

    fn gives_up(&self) -> bool {
        self.errors.len() >= ERRORS_MAX
    }
}
