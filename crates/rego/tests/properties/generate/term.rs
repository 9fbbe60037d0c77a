//! Terms: literals, variables, references, calls, operators, comprehensions.

use super::{Generator, Kind};

impl Generator<'_> {
    /// A term that is meant to be of this kind. `depth` bounds what is inside.
    pub(super) fn term(&mut self, kind: Kind, depth: usize) -> String {
        let choice = self.choices.below(if depth > 0 { 9 } else { 5 });
        match choice {
            0 => self.literal(kind),
            1 | 2 => self.variable(kind),
            3 => self.place(kind),
            4 | 5 => self.of_rule(kind, depth),
            6 => self.comprehension(kind, depth),
            _ => self.operation(kind, depth - 1),
        }
    }

    pub(super) fn literal(&mut self, kind: Kind) -> String {
        let all: &[&str] = match kind {
            Kind::Number => &["1", "2", "3", "0", "2.5", "10"],
            Kind::Text => &["\"a\"", "\"b\"", "`x\\y`", "\"\"", "\"q\\\"\\n\"", "\"é{\""],
            Kind::Truth => &["true", "false"],
            Kind::List => &["[1, 2]", "[]", "[2]", "[-1, 2, 3]", "[3, 1,\n]"],
            Kind::Map => &["{\"a\": 1}", "{}", "{\"a\": 2, \"b\": 3}", "{\"b\": 1,\n\t\"c\": 2}"],
            Kind::Set => &["{1, 2}", "set()", "{2}", "{3, 1, 2}"],
            Kind::Rows => {
                &["[{\"id\": 1, \"tag\": \"a\"}]", "[]", "[{\"id\": 2, \"n\": 1}, {\"id\": 3}]"]
            }
            Kind::Row => &["{\"id\": 1}", "{\"id\": 3, \"tag\": \"a\", \"n\": 2}"],
        };
        (*self.choices.one(all)).to_owned()
    }

    /// A variable of this kind, or a field of one; a place where there is none.
    fn variable(&mut self, kind: Kind) -> String {
        let field = |name: &String, of: Kind| match (of, kind) {
            (of, _) if of == kind => Some(name.clone()),
            (Kind::Row, Kind::Number) => Some(format!("{name}.id")),
            (Kind::Row, Kind::Text) => Some(format!("{name}[\"tag\"]")),
            (Kind::Rows, Kind::Number) => Some(format!("{name}[0].n")),
            (Kind::List, Kind::Number) => Some(format!("{name}[1]")),
            (Kind::Map, Kind::Number) => Some(format!("{name}.a")),
            _ => None,
        };
        let all: Vec<String> =
            self.scope.iter().rev().filter_map(|(name, of)| field(name, *of)).collect();
        if all.is_empty() {
            return self.place(kind);
        }
        self.choices.one(&all).clone()
    }

    /// A place in input or data.
    fn place(&mut self, kind: Kind) -> String {
        let all: &[&str] = match kind {
            Kind::Number => {
                &["input.n", "io.a", "data.map.b", "data.nums[1]", "data.rows[0].n", "map.c"]
            }
            Kind::Text => {
                &["input.user", "input.tag", "data.text", "data.rows[1].tag", "input.roles[0]"]
            }
            Kind::Truth => &["input.t", "input.f", "data.flag", "data[\"flag\"]"],
            Kind::List => &["data.nums", "input.list", "data.nest.x.a", "data.nest[input.user].a"],
            Kind::Map => &["data.map", "io", "map", "data[\"map\"]"],
            Kind::Set => &["{data.map.a}", "{input.n, 1}", "{x | x = data.nums[_]}"],
            Kind::Rows => &["data.rows", "data.more", "input.rows"],
            Kind::Row => &["data.rows[0]", "data.more[1]", "input.rows[0]"],
        };
        (*self.choices.one(all)).to_owned()
    }

    /// A rule's value or a function's result; a place where there is none.
    fn of_rule(&mut self, kind: Kind, depth: usize) -> String {
        let all: Vec<_> = self.rules.iter().filter(|rule| rule.kind == kind).cloned().collect();
        if all.is_empty() {
            return self.place(kind);
        }
        let rule = self.choices.one(&all).clone();
        let name = self.reference(&rule);
        let Some(params) = rule.params else { return name };
        let depth = depth.saturating_sub(1);
        let args: Vec<String> = params.iter().map(|kind| self.term(*kind, depth)).collect();
        format!("{name}({})", args.join(", "))
    }

    fn comprehension(&mut self, kind: Kind, depth: usize) -> String {
        let element = match kind {
            Kind::List | Kind::Set | Kind::Map => Kind::Number,
            Kind::Rows => Kind::Row,
            Kind::Number => return format!("count({})", self.comprehension(Kind::List, depth)),
            _ => return self.operation(kind, depth - 1),
        };
        let (body, (key, value)) =
            self.scoped(depth - 1, |g| (g.term(Kind::Text, 0), g.term(element, depth - 1)));
        let clause = self.clause(body);
        match kind {
            Kind::Set => format!("{{{value} | {clause}}}"),
            Kind::Map => format!("{{{key}: {value} | {clause}}}"),
            _ if self.sorted => format!("sort([{value} | {clause}])"),
            _ => format!("[{value} | {clause}]"),
        }
    }

    fn operation(&mut self, kind: Kind, depth: usize) -> String {
        match kind {
            Kind::Number => self.number(depth),
            Kind::Text => self.text(depth),
            Kind::Truth => self.truth(depth),
            Kind::List => self.list(depth),
            Kind::Map => self.map(depth),
            Kind::Set => self.set(depth),
            Kind::Rows => {
                format!(
                    "array.concat({}, {})",
                    self.term(Kind::Rows, depth),
                    self.place(Kind::Rows)
                )
            }
            Kind::Row => format!("object.union({}, {{\"n\": 2}})", self.term(Kind::Row, 0)),
        }
    }

    fn number(&mut self, depth: usize) -> String {
        match self.choices.below(11) {
            0..=2 => {
                let operator = *self.choices.one(&["+", "-", "*", "/", "%"]);
                let (a, b) = (self.term(Kind::Number, depth), self.term(Kind::Number, depth));
                // Around an operator there are parentheses or not; then precedence decides.
                match self.choices.below(3) {
                    0 => format!("({a} {operator} {b})"),
                    1 => format!("({a} {operator} ({b}))"),
                    _ => format!("abs({a} {operator} {b})"),
                }
            }
            3 => format!("count({})", self.term(Kind::Set, depth)),
            4 => format!("sum({})", self.term(Kind::List, depth)),
            5 => format!("max({})", self.term(Kind::List, depth)),
            6 => format!(
                "object.get({}, {}, 7)",
                self.term(Kind::Map, depth),
                self.term(Kind::Text, 0)
            ),
            7 => format!("to_number({})", self.term(Kind::Text, depth)),
            8 => format!("data.map[{}]", self.term(Kind::Text, 0)),
            9 => format!("data.nums[{}]", self.term(Kind::Number, 0)),
            _ => format!(
                "({} - {} * {})",
                self.literal(Kind::Number),
                self.place(Kind::Number),
                self.term(Kind::Number, depth)
            ),
        }
    }

    fn text(&mut self, depth: usize) -> String {
        match self.choices.below(7) {
            0 => format!(
                "concat({}, [{}, \"z\"])",
                self.literal(Kind::Text),
                self.term(Kind::Text, depth)
            ),
            1 => format!("upper({})", self.term(Kind::Text, depth)),
            2 => format!(
                "sprintf(\"%v-%v\", [{}, {}])",
                self.term(Kind::List, depth),
                self.term(Kind::Number, depth)
            ),
            3 => format!(
                "$\"t{{{}}} \\\"{{ {} }}\"",
                self.place(Kind::Number),
                self.term(Kind::Truth, depth)
            ),
            4 => format!("$`r{{{}}}\\n`", self.place(Kind::Text)),
            5 => format!("format_int({}, 10)", self.term(Kind::Number, depth)),
            _ => format!("replace({}, \"a\", \"b\")", self.term(Kind::Text, depth)),
        }
    }

    fn truth(&mut self, depth: usize) -> String {
        match self.choices.below(7) {
            0 => format!(
                "({} == {})",
                self.term(Kind::Number, depth),
                self.term(Kind::Number, depth)
            ),
            1 => format!("({} in {})", self.term(Kind::Number, depth), self.term(Kind::Set, depth)),
            2 => format!(
                "startswith({}, {})",
                self.term(Kind::Text, depth),
                self.literal(Kind::Text)
            ),
            3 => format!("is_number({})", self.term(Kind::Number, depth)),
            4 => format!("({} < {})", self.term(Kind::List, 0), self.term(Kind::List, depth)),
            5 => format!("regex.match(`^[ab]`, {})", self.term(Kind::Text, depth)),
            _ => format!("contains({}, \"a\")", self.term(Kind::Text, depth)),
        }
    }

    fn list(&mut self, depth: usize) -> String {
        match self.choices.below(6) {
            0 => {
                format!("[{}, {}]", self.term(Kind::Number, depth), self.term(Kind::Number, depth))
            }
            1 => format!(
                "array.concat({}, {})",
                self.term(Kind::List, depth),
                self.term(Kind::List, depth)
            ),
            2 => format!("sort({})", self.term(Kind::Set, depth)),
            3 => format!(
                "array.slice({}, 0, {})",
                self.term(Kind::List, depth),
                self.literal(Kind::Number)
            ),
            4 => format!("numbers.range({}, 3)", self.literal(Kind::Number)),
            _ => format!(
                "[\n\t{},\n\t{},\n]",
                self.term(Kind::Number, depth),
                self.literal(Kind::Number)
            ),
        }
    }

    fn map(&mut self, depth: usize) -> String {
        match self.choices.below(4) {
            0 => format!(
                "{{\"a\": {}, {}: 2}}",
                self.term(Kind::Number, depth),
                self.term(Kind::Text, 0)
            ),
            1 => format!(
                "object.union({}, {})",
                self.term(Kind::Map, depth),
                self.term(Kind::Map, 0)
            ),
            2 => format!("object.remove({}, [\"a\"])", self.term(Kind::Map, depth)),
            _ => format!("object.filter({}, {{\"a\", \"b\"}})", self.term(Kind::Map, depth)),
        }
    }

    fn set(&mut self, depth: usize) -> String {
        let (a, b) = (self.term(Kind::Set, depth), self.term(Kind::Set, depth));
        match self.choices.below(5) {
            0 => format!("({a} | {b})"),
            1 => format!("({a} & {b})"),
            2 => format!("({a} - {b})"),
            3 => format!("{{{}, {}}}", self.term(Kind::Number, depth), self.term(Kind::Number, 0)),
            _ => format!("union({{{a}, {b}}})"),
        }
    }
}
