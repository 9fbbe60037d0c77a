//! Queries: names under a package and imports, bindings, and the texts of expressions.

#![allow(clippy::unwrap_used, reason = "a test may panic and say why")]

mod support;

use std::sync::Arc;

use rego_analysis::tree::Query;
use rego_analysis::{QuerySource, analyse_query};
use rego_source::{Diagnostic, SourceFile};
use rego_syntax::ast::{Import, RegoVersion};
use rego_syntax::{ParseOptions, parse_module, parse_query};
use rego_value::Value;

fn ask(text: &str, package: Option<&[Value]>, imports: &str) -> Result<Query, Vec<Diagnostic>> {
    let options = support::options();
    let module = "package a.b\n\nq := 1\n\nf(x) := x";
    let (mut sources, outcome) = support::compile(&[module], RegoVersion::V1, &options);
    let source = sources.add(Arc::new(SourceFile::new("", text)));
    let parse = ParseOptions::default();
    let (body, errors) = parse_query(source, text, &parse);
    assert!(errors.is_empty(), "{errors:?}");
    let imports: Vec<Import> =
        parse_module(source, &format!("package x\n{imports}"), &parse).0.imports;
    let version = RegoVersion::V1;
    let query = QuerySource { source, body: &body, text, version, package, imports: &imports };
    analyse_query(&outcome.unwrap().resolved, query, &sources, &options)
}

fn names(query: &Query) -> Vec<&str> {
    query.bindings.iter().map(|(name, _)| &**name).collect()
}

#[test]
fn named_variables_are_bindings() {
    let query = ask("[x, _] = input.pair; some i; y := input.xs[i]; z := [w | w := 1]", None, "");
    assert_eq!(names(&query.unwrap()), ["x", "i", "y", "z"]);
}

#[test]
fn expressions_keep_their_text() {
    let query = ask("data.a.b.q = x; x > count(input.y)", None, "").unwrap();
    let texts: Vec<&str> = query.expressions.iter().map(|(_, text)| &**text).collect();
    assert_eq!(texts, ["data.a.b.q = x", "x > count(input.y)"]);
}

#[test]
fn a_package_lends_its_names() {
    let package = [Value::from("a"), Value::from("b")];
    assert!(ask("f(q) == x; x = 1", Some(&package), "").is_ok());
    let errors = ask("f(q) == x; x = 1", None, "").unwrap_err();
    assert_eq!(errors.first().map(|e| &*e.message), Some("undefined function f"));
}

#[test]
fn imports_hold() {
    let query = ask("b.f(r) == 1", None, "import data.a.b\nimport input.r");
    assert!(names(&query.unwrap()).is_empty());
}
