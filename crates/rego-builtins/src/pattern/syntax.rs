//! Go's syntax of regular expressions, read and written anew for the engine.
//!
//! Reads from left to right without recursion. Source: Go, documentation of `regexp/syntax`.

use super::{class, escape};

/// The largest number in a repetition, and in nested ones together.
const REPEAT_MAX: u64 = 1000;

/// What is wrong with a pattern, in Go's words: ``missing closing ): `(a` ``.
#[derive(Debug)]
pub(super) struct Error(String);

impl Error {
    pub(super) fn new(what: &str, shown: &str) -> Self {
        Self(format!("{what}: `{shown}`"))
    }
}

/// A pattern for the engine.
pub(super) struct Translated {
    pub(super) text: String,
    /// The names of the groups, the whole match first.
    pub(super) names: Vec<Option<String>>,
    /// How often its innermost part is repeated at most, by counted repetitions together.
    pub(super) repeats: u64,
}

/// Returns the pattern for the engine, or what is wrong with it.
pub(super) fn translate(pattern: &str) -> Result<Translated, String> {
    let mut reader = Reader {
        pattern,
        rest: pattern,
        out: String::with_capacity(pattern.len() * 2),
        names: vec![None],
        open: Vec::new(),
        level: Level::default(),
        last_repeat: None,
    };
    reader.run().map_err(|error| error.0)?;
    let repeats = reader.level.most.max(reader.level.last);
    Ok(Translated { text: reader.out, names: reader.names, repeats })
}

/// What is known of the group being read.
#[derive(Default)]
struct Level {
    /// Whether there is something before that a repetition can repeat.
    repeatable: bool,
    /// How often the innermost part of the last item is repeated, by nested repetitions together.
    last: u64,
    /// The largest such number of the items before.
    most: u64,
}

struct Reader<'p> {
    pattern: &'p str,
    rest: &'p str,
    out: String,
    names: Vec<Option<String>>,
    /// The groups around the present one.
    open: Vec<Level>,
    level: Level,
    /// Where the repetition begins that has just been read.
    last_repeat: Option<&'p str>,
}

impl<'p> Reader<'p> {
    fn run(&mut self) -> Result<(), Error> {
        while let Some(c) = self.rest.chars().next() {
            let repeated = self.last_repeat.take();
            let start = self.rest;
            match c {
                '(' => self.open_group()?,
                ')' => self.close_group()?,
                '|' => {
                    self.take(1);
                    self.out.push('|');
                    self.level.repeatable = false;
                    self.note(0);
                }
                '[' => {
                    let (class, rest) = class::class(self.rest)?;
                    self.item(&class, rest);
                }
                '^' | '$' | '.' => {
                    let rest = self.behind(1);
                    self.item(c.encode_utf8(&mut [0; 4]), rest);
                }
                '*' | '+' | '?' => self.repeat(1, repeated)?,
                '{' => match self.counted()? {
                    Some(length) => self.repeat(length, repeated)?,
                    None => self.literal('{', self.behind(1)),
                },
                '\\' => self.escape()?,
                _ => self.literal(c, self.behind(c.len_utf8())),
            }
            debug_assert!(self.rest.len() < start.len());
        }
        if self.open.is_empty() {
            return Ok(());
        }
        Err(Error::new("missing closing )", self.pattern))
    }

