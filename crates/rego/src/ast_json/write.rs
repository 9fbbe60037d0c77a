//! OPA's JSON of the tree.
//!
//! Must not know: how the tree came about.

use std::cmp::Ordering;

use rego_value::{Number, Value};

use super::compare::compare;
use super::node::{
    Body, Comprehension, Every, Expr, Head, Import, Kind, Module, Part, Rule, Term, Terms, With,
};

/// Returns the object of a module; `comments` are its comments' objects.
pub(super) fn module(module: &Module, comments: Vec<Value>) -> Value {
    let package = Value::object_from_strs([("path", terms(&module.package))]);
    let mut out = Fields::new(vec![("package", package)]);
    out.list("imports", module.imports.iter().map(import).collect());
    out.list("annotations", module.annotations.clone());
    out.list("rules", module.rules.iter().map(rule).collect());
    out.list("comments", comments);
    out.object()
}

/// The fields of an object under way.
pub(super) struct Fields(Vec<(Value, Value)>);

impl Fields {
    pub(super) fn new(fields: Vec<(&str, Value)>) -> Self {
        Self(fields.into_iter().map(|(name, value)| (Value::from(name), value)).collect())
    }

    pub(super) fn put(&mut self, name: &str, value: Option<Value>) {
        self.0.extend(value.map(|value| (Value::from(name), value)));
    }

    /// Puts a text that is not empty.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.put(name, (!text.is_empty()).then(|| Value::from(text)));
    }

    pub(super) fn flag(&mut self, name: &str, flag: bool) {
        self.put(name, flag.then_some(Value::TRUE));
    }

    pub(super) fn list(&mut self, name: &str, items: Vec<Value>) {
        self.put(name, (!items.is_empty()).then(|| Value::array(items)));
    }

    pub(super) fn object(self) -> Value {
        Value::object(self.0)
    }
}

fn import(import: &Import) -> Value {
    let mut out = Fields::new(vec![("path", typed("ref", terms(&import.path)))]);
    out.put("alias", import.alias.as_ref().map(|alias| Value::from(&**alias)));
    out.object()
}

fn rule(rule: &Rule) -> Value {
    let mut out = Fields::new(vec![("head", head(&rule.head)), ("body", body(&rule.body))]);
    out.flag("default", rule.default);
    out.put("else", rule.els.as_deref().map(self::rule));
    out.list("annotations", rule.annotations.clone());
    out.object()
}

fn head(head: &Head) -> Value {
    let mut out = Fields::new(vec![("ref", terms(&head.reference))]);
    if let [Term::Var(name)] = head.reference.as_slice() {
        out.put("name", Some(Value::from(&**name)));
    }
    out.list("args", head.args.iter().map(term).collect());
    out.put("key", head.key.as_ref().map(term));
    out.put("value", head.value.as_ref().map(term));
    out.flag("assign", head.assign);
    out.object()
}

fn body(body: &Body) -> Value {
    Value::array((0i64..).zip(body).map(|(index, one)| expr(index, one)).collect())
}

fn expr(index: i64, expr: &Expr) -> Value {
    let said = match &expr.terms {
        Terms::Term(one) => term(one),
        Terms::Call(call) => terms(call),
        Terms::Some(symbols) => Value::object_from_strs([("symbols", terms(symbols))]),
        Terms::Every(one) => every(one),
    };
    let mut out = Fields::new(vec![("index", Value::from(index)), ("terms", said)]);
    out.flag("generated", expr.generated);
    out.flag("negated", expr.negated);
    out.list("with", expr.with.iter().map(with).collect());
    out.object()
}

fn every(every: &Every) -> Value {
    Value::object_from_strs([
        ("key", every.key.as_ref().map_or(Value::NULL, term)),
        ("value", term(&every.value)),
        ("domain", term(&every.domain)),
        ("body", body(&every.body)),
    ])
}

fn with(with: &With) -> Value {
    Value::object_from_strs([("target", term(&with.target)), ("value", term(&with.value))])
}

fn typed(name: &str, value: Value) -> Value {
    Value::object_from_strs([("type", Value::from(name)), ("value", value)])
}

pub(super) fn terms(terms: &[Term]) -> Value {
    Value::array(terms.iter().map(term).collect())
}

fn term(term: &Term) -> Value {
    match term {
        Term::Null => typed("null", Value::object(Vec::new())),
        Term::Bool(bool) => typed("boolean", Value::from(*bool)),
        Term::Number(text) => {
            typed("number", Number::parse(text).map_or(Value::from(&**text), Value::from))
        }
        Term::String(text) => typed("string", Value::from(&**text)),
        Term::Var(name) => typed("var", Value::from(&**name)),
        Term::Ref(items) => typed("ref", terms(items)),
        Term::Call(items) => typed("call", terms(items)),
        Term::Array(items) => typed("array", terms(items)),
        Term::Object(entries) => typed("object", object(entries)),
        Term::Set(items) => typed("set", set(items)),
        Term::Comprehension(inner) => comprehension(inner),
        Term::Template { parts, multi_line } => {
            let parts = Value::array(parts.iter().map(part).collect());
            let fields = [("parts", parts), ("multi_line", Value::from(*multi_line))];
            typed("templatestring", Value::object_from_strs(fields))
        }
    }
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text(text) => typed("string", Value::from(&**text)),
        Part::Expr(one) => expr(0, one),
    }
}

/// Pairs in the order of their keys; of equal keys the last one counts.
fn object(entries: &[(Term, Term)]) -> Value {
    let mut entries: Vec<_> = entries.iter().collect();
    entries.sort_by(|a, b| compare(&a.0, &b.0));
    let mut kept: Vec<&(Term, Term)> = Vec::with_capacity(entries.len());
    for entry in entries {
        match kept.last_mut() {
            Some(last) if compare(&last.0, &entry.0) == Ordering::Equal => *last = entry,
            _ => kept.push(entry),
        }
    }
    let pair = |(key, value): &(Term, Term)| Value::array(vec![term(key), term(value)]);
    Value::array(kept.into_iter().map(pair).collect())
}

fn set(items: &[Term]) -> Value {
    let mut items: Vec<&Term> = items.iter().collect();
    items.sort_by(|a, b| compare(a, b));
    items.dedup_by(|a, b| compare(a, b) == Ordering::Equal);
    Value::array(items.into_iter().map(term).collect())
}

fn comprehension(inner: &Comprehension) -> Value {
    let (name, value) = match inner.kind {
        Kind::Array => ("arraycomprehension", "term"),
        Kind::Set => ("setcomprehension", "term"),
        Kind::Object => ("objectcomprehension", "value"),
    };
    let mut out = Fields::new(vec![(value, term(&inner.value)), ("body", body(&inner.body))]);
    out.put("key", inner.key.as_ref().map(term));
    typed(name, out.object())
}
