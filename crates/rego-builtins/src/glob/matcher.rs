//! A glob as a small machine that is in all its possible states at once: the work is the length of
//! the text times that of the pattern, whatever the pattern.

/// A compiled glob.
pub(super) struct Glob {
    program: Vec<Op>,
    /// What every text that fits begins with.
    prefix: String,
    separators: Vec<char>,
}

/// An instruction. Those that take a character go on with the next one.
enum Op {
    /// Takes this character.
    Char(char),
    /// Takes any character that is no separator.
    NoSeparator,
    /// Takes any character.
    Any,
    /// Takes a character of the list.
    List { chars: String, not: bool },
    /// Takes a character of the range.
    Range { low: char, high: char, not: bool },
    /// Goes on in two places.
    Split(usize, usize),
    /// Goes on elsewhere.
    Jump(usize),
    /// The text fits if it ends here.
    End,
}

/// Where an alternative that was not taken goes on after the last one: nowhere.
const NOWHERE: usize = usize::MAX;

impl Glob {
    /// Returns the machine of a pattern.
    ///
    /// Errors: the text that `gobwas/glob` has for what is wrong.
    pub(super) fn compile(pattern: &str, separators: &str) -> Result<Self, String> {
        let mut compiler = Compiler { program: Vec::new(), open: Vec::new() };
        let mut rest = pattern;
        while let Some(c) = rest.chars().next() {
            rest = compiler.step(c, rest)?;
        }
        while !compiler.open.is_empty() {
            compiler.close();
        }
        compiler.program.push(Op::End);
        let literal = compiler.program.iter().map_while(|op| match op {
            Op::Char(c) => Some(*c),
            _ => None,
        });
        let prefix = literal.collect();
        Ok(Self { program: compiler.program, prefix, separators: separators.chars().collect() })
    }

    /// Returns the steps that matching `text` takes at most.
    pub(super) fn cost(&self, text: &str) -> u64 {
        if !text.starts_with(&self.prefix) {
            return 1;
        }
        (text.len() as u64 + 1).saturating_mul(self.program.len() as u64 / 16 + 1)
    }

    /// Returns whether the whole text fits.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(rest) = text.strip_prefix(&self.prefix) else { return false };
        let mut now = States::new(self.program.len());
        let mut next = States::new(self.program.len());
        self.enter(&mut now, self.prefix.chars().count());
        for c in rest.chars() {
            if now.list.is_empty() {
                return false;
            }
            next.clear();
            for at in &now.list {
                if self.program.get(*at).is_some_and(|op| self.takes(op, c)) {
                    self.enter(&mut next, at + 1);
                }
            }
            std::mem::swap(&mut now, &mut next);
        }
        now.list.iter().any(|at| matches!(self.program.get(*at), Some(Op::End)))
    }

    fn takes(&self, op: &Op, c: char) -> bool {
        match op {
            Op::Char(own) => *own == c,
            Op::NoSeparator => !self.separators.contains(&c),
            Op::Any => true,
            Op::List { chars, not } => chars.contains(c) != *not,
            Op::Range { low, high, not } => (*low..=*high).contains(&c) != *not,
            Op::Split(..) | Op::Jump(_) | Op::End => false,
        }
    }

    /// Adds an instruction to the states, and those it leads to without a character.
    fn enter(&self, states: &mut States, at: usize) {
        states.todo.push(at);
        while let Some(at) = states.todo.pop() {
            let Some(seen) = states.seen.get_mut(at) else { continue };
            if *seen == states.round {
                continue;
            }
            *seen = states.round;
            match self.program.get(at) {
                Some(Op::Split(first, second)) => states.todo.extend([*second, *first]),
                Some(Op::Jump(to)) => states.todo.push(*to),
                _ => states.list.push(at),
            }
        }
    }
}

/// A set of instructions.
struct States {
    list: Vec<usize>,
    /// For each instruction the round in which it came into the set.
    seen: Vec<u32>,
    round: u32,
    todo: Vec<usize>,
}