    fn behind(&self, bytes: usize) -> &'p str {
        self.rest.get(bytes..).unwrap_or_default()
    }

    fn take(&mut self, bytes: usize) {
        self.rest = self.behind(bytes);
    }

    /// Notes an item whose innermost part is repeated so often.
    fn note(&mut self, repeats: u64) {
        self.level.most = self.level.most.max(self.level.last);
        self.level.last = repeats;
    }

    /// Writes an item that a repetition may follow, and goes on at `rest`.
    fn item(&mut self, text: &str, rest: &'p str) {
        self.out.push_str(text);
        self.note(0);
        self.level.repeatable = true;
        self.rest = rest;
    }

    fn literal(&mut self, c: char, rest: &'p str) {
        let mut text = String::new();
        escape::push_literal(&mut text, c);
        self.item(&text, rest);
    }

    fn open_group(&mut self) -> Result<(), Error> {
        if self.rest.starts_with("(?") {
            if let Some(rest) = self.rest.strip_prefix("(?P<").or(self.rest.strip_prefix("(?<")) {
                return self.named_group(rest);
            }
            return self.flags();
        }
        self.names.push(None);
        self.out.push('(');
        self.take(1);
        self.enter();
        Ok(())
    }

    fn enter(&mut self) {
        self.open.push(std::mem::take(&mut self.level));
    }

    /// Takes a named group, which the engine need not know by its name.
    fn named_group(&mut self, inside: &'p str) -> Result<(), Error> {
        let wrong = |shown| Error::new("invalid named capture", shown);
        let (name, rest) = inside.split_once('>').ok_or_else(|| wrong(self.rest))?;
        let shown = self.rest.get(..self.rest.len() - rest.len()).unwrap_or(self.rest);
        let valid = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if name.is_empty() || !valid {
            return Err(wrong(shown));
        }
        if self.names.iter().any(|own| own.as_deref() == Some(name)) {
            return Err(Error::new("duplicate capture group name", name));
        }
        self.names.push(Some(name.to_string()));
        self.out.push('(');
        self.rest = rest;
        self.enter();
        Ok(())
    }

    /// Takes `(?i)`, `(?i-s:` and the like.
    fn flags(&mut self) -> Result<(), Error> {
        let start = self.rest;
        self.take(2);
        let (mut negated, mut any) = (false, false);
        while let Some(c) = self.rest.chars().next() {
            self.take(c.len_utf8());
            match c {
                'i' | 'm' | 's' | 'U' => any = true,
                '-' if !negated => {
                    negated = true;
                    any = false;
                }
                ':' | ')' if any || !negated => {
                    self.set_flags(start, c == ':');
                    return Ok(());
                }
                _ => break,
            }
        }
        let shown = start.get(..start.len() - self.rest.len()).unwrap_or(start);
        Err(Error::new("invalid or unsupported Perl syntax", shown))
    }

    /// Writes the flags just read, for a group or from here on.
    fn set_flags(&mut self, start: &str, group: bool) {
        let text = start.get(..start.len() - self.rest.len()).unwrap_or_default();
        if group {
            self.out.push_str(text);
            self.enter();
        } else if text != "(?)" {
            self.out.push_str(text);
        }
    }

    fn close_group(&mut self) -> Result<(), Error> {
        let Some(outer) = self.open.pop() else {
            return Err(Error::new("unexpected )", self.pattern));
        };
        let inner = std::mem::replace(&mut self.level, outer);
        let rest = self.behind(1);
        self.item(")", rest);
        self.level.last = inner.most.max(inner.last);
        Ok(())
    }

    /// Takes a repetition of so many bytes, and the `?` that may follow it.
    fn repeat(&mut self, length: usize, repeated: Option<&'p str>) -> Result<(), Error> {
        let start = self.rest;
        self.take(length);
        let lazy = usize::from(self.rest.starts_with('?'));
        self.take(lazy);
        let upto = |from: &'p str| from.get(..from.len() - self.rest.len()).unwrap_or(from);
        if let Some(before) = repeated {
            return Err(Error::new("invalid nested repetition operator", upto(before)));
        }
        if !self.level.repeatable {
            return Err(Error::new("missing argument to repetition operator", upto(start)));
        }
        self.out.push_str(upto(start));
        self.last_repeat = Some(start);
        Ok(())
    }

    /// Returns the length of `{2}`, `{2,}` or `{2,3}`; nothing for what is no repetition.
    fn counted(&mut self) -> Result<Option<usize>, Error> {
        let Some((inside, _)) = self.rest.get(1..).unwrap_or_default().split_once('}') else {
            return Ok(None);
        };
        let (low, high) = inside.split_once(',').unwrap_or((inside, inside));
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            let plain = digits && (text == "0" || !text.starts_with('0'));
            plain.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
        };
        let Some(low) = number(low) else { return Ok(None) };
        let high = match high {
            "" => None,
            high => match number(high) {
                Some(high) => Some(high),
                None => return Ok(None),
            },
        };
        let length = inside.len() + 2;
        let count = high.unwrap_or(low);
        let repeats = count.saturating_mul(self.level.last.max(1));
        let nested = if count == 0 { 0 } else { repeats };
        if low > count || low > REPEAT_MAX || nested > REPEAT_MAX {
            let shown = self.rest.get(..length).unwrap_or(self.rest);
            return Err(Error::new("invalid repeat count", shown));
        }
        if self.level.repeatable {
            self.level.last = nested;
        }
        Ok(Some(length))
    }

    fn escape(&mut self) -> Result<(), Error> {
        if let Some(quoted) = self.rest.strip_prefix("\\Q") {
            let (text, rest) = quoted.split_once("\\E").unwrap_or((quoted, ""));
            for c in text.chars() {
                self.literal(c, rest);
            }
            self.rest = rest;
            return Ok(());
        }
        for (known, written) in
            [("\\A", "\\A"), ("\\z", "\\z"), ("\\b", r"(?-u:\b)"), ("\\B", r"(?-u:\B)")]
        {
            if let Some(rest) = self.rest.strip_prefix(known) {
                self.item(written, rest);
                return Ok(());
            }
        }
        if let Some((class, rest)) = escape::class(self.rest)? {
            self.item(&class, rest);
            return Ok(());
        }
        let (c, rest) = escape::character(self.rest)?;
        self.literal(c, rest);
        Ok(())
    }
}
