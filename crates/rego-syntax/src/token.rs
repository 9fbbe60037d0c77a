//! The kinds of token, and what OPA calls them in its messages.
//!
//! Must not know: where tokens come from, what they mean together.

use rego_source::Span;

/// A kind of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tok {
    Illegal,
    Eof,
    Whitespace,
    Comment,
    Ident,
    Package,
    Import,
    As,
    Default,
    Else,
    Not,
    Some,
    With,
    Null,
    True,
    False,
    In,
    Every,
    Contains,
    If,
    Number,
    String,
    RawString,
    /// `$"…{`, or `}…{` further on.
    TemplatePart,
    /// `$"…"`, or `}…"` at the end.
    TemplateEnd,
    /// As [`Tok::TemplatePart`], between back quotes.
    RawTemplatePart,
    /// As [`Tok::TemplateEnd`], between back quotes.
    RawTemplateEnd,
    LBrack,
    RBrack,
    LBrace,
    RBrace,
    LParen,
    RParen,
    Comma,
    Colon,
    Semicolon,
    Dot,
    Plus,
    Minus,
    Mul,
    Div,
    Rem,
    And,
    Or,
    Unify,
    Equal,
    Assign,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
}

impl Tok {
    /// Returns what OPA calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Tok::Illegal => "illegal",
            Tok::Eof => "eof",
            Tok::Whitespace => "whitespace",
            Tok::Comment => "comment",
            Tok::Ident => "identifier",
            Tok::Number => "number",
            Tok::String | Tok::RawString => "string",
            Tok::TemplatePart | Tok::RawTemplatePart => "template-string-part",
            Tok::TemplateEnd | Tok::RawTemplateEnd => "template-string-end",
            _ => self.keyword_name().unwrap_or_else(|| self.sign_name()),
        }
    }

    fn keyword_name(self) -> Option<&'static str> {
        Some(match self {
            Tok::Package => "package",
            Tok::Import => "import",
            Tok::As => "as",
            Tok::Default => "default",
            Tok::Else => "else",
            Tok::Not => "not",
            Tok::Some => "some",
            Tok::With => "with",
            Tok::Null => "null",
            Tok::True => "true",
            Tok::False => "false",
            Tok::In => "in",
            Tok::Every => "every",
            Tok::Contains => "contains",
            Tok::If => "if",
            _ => return None,
        })
    }

    fn sign_name(self) -> &'static str {
        match self {
            Tok::LBrack => "[",
            Tok::RBrack => "]",
            Tok::LBrace => "{",
            Tok::RBrace => "}",
            Tok::LParen => "(",
            Tok::RParen => ")",
            Tok::Comma => ",",
            Tok::Colon => ":",
            Tok::Semicolon => ";",
            Tok::Dot => ".",
            Tok::Plus => "plus",
            Tok::Minus => "minus",
            Tok::Mul => "mul",
            Tok::Div => "div",
            Tok::Rem => "rem",
            Tok::And => "and",
            Tok::Or => "or",
            Tok::Unify => "eq",
            Tok::Equal => "equal",
            Tok::Assign => "assign",
            Tok::NotEqual => "neq",
            Tok::Greater => "gt",
            Tok::Less => "lt",
            Tok::GreaterEqual => "gte",
            Tok::LessEqual => "lte",
            _ => "unknown",
        }
    }

    /// Returns whether it is a keyword. The lexer gives a future keyword only where it is one.
    pub(crate) fn is_keyword(self) -> bool {
        self.keyword_name().is_some()
    }

    /// Returns the keyword that a word is, those of the future included.
    pub(crate) fn of_word(word: &[u8]) -> Tok {
        match word {
            b"package" => Tok::Package,
            b"import" => Tok::Import,
            b"as" => Tok::As,
            b"default" => Tok::Default,
            b"else" => Tok::Else,
            b"not" => Tok::Not,
            b"some" => Tok::Some,
            b"with" => Tok::With,
            b"null" => Tok::Null,
            b"true" => Tok::True,
            b"false" => Tok::False,
            b"in" => Tok::In,
            b"every" => Tok::Every,
            b"contains" => Tok::Contains,
            b"if" => Tok::If,
            _ => Tok::Ident,
        }
    }
}

/// Which of v0's future keywords are keywords now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keywords(u8);

impl Keywords {
    /// The names, in the order in which OPA lists them.
    pub(crate) const FUTURE: [&'static str; 4] = ["contains", "every", "if", "in"];

    /// Returns the set of all of them.
    pub(crate) const fn all() -> Self {
        Self(0b1111)
    }

    /// Returns those that are allowed, of [`Keywords::FUTURE`].
    pub(crate) fn of(allowed: [bool; 4]) -> Self {
        let bits = allowed.iter().enumerate().map(|(at, allowed)| u8::from(*allowed) << at);
        Self(bits.sum())
    }

    /// Adds one by name; `every` brings `in` with it. Returns whether there is such a one.
    pub(crate) fn add(&mut self, name: &str) -> bool {
        let bit = Self::bit(Tok::of_word(name.as_bytes()));
        self.0 |= bit;
        if name == "every" {
            self.0 |= Self::bit(Tok::In);
        }
        bit != 0
    }

    /// Returns whether the token, if a future keyword, is in force.
    pub(crate) fn allow(self, tok: Tok) -> bool {
        let bit = Self::bit(tok);
        bit == 0 || self.0 & bit != 0
    }

    fn bit(tok: Tok) -> u8 {
        match tok {
            Tok::Contains => 1,
            Tok::Every => 2,
            Tok::If => 4,
            Tok::In => 8,
            _ => 0,
        }
    }
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) tok: Tok,
    /// Where it stands.
    pub(crate) span: Span,
}
