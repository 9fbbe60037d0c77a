//! Annotations of rules: `rego.metadata.chain`, `rego.metadata.rule`.
//!
//! The compiler puts what they give in the place of each call in a rule; the bodies here are for
//! calls elsewhere. Source: OPA's policy reference, "Rego" and "Metadata".

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(
        Decl::function("rego.metadata.chain", &[], Type::Array(&Type::Any)),
        |context, _| outside(context, "rego.metadata.chain"),
    ),
    Builtin::new(Decl::function("rego.metadata.rule", &[], Type::Any), |context, _| {
        outside(context, "rego.metadata.rule")
    }),
];

fn outside(_: &mut Context<'_>, name: &str) -> Result<Value, BuiltinError> {
    let message = format!("the {name} function must only be called within the scope of a rule");
    Err(BuiltinError::Failed(message))
}
