//! Whether a formatted text still says what the text said.
//!
//! It does, except where OPA's result does not and is kept to all the same: two forms are known
//! (`docs/opa-compatibility.md`). Must not know: how anything is printed.

use std::collections::BTreeSet;

use rego_source::{Diagnostic, Location, SourceId, Span};

use crate::ast::{Module, RegoVersion};
use crate::{ParseOptions, parse_module};

use super::build::Builder;
use super::imports::imports;
use super::place::Lines;
use super::text::{plain, plain_body};
use super::tree::{Node, Rule};
use super::{FormatOptions, Target};

/// Returns a warning (`rego_format_warning`) with the first rule that the formatted text changes,
/// in the text it was formatted from; nothing where all say the same. A text that does not parse
/// is an error of whoever has it.
pub fn meaning_change(text: &str, formatted: &str, options: &FormatOptions) -> Option<Diagnostic> {
    let result = if options.target == Target::V1 { RegoVersion::V1 } else { RegoVersion::V0 };
    let before = Meaning::of(text, options.version)?;
    let after = Meaning::of(formatted, result)?;
    let span = before.first_difference(&after)?;
    let place = Location { source: SourceId(0), span };
    let message = "this does not say the same once it is formatted, as by OPA";
    let warning = Diagnostic::warning("rego_format_warning", place, message);
    Some(warning.with_hint("compare the two; write the rule in another way"))
}

/// What a module says, place and layout left out.
struct Meaning {
    package: Vec<String>,
    imports: BTreeSet<String>,
    rules: Vec<(String, Span)>,
}

impl Meaning {
    fn of(text: &str, version: RegoVersion) -> Option<Self> {
        let parse = ParseOptions { version, ..ParseOptions::default() };
        let (module, errors) = parse_module(SourceId(0), text, &parse);
        errors.is_empty().then(|| Self::of_module(text, &module))
    }

    fn of_module(text: &str, module: &Module) -> Self {
        let lines = Lines::new(text);
        let mut builder = Builder::new(&lines, module);
        let said = |rule| {
            let rule: Rule<'_> = builder.rule(rule);
            (rule_text(&rule, &lines), rule.span)
        };
        let rules = module.rules.iter().map(said).collect();
        let plain_imports = imports(module, &lines).into_iter().filter_map(|import| {
            let (root, _) = import.path.first()?;
            let path: Vec<&str> = import.path.iter().map(|(part, _)| *part).collect();
            (!matches!(*root, "rego" | "future")).then(|| format!("{path:?} {:?}", import.alias))
        });
        Self {
            package: module.package.path.iter().map(|name| name.text.to_string()).collect(),
            imports: plain_imports.collect(),
            rules,
        }
    }

    fn first_difference(&self, other: &Self) -> Option<Span> {
        let top = Span::new(0, 0);
        if self.package != other.package || self.imports != other.imports {
            return Some(top);
        }
        let pairs = self.rules.iter().zip(&other.rules);
        let changed = pairs.into_iter().find(|((one, _), (two, _))| one != two);
        match changed {
            Some(((_, span), _)) => Some(*span),
            None => (self.rules.len() != other.rules.len()).then_some(top),
        }
    }
}

/// Returns a rule on one line. Whether a value of `true` was written, or `=` or `:=`, is no matter.
fn rule_text(rule: &Rule<'_>, lines: &Lines<'_>) -> String {
    let head = &rule.head;
    let all = |nodes: &[Node<'_>]| -> Vec<String> {
        nodes.iter().map(|node| plain(node, lines)).collect()
    };
    let element = head.element.as_ref().map(|node| plain(node, lines));
    let value = head.value.as_ref().map(|value| plain(&value.node, lines));
    let mut text = format!(
        "{} {:?} {:?} {element:?} {value:?} {{ {} }}",
        rule.default,
        all(&head.reference),
        all(&head.args),
        plain_body(&rule.body, lines),
    );
    if let Some(els) = &rule.els {
        text.push_str(&rule_text(els, lines));
    }
    text
}
