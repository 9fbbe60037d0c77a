//! From text to tokens.
//!
//! Source: GraphQL specification, October 2021, section 2.1; places and messages as gqlparser's.
//!
//! Must not know: grammar.

use std::fmt;

use super::document::Position;
use crate::gofmt;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Invalid,
    End,
    Bang,
    Dollar,
    Amp,
    ParenL,
    ParenR,
    Spread,
    Colon,
    Equals,
    At,
    BracketL,
    BracketR,
    BraceL,
    BraceR,
    Pipe,
    Name,
    Int,
    Float,
    String,
    Block,
    Comment,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Invalid => "<Invalid>",
            Kind::End => "<EOF>",
            Kind::Bang => "!",
            Kind::Dollar => "$",
            Kind::Amp => "&",
            Kind::ParenL => "(",
            Kind::ParenR => ")",
            Kind::Spread => "...",
            Kind::Colon => ":",
            Kind::Equals => "=",
            Kind::At => "@",
            Kind::BracketL => "[",
            Kind::BracketR => "]",
            Kind::BraceL => "{",
            Kind::BraceR => "}",
            Kind::Pipe => "|",
            Kind::Name => "Name",
            Kind::Int => "Int",
            Kind::Float => "Float",
            Kind::String => "String",
            Kind::Block => "BlockString",
            Kind::Comment => "Comment",
        })
    }
}

/// A token. Of one that is invalid the text says why.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) at: Position,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.text.is_empty() || self.kind == Kind::Invalid {
            return self.kind.fmt(f);
        }
        write!(f, "{} {}", self.kind, gofmt::quote(&self.text))
    }
}

/// Reads one token after the other.
pub(super) struct Lexer<'t> {
    rest: &'t str,
    /// How many characters were read, and how many of them are in front of the line.
    characters: i64,
    line_start: i64,
    line: i64,
}

/// A token's end, or why there is none.
type Lexed<T> = Result<T, String>;

