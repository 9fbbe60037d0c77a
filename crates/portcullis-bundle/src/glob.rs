//! Two kinds of patterns, each with its own characters that `*` stops at.
//!
//! Must not know: what is matched.
//!
//! Source: Go's `path/filepath.Match` (for `exclude_files`) and `gobwas/glob` without separators
//! (for `file_rego_versions`), by their documentation.

/// Most patterns that the alternatives of one (`{a,b}`) come to.
const ALTERNATIVES_MAX: usize = 64;

/// A pattern: any of its alternatives matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob {
    alternatives: Vec<Vec<Token>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Char(char),
    /// Any character, or any but `/`.
    One(Reach),
    /// Any number of characters.
    Many(Reach),
    Class {
        is_negated: bool,
        reach: Reach,
        ranges: Vec<(char, char)>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Segment,
    Path,
}

/// Which rules a pattern follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `*`, `?`, `[^a-z]`, `\`; none of them matches a `/`.
    Segments,
    /// `*`, `?`, `[!a-z]`, `{a,b}`, `\`; each of them matches a `/` too.
    Paths,
}

impl Glob {
    /// Returns the pattern, or nothing where it is not well-formed.
    pub(crate) fn parse(pattern: &str, dialect: Dialect) -> Option<Glob> {
        let texts = match dialect {
            Dialect::Segments => vec![pattern.chars().collect()],
            Dialect::Paths => alternatives(pattern)?,
        };
        let alternatives = texts.iter().map(|text| tokens(text, dialect)).collect::<Option<_>>()?;
        Some(Glob { alternatives })
    }

    /// Whether the whole text fits. Takes its steps from the budget; once that is used up nothing
    /// fits any more, and it stays at 0.
    pub(crate) fn matches(&self, text: &[char], steps: &mut u64) -> bool {
        self.alternatives.iter().any(|tokens| fits(tokens, text, steps))
    }
}

/// Writes out `{a,b}`: one text for each choice. Braces do not nest.
fn alternatives(pattern: &str) -> Option<Vec<Vec<char>>> {
    let mut all: Vec<Vec<char>> = vec![Vec::new()];
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c != '{' {
            let escaped = if c == '\\' { Some(chars.next()?) } else { None };
            all.iter_mut().for_each(|text| text.extend([c].into_iter().chain(escaped)));
            continue;
        }
        let choices = choices(&mut chars)?;
        if all.len().checked_mul(choices.len())? > ALTERNATIVES_MAX {
            return None;
        }
        let extend = |text: &Vec<char>| {
            choices.iter().map(|choice| [text.as_slice(), choice].concat()).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(extend).collect();
    }
    Some(all)
}

/// Reads the choices after a `{`, its `}` included.
fn choices(chars: &mut std::str::Chars<'_>) -> Option<Vec<Vec<char>>> {
    let mut choices = Vec::new();
    let mut choice = Vec::new();
    loop {
        match chars.next()? {
            '{' => return None,
            c @ (',' | '}') => {
                choices.push(std::mem::take(&mut choice));
                if c == '}' {
                    return Some(choices);
                }
            }
            '\\' => choice.extend(['\\', chars.next()?]),
            c => choice.push(c),
        }
    }
}

fn tokens(text: &[char], dialect: Dialect) -> Option<Vec<Token>> {
    let reach = if dialect == Dialect::Segments { Reach::Segment } else { Reach::Path };
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return Some(tokens),
            ['*', rest @ ..] => {
                tokens.push(Token::Many(reach));
                rest
            }
            ['?', rest @ ..] => {
                tokens.push(Token::One(reach));
                rest
            }
            ['[', rest @ ..] => {
                let not = if dialect == Dialect::Segments { '^' } else { '!' };
                let (token, rest) = class(rest, not, reach)?;
                tokens.push(token);
                rest
            }
            ['\\', c, rest @ ..] | [c, rest @ ..] => {
                tokens.push(Token::Char(*c));
                rest
            }
        };
    }
}

