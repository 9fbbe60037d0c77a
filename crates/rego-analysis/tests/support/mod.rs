//! What the tests share: a table of builtins as names and numbers of operands only.
#![allow(clippy::unwrap_used, reason = "a test may panic and say why")]

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use rego_analysis::builtin::{Decl, Type};
use rego_analysis::{Analysed, Options, ParsedModule, analyse};
use rego_source::{Diagnostic, SourceFile, Sources};
use rego_syntax::ast::RegoVersion;
use rego_syntax::{ParseOptions, parse_module};

static TABLE: LazyLock<HashMap<&'static str, Decl>> = LazyLock::new(|| {
    include_str!("../builtins.txt")
        .lines()
        .map(|line| {
            let mut words = line.split(' ');
            let name = words.next().unwrap();
            let arity: usize = words.next().unwrap().parse().unwrap();
            let flags: Vec<&str> = words.collect();
            let decl = Decl {
                args: vec![Type::Any; arity].leak(),
                result: (!flags.contains(&"void")).then_some(Type::Any),
                variadic: flags.contains(&"variadic"),
                relation: flags.contains(&"relation"),
                deprecated: flags.contains(&"deprecated"),
                ..Decl::function(name, &[], Type::Any)
            };
            (name, decl)
        })
        .collect()
});

static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut names: Vec<&str> = TABLE.keys().copied().collect();
    names.sort_unstable();
    names
});

/// Options over every builtin that OPA has.
pub(crate) fn options() -> Options<'static> {
    Options { builtin_names: &NAMES, ..Options::new(|name| TABLE.get(name)) }
}

/// Reads and analyses modules called `test-0.rego`, `test-1.rego`, …
pub(crate) fn compile(
    modules: &[&str],
    version: RegoVersion,
    options: &Options<'_>,
) -> (Sources, Result<Analysed, Vec<Diagnostic>>) {
    let mut sources = Sources::default();
    let mut parsed = Vec::new();
    let mut errors = Vec::new();
    for (at, text) in modules.iter().enumerate() {
        let source = sources.add(Arc::new(SourceFile::new(format!("test-{at}.rego"), *text)));
        let parse = ParseOptions { version, ..ParseOptions::default() };
        let (module, found) = parse_module(source, text, &parse);
        errors.extend(found);
        parsed.push(ParsedModule { source, module, annotations: Vec::new() });
    }
    let outcome = match errors.is_empty() {
        true => analyse(parsed, sources.clone(), options),
        false => Err(errors),
    };
    (sources, outcome)
}
