//! The writer: block style, two spaces a level, sequences not indented under their key.
//!
//! Source: the emitter and encoder of `goyaml.v2`.

use std::cmp::Ordering;

use super::quote::{Role, Style, is_break, is_printable, is_space, style_of};
use super::resolve::Scalar;
use crate::number::general_text;
use crate::value::{Value, View};

/// Lines are broken at the first space behind this column.
const WIDTH: usize = 80;

/// Keys longer than this stand behind a question mark, on a line of their own.
const SIMPLE_KEY_BYTES_MAX: usize = 128;

const INDENT: usize = 2;

impl Value {
    /// Returns the value as YAML, with a line feed at the end: what JSON says of it, in block style.
    ///
    /// Source: OPA `yaml.marshal`.
    pub fn to_yaml(&self) -> String {
        let mut writer = Writer { out: String::new(), column: 0 };
        match Shape::of(self) {
            Shape::Scalar => writer.scalar(self, INDENT),
            Shape::Sequence(items) => writer.sequence(items, 0),
            Shape::Mapping(entries) => writer.mapping(&entries, 0),
        }
        if !writer.out.ends_with('\n') {
            writer.push('\n');
        }
        writer.out
    }
}

/// What the writer sees in a value.
enum Shape<'a> {
    /// Also empty sequences and mappings, which take no lines of their own.
    Scalar,
    Sequence(&'a [Value]),
    Mapping(Vec<(String, &'a Value)>),
}

impl<'a> Shape<'a> {
    fn of(value: &'a Value) -> Self {
        match value.view() {
            View::Array(items) if !items.is_empty() => Self::Sequence(items),
            View::Set(items) if !items.is_empty() => Self::Sequence(items.as_slice()),
            View::Object(object) if !object.is_empty() => {
                let entries =
                    object.iter().map(|(key, value)| (key.to_json_key().into_owned(), value));
                let mut entries: Vec<_> = entries.collect();
                entries.reverse();
                // Stable: the last of equal keys now comes first and is the one to stay.
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                entries.dedup_by(|later, first| later.0 == first.0);
                Self::Mapping(sorted_naturally(entries))
            }
            _ => Self::Scalar,
        }
    }
}

struct Writer {
    out: String,
    /// In characters, from 0.
    column: usize,
}

impl Writer {
    fn push(&mut self, c: char) {
        self.out.push(c);
        self.column = if c == '\n' { 0 } else { self.column + 1 };
    }

    fn push_str(&mut self, text: &str) {
        text.chars().for_each(|c| self.push(c));
    }

    /// Starts a line at this column.
    fn line(&mut self, indent: usize) {
        if self.column != 0 {
            self.push('\n');
        }
        for _ in 0..indent {
            self.push(' ');
        }
    }

    /// Writes elements, the first one where the writer stands.
    fn sequence(&mut self, items: &[Value], indent: usize) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.line(indent);
            }
            self.push_str("- ");
            self.inline(item, indent);
        }
    }

    /// Writes entries, the first one where the writer stands.
    fn mapping(&mut self, entries: &[(String, &Value)], indent: usize) {
        for (at, (key, value)) in entries.iter().enumerate() {
            if at > 0 {
                self.line(indent);
            }
            if key.len() > SIMPLE_KEY_BYTES_MAX || key.chars().any(is_break) {
                self.push_str("? ");
                self.string(key, indent + INDENT, Role::Value);
                self.line(indent);
                self.push_str(": ");
                self.inline(value, indent);
                continue;
            }
            self.string(key, indent + INDENT, Role::SimpleKey);
            self.push(':');
            match Shape::of(value) {
                Shape::Scalar => {
                    self.push(' ');
                    self.scalar(value, indent + INDENT);
                }
                Shape::Sequence(items) => {
                    self.line(indent);
                    self.sequence(items, indent);
                }
                Shape::Mapping(entries) => {
                    self.line(indent + INDENT);
                    self.mapping(&entries, indent + INDENT);
                }
            }
        }
    }

    /// Writes a value that goes on where an indicator of the level `indent` ends.
    fn inline(&mut self, value: &Value, indent: usize) {
        match Shape::of(value) {
            Shape::Scalar => self.scalar(value, indent + INDENT),
            Shape::Sequence(items) => self.sequence(items, indent + INDENT),
            Shape::Mapping(entries) => self.mapping(&entries, indent + INDENT),
        }
    }

    /// Writes what has no lines of its own; where it needs several they start at `indent`.
    fn scalar(&mut self, value: &Value, indent: usize) {
        match value.view() {
            View::Null => self.push_str("null"),
            View::Bool(true) => self.push_str("true"),
            View::Bool(false) => self.push_str("false"),
            View::Int(i) => self.push_str(itoa::Buffer::new().format(i)),
            View::Number(number) => match Scalar::resolve(number.text()) {
                Scalar::Int(integer) => self.push_str(&integer.text()),
                Scalar::Float(float) => self.push_str(&general_text(&format!("{float:e}"))),
                _ => self.push_str(number.text()),
            },
            View::String(text) => self.string(text, indent, Role::Value),
            View::Array(_) | View::Set(_) => self.push_str("[]"),
            View::Object(_) => self.push_str("{}"),
        }
    }

    fn string(&mut self, text: &str, indent: usize, role: Role) {
        let breaks = role == Role::Value;
        match style_of(text, role) {
            Style::Plain => self.folded(text, indent, breaks, Style::Plain),
            Style::Single => {
                self.push('\'');
                self.folded(text, indent, breaks, Style::Single);
                self.push('\'');
            }
            Style::Double => {
                self.push('"');
                self.double(text, indent, breaks);
                self.push('"');
            }
            Style::Literal => self.literal(text, indent),
        }
    }

    /// Writes a string without line breaks, broken at spaces where it gets long.
    fn folded(&mut self, text: &str, indent: usize, breaks: bool, style: Style) {
        let mut after_space = false;
        let mut chars = text.chars().enumerate().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            if !is_space(c) {
                if c == '\'' && style == Style::Single {
                    self.push('\'');
                }
                self.push(c);
                after_space = false;
                continue;
            }
            let inside = at > 0 && next.is_some_and(|next| !is_space(next));
            if breaks && !after_space && inside && self.column > WIDTH {
                self.line(indent);
            } else {
                self.push(c);
            }
            after_space = true;
        }
    }

    fn double(&mut self, text: &str, indent: usize, breaks: bool) {
        let mut after_space = false;
        let mut chars = text.chars().enumerate().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            if !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
                self.escape(c);
                after_space = false;
            } else if !is_space(c) {
                self.push(c);
                after_space = false;
            } else {
                if breaks && !after_space && at > 0 && next.is_some() && self.column > WIDTH {
                    self.line(indent);
                    if next.is_some_and(is_space) {
                        self.push('\\');
                    }
                } else {
                    self.push(c);
                }
                after_space = true;
            }
        }
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' | '\\' => c,
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(c);
                return match code {
                    0..=0xff => self.push_str(&format!("\\x{code:02X}")),
                    0x100..=0xffff => self.push_str(&format!("\\u{code:04X}")),
                    _ => self.push_str(&format!("\\U{code:08X}")),
                };
            }
        };
        self.push('\\');
        self.push(short);
    }

    /// Writes a block with its line breaks as they are.
    fn literal(&mut self, text: &str, indent: usize) {
        self.push('|');
        if text.starts_with(|c| is_space(c) || is_break(c)) {
            self.push_str(itoa::Buffer::new().format(INDENT));
        }
        let mut backwards = text.chars().rev();
        match (backwards.next().is_some_and(is_break), backwards.next()) {
            (false, _) => self.push('-'),
            (true, None) => self.push('+'),
            (true, Some(before)) if is_break(before) => self.push('+'),
            _ => {}
        }
        self.push('\n');
        for line in text.split_inclusive('\n') {
            if line != "\n" {
                self.line(indent);
            }
            self.push_str(line);
        }
    }
}

