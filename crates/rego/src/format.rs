//! Modules laid out as `opa fmt` does, with the checks that it makes.
//!
//! Must not know: how anything is laid out.

use std::sync::Arc;

use rego_analysis::v1_findings;
use rego_source::{Diagnostic, SourceFile, SourceId, Sources};
use rego_syntax::format::format_module;
use rego_syntax::{Features, ParseOptions, parse_module};

pub use rego_syntax::ast::RegoVersion as Grammar;
pub use rego_syntax::format::{FormatOptions, Target};

use crate::capabilities::Capabilities;
use crate::errors::Errors;

/// Returns a module as `opa fmt` lays it out. `name` is for messages. Formatting the result again
/// gives the same text, and no comment is lost.
///
/// Errors: those of the parser, and, where the result is to be v1, what v1 refuses whatever its
/// layout: imports that hide one another, names such as `input` (`rego_compile_error`), deprecated
/// builtins (`rego_type_error`). Source: OPA 1.7.1, `format.SourceWithOpts`.
///
/// ```
/// use rego::format::{FormatOptions, format};
///
/// let text = format("p.rego", "package p\nallow   if{ input.x\n}", &FormatOptions::default());
/// assert_eq!(text.unwrap(), "package p\n\nallow if input.x\n");
/// ```
pub fn format(name: &str, text: &str, options: &FormatOptions) -> Result<String, Errors> {
    let fail = |diagnostics| {
        let mut sources = Sources::default();
        sources.add(Arc::new(SourceFile::new(name, text)));
        Errors { diagnostics, sources }
    };
    if options.target != Target::V0 {
        let found = refused_by_v1(text, options);
        if !found.is_empty() {
            return Err(fail(found));
        }
    }
    format_module(text, options).map_err(fail)
}

fn refused_by_v1(text: &str, options: &FormatOptions) -> Vec<Diagnostic> {
    let parse = ParseOptions { version: options.version, ..ParseOptions::default() };
    let (module, errors) = parse_module(SourceId(0), text, &parse);
    if !errors.is_empty() {
        return errors;
    }
    let builtins = |name: &str| rego_builtins::find(name).map(|builtin| &builtin.decl);
    v1_findings(SourceId(0), &module, builtins)
}

/// Returns a warning with the first rule that does not say the same once it is formatted, and the
/// text that it points into; nothing where all do. It happens where OPA changes a rule, and its
/// result is kept to all the same.
pub fn meaning_change(
    name: &str,
    text: &str,
    formatted: &str,
    options: &FormatOptions,
) -> Option<Errors> {
    let warning = rego_syntax::format::meaning_change(text, formatted, options)?;
    let mut sources = Sources::default();
    sources.add(Arc::new(SourceFile::new(name, text)));
    Some(Errors { diagnostics: vec![warning], sources })
}

/// Returns whether a formatted text reads as what it is to be valid as, with the parts of the
/// language that capabilities have.
///
/// Errors: those of the parser; capabilities that no text can be read with.
pub fn check_formatted(
    name: &str,
    formatted: &str,
    options: &FormatOptions,
    capabilities: Option<&Capabilities>,
) -> Result<(), Errors> {
    let mut sources = Sources::default();
    let source = sources.add(Arc::new(SourceFile::new(name, formatted)));
    let v0 = options.target == Target::V0;
    let version = if v0 { Grammar::V0 } else { Grammar::V1 };
    let features = match capabilities.map(|capabilities| capabilities.grammar(version)) {
        None => Features::default(),
        Some(Ok(features)) => features,
        Some(Err(error)) => return Err(Errors { diagnostics: vec![*error], sources }),
    };
    let parse = ParseOptions { version, features, ..ParseOptions::default() };
    let (_, diagnostics) = parse_module(source, formatted, &parse);
    if diagnostics.is_empty() { Ok(()) } else { Err(Errors { diagnostics, sources }) }
}
