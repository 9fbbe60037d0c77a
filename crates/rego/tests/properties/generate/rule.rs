//! Rules: complete, partial, functions, in all their forms.

use super::{Generator, Kind, Known};

/// Statements that a rule index may look at, `$` being a constant.
const INDEXED: [&str; 8] = [
    "input.tag == $",
    "input.user = $",
    "$ == input.tag",
    "input.tag in {$, \"b\"}",
    "startswith(input.user, $)",
    "input.roles[_] == $",
    "glob.match($, [], input.tag)",
    "input[\"tag\"] == $",
];

impl Generator<'_> {
    /// Adds the texts of a rule: one a definition that may stand anywhere.
    pub(super) fn rule(&mut self, texts: &mut Vec<String>) {
        let name = format!("r{}", self.rules.len());
        let (name, kind, params) = match self.choices.below(9) {
            0 => self.complete(name, texts),
            1 => self.constants(name, texts),
            2 => self.partial_set(name, texts),
            3 => self.partial_object(name, texts),
            4 | 5 => self.function(name, texts),
            6 => self.below_reference(name, texts),
            7 => self.nested_object(name, texts),
            _ => self.chain(name, texts),
        };
        self.rules.push(Known { name, package: self.package, kind, params });
    }

    fn default(&mut self, name: &str, kind: Kind, texts: &mut Vec<String>) {
        if self.choices.chance(3) {
            let value = self.literal(kind);
            texts.push(format!("default {name} := {value}"));
        }
    }

    /// `r := v if …`
    fn complete(&mut self, name: String, texts: &mut Vec<String>) -> Made {
        let kind = self.kind();
        self.default(&name, kind, texts);
        let text = match self.choices.below(3) {
            0 => format!("{name} := {}", self.outside(kind)),
            1 => {
                let (body, value) = self.scoped(1, |g| g.term(kind, 2));
                format!("{name} := {value} if {}", self.block(body))
            }
            _ => {
                let (body, value) = self.scoped(1, |g| g.term(kind, 2));
                let other = self.outside(kind);
                let block = self.block(body);
                format!("{name} := {value} if {block} else := {other}")
            }
        };
        texts.push(text);
        (name, kind, None)
    }

    /// A term where there are no variables.
    fn outside(&mut self, kind: Kind) -> String {
        let scope = std::mem::take(&mut self.scope);
        let term = self.term(kind, 2);
        self.scope = scope;
        term
    }

    /// Several definitions with constants, told apart by the input.
    fn constants(&mut self, name: String, texts: &mut Vec<String>) -> Made {
        let kind = *self.choices.one(&[Kind::Truth, Kind::Number, Kind::Text]);
        self.default(&name, kind, texts);
        let same = self.literal(kind);
        for _ in 0..=self.choices.below(5) {
            let value = if self.choices.chance(4) { self.literal(kind) } else { same.clone() };
            let (mut body, ()) = self.scoped(0, |_| ());
            let indexed = self.indexed();
            body.push(indexed);
            self.order.shuffle(&mut body);
            let block = self.block(body);
            texts.push(match (kind, value.as_str()) {
                (Kind::Truth, "true") => format!("{name} if {block}"),
                _ => format!("{name} := {value} if {block}"),
            });
        }
        (name, kind, None)
    }

    fn indexed(&mut self) -> String {
        let constant = *self.choices.one(&["\"a\"", "\"b\"", "\"alice\"", "\"c\"", "null"]);
        let statement = *self.choices.one(&INDEXED);
        let needs_text = statement.contains('(') && constant == "null";
        statement.replace('$', if needs_text { "\"a\"" } else { constant })
    }

    /// `r contains v if …`
    fn partial_set(&mut self, name: String, texts: &mut Vec<String>) -> Made {
        for _ in 0..=self.choices.below(3) {
            if self.choices.chance(4) {
                let value = self.outside(Kind::Number);
                texts.push(format!("{name} contains {value}"));
                continue;
            }
            let (mut body, value) = self.scoped(1, |g| g.term(Kind::Number, 1));
            if self.choices.chance(2) {
                let indexed = self.indexed();
                body.push(indexed);
                self.order.shuffle(&mut body);
            }
            texts.push(format!("{name} contains {value} if {}", self.block(body)));
        }
        (name, Kind::Set, None)
    }

    /// `r[k] := v if …`
    fn partial_object(&mut self, name: String, texts: &mut Vec<String>) -> Made {
        for _ in 0..=self.choices.below(3) {
            let (body, (key, value)) =
                self.scoped(1, |g| (g.term(Kind::Text, 1), g.term(Kind::Number, 1)));
            texts.push(format!("{name}[{key}] := {value} if {}", self.block(body)));
        }
        (name, Kind::Map, None)
    }

    /// `r.a[k] := v if …` beside `r.b := …`
    fn below_reference(&mut self, name: String, texts: &mut Vec<String>) -> Made {
        let (body, (key, value)) =
            self.scoped(1, |g| (g.term(Kind::Text, 1), g.term(Kind::Number, 1)));
        texts.push(format!("{name}.a[{key}] := {value} if {}", self.block(body)));
        let kind = self.kind();
        let (body, value) = self.scoped(0, |g| g.term(kind, 1));
        texts.push(format!("{name}.b := {value} if {}", self.block(body)));
        if self.choices.chance(2) {
            let (body, value) = self.scoped(1, |g| g.term(Kind::Number, 1));
            texts.push(format!("{name}.c.d contains {value} if {}", self.block(body)));
            return (format!("{name}.c.d"), Kind::Set, None);
        }
        if self.choices.chance(2) {
            return (format!("{name}[\"b\"]"), kind, None);
        }
        (format!("{name}.a"), Kind::Map, None)
    }

    /// `r[k][j] := v if …`
    fn nested_object(&mut self, name: String, texts: &mut Vec<String>) -> Made {
        let inner = self.choices.chance(2);
        for _ in 0..=self.choices.below(2) {
            let (body, (first, second, value)) = self.scoped(1, |g| {
                (g.term(Kind::Text, 0), g.term(Kind::Text, 1), g.term(Kind::Number, 1))
            });
            let block = self.block(body);
            texts.push(match inner {
                true => format!("{name}[{first}] contains {value} if {block}"),
                false => format!("{name}[{first}][{second}] := {value} if {block}"),
            });
        }
        let kind = if inner { Kind::Set } else { Kind::Map };
        (format!("{name}[\"a\"]"), kind, None)
    }

    /// `r := v if … else := w if … else := u`
    fn chain(&mut self, name: String, texts: &mut Vec<String>) -> Made {
        let kind = self.kind();
        self.default(&name, kind, texts);
        let mut text = String::new();
        for n in 0..=self.choices.below(3) {
            let (body, value) = self.scoped(0, |g| g.term(kind, 1));
            let head = if n == 0 { name.as_str() } else { " else" };
            text.push_str(&format!("{head} := {value} if {}", self.block(body)));
        }
        if self.choices.chance(2) {
            text.push_str(&format!(" else := {}", self.literal(kind)));
        }
        texts.push(text);
        (name, kind, None)
    }

    fn function(&mut self, name: String, texts: &mut Vec<String>) -> Made {
        let kind = self.kind();
        let params: Vec<Kind> = (0..=self.choices.below(2))
            .map(|_| *self.choices.one(&[Kind::Number, Kind::Text, Kind::List]))
            .collect();
        if self.choices.chance(4) {
            let (value, args) = (self.literal(kind), vec!["_"; params.len()].join(", "));
            texts.push(format!("default {name}({args}) := {value}"));
        }
        for _ in 0..=self.choices.below(3) {
            let outer = std::mem::take(&mut self.scope);
            let args: Vec<String> = params.iter().map(|kind| self.parameter(*kind)).collect();
            let args = args.join(", ");
            if self.choices.chance(3) {
                texts.push(format!("{name}({args}) := {}", self.term(kind, 1)));
            } else {
                let (body, value) = self.scoped(0, |g| g.term(kind, 1));
                let mut text = format!("{name}({args}) := {value} if {}", self.block(body));
                if self.choices.chance(4) {
                    text.push_str(&format!(" else := {}", self.term(kind, 1)));
                }
                texts.push(text);
            }
            self.scope = outer;
        }
        (name, kind, Some(params))
    }

    /// A variable, a constant, a pattern or a wildcard.
    fn parameter(&mut self, kind: Kind) -> String {
        match (self.choices.below(5), kind) {
            (3, Kind::List) => {
                let (first, second) = (self.bind(Kind::Number), self.bind(Kind::Number));
                format!("[{first}, {second}]")
            }
            (3, _) => self.literal(kind),
            (4, _) => "_".to_owned(),
            _ => self.bind(kind),
        }
    }
}

/// What others call the rule, what its value is, and its parameters where it is a function.
type Made = (String, Kind, Option<Vec<Kind>>);
