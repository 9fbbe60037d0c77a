//! The words within `{{` and `}}`.

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// `.a`: the field of what stands before it without a blank, else of the dot.
    Field(String),
    /// `.`
    Dot,
    /// `$x`, without the `$`.
    Variable(String),
    Word(String),
    Text(String),
    Int(i64),
    Float(f64),
    /// `(`, `)`, `|`, `,`, `=`
    Mark(char),
    /// `:=`
    Declare,
    /// Blanks.
    Space,
}

/// Returns the words of an action.
pub(super) fn tokens(action: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = action;
    while let Some(c) = rest.chars().next() {
        let (token, behind) = token(c, rest)?;
        tokens.push(token);
        rest = behind;
    }
    Ok(tokens)
}

fn token(c: char, rest: &str) -> Result<(Token, &str), String> {
    let behind = rest.get(c.len_utf8()..).unwrap_or_default();
    let number_next = behind.starts_with(|c: char| c.is_ascii_digit());
    Ok(match c {
        ' ' | '\t' | '\r' | '\n' => (Token::Space, rest.trim_start()),
        '(' | ')' | '|' | ',' | '=' => (Token::Mark(c), behind),
        ':' => {
            let behind = behind.strip_prefix('=').ok_or("expected :=")?;
            (Token::Declare, behind)
        }
        '"' => quoted(behind)?,
        '`' => {
            let (text, behind) = behind.split_once('`').ok_or("unterminated raw quoted string")?;
            (Token::Text(text.to_string()), behind)
        }
        '\'' => character(behind)?,
        '$' => {
            let (name, behind) = word(behind);
            (Token::Variable(name.to_string()), behind)
        }
        '0'..='9' => number(rest)?,
        '+' | '-' | '.' if number_next => number(rest)?,
        '.' => match word(behind) {
            ("", _) => (Token::Dot, behind),
            (name, behind) => (Token::Field(name.to_string()), behind),
        },
        c if c.is_alphabetic() || c == '_' => {
            let (name, behind) = word(rest);
            (Token::Word(name.to_string()), behind)
        }
        c => return Err(format!("unexpected {c:?} in command")),
    })
}

fn word(rest: &str) -> (&str, &str) {
    let is_other = |c: char| !(c.is_alphanumeric() || c == '_');
    rest.split_at(rest.find(is_other).unwrap_or(rest.len()))
}

fn number(rest: &str) -> Result<(Token, &str), String> {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '_');
    let (text, behind) = rest.split_at(rest.find(|c| !part(c)).unwrap_or(rest.len()));
    let plain = text.replace('_', "");
    let hexadecimal = plain.strip_prefix("0x").and_then(|hex| i64::from_str_radix(hex, 16).ok());
    if let Some(int) = hexadecimal.or_else(|| plain.parse().ok()) {
        return Ok((Token::Int(int), behind));
    }
    let float = plain.parse().ok().filter(|f: &f64| f.is_finite());
    float.map(|f| (Token::Float(f), behind)).ok_or_else(|| format!("bad number syntax: {text:?}"))
}

/// Takes a character constant, which is a number.
fn character(rest: &str) -> Result<(Token, &str), String> {
    let mut chars = rest.chars();
    let c = match chars.next() {
        Some('\\') => chars.next().map(unescaped),
        c => c,
    };
    let behind = chars.as_str().strip_prefix('\'');
    c.zip(behind)
        .map(|(c, behind)| (Token::Int(i64::from(u32::from(c))), behind))
        .ok_or_else(|| "unterminated character constant".to_string())
}

fn unescaped(c: char) -> char {
    match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        c => c,
    }
}

/// Takes a string whose opening quote has been read.
fn quoted(rest: &str) -> Result<(Token, &str), String> {
    let mut text = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next().filter(|c| *c != '\n') {
            Some('"') => return Ok((Token::Text(text), chars.as_str())),
            Some('\\') => match chars.next() {
                Some(c @ ('x' | 'u' | 'U')) => {
                    let digits = match c {
                        'x' => 2,
                        'u' => 4,
                        _ => 8,
                    };
                    let code = chars.as_str().get(..digits);
                    let code = code.and_then(|code| u32::from_str_radix(code, 16).ok());
                    text.push(code.and_then(char::from_u32).ok_or("invalid syntax")?);
                    chars = chars.as_str().get(digits..).unwrap_or_default().chars();
                }
                Some(c) => text.push(unescaped(c)),
                None => return Err("unterminated quoted string".to_string()),
            },
            Some(c) => text.push(c),
            None => return Err("unterminated quoted string".to_string()),
        }
    }
}
