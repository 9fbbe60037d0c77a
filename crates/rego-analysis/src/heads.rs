//! Reads the heads of rules: the ground path, what follows it, and what kind of rule it makes.
//!
//! Must not know: bodies, what names in the dynamic part mean.

use rego_source::Location;
use rego_syntax::ast::{Module, Rule, Term, TermKind};
use rego_value::{Number, Value};

use crate::finding::{COMPILE, Findings, Stage, TYPE};
use crate::options::HeadForms;
use crate::unit::Unit;
use crate::wildcards;

/// The head of one rule of one module.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    /// Which module, by position.
    pub(crate) module: usize,
    /// Which rule of it.
    pub(crate) rule: &'a Rule,
    /// The same, by position.
    pub(crate) index: usize,
    /// Package and ground part of the reference.
    pub(crate) path: Vec<Value>,
    /// The first part of `path` that is not the package's.
    pub(crate) own: usize,
    /// The steps after the ground part.
    pub(crate) dynamic: Vec<&'a Term>,
    /// What it makes.
    pub(crate) shape: Shape,
    /// Where the rule stands.
    pub(crate) location: Location,
}

/// What a head makes, by its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One value.
    Single,
    /// A value for each list of so many operands.
    Function(usize),
    /// Elements of a set.
    Multi,
}

impl Head<'_> {
    /// Returns the number of parameters; 0 where it is no function.
    pub(crate) fn arity(&self) -> usize {
        if let Shape::Function(arity) = self.shape { arity } else { 0 }
    }
}

/// Returns the heads of a module's rules, in order.
pub(crate) fn heads_of<'a>(index: usize, module: &'a Module, unit: &Unit) -> Vec<Head<'a>> {
    let made_up = wildcards::names(module);
    let rules = module.rules.iter().enumerate();
    let head = |(at, rule)| {
        let mut head = head_of((index, at), rule, unit)?;
        if let Some(Some(name)) = made_up.get(at)
            && let Some(own) = head.path.get_mut(head.own)
        {
            *own = Value::from(&**name);
        }
        Some(head)
    };
    rules.filter_map(head).collect()
}

fn head_of<'a>((module, index): (usize, usize), rule: &'a Rule, unit: &Unit) -> Option<Head<'a>> {
    let mut path: Vec<Value> = unit.package.to_vec();
    let own = path.len();
    let mut dynamic = Vec::new();
    match &rule.head.reference.kind {
        TermKind::Var(name) => path.push(Value::from(&**name)),
        TermKind::Ref { head, path: steps } => {
            let TermKind::Var(name) = &head.kind else { return None };
            path.push(Value::from(&**name));
            for step in steps {
                match scalar(&step.term).filter(|_| dynamic.is_empty()) {
                    Some(key) => path.push(key),
                    None => dynamic.push(&step.term),
                }
            }
        }
        _ => return None,
    }
    let shape = match (&rule.head.args, &rule.head.key) {
        // `f() := 1` is the rule `f` to OPA.
        (Some(args), _) if !args.is_empty() => Shape::Function(args.len()),
        (_, Some(_)) => Shape::Multi,
        (_, None) => Shape::Single,
    };
    Some(Head { module, rule, index, path, own, dynamic, shape, location: unit.at(rule.span) })
}

/// Reports heads of forms that there are not.
///
/// Source: behaviour of OPA's stage `rewrite_rule_head_refs`.
pub(crate) fn check_forms(heads: &[Head<'_>], forms: HeadForms, findings: &mut Findings) {
    if forms == HeadForms::All {
        return;
    }
    for head in heads {
        let TermKind::Ref { path, .. } = &head.rule.head.reference.kind else { continue };
        let one_key = path.len() == 1 && head.shape == Shape::Single;
        let general = !head.dynamic.is_empty() && !one_key;
        let shown = path_text(head);
        match forms {
            HeadForms::Names if !one_key => {
                let message = format!("rule heads with refs are not supported: {shown}");
                findings.error(Stage::ResolveRefs, COMPILE, head.location, message);
            }
            HeadForms::StringPrefixes if general => {
                let message = format!(
                    "rule heads with general refs (containing variables) are not supported: {shown}"
                );
                findings.error(Stage::ResolveRefs, TYPE, head.location, message);
            }
            _ => {}
        }
    }
}

/// Returns the reference of a head as Rego writes it.
fn path_text(head: &Head<'_>) -> String {
    let own = head.path.get(head.own..).unwrap_or_default();
    let (first, rest) = own.split_first().unwrap_or((&Value::NULL, &[]));
    let mut text = crate::lower::path_text(first.as_str().unwrap_or_default(), rest);
    for term in &head.dynamic {
        match &term.kind {
            TermKind::Var(name) => text.push_str(&format!("[{name}]")),
            _ if scalar(term).is_some() => {
                let step = scalar(term).unwrap_or(Value::NULL);
                text.push_str(&crate::lower::path_text("", &[step]));
            }
            _ => text.push_str("[…]"),
        }
    }
    text
}

/// Returns the value of a literal that is not a composite.
pub(crate) fn scalar(term: &Term) -> Option<Value> {
    match &term.kind {
        TermKind::Null => Some(Value::NULL),
        TermKind::Bool(b) => Some(Value::from(*b)),
        TermKind::Number(text) => number(text),
        TermKind::String { value, .. } => Some(Value::from(&**value)),
        _ => None,
    }
}

/// Returns the value of a number as written.
pub(crate) fn number(text: &str) -> Option<Value> {
    Number::parse(text).map(Value::from)
}
