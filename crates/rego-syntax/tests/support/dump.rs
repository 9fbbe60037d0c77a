//! A tree as short text: one statement a line, terms as s-expressions.

use std::fmt::Write;

use rego_syntax::ast::{
    AssignOp, Body, Else, Expr, ExprKind, Module, Name, Rule, TemplatePart, Term, TermKind,
};

pub(crate) fn module(module: &Module) -> String {
    let mut out = format!("package {}\n", path(&module.package.path));
    for import in &module.imports {
        let alias = import.alias.as_ref().map_or(String::new(), |a| format!(" as {}", a.text));
        let _ = writeln!(out, "import {}{alias}", path(&import.path));
    }
    for one in &module.rules {
        rule(&mut out, one);
    }
    for annotation in &module.annotations {
        let _ = writeln!(out, "metadata {:?} {:?}", annotation.target, annotation.yaml);
    }
    for comment in &module.comments {
        let _ = writeln!(out, "comment {:?}", comment.text);
    }
    out
}

fn path(names: &[Name]) -> String {
    names.iter().map(|name| format!("{:?}", name.text)).collect::<Vec<_>>().join(".")
}

fn rule(out: &mut String, rule: &Rule) {
    let head = &rule.head;
    let flags = [(rule.default, "default "), (rule.chained, "chained ")];
    flags.iter().filter(|(on, _)| *on).for_each(|(_, text)| out.push_str(text));
    let _ = write!(out, "rule {}", term(&head.reference));
    if let Some(args) = &head.args {
        let _ = write!(out, " args{}", terms(args));
    }
    if let Some(key) = &head.key {
        let word = if head.contains { "contains" } else { "key" };
        let _ = write!(out, " {word} {}", term(key));
    }
    out.push_str(&value(head.value.as_ref()));
    out.push_str(if head.has_if { " if\n" } else { "\n" });
    rule.body.iter().for_each(|b| body(out, b, 1));
    rule.els.iter().for_each(|e| branch(out, e));
}

fn value(value: Option<&(Term, AssignOp)>) -> String {
    let Some((value, op)) = value else { return String::new() };
    let op = if *op == AssignOp::Assign { ":=" } else { "=" };
    format!(" {op} {}", term(value))
}

fn branch(out: &mut String, els: &Else) {
    let word = if els.has_if { " if" } else { "" };
    let _ = writeln!(out, "else{}{word}", value(els.value.as_ref()));
    els.body.iter().for_each(|b| body(out, b, 1));
    els.els.iter().for_each(|e| branch(out, e));
}

pub(crate) fn body(out: &mut String, body: &Body, level: usize) {
    for one in &body.exprs {
        let _ = writeln!(out, "{}{}", "  ".repeat(level), expr(one));
    }
}

fn inline(body: &Body) -> String {
    body.exprs.iter().map(expr).collect::<Vec<_>>().join("; ")
}

fn expr(expr: &Expr) -> String {
    let mut out = if expr.negated { "not ".to_owned() } else { String::new() };
    let keyed = |key: &Option<Term>| key.as_ref().map_or(String::new(), |k| term(k) + ", ");
    out += &match &expr.kind {
        ExprKind::Term(t) => term(t),
        ExprKind::Assign(a, b) => format!("{} := {}", term(a), term(b)),
        ExprKind::Unify(a, b) => format!("{} = {}", term(a), term(b)),
        ExprKind::SomeDecl(names) => format!("some {}", path(names)),
        ExprKind::SomeIn { key, value, domain } => {
            format!("some {}{} in {}", keyed(key), term(value), term(domain))
        }
        ExprKind::Every { key, value, domain, body } => {
            let (value, domain) = (term(value), term(domain));
            format!("every {}{value} in {domain} {{ {} }}", keyed(key), inline(body))
        }
    };
    for with in &expr.with {
        let _ = write!(out, " with {} as {}", term(&with.target), term(&with.value));
    }
    out
}

fn terms(terms: &[Term]) -> String {
    format!("({})", terms.iter().map(term).collect::<Vec<_>>().join(" "))
}

fn term(t: &Term) -> String {
    match &t.kind {
        TermKind::Null => "null".to_owned(),
        TermKind::Bool(b) => b.to_string(),
        TermKind::Number(n) => n.to_string(),
        TermKind::String { value, raw } => format!("{}{value:?}", if *raw { "r" } else { "" }),
        TermKind::Template { parts, raw } => {
            let parts: Vec<String> = parts.iter().map(part).collect();
            format!("({}template {})", if *raw { "raw-" } else { "" }, parts.join(" "))
        }
        TermKind::Var(name) => name.to_string(),
        TermKind::Ref { head, path } => {
            let step = |s: &rego_syntax::ast::Step| {
                if s.dotted {
                    format!(".{}", term(&s.term))
                } else {
                    format!("[{}]", term(&s.term))
                }
            };
            term(head) + &path.iter().map(step).collect::<String>()
        }
        TermKind::Call { function, args } => format!("(call {}{})", term(function), terms(args)),
        TermKind::Binary { op, left, right, parens } => {
            let parens = if *parens { "parens " } else { "" };
            format!("({parens}{} {} {})", op.builtin(), term(left), term(right))
        }
        TermKind::Minus(t) => format!("(minus {})", term(t)),
        TermKind::In { key, value, domain } => {
            let key = key.as_ref().map_or(String::new(), |k| term(k) + " ");
            format!("(in {key}{} {})", term(value), term(domain))
        }
        TermKind::Array(items) => format!("(array{})", terms(items)),
        TermKind::Set(items) => format!("(set{})", terms(items)),
        TermKind::Object(pairs) => {
            let pairs = pairs.iter().map(|(k, v)| format!(" {}: {}", term(k), term(v)));
            format!("(object{})", pairs.collect::<String>())
        }
        TermKind::ArrayCompr { value, body } => format!("[{} | {}]", term(value), inline(body)),
        TermKind::SetCompr { value, body } => format!("{{{} | {}}}", term(value), inline(body)),
        TermKind::ObjectCompr { key, value, body } => {
            format!("{{{}: {} | {}}}", term(key), term(value), inline(body))
        }
    }
}

fn part(part: &TemplatePart) -> String {
    match part {
        TemplatePart::Text(text) => format!("{text:?}"),
        TemplatePart::Expr(e) => format!("{{{}}}", expr(e)),
    }
}
