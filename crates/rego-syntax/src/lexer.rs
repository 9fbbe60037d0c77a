//! Bytes to tokens, one at a time, from any offset.
//!
//! The lexer has no position of its own, so that the parser may go back by remembering a number.
//! It allocates nothing: a token is a kind and a span. Must not know: the grammar.

use rego_source::Span;

use crate::token::{Keywords, Tok, Token};

/// A reader of tokens.
pub(crate) struct Lexer<'s> {
    /// The whole text.
    pub(crate) text: &'s str,
    /// Which future keywords are in force.
    pub(crate) keywords: Keywords,
    /// What was wrong with the token read last; the parser takes it.
    pub(crate) errors: Vec<&'static str>,
    /// Whether the text has characters that are illegal wherever they stand (NUL, a byte-order
    /// mark not at the start), so that only such a text pays for looking for them.
    odd: bool,
}

const BOM: char = '\u{feff}';

/// How a template string goes on after an expression in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quote {
    /// `$"`
    Double,
    /// A back quote.
    Back,
}

impl<'s> Lexer<'s> {
    /// Returns a lexer of a text.
    pub(crate) fn new(text: &'s str, keywords: Keywords) -> Self {
        let odd = text.contains('\0') || text.char_indices().skip(1).any(|(_, c)| c == BOM);
        Self { text, keywords, errors: Vec::new(), odd }
    }

    /// Returns the offset at which reading starts: after a byte-order mark.
    pub(crate) fn start(&self) -> u32 {
        if self.text.starts_with(BOM) { BOM.len_utf8() as u32 } else { 0 }
    }

    /// Returns whether illegal characters have to be looked for.
    pub(crate) fn is_odd(&self) -> bool {
        self.odd
    }

    /// Returns the byte at an offset.
    pub(crate) fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Returns the token at an offset: a single blank is a token, too.
    pub(crate) fn token(&mut self, start: u32) -> Token {
        let at = start as usize;
        let (tok, end) = match self.byte(at) {
            None => (Tok::Eof, at),
            Some(b' ' | b'\t' | b'\r' | b'\n') => (Tok::Whitespace, at + 1),
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => self.word(at),
            Some(b'0'..=b'9') => (Tok::Number, self.number(at)),
            Some(b'#') => (Tok::Comment, self.line_end(at)),
            Some(b'"') => (Tok::String, self.string(at + 1)),
            Some(b'`') => (Tok::RawString, self.raw_string(at + 1)),
            Some(b'$') => self.dollar(at),
            Some(byte) => self.sign(byte, at),
        };
        if self.odd {
            self.find_odd(at, end);
        }
        Token { tok, span: Span::new(start, end as u32) }
    }

    /// Returns the piece of a template string that follows the `}` at an offset. Its span starts
    /// at the `}`.
    pub(crate) fn template_continued(&mut self, brace: u32, quote: Quote) -> Token {
        let (tok, end) = self.template(brace as usize + 1, quote);
        if self.odd {
            self.find_odd(brace as usize, end);
        }
        Token { tok, span: Span::new(brace, end as u32) }
    }

    fn word(&self, start: usize) -> (Tok, usize) {
        let end = self.skip(start, |b| b.is_ascii_alphanumeric() || b == b'_');
        let tok = Tok::of_word(self.text.as_bytes().get(start..end).unwrap_or_default());
        (if self.keywords.allow(tok) { tok } else { Tok::Ident }, end)
    }

    fn number(&mut self, start: usize) -> usize {
        let mut at = self.skip(start, |b| b.is_ascii_digit());
        if self.byte(at) == Some(b'.') {
            at = self.digits(at + 1, "expected fraction");
        }
        if matches!(self.byte(at), Some(b'e' | b'E')) {
            at += 1;
            if matches!(self.byte(at), Some(b'+' | b'-')) {
                at += 1;
            }
            at = self.digits(at, "expected exponent");
        }
        if self.byte(at).is_some_and(|b| b.is_ascii_alphabetic() || b == b'_') {
            self.errors.push("illegal number format");
            at = self.skip(at, |b| b.is_ascii_alphanumeric() || b == b'_');
        }
        at
    }

    fn digits(&mut self, start: usize, missing: &'static str) -> usize {
        let end = self.skip(start, |b| b.is_ascii_digit());
        if end == start {
            self.errors.push(missing);
        }
        end
    }

    fn line_end(&self, start: usize) -> usize {
        self.skip(start, |b| b != b'\n')
    }

