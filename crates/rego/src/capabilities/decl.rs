//! Declarations of builtins as OPA's JSON.
//!
//! Must not know: which builtins there are.

use rego_analysis::builtin::{Decl, Type};
use rego_value::Value;

/// Returns the object of a builtin.
pub(super) fn builtin(decl: &Decl) -> Value {
    let mut out = vec![(Value::from("name"), Value::from(decl.name))];
    let mut put = |name: &str, value: Value| out.push((Value::from(name), value));
    put("decl", function(decl));
    if let Some(infix) = decl.infix {
        put("infix", Value::from(infix));
    }
    let flags = [
        ("relation", decl.relation),
        ("deprecated", decl.deprecated),
        ("nondeterministic", decl.nondeterministic),
    ];
    for (name, _) in flags.into_iter().filter(|(_, set)| *set) {
        put(name, Value::TRUE);
    }
    Value::object(out)
}

fn function(decl: &Decl) -> Value {
    let (args, variadic) = match decl.args {
        [args @ .., last] if decl.variadic => (args, Some(last)),
        args => (args, None),
    };
    let mut out = vec![(Value::from("type"), Value::from("function"))];
    if !args.is_empty() {
        out.push((Value::from("args"), list(args)));
    }
    out.extend(variadic.map(|last| (Value::from("variadic"), type_of(last))));
    out.extend(decl.result.as_ref().map(|result| (Value::from("result"), type_of(result))));
    Value::object(out)
}

fn list(types: &[Type]) -> Value {
    Value::array(types.iter().map(type_of).collect())
}

fn type_of(of: &Type) -> Value {
    let named = |name: &str, rest: Vec<(&str, Value)>| {
        let rest = rest.into_iter().map(|(key, value)| (Value::from(key), value));
        let kind = (Value::from("type"), Value::from(name));
        Value::object(std::iter::once(kind).chain(rest).collect())
    };
    match of {
        Type::Any => named("any", Vec::new()),
        Type::Null => named("null", Vec::new()),
        Type::Boolean => named("boolean", Vec::new()),
        Type::Number => named("number", Vec::new()),
        Type::String => named("string", Vec::new()),
        Type::Array(item) => named("array", vec![("dynamic", type_of(item))]),
        Type::Tuple(items) => named("array", vec![("static", list(items))]),
        Type::Set(item) => named("set", vec![("of", type_of(item))]),
        Type::Union(members) => named("any", vec![("of", list(members))]),
        Type::Object(fields, others) => {
            let mut rest = Vec::new();
            if !fields.is_empty() {
                let field = |(key, value): &(&str, Type)| {
                    let key = ("key", Value::from(*key));
                    Value::object_from_strs([key, ("value", type_of(value))])
                };
                rest.push(("static", Value::array(fields.iter().map(field).collect())));
            }
            if let Some((key, value)) = others {
                let pair = [("key", type_of(key)), ("value", type_of(value))];
                rest.push(("dynamic", Value::object_from_strs(pair)));
            }
            named("object", rest)
        }
    }
}