impl States {
    fn new(size: usize) -> Self {
        Self { list: Vec::new(), seen: vec![0; size], round: 1, todo: Vec::new() }
    }

    fn clear(&mut self) {
        self.list.clear();
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.seen.fill(0);
            self.round = 1;
        }
    }
}

struct Compiler {
    program: Vec<Op>,
    /// The braces that are open.
    open: Vec<Brace>,
}

struct Brace {
    /// The split that begins the present alternative.
    split: usize,
    /// The jumps at the ends of the others.
    jumps: Vec<usize>,
}

impl Compiler {
    /// Compiles what begins with `c`, and returns what is left behind it.
    fn step<'p>(&mut self, c: char, rest: &'p str) -> Result<&'p str, String> {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '{' => {
                self.open.push(Brace { split: self.program.len(), jumps: Vec::new() });
                self.program.push(Op::Split(self.program.len() + 1, NOWHERE));
            }
            ',' if !self.open.is_empty() => self.alternative(),
            '}' if !self.open.is_empty() => self.close(),
            '[' => return self.range(after),
            '?' => self.program.push(Op::NoSeparator),
            '*' => {
                let (op, after) = match after.strip_prefix('*') {
                    Some(after) => (Op::Any, after),
                    None => (Op::NoSeparator, after),
                };
                let start = self.program.len();
                self.program.extend([Op::Split(start + 1, start + 3), op, Op::Jump(start)]);
                return Ok(after);
            }
            '\\' => {
                let escaped = after.chars().next();
                self.program.extend(escaped.map(Op::Char));
                return Ok(after.get(escaped.map_or(0, char::len_utf8)..).unwrap_or_default());
            }
            _ => self.program.push(Op::Char(c)),
        }
        Ok(after)
    }

    fn alternative(&mut self) {
        let here = self.program.len();
        let Some(brace) = self.open.last_mut() else { return };
        brace.jumps.push(here);
        let begun = std::mem::replace(&mut brace.split, here + 1);
        if let Some(op) = self.program.get_mut(begun) {
            *op = Op::Split(begun + 1, here + 1);
        }
        self.program.extend([Op::Jump(NOWHERE), Op::Split(here + 2, NOWHERE)]);
    }

    fn close(&mut self) {
        let here = self.program.len();
        for jump in self.open.pop().map(|brace| brace.jumps).unwrap_or_default() {
            if let Some(op) = self.program.get_mut(jump) {
                *op = Op::Jump(here);
            }
        }
    }

    /// Compiles a range or list, `rest` being behind its bracket.
    fn range<'p>(&mut self, rest: &'p str) -> Result<&'p str, String> {
        const ENDS: &str = "unexpected end of input";
        let (not, rest) = match rest.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let mut chars = rest.chars();
        let low = chars.next().ok_or(ENDS)?;
        if let Some(behind) = chars.as_str().strip_prefix('-') {
            let mut chars = behind.chars();
            let high = chars.next().ok_or(ENDS)?;
            match chars.next() {
                Some(']') if high < low => {
                    return Err(format!("hi character '{high}' should be greater than lo '{low}'"));
                }
                Some(']') => {}
                Some(_) => return Err("expected close range character".to_string()),
                None => return Err(ENDS.to_string()),
            }
            self.program.push(Op::Range { low, high, not });
            return Ok(chars.as_str());
        }
        let (listed, rest) = listed(rest).ok_or(ENDS)?;
        if listed.is_empty() {
            return Err("could not parse range".to_string());
        }
        self.program.push(Op::List { chars: listed, not });
        Ok(rest)
    }
}

/// Returns the characters of a list and what is behind its closing bracket.
fn listed(rest: &str) -> Option<(String, &str)> {
    let mut listed = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            ']' => return Some((listed, chars.as_str())),
            '\\' => listed.push(chars.next()?),
            c => listed.push(c),
        }
    }
}