    /// Reads past the closing quote; `at` is after the opening one.
    fn string(&mut self, mut at: usize) -> usize {
        loop {
            match self.byte(at) {
                None | Some(b'\n') => {
                    self.errors.push("non-terminated string");
                    return at;
                }
                Some(b'"') => return at + 1,
                Some(b'\\') => at = self.escape(at + 1, false),
                Some(_) => at += 1,
            }
        }
    }

    /// Reads what follows a backslash, as OPA does: after `u`, three characters whatever they are.
    fn escape(&mut self, at: usize, template: bool) -> usize {
        match self.byte(at) {
            Some(b'\\' | b'"' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => at + 1,
            Some(b'{') if template => at + 1,
            Some(b'u') => {
                let rest = self.text.get(at + 1..).unwrap_or("");
                at + 1 + rest.chars().take(3).map(char::len_utf8).sum::<usize>()
            }
            _ => {
                self.errors.push("illegal escape sequence");
                at
            }
        }
    }

    fn raw_string(&mut self, start: usize) -> usize {
        let end = self.skip(start, |b| b != b'`');
        if self.byte(end).is_some() {
            return end + 1;
        }
        self.errors.push("non-terminated string");
        end
    }

    fn dollar(&mut self, at: usize) -> (Tok, usize) {
        match self.byte(at + 1) {
            Some(b'"') => self.template(at + 2, Quote::Double),
            Some(b'`') => self.template(at + 2, Quote::Back),
            _ => {
                self.errors.push("illegal $ character");
                (Tok::Illegal, at + 1)
            }
        }
    }

    fn template(&mut self, mut at: usize, quote: Quote) -> (Tok, usize) {
        let (part, last) = match quote {
            Quote::Double => (Tok::TemplatePart, Tok::TemplateEnd),
            Quote::Back => (Tok::RawTemplatePart, Tok::RawTemplateEnd),
        };
        loop {
            match (self.byte(at), quote) {
                (None, _) | (Some(b'\n'), Quote::Double) => {
                    self.errors.push("non-terminated string");
                    return (part, at);
                }
                (Some(b'"'), Quote::Double) | (Some(b'`'), Quote::Back) => return (last, at + 1),
                (Some(b'{'), _) => return (part, at + 1),
                (Some(b'\\'), Quote::Double) => at = self.escape(at + 1, true),
                (Some(b'\\'), Quote::Back) if self.byte(at + 1) == Some(b'{') => at += 2,
                (Some(_), _) => at += 1,
            }
        }
    }

    fn sign(&mut self, byte: u8, at: usize) -> (Tok, usize) {
        let equals = self.byte(at + 1) == Some(b'=');
        let either = |with: Tok, without: Tok| {
            if equals { (with, at + 2) } else { (without, at + 1) }
        };
        let tok = match byte {
            b'[' => Tok::LBrack,
            b']' => Tok::RBrack,
            b'{' => Tok::LBrace,
            b'}' => Tok::RBrace,
            b'(' => Tok::LParen,
            b')' => Tok::RParen,
            b',' => Tok::Comma,
            b';' => Tok::Semicolon,
            b'.' => Tok::Dot,
            b'+' => Tok::Plus,
            b'-' => Tok::Minus,
            b'*' => Tok::Mul,
            b'/' => Tok::Div,
            b'%' => Tok::Rem,
            b'&' => Tok::And,
            b'|' => Tok::Or,
            b':' => return either(Tok::Assign, Tok::Colon),
            b'=' => return either(Tok::Equal, Tok::Unify),
            b'>' => return either(Tok::GreaterEqual, Tok::Greater),
            b'<' => return either(Tok::LessEqual, Tok::Less),
            b'!' if equals => return (Tok::NotEqual, at + 2),
            b'!' => {
                self.errors.push("illegal ! character");
                Tok::Illegal
            }
            _ => return (Tok::Illegal, self.next_char(at)),
        };
        (tok, at + 1)
    }

    fn next_char(&self, at: usize) -> usize {
        let len = self.text.get(at..).and_then(|t| t.chars().next()).map_or(1, char::len_utf8);
        at + len
    }

    fn skip(&self, start: usize, while_: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        start + rest.iter().position(|b| !while_(*b)).unwrap_or(rest.len())
    }

    /// Reports illegal characters of a token and of the place just after it: OPA looks one
    /// character ahead.
    fn find_odd(&mut self, start: usize, end: usize) {
        let from = if start <= self.start() as usize { start } else { self.next_char(start) };
        let text = self.text.get(from..self.next_char(end).min(self.text.len())).unwrap_or("");
        for (at, char) in text.char_indices() {
            match char {
                '\0' => self.errors.push("illegal null character"),
                BOM if from + at > 0 => self.errors.push("illegal byte-order mark"),
                _ => {}
            }
        }
    }
}
