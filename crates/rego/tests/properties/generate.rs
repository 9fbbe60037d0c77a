//! Random policies that nearly always compile, made from a string of bytes: the same bytes, the
//! same policy. Shorter strings and smaller bytes give simpler policies, which is how a failing
//! one is made small.
//!
//! The same policy can be written in several ways ([`Way`]), which must all mean the same.

mod body;
mod choices;
mod rule;
mod term;

pub(crate) use choices::{Choices, Dice};

/// The base document of the policies.
pub(crate) const DATA: &str = r#"{
    "nums": [1, 2, 3, 2], "empty": [], "text": "abc", "flag": true,
    "rows": [{"id": 1, "tag": "a", "n": 2}, {"id": 2, "tag": "b", "n": 3}, {"id": 3, "tag": "a"}],
    "more": [{"id": 2, "tag": "b", "n": 2}, {"id": 3, "tag": "c"}, {"id": 2, "n": 7}],
    "map": {"a": 1, "b": 2, "c": 3}, "nest": {"x": {"a": [1, 2]}, "y": {"a": [3]}, "z": {}}}"#;

/// The inputs that they are asked with.
pub(crate) const INPUTS: [&str; 3] = [
    r#"{"user": "alice", "n": 2, "tag": "a", "roles": ["a", "b"], "list": [3, 1], "t": true,
        "f": false, "o": {"a": 3, "b": 1}, "rows": [{"id": 2, "tag": "a", "n": 1}]}"#,
    r#"{"user": "bob", "n": 3, "tag": "b", "roles": ["b"], "list": [], "t": true, "f": true,
        "o": {}, "rows": [{"id": 3, "tag": "c"}, {"id": 1, "tag": "b", "n": 3}]}"#,
    r#"{"user": "abc", "n": "2", "tag": null, "roles": [], "f": false}"#,
];

/// How a policy is written down.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Way {
    /// Whether variables are given values by `=` and `xs[_]`, instead of by `:=` and `some … in`:
    /// then statements may stand in any order.
    pub(crate) unified: bool,
    /// Whether lists made by comprehensions are sorted: without, their order is that of solutions.
    pub(crate) sorted: bool,
    /// The seed of the order of statements, rules and definitions; 0 is the order they were made in.
    pub(crate) order: u64,
    /// The seed of blanks, line breaks and comments; 0 is the plainest.
    pub(crate) layout: u64,
}

/// What a term is meant to be. Now and then it is something else, or undefined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Text,
    Truth,
    /// Of numbers.
    List,
    /// From texts to numbers.
    Map,
    /// Of numbers.
    Set,
    /// Objects with `id`, `tag`, and often `n`.
    Rows,
    Row,
}

impl Kind {
    /// Those that a rule may be of.
    const ALL: [Kind; 7] =
        [Kind::Number, Kind::Text, Kind::Truth, Kind::List, Kind::Map, Kind::Set, Kind::Rows];
}

/// A rule that later ones may use.
#[derive(Clone, Debug)]
struct Known {
    name: String,
    package: usize,
    kind: Kind,
    /// What it is called with, where it is a function.
    params: Option<Vec<Kind>>,
}

/// The packages; rules of the second may use those of the first.
const PACKAGES: [&str; 2] = ["lib", "p.q"];

/// Makes one policy.
struct Generator<'b> {
    choices: Choices<'b>,
    unified: bool,
    sorted: bool,
    order: Dice,
    layout: Dice,
    /// The variables that have a value here.
    scope: Vec<(String, Kind)>,
    /// How many variables were named.
    names: usize,
    rules: Vec<Known>,
    /// Where the rule stands that is being made.
    package: usize,
}

/// Returns the modules of a policy: one or two.
pub(crate) fn policy(bytes: &[u8], way: Way) -> Vec<String> {
    let mut generator = Generator {
        choices: Choices::new(bytes),
        unified: way.unified,
        sorted: way.sorted,
        order: Dice::new(way.order),
        layout: Dice::new(way.layout),
        scope: Vec::new(),
        names: 0,
        rules: Vec::new(),
        package: 0,
    };
    let packages = 1 + generator.choices.below(2);
    let mut modules = Vec::new();
    for package in 0..packages {
        generator.package = package;
        let mut texts = Vec::new();
        for _ in 0..=generator.choices.below(4) {
            generator.rule(&mut texts);
        }
        generator.order.shuffle(&mut texts);
        modules.push(generator.module(&texts));
    }
    generator.order.shuffle(&mut modules);
    modules
}

impl Generator<'_> {
    fn module(&mut self, rules: &[String]) -> String {
        let mut text = self.comment();
        text.push_str(&format!("package {}\n", PACKAGES[self.package]));
        let mut imports = vec!["import input.o as io", "import data.map"];
        if self.package > 0 {
            imports.push("import data.lib");
            imports.push("import data.lib as other");
        }
        for import in imports {
            text.push_str(&self.comment());
            text.push_str(import);
            text.push('\n');
        }
        for rule in rules {
            text.push_str(&self.line_break());
            text.push_str(&self.comment());
            text.push_str(rule);
            text.push('\n');
        }
        text.push_str(&self.comment());
        text
    }

    /// A line with a comment, or nothing.
    fn comment(&mut self) -> String {
        let n = self.layout.below(40);
        if n > 36 { format!("# comment {n}\n") } else { String::new() }
    }

    /// A line break, or a few, where one is harmless and not needed.
    fn line_break(&mut self) -> String {
        "\n".repeat(self.layout.below(3))
    }

    /// A name that nothing else has.
    fn fresh(&mut self) -> String {
        self.names += 1;
        format!("v{}", self.names)
    }

    /// A new variable, of use from here on.
    fn bind(&mut self, kind: Kind) -> String {
        let name = self.fresh();
        self.scope.push((name.clone(), kind));
        name
    }

    /// One of the kinds of a rule.
    fn kind(&mut self) -> Kind {
        *self.choices.one(&Kind::ALL)
    }

    /// How this package calls a rule.
    fn reference(&mut self, rule: &Known) -> String {
        if rule.package == self.package {
            return rule.name.clone();
        }
        let prefix = *self.choices.one(&["lib", "data.lib", "other", "data[\"lib\"]"]);
        // A name with a bracket is no function's.
        let prefix = if rule.params.is_some() { "data.lib" } else { prefix };
        format!("{prefix}.{}", rule.name)
    }
}
