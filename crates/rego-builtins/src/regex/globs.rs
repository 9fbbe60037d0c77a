//! `regex.globs_match`: whether some text fits both of two simple patterns.
//!
//! Such a pattern is a row of characters, dots and sets, each of which may be followed by `*` or
//! `+`. Source: OPA policy reference; errors as Go's `glob-intersection` words them.

use rego_value::Value;
use rego_vm::{BuiltinError, Context};

use crate::{charge, operand};

/// Returns whether some text that is not empty fits both: `regex.globs_match("a.*", "a[bc]")`.
pub(super) fn globs_match(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let (first, second) = (operand::string(operands, 0)?, operand::string(operands, 1)?);
    charge::make(context, (first.len() + second.len()) * 4)?;
    let first = Reader::read(first)?;
    let second = Reader::read(second)?;
    let pairs = (first.len() as u64 + 1).saturating_mul(second.len() as u64 + 1);
    let ranges = |glob: &[Item]| glob.iter().map(|item| item.ranges.len() as u64).max();
    let widest = ranges(&first).max(ranges(&second)).unwrap_or(1);
    context.charge_steps(pairs.saturating_mul(widest))?;
    Ok(Value::from(meet(&first, &second)))
}

/// One place of a pattern: a character out of these ranges, or with `star` any number of those.
#[derive(Clone)]
struct Item {
    ranges: Vec<(char, char)>,
    star: bool,
}

impl Item {
    fn meets(&self, other: &Item) -> bool {
        let overlap = |a: &(char, char), b: &(char, char)| a.0 <= b.1 && b.0 <= a.1;
        self.ranges.iter().any(|a| other.ranges.iter().any(|b| overlap(a, b)))
    }
}

/// Returns whether there is a text that fits both: walks over all pairs of places that reading the
/// same text may lead to.
fn meet(first: &[Item], second: &[Item]) -> bool {
    let mut row = vec![false; second.len() + 1];
    if let Some(start) = row.first_mut() {
        *start = true;
    }
    for i in 0..=first.len() {
        let a = first.get(i);
        let mut next = vec![false; second.len() + 1];
        for j in 0..=second.len() {
            if row.get(j) != Some(&true) {
                continue;
            }
            let b = second.get(j);
            let both = a.zip(b).is_some_and(|(a, b)| a.meets(b));
            let a_star = a.is_some_and(|a| a.star);
            let b_star = b.is_some_and(|b| b.star);
            // Leave a star, or take a character: a star stays where it is, anything else goes on.
            let same_row = b_star || (both && a_star);
            let next_row = a_star || (both && b_star);
            let diagonal = both && !a_star && !b_star;
            let reach = |row: &mut Vec<bool>, place: usize, reached: bool| {
                if let Some(place) = row.get_mut(place).filter(|_| reached) {
                    *place = true;
                }
            };
            reach(&mut row, j + 1, same_row);
            reach(&mut next, j, next_row);
            reach(&mut next, j + 1, diagonal);
        }
        if i == first.len() {
            return row.last() == Some(&true);
        }
        row = next;
    }
    false
}

/// The place in a pattern; places count characters, from 0.
struct Reader<'p> {
    source: &'p str,
    chars: Vec<char>,
    at: usize,
}

const ANY: (char, char) = ('\0', char::MAX);

impl Reader<'_> {
    fn read(source: &str) -> Result<Vec<Item>, BuiltinError> {
        let mut reader = Reader { source, chars: source.chars().collect(), at: 0 };
        let mut items = Vec::new();
        while let Some((c, escaped)) = reader.next()? {
            let ranges = match c {
                '.' if !escaped => vec![ANY],
                '[' if !escaped => reader.set()?,
                ']' if !escaped => {
                    return Err(reader.error("set-close ']' with no preceding '['"));
                }
                '+' | '*' if !escaped => {
                    let text = format!("flag '{c}' must be preceded by a non-flag");
                    return Err(reader.error(&text));
                }
                c => vec![(c, c)],
            };
            reader.push(&mut items, ranges);
        }
        Ok(items)
    }

    /// Adds a place with the flag that may follow it. `a+` is `aa*`.
    fn push(&mut self, items: &mut Vec<Item>, ranges: Vec<(char, char)>) {
        let flag = self.chars.get(self.at).copied().filter(|c| matches!(c, '+' | '*'));
        self.at += usize::from(flag.is_some());
        if flag != Some('*') {
            items.push(Item { ranges: ranges.clone(), star: false });
        }
        if flag.is_some() {
            items.push(Item { ranges, star: true });
        }
    }

    fn error(&self, text: &str) -> BuiltinError {
        let (source, at) = (self.source, self.at);
        let invalid = "the input provided is invalid";
        BuiltinError::Failed(format!("input:{source}, pos:{at}, {text}: {invalid}"))
    }

    /// Takes a character, and tells whether it was escaped.
    fn next(&mut self) -> Result<Option<(char, bool)>, BuiltinError> {
        let Some(c) = self.chars.get(self.at).copied() else { return Ok(None) };
        if c != '\\' {
            self.at += 1;
            return Ok(Some((c, false)));
        }
        let escaped = self.chars.get(self.at + 1).copied();
        let escaped =
            escaped.ok_or_else(|| self.error("input ends with a \\ (escape) character"))?;
        self.at += 2;
        Ok(Some((escaped, true)))
    }

    /// Takes the rest of a set.
    fn set(&mut self) -> Result<Vec<(char, char)>, BuiltinError> {
        let mut ranges: Vec<(char, char)> = Vec::new();
        let mut previous = None;
        while let Some((c, escaped)) = self.next()? {
            match (c, escaped) {
                (']', false) => return Ok(ranges),
                ('-', false) => {
                    ranges.push(self.range(previous.take())?);
                }
                _ => {
                    ranges.push((c, c));
                    previous = Some(c);
                }
            }
        }
        Err(self.error("found [ without matching ]"))
    }

    /// Takes the end of a range whose hyphen has just been read.
    fn range(&mut self, low: Option<char>) -> Result<(char, char), BuiltinError> {
        let rule = "range character '-' must be";
        let low =
            low.ok_or_else(|| self.error(&format!("{rule} preceded by a Unicode character")))?;
        let missing = format!("{rule} followed by a Unicode character");
        if self.at + 1 >= self.chars.len() {
            return Err(self.error(&missing));
        }
        let (high, escaped) = self.next()?.ok_or_else(|| self.error(&missing))?;
        if !escaped && matches!(high, ']' | '-') {
            return Err(self.error("range character '-' cannot be followed by a special symbol"));
        }
        if high < low {
            let text = format!("range is out of order: '{high}' comes before '{low}' in Unicode");
            return Err(self.error(&text));
        }
        Ok((low, high))
    }
}
