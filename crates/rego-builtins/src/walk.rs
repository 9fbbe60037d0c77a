//! `walk`: every value inside a value, with its path.
//!
//! Source: OPA policy reference, "Graphs".

use rego_value::{Value, View};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::operand;

const RESULT: Type = Type::Tuple(&[Type::Array(&Type::Any), Type::Any]);

/// The family.
pub(crate) const FAMILY: &[Builtin] =
    &[Builtin::new(Decl::function("walk", &[Type::Any], RESULT).relation(), walk)];

/// Returns `[path, value]` for the operand and everything in it, each before what it contains:
/// `walk([7], x)` has `[[], [7]]` and `[[0], 7]`. A set's elements are their own keys.
///
/// Source: OPA policy reference, `walk`.
fn walk(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let mut results = Vec::new();
    visit(context, operand::any(operands, 0)?, &mut Vec::new(), &mut results)?;
    Ok(Value::array(results))
}

/// Adds the results of one value, whose path is `path`. As deep as the value.
fn visit(
    context: &mut Context<'_>,
    value: &Value,
    path: &mut Vec<Value>,
    results: &mut Vec<Value>,
) -> Result<(), BuiltinError> {
    context.charge_steps(1 + path.len() as u64 / 4)?;
    context.charge_bytes(((path.len() + 4) * size_of::<Value>()) as u64)?;
    results.push(Value::array(vec![Value::array(path.clone()), value.clone()]));
    let mut enter = |key: Value, inner: &Value| {
        path.push(key);
        let done = visit(context, inner, path, results);
        path.pop();
        done
    };
    match value.view() {
        View::Array(items) => {
            items.iter().zip(0_i64..).try_for_each(|(item, i)| enter(Value::from(i), item))
        }
        View::Object(object) => object.iter().try_for_each(|(k, v)| enter(k.clone(), v)),
        View::Set(keys) => keys.iter().try_for_each(|item| enter(item.clone(), item)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn each_value_comes_before_what_it_contains() {
        check("walk", "[1]", "[[[], 1]]");
        check(
            "walk",
            r#"[{"a": [7], "b": {}}]"#,
            r#"[[[], {"a": [7], "b": {}}], [["a"], [7]], [["a", 0], 7], [["b"], {}]]"#,
        );
    }
}