/// Sorts keys as people would: letters behind everything else, numbers by size.
///
/// The order is the library's and not always transitive, which the sort of the standard library
/// must not be given; merging halves always ends.
fn sorted_naturally<T>(mut entries: Vec<(String, T)>) -> Vec<(String, T)> {
    if entries.len() < 2 {
        return entries;
    }
    let right = entries.split_off(entries.len() / 2);
    let mut left = sorted_naturally(entries).into_iter().peekable();
    let mut right = sorted_naturally(right).into_iter().peekable();
    let mut sorted = Vec::with_capacity(left.len() + right.len());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let from = if natural_order(&b.0, &a.0).is_lt() { &mut right } else { &mut left };
        sorted.extend(from.next());
    }
    sorted.extend(left);
    sorted.extend(right);
    sorted
}

fn natural_order(a: &str, b: &str) -> Ordering {
    let Some(at) = a.chars().zip(b.chars()).position(|(a, b)| a != b) else {
        return a.chars().count().cmp(&b.chars().count());
    };
    let (x, y) = (a.chars().nth(at).unwrap_or_default(), b.chars().nth(at).unwrap_or_default());
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x.cmp(&y),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // Behind digits that are not all noughts another nought adds a place.
    let common: Vec<char> = a.chars().take(at).collect();
    let digits = common.iter().rev().take_while(|c| c.is_ascii_digit());
    let started = (x == '0' || y == '0') && digits.into_iter().any(|c| *c != '0');
    let (m, m_len) = number_at(a, at, started);
    let (n, n_len) = number_at(b, at, started);
    m.cmp(&n).then(m_len.cmp(&n_len)).then(x.cmp(&y))
}

/// Returns the number whose digits start at a character, and how many they are.
fn number_at(text: &str, at: usize, started: bool) -> (u64, usize) {
    let digits = text.chars().skip(at).map_while(|c| c.to_digit(10));
    digits.fold((u64::from(started), 0), |(number, len), digit| {
        (number.wrapping_mul(10).wrapping_add(u64::from(digit)), len + 1)
    })
}
