//! Changes Rego text token by token, so that most of what comes out still parses.

/// What may be put in place of a token, beyond the tokens of the text itself.
const WORDS: &[&str] = &[
    "package p",
    "import data.o",
    "import input.n as m",
    "import rego.v1",
    "default",
    "if",
    "else",
    ":=",
    "=",
    "==",
    "!=",
    "<",
    ">=",
    "contains",
    "in",
    "some",
    "every",
    "not",
    "with",
    "as",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "|",
    "&",
    "+",
    "-",
    "*",
    "/",
    "%",
    ",",
    ";",
    ".",
    ":",
    "\n",
    "_",
    "x",
    "y",
    "p",
    "q",
    "r",
    "f(x)",
    "p[x]",
    "p.q",
    "p.q[x]",
    "p.q.r",
    "data",
    "data.p",
    "data.p.q",
    "data.p[x]",
    "data[x][y]",
    "data.xs[x]",
    "data.o[x]",
    "input",
    "input.n",
    "input[x]",
    "input.roles[_]",
    "true",
    "false",
    "null",
    "0",
    "1",
    "-1",
    "1.5",
    "1e9",
    "\"a\"",
    "\"\"",
    "`a`",
    "$\"{x}\"",
    "{}",
    "set()",
    "[]",
    "[x, y]",
    "{x}",
    "{x: y}",
    "{\"a\": x}",
    "[x | x := data.xs[_]]",
    "{x | some x in data.xs}",
    "{x: y | some x, y in data.o}",
    "some x",
    "some x in data.xs",
    "some x, y in data.o",
    "every x in data.xs { x > 0 }",
    "not p",
    "not q[x]",
    "walk(data, [x, y])",
    "count(x)",
    "f(1)",
    "f(x, y)",
    "with input as x",
    "with input.n as 3",
    "with data.xs as [x]",
    "with data.p.q as 1",
    "with count as f",
    "with time.now_ns as 1",
    "x = y",
    "x := 1",
    "[x, y] = [y, 1]",
    "[x, y] := z",
    "{\"a\": x} = data.o",
    "object.get(x, \"a\", y)",
    "sprintf(\"%v\", [x])",
    "json.marshal(x)",
    "to_number(x)",
    "split(x, \"\")",
    "is_set(x)",
    "union(x)",
    "sum(x)",
    "max(x)",
    "sort(x)",
    "regex.match(x, y)",
    "numbers.range(1, x)",
    "default p := 1",
    "default f(_) := 1",
    "else := x",
    "p := x",
    "p contains x if",
    "p[x] := y if",
    "f(x) := y if",
    "p if {",
    "q := 1",
    "print(x)",
    "internal.print(x)",
    "x in y",
    "x, y in data.o",
    "\n}\n",
    "\n",
];

/// A small generator (xorshift): the fuzzer gives the seed, and the same seed the same change.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound.max(1)
    }
}

/// Makes a few changes; returns the new size.
pub fn tokens(data: &mut [u8], size: usize, size_max: usize, seed: u32) -> usize {
    let mut dice = Dice((u64::from(seed) << 16) | 0x9e37_79b9_0000_0001);
    let text = String::from_utf8_lossy(&data[..size]).into_owned();
    let mut parts = split(&text);
    for _ in 0..=dice.below(4) {
        change(&mut parts, &mut dice);
    }
    let mut new: String = parts.concat();
    let mut end = new.len().min(size_max);
    while !new.is_char_boundary(end) {
        end -= 1;
    }
    new.truncate(end);
    data[..end].copy_from_slice(new.as_bytes());
    end
}

fn change(parts: &mut Vec<String>, dice: &mut Dice) {
    let count = parts.len();
    let (at, from) = (dice.below(count), dice.below(count));
    let fresh = format!(" {} ", WORDS[dice.below(WORDS.len())]);
    let length = (1 + dice.below(12)).min(count - at.min(count));
    match dice.below(8) {
        0 | 1 if count > 0 => parts[at] = fresh,
        2 if count > 0 => drop(parts.remove(at)),
        3 if count > 0 => parts[at] = parts[from].clone(),
        4 if count > 0 => parts.swap(at, from),
        5 => drop(parts.drain(at..at + length)),
        6 => {
            let piece = parts[at..at + length].to_vec();
            drop(parts.splice(from..from, piece));
        }
        _ => parts.insert(at, fresh),
    }
}

/// Splits into names, numbers, spaces, strings and single characters.
fn split(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let (mut quoted, mut word) = (None, false);
    for c in text.chars() {
        let joins = quoted.is_some() || (word && (c.is_alphanumeric() || c == '_'));
        match parts.last_mut() {
            Some(part) if joins => part.push(c),
            _ => parts.push(c.to_string()),
        }
        match quoted {
            Some(mark) if c == mark || c == '\n' => quoted = None,
            None if c == '"' || c == '`' => quoted = Some(c),
            _ => {}
        }
        word = quoted.is_none() && (c.is_alphanumeric() || c == '_');
    }
    parts
}
