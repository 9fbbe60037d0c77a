//! All built-in functions: those of `rego-builtins`, and those that need the parser.
//!
//! Must not know: programs, evaluation.

use std::sync::OnceLock;

use rego_analysis::builtin::{Decl, Type};
use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context};

use crate::ast_json;
use crate::compiler::RegoVersion;

const MODULE: Type = Type::Object(&[], Some(&(Type::String, Type::Any)));

static OWN: [Builtin; 1] = [Builtin::new(
    Decl::function("rego.parse_module", &[Type::String, Type::String], MODULE),
    parse_module,
)];

/// Those of the program that embeds the engine.
static EXTRA: OnceLock<&'static [Builtin]> = OnceLock::new();

/// Adds built-in functions to Rego's own, for the whole process. To be called once, before anything
/// is compiled. One that has the name of another is never called.
///
/// Errors: built-in functions have been added before; those stay.
pub fn extend_builtins(builtins: &'static [Builtin]) -> Result<(), &'static [Builtin]> {
    EXTRA.set(builtins)
}

/// Returns every builtin.
pub(crate) fn all() -> impl Iterator<Item = &'static Builtin> {
    rego_builtins::all().chain(&OWN).chain(EXTRA.get().copied().unwrap_or_default())
}

/// Returns the builtin of a name.
pub(crate) fn find(name: &str) -> Option<&'static Builtin> {
    let others = || OWN.iter().chain(EXTRA.get().copied().unwrap_or_default());
    rego_builtins::find(name).or_else(|| others().find(|builtin| builtin.decl.name == name))
}

/// How many bytes of tree a byte of text makes at most: a comment's object, a nested term.
const BYTES_PER_BYTE: usize = 64;

/// Returns the tree of a module as OPA's JSON: `rego.parse_module("a.rego", "package a")`.
/// `false` where an operand is no text, as in OPA.
///
/// Errors: text that is no module, in the words of the parser.
/// Source: OPA's policy reference, "Rego"; modules are read as Rego v1.
fn parse_module(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = |at: usize| {
        let value = operands.get(at).copied().unwrap_or(&Value::NULL);
        value.as_str().ok_or_else(|| BuiltinError::operand(at + 1, value, &["string"]))
    };
    let (name, text) = (text(0)?, text(1)?);
    context.charge_steps(text.len() as u64)?;
    context.charge_bytes((text.len() as u64).saturating_mul(BYTES_PER_BYTE as u64))?;
    ast_json::parsed(name, text, RegoVersion::V1)
        .map_err(|errors| BuiltinError::Failed(errors.to_string()))
}
