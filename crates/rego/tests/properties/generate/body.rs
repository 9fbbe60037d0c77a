//! Bodies and their statements.

use super::{Generator, Kind};

/// How many statements a body has at most.
const STATEMENTS_MAX: usize = 3;

/// What `with` may put in place of what, `$` being a number and `@` a list.
const REPLACED: [&str; 8] = [
    "input.n as $",
    "input as {\"n\": $, \"tag\": \"a\", \"list\": @}",
    "data.nums as @",
    "data.map.b as $",
    "data.map as {\"a\": $}",
    "input.o.a as $",
    "count as 2",
    "upper as lower",
];

/// Collections that are iterated, and what their elements are.
const DOMAINS: [(&str, Kind); 9] = [
    ("data.nums", Kind::Number),
    ("data.rows", Kind::Row),
    ("data.more", Kind::Row),
    ("input.roles", Kind::Text),
    ("input.list", Kind::Number),
    ("input.rows", Kind::Row),
    ("data.map", Kind::Number),
    ("input.o", Kind::Number),
    ("data.nest[_].a", Kind::Number),
];

impl Generator<'_> {
    /// Makes a body, and then what uses its variables. `depth` bounds what is inside.
    pub(super) fn scoped<T>(
        &mut self,
        depth: usize,
        after: impl FnOnce(&mut Self) -> T,
    ) -> (Vec<String>, T) {
        let outer = self.scope.len();
        let mut statements = Vec::new();
        for _ in 0..=self.choices.below(STATEMENTS_MAX) {
            self.statement(depth, &mut statements);
        }
        let result = after(self);
        self.scope.truncate(outer);
        self.order.shuffle(&mut statements);
        (statements, result)
    }

    /// Writes a rule's body down.
    pub(super) fn block(&mut self, body: Vec<String>) -> String {
        match body.as_slice() {
            [one]
                if self.layout.below(3) == 1
                    && !one.starts_with('{')
                    && !one.ends_with("set()") =>
            {
                one.clone()
            }
            _ => format!("{{{}}}", self.lines(body)),
        }
    }

    /// Writes statements down, divided by `;` or line breaks.
    fn lines(&mut self, body: Vec<String>) -> String {
        if self.layout.below(3) == 1 {
            return format!(" {} ", body.join("; "));
        }
        let mut text = "\n".to_owned();
        for statement in body {
            text.push_str(&self.comment());
            text.push_str(&format!("\t{statement}"));
            text.push_str(if self.layout.below(9) == 8 { " # aside\n" } else { "\n" });
        }
        text
    }

    /// Writes down what stands after the bar of a comprehension.
    pub(super) fn clause(&mut self, body: Vec<String>) -> String {
        match self.layout.below(3) {
            1 => self.lines(body),
            _ => body.join("; "),
        }
    }

    fn statement(&mut self, depth: usize, into: &mut Vec<String>) {
        let with = if self.choices.chance(10) { self.with() } else { String::new() };
        match self.choices.below(16) {
            0 => into.push(format!("{}{with}", self.test(depth))),
            1..=3 => self.element(&with, into),
            4 | 5 => self.assignment(depth, &with, into),
            6 => into.push(format!("not {}{with}", self.test(depth))),
            7 if depth > 0 => into.push(format!("{}{with}", self.every(depth))),
            8 => self.pattern(&with, into),
            9 => self.joined(into),
            10 => self.implicit(&with, into),
            11 => {
                let kind = self.kind();
                into.push(format!("{}{with}", self.term(kind, depth)));
            }
            12 => {
                let (path, value) = (self.fresh(), self.fresh());
                let whole = *self.choices.one(&["data.nest", "input", "data.rows", "[1, [2]]"]);
                into.push(format!("walk({whole}, [{path}, {value}]){with}"));
                into.push(format!("count({path}) < 3"));
            }
            _ => into.push(format!("{}{with}", self.test(depth))),
        }
    }

    fn with(&mut self) -> String {
        let number = self.term(Kind::Number, 0);
        let list = self.literal(Kind::List);
        let replaced = self.choices.one(&REPLACED).replace('$', &number).replace('@', &list);
        if self.choices.chance(4) {
            return format!(" with {replaced} with input.user as \"bob\"");
        }
        format!(" with {replaced}")
    }

    /// What holds or does not.
    pub(super) fn test(&mut self, depth: usize) -> String {
        match self.choices.below(10) {
            0..=2 => {
                let operator = *self.choices.one(&["==", "!=", "<", ">=", "!=", "<="]);
                let (a, b) = (self.term(Kind::Number, depth), self.term(Kind::Number, depth));
                format!("{a} {operator} {b}")
            }
            3 => {
                let operator = *self.choices.one(&["==", "!=", "="]);
                format!(
                    "{} {operator} {}",
                    self.term(Kind::Text, depth),
                    self.term(Kind::Text, depth)
                )
            }
            4 => {
                let domain = self.domain(depth).0;
                format!("{} in {domain}", self.term(Kind::Number, depth))
            }
            5 => {
                let domain = self.domain(depth).0;
                let (key, value) = (self.term(Kind::Text, 0), self.term(Kind::Number, 0));
                format!("{key}, {value} in {domain}")
            }
            6 => format!("{} == {}", self.term(Kind::List, depth), self.term(Kind::List, 0)),
            7 => {
                let place =
                    *self.choices.one(&["input.t", "input.f", "data.flag", "input.o.b", "map.c"]);
                place.to_owned()
            }
            8 => format!("{} != [4]", self.term(Kind::List, depth)),
            _ => self.term(Kind::Truth, depth),
        }
    }

    /// A collection and the kind of its elements.
    fn domain(&mut self, depth: usize) -> (String, Kind) {
        match self.choices.below(4) {
            0 | 1 => {
                let (text, kind) = *self.choices.one(&DOMAINS);
                (text.to_owned(), kind)
            }
            2 => (self.term(Kind::Rows, depth.min(1)), Kind::Row),
            _ => {
                let kind = *self.choices.one(&[Kind::List, Kind::Set, Kind::Map]);
                (self.term(kind, depth.min(1)), Kind::Number)
            }
        }
    }

    /// `some x in xs`, or `some k, x in xs`.
    fn element(&mut self, with: &str, into: &mut Vec<String>) {
        let (domain, kind) = self.domain(1);
        let keyed = self.choices.chance(3);
        let (all, key) = (self.fresh(), self.fresh());
        let value = self.bind(kind);
        if self.unified {
            let key = if keyed { &key } else { "_" };
            into.push(format!("{all} = {domain}{with}"));
            into.push(format!("{value} = {all}[{key}]{with}"));
        } else if keyed {
            into.push(format!("some {key}, {value} in {domain}{with}"));
        } else {
            into.push(format!("some {value} in {domain}{with}"));
        }
    }

    fn assignment(&mut self, depth: usize, with: &str, into: &mut Vec<String>) {
        let kind = self.kind();
        let term = self.term(kind, depth);
        let name = self.bind(kind);
        let sign = if self.unified { "=" } else { ":=" };
        into.push(format!("{name} {sign} {term}{with}"));
    }

    /// `[x, 1] := …`, `{"a": x} := …`, and the same by `=`.
    fn pattern(&mut self, with: &str, into: &mut Vec<String>) {
        let sign = if self.choices.chance(2) || self.unified { "=" } else { ":=" };
        let (shape, whole) = match self.choices.below(5) {
            0 => ("[$, _]", self.term(Kind::List, 1)),
            1 => ("[_, $]", "input.list".to_owned()),
            2 => ("{\"id\": $, \"tag\": _}", "data.more[1]".to_owned()),
            3 => ("{\"a\": $, \"b\": _}", self.term(Kind::Map, 1)),
            _ => ("[$, [_, _]]", "[input.n, [2, 3]]".to_owned()),
        };
        let shape = shape.replace('$', &self.bind(Kind::Number));
        into.push(format!("{shape} {sign} {whole}{with}"));
    }

    /// Two collections, of whose elements those count that agree.
    fn joined(&mut self, into: &mut Vec<String>) {
        let first = *self.choices.one(&["data.rows", "data.more", "input.rows"]);
        let second = *self.choices.one(&["data.more", "data.rows", "input.rows"]);
        let (one, two) = (self.fresh(), self.fresh());
        let field = *self.choices.one(&["id", "tag", "n"]);
        for (name, domain) in [(&one, first), (&two, second)] {
            into.push(match self.unified {
                true => format!("{name} = {domain}[_]"),
                false => format!("some {name} in {domain}"),
            });
        }
        into.push(match self.choices.below(3) {
            0 => format!("{two}.{field} == {one}.{field}"),
            1 => format!("{one}.{field} = {two}.{field}"),
            _ => format!("{two}.{field} == {one}.id"),
        });
        self.scope.push((one, Kind::Row));
        self.scope.push((two, Kind::Row));
    }

    /// A reference whose variables it gives values to itself.
    fn implicit(&mut self, with: &str, into: &mut Vec<String>) {
        let key = self.fresh();
        let all = ["data.map", "data.nest", "input.o", "data.rows[0]"];
        let domain = (*self.choices.one(&all)).to_owned();
        match self.choices.below(5) {
            0 => {
                let value = self.term(Kind::Number, 0);
                into.push(format!("data.map[{key}] == {value}{with}"));
                self.scope.push((key, Kind::Text));
            }
            1 => {
                into.push(format!("{domain}[{key}]{with}"));
                self.scope.push((key, Kind::Text));
            }
            2 => {
                into.push(format!("data.nums[{key}] > 1{with}"));
                self.scope.push((key, Kind::Number));
            }
            3 => {
                let set = self.term(Kind::Set, 0);
                let all = self.fresh();
                into.push(format!("{all} = {set}{with}"));
                into.push(format!("{all}[{key}]{with}"));
                self.scope.push((key, Kind::Number));
            }
            _ if self.package > 0 => {
                into.push(format!("data.lib[{key}]{with}"));
                self.scope.push((key, Kind::Text));
            }
            _ => into.push(format!("data.nest[_].a[_] = {}{with}", self.term(Kind::Number, 0))),
        }
    }

    fn every(&mut self, depth: usize) -> String {
        let (domain, kind) = self.domain(depth - 1);
        let outer = self.scope.len();
        let keyed = self.choices.chance(3);
        let key = self.fresh();
        let value = self.bind(kind);
        let (mut body, ()) = self.scoped(depth - 1, |_| ());
        self.scope.truncate(outer);
        // A declared variable has to be used.
        let names = if keyed {
            body.push(format!("[{key}, {value}] != [1, 2]"));
            format!("{key}, {value}")
        } else {
            body.push(format!("{value} != 2"));
            value
        };
        self.order.shuffle(&mut body);
        format!("every {names} in {domain} {{{}}}", self.lines(body))
    }
}