impl<'t> Lexer<'t> {
    /// Returns the lexer of a text.
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text, characters: 0, line_start: 0, line: 1 }
    }

    /// Returns the next token, comments included; [`Kind::End`] at the end of the text. After an
    /// invalid one it goes on somewhere behind it.
    pub(super) fn next(&mut self) -> Token {
        self.skip_space();
        // A string begins behind its quotes.
        let quotes = if self.rest.starts_with("\"\"\"") { 3 } else { 1 };
        let is_string = self.rest.starts_with('"');
        let start = self.characters + if is_string { quotes } else { 0 };
        match self.scan() {
            Ok((kind, text)) => Token { kind, text, at: self.place(start) },
            Err(why) => Token { kind: Kind::Invalid, text: why, at: self.place(self.characters) },
        }
    }

    fn place(&self, character: i64) -> Position {
        Position { line: self.line, column: character - self.line_start + 1 }
    }

    fn byte(&self, index: usize) -> Option<u8> {
        self.rest.as_bytes().get(index).copied()
    }

    /// Steps over a text that was looked at, without an end of line in it.
    fn skip(&mut self, text: &str) {
        self.rest = self.rest.get(text.len()..).unwrap_or("");
        self.characters += text.chars().count() as i64;
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or("");
        self.characters += 1;
        Some(c)
    }

    fn accept(&mut self, bytes: &[u8]) -> bool {
        let found = self.byte(0).is_some_and(|byte| bytes.contains(&byte));
        if found {
            self.bump();
        }
        found
    }

    /// Steps over what satisfies a test, and returns it.
    fn take_while(&mut self, test: impl Fn(char) -> bool) -> &'t str {
        let text = self.rest;
        let text = text.split(|c| !test(c)).next().unwrap_or("");
        self.skip(text);
        text
    }

    fn skip_space(&mut self) {
        while let Some(c) = self.rest.chars().next() {
            match c {
                '\t' | ' ' | ',' | '\u{feff}' => {
                    self.bump();
                }
                '\n' | '\r' => {
                    self.bump();
                    self.line += 1;
                    self.line_start = self.characters;
                    // The second half of an end of line counts as a column of the next, as it does
                    // in gqlparser.
                    if c == '\r' {
                        self.accept(b"\n");
                    }
                }
                _ => return,
            }
        }
    }

    fn scan(&mut self) -> Lexed<(Kind, String)> {
        let Some(byte) = self.byte(0) else { return Ok((Kind::End, String::new())) };
        let punctuator = match byte {
            b'!' => Kind::Bang,
            b'$' => Kind::Dollar,
            b'&' => Kind::Amp,
            b'(' => Kind::ParenL,
            b')' => Kind::ParenR,
            b':' => Kind::Colon,
            b'=' => Kind::Equals,
            b'@' => Kind::At,
            b'[' => Kind::BracketL,
            b']' => Kind::BracketR,
            b'{' => Kind::BraceL,
            b'}' => Kind::BraceR,
            b'|' => Kind::Pipe,
            b'.' if self.rest.starts_with("...") => {
                self.skip("...");
                return Ok((Kind::Spread, String::new()));
            }
            b'#' => {
                let comment = self.take_while(|c| c > '\u{1f}' || c == '\t');
                return Ok((Kind::Comment, comment.to_string()));
            }
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                let name = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
                return Ok((Kind::Name, name.to_string()));
            }
            b'-' | b'0'..=b'9' => return self.number(),
            b'"' if self.rest.starts_with("\"\"\"") => return self.block(),
            b'"' => return self.string(),
            byte => return Err(unexpected(byte)),
        };
        self.bump();
        Ok((punctuator, String::new()))
    }

    /// Reads an integer or a fraction.
    fn number(&mut self) -> Lexed<(Kind, String)> {
        let text = self.rest;
        self.accept(b"-");
        if self.accept(b"0") {
            if self.byte(0).is_some_and(|byte| byte.is_ascii_digit()) {
                let next = self.describe_next();
                return Err(format!("Invalid number, unexpected digit after 0: {next}."));
            }
        } else {
            self.digits()?;
        }
        let mut kind = Kind::Int;
        if self.accept(b".") {
            kind = Kind::Float;
            self.digits()?;
        }
        if self.accept(b"eE") {
            kind = Kind::Float;
            self.accept(b"+-");
            self.digits()?;
        }
        let text = text.get(..text.len() - self.rest.len()).unwrap_or("");
        Ok((kind, text.to_string()))
    }

    fn digits(&mut self) -> Lexed<()> {
        if self.take_while(|c| c.is_ascii_digit()).is_empty() {
            let next = self.describe_next();
            return Err(format!("Invalid number, expected digit but got: {next}."));
        }
        Ok(())
    }

    /// Returns the next byte in quotes. (A byte: gqlparser shows parts of characters, too.)
    fn describe_next(&self) -> String {
        self.byte(0).map_or_else(|| "<EOF>".to_string(), |byte| format!("\"{}\"", char::from(byte)))
    }

    fn string(&mut self) -> Lexed<(Kind, String)> {
        self.bump();
        let mut text = String::new();
        loop {
            match self.rest.chars().next() {
                None | Some('\n' | '\r') => return Err("Unterminated string.".to_string()),
                Some('"') => {
                    self.bump();
                    return Ok((Kind::String, text));
                }
                Some('\\') => text.push(self.escape()?),
                Some(c) => {
                    control(c, "\t")?;
                    self.bump();
                    text.push(c);
                }
            }
        }
    }

    /// Reads an escape, which begins here.
    fn escape(&mut self) -> Lexed<char> {
        /// `\u` and four digits, and what must follow them, at least a quote.
        const UNICODE_BYTES: usize = 7;
        let wrong = |text: &[u8]| {
            format!("Invalid character escape sequence: \\{}.", String::from_utf8_lossy(text))
        };
        let bytes = self.rest.as_bytes();
        let Some(mark) = bytes.get(1).copied() else {
            self.bump();
            return Err("Invalid character escape sequence.".to_string());
        };
        let simple = match mark {
            b'"' | b'/' | b'\\' => char::from(mark),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let behind = bytes.get(1..).unwrap_or_default();
                let digits = bytes.get(2..6).unwrap_or_default();
                let too_short = bytes.len() < UNICODE_BYTES;
                if too_short || !digits.iter().all(u8::is_ascii_hexdigit) {
                    self.bump();
                    let shown = if too_short { behind } else { behind.get(..5).unwrap_or(behind) };
                    return Err(wrong(shown));
                }
                let code = digits.iter().fold(0, |code, digit| {
                    code * 16 + char::from(*digit).to_digit(16).unwrap_or(0)
                });
                self.rest = self.rest.get(6..).unwrap_or("");
                self.characters += 6;
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            other => {
                self.bump();
                return Err(wrong(char::from(other).to_string().as_bytes()));
            }
        };
        self.bump();
        self.bump();
        Ok(simple)
    }

    fn block(&mut self) -> Lexed<(Kind, String)> {
        self.skip("\"\"\"");
        let mut raw = String::new();
        loop {
            if self.rest.starts_with("\"\"\"") {
                let text = block_value(&raw);
                self.skip("\"\"\"");
                return Ok((Kind::Block, text));
            }
            if self.rest.starts_with("\\\"\"\"") {
                raw.push_str("\"\"\"");
                self.skip("\\\"\"\"");
                continue;
            }
            let Some(c) = self.rest.chars().next() else {
                return Err("Unterminated string.".to_string());
            };
            control(c, "\t\n\r")?;
            self.bump();
            if c == '\r' {
                self.accept(b"\n");
            }
            if matches!(c, '\r' | '\n') {
                raw.push('\n');
                self.line += 1;
                self.line_start = self.characters;
            } else {
                raw.push(c);
            }
        }
    }
}

/// Refuses characters below a space but for `allowed` ones. (Their code is written in decimal, as
/// gqlparser writes it.)
fn control(c: char, allowed: &str) -> Lexed<()> {
    if c < ' ' && !allowed.contains(c) {
        let code = u32::from(c);
        return Err(format!("Invalid character within String: \"\\u{code:04}\"."));
    }
    Ok(())
}

fn unexpected(byte: u8) -> String {
    match byte {
        b'\'' => {
            "Unexpected single quote character ('), did you mean to use a double quote (\")?".into()
        }
        ..0x20 => format!("Cannot contain the invalid character \"\\u{byte:04}\""),
        _ => format!("Cannot parse the unexpected character \"{}\".", char::from(byte)),
    }
}

/// Returns the value of a block string: without the indentation that all lines have, and without
/// blank lines at both ends.
fn block_value(raw: &str) -> String {
    let indent = |line: &str| line.find(|c| c != ' ' && c != '\t');
    let common = raw.split('\n').filter_map(indent).min().unwrap_or(0);
    let lines = raw.split('\n').enumerate().map(|(number, line)| match number {
        0 => line,
        // What is shorter than the indentation is blank, so nothing else is cut.
        _ => line.get(common..).unwrap_or(""),
    });
    let lines: Vec<&str> = lines.collect();
    let is_blank = |line: &&str| indent(line).is_none();
    let start = lines.iter().take_while(|line| is_blank(line)).count();
    let end = lines.iter().rev().take_while(|line| is_blank(line)).count();
    lines.get(start..lines.len() - end).unwrap_or_default().join("\n")
}
