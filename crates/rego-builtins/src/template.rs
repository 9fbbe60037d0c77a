//! Template strings: `internal.template_string`, what `$"a {x}"` compiles to.
//!
//! Source: OPA policy language, "String interpolation"; `v1/topdown/template_string.go`.

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::{charge, operand, shown};

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[Builtin::new(
    Decl::function("internal.template_string", &[Type::Array(&Type::Any)], Type::String),
    template_string,
)];

/// Returns the parts joined. A part is a scalar or a set of at most one value, whose text it is;
/// the empty set's is `<undefined>`.
fn template_string(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let mut out = String::new();
    for part in operand::array(operands, 0)? {
        let texts = shown::column(context, part)?;
        let [text] = texts.as_slice() else {
            let text = "template-strings must not produce multiple outputs";
            return Err(BuiltinError::Failed(text.to_string()));
        };
        charge::make(context, text.len())?;
        out.push_str(text);
    }
    Ok(Value::from(out))
}

#[cfg(test)]
mod tests {
    use rego_value::Value;

    #[test]
    fn parts_are_joined() {
        let set = |items| Value::set(items);
        let parts = [
            "a ".into(),
            set(vec![Value::array(vec!["x".into(), 1.into()])]),
            " ".into(),
            set(vec![]),
            1.into(),
            set(vec!["s".into()]),
            Value::NULL,
        ];
        let got =
            crate::testing::call("internal.template_string", &[&Value::array(parts.to_vec())]);
        assert_eq!(got, Ok(r#"a ["x", 1] <undefined>1snull"#.into()));
        let two = Value::array(vec![set(vec![1.into(), 2.into()])]);
        assert!(crate::testing::call("internal.template_string", &[&two]).is_err());
    }
}
