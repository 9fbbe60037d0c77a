//! How a string may be written: plain, quoted, or as a block.
//!
//! Source: the emitter of `goyaml.v2` (`yaml_emitter_analyze_scalar` and what follows it).

use super::resolve::Scalar;

/// The way a string is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// Where a string stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Value,
    /// A key in front of its colon on one line.
    SimpleKey,
}

/// Returns how `text` is written so that it reads back as this string.
pub(super) fn style_of(text: &str, role: Role) -> Style {
    let looks = Looks::of(text);
    let wanted = if text.contains('\n') {
        Style::Literal
    } else if Scalar::resolve(text) == Scalar::Text
        && text != "<<"
        && !is_base_60(text)
        && !is_date(text)
    {
        Style::Plain
    } else {
        Style::Double
    };
    match wanted {
        Style::Plain if looks.plain_allowed => Style::Plain,
        Style::Plain if looks.single_allowed => Style::Single,
        Style::Literal if looks.block_allowed && role == Role::Value => Style::Literal,
        _ => Style::Double,
    }
}

/// What the characters of a string allow.
struct Looks {
    plain_allowed: bool,
    single_allowed: bool,
    block_allowed: bool,
}

impl Looks {
    fn of(text: &str) -> Self {
        let has_break = text.chars().any(is_break);
        let special = text.chars().any(|c| !is_printable(c) && c != '\n');
        let edge = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_break(c));
        let edges = edge(text.chars().next()) || edge(text.chars().next_back());
        let pair = |first: fn(char) -> bool, second: fn(char) -> bool| {
            text.chars().zip(text.chars().skip(1)).any(|(a, b)| first(a) && second(b))
        };
        let space_break = pair(is_space, is_break);
        let break_space = pair(is_break, is_space);
        Self {
            plain_allowed: !(has_break || special || edges || has_indicator(text)),
            single_allowed: !(special || space_break || break_space),
            block_allowed: !(special || space_break || text.ends_with(' ')),
        }
    }
}

/// Whether something in `text` means something else in YAML where a plain value stands.
fn has_indicator(text: &str) -> bool {
    if text.starts_with("---") || text.starts_with("...") {
        return true;
    }
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        let space_follows = chars.peek().is_none_or(|next| is_blank(*next));
        let indicator = match c {
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
            | '@' | '`'
                if first =>
            {
                true
            }
            '?' | '-' if first => space_follows,
            ':' => space_follows,
            '#' => is_blank(before),
            _ => false,
        };
        if indicator {
            return true;
        }
        before = c;
        first = false;
    }
    false
}

/// Whether other parsers may take `text` for a number in base 60, as in `1:30`.
fn is_base_60(text: &str) -> bool {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = body.split_once('.').unwrap_or((body, ""));
    let mut parts = whole.split(':');
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let head = parts.next().unwrap_or_default();
    head.starts_with(|c: char| c.is_ascii_digit())
        && is_digits(head)
        && whole.contains(':')
        && is_digits(fraction)
        && parts.all(|part| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
}

/// Whether `text` would read as a date or a time stamp: `2006-1-2`, `2006-01-02T15:04:05Z`.
fn is_date(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at..)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = parts.next().unwrap_or_default();
    let is_part = |part: &str| matches!(part.len(), 1 | 2) && is_number(part);
    let is_day =
        year.len() == 4 && is_number(year) && parts.clone().count() == 2 && parts.all(is_part);
    is_day && time.is_none_or(is_time)
}

/// Whether `text` is ` 15:4:5.9`, or `T15:4:5.9` with a zone behind it.
fn is_time(text: &str) -> bool {
    let clock = match text.strip_prefix(' ') {
        Some(clock) => clock,
        None => {
            let rest = text.get(1..).unwrap_or_default();
            let zone = |at: usize| {
                let zone = rest.get(at + 1..).unwrap_or_default();
                zone.split_once(':').is_some_and(|(h, m)| {
                    h.len() == 2 && m.len() == 2 && is_number(h) && is_number(m)
                })
            };
            match (rest.strip_suffix('Z'), rest.find(['+', '-'])) {
                (Some(clock), _) => clock,
                (None, Some(at)) if zone(at) => rest.get(..at).unwrap_or_default(),
                _ => return false,
            }
        }
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.split(':');
    is_number(fraction)
        && parts.clone().count() == 3
        && parts.all(|part| matches!(part.len(), 1 | 2) && is_number(part))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn is_space(c: char) -> bool {
    c == ' '
}

pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t') || is_break(c)
}

/// Whether the library writes `c` as it is; it escapes whatever is beyond the first plane.
pub(super) fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && c != '\u{feff}'
}