/// Reads the class after a `[`, its `]` included.
fn class(text: &[char], not: char, reach: Reach) -> Option<(Token, &[char])> {
    let (is_negated, mut rest) = match text {
        [first, rest @ ..] if *first == not => (true, rest),
        _ => (false, text),
    };
    let mut ranges = Vec::new();
    loop {
        rest = match rest {
            [']', rest @ ..] if !ranges.is_empty() => {
                return Some((Token::Class { is_negated, reach, ranges }, rest));
            }
            [low, '-', high, rest @ ..] if *high != ']' => {
                ranges.push((*low, *high));
                rest
            }
            ['\\', c, rest @ ..] | [c, rest @ ..] => {
                ranges.push((*c, *c));
                rest
            }
            [] => return None,
        };
    }
}

fn fits(tokens: &[Token], text: &[char], steps: &mut u64) -> bool {
    let (mut t, mut c) = (0, 0);
    // Where the last star stands and how far it reaches: on a mismatch it takes one more.
    let mut star: Option<(usize, usize, Reach)> = None;
    loop {
        *steps = steps.saturating_sub(1);
        if *steps == 0 {
            return false;
        }
        let token = tokens.get(t);
        if let Some(Token::Many(reach)) = token {
            star = Some((t + 1, c, *reach));
            t += 1;
            continue;
        }
        match (token, text.get(c)) {
            (None, None) => return true,
            (Some(token), Some(char)) if fits_one(token, *char) => {
                t += 1;
                c += 1;
                continue;
            }
            _ => {}
        }
        // A star that stops at `/` cannot be helped by one before it: what lies between is fixed.
        let Some((after, reached, reach)) = star else { return false };
        match text.get(reached) {
            Some('/') if reach == Reach::Segment => return false,
            None => return false,
            Some(_) => {
                star = Some((after, reached + 1, reach));
                (t, c) = (after, reached + 1);
            }
        }
    }
}

fn fits_one(token: &Token, c: char) -> bool {
    let reaches = |reach: Reach| reach == Reach::Path || c != '/';
    match token {
        Token::Char(want) => *want == c,
        Token::One(reach) | Token::Many(reach) => reaches(*reach),
        Token::Class { is_negated, reach, ranges } => {
            let is_in = ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
            is_in != *is_negated && reaches(*reach)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn patterns() {
        use Dialect::{Paths, Segments};
        for (dialect, pattern, text, want) in [
            (Segments, "*.md", "README.md", Some(true)),
            (Segments, "*.md", "docs/README.md", Some(false)),
            (Segments, "*/*.md", "docs/README.md", Some(true)),
            (Segments, "a*c/*x", "abc/yx", Some(true)),
            (Segments, "a*b*/c", "axbxb/c", Some(true)),
            (Segments, "?", "/", Some(false)),
            (Segments, "[^a]x", "bx", Some(true)),
            (Segments, "[^a]x", "/x", Some(false)),
            (Segments, "{a,b}", "{a,b}", Some(true)),
            (Segments, "[a", "a", None),
            (Paths, "*/test2.rego", "/a/b/test2.rego", Some(true)),
            (Paths, "/bar/*.rego", "/bar/p.rego", Some(true)),
            (Paths, "/bar/*.rego", "/foo/p.rego", Some(false)),
            (Paths, "/{a,b}/*.rego", "/b/p.rego", Some(true)),
            (Paths, "/{a,b}/*.rego", "/c/p.rego", Some(false)),
            (Paths, "/[!a]/p", "/b/p", Some(true)),
            (Paths, "**", "/x/y", Some(true)),
            (Paths, r"/\*", "/*", Some(true)),
            (Paths, r"/\*", "/a", Some(false)),
            (Paths, "{a", "a", None),
            (Paths, "", "", Some(true)),
        ] {
            let glob = Glob::parse(pattern, dialect);
            assert_eq!(
                glob.map(|glob| glob.matches(&chars(text), &mut 1000)),
                want,
                "{pattern} on {text}"
            );
        }
        assert!(Glob::parse(&"{a,b}".repeat(7), Paths).is_none(), "too many alternatives");
    }

    #[test]
    fn many_stars_take_little_time() {
        let glob = Glob::parse(&"*a".repeat(2000), Dialect::Paths).unwrap();
        let mut steps = 10_000_000;
        assert!(!glob.matches(&chars(&"a".repeat(1999)), &mut steps));
        assert!(steps > 0);
        assert!(!glob.matches(&chars("aaaa"), &mut 3), "out of steps");
    }
}
