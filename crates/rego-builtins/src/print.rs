//! Printing and the run's surroundings: `print`, `trace`, `internal.print`, `internal.test_case`,
//! `opa.runtime`.
//!
//! Source: OPA policy reference, "Debugging"; `v1/topdown/print.go`, `runtime.go`, `trace.go`.

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::{charge, operand, shown};

const ANY_SET: Type = Type::Set(&Type::Any);
const DOCUMENT: Type = Type::Object(&[], Some(&(Type::String, Type::Any)));

const fn void(name: &'static str, args: &'static [Type]) -> Decl {
    Decl::function(name, args, Type::Any).void()
}

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(void("internal.print", &[Type::Array(&ANY_SET)]), print_sets),
    Builtin::new(void("internal.test_case", &[Type::Array(&Type::Any)]), test_case),
    Builtin::new(Decl::function("opa.runtime", &[], DOCUMENT).nondeterministic(), runtime),
    Builtin::new(void("print", &[Type::Any]).variadic(), print),
    Builtin::new(Decl::function("trace", &[Type::String], Type::Boolean), trace),
];

/// Prints the operands, each of which has a value. (The compiler turns calls of `print` into calls
/// of `internal.print`, which can do without.)
fn print(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let mut line = Vec::with_capacity(operands.len());
    for operand in operands {
        line.push(shown::text(context, operand)?);
    }
    context.host().print(&context.place(), &line.join(" "));
    Ok(Value::TRUE)
}

/// Prints a line for each way to take one value from each set: `internal.print([{"a"}, {1, 2}])`
/// prints `a 1` and `a 2`. A set without values prints `<undefined>`.
fn print_sets(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let sets = operand::array(operands, 0)?;
    let mut columns = Vec::with_capacity(sets.len());
    for set in sets {
        columns.push(shown::column(context, set)?);
    }
    let mut picks = vec![0; columns.len()];
    loop {
        let texts = columns.iter().zip(&picks).filter_map(|(column, pick)| column.get(*pick));
        let line: Vec<&str> = texts.map(String::as_str).collect();
        charge::scan(context, line.iter().map(|text| text.len() + 1).sum())?;
        context.host().print(&context.place(), &line.join(" "));
        if !advance(&mut picks, &columns) {
            return Ok(Value::TRUE);
        }
    }
}

/// Moves to the next way to pick, the last column fastest. Returns whether there is one.
fn advance(picks: &mut [usize], columns: &[Vec<String>]) -> bool {
    for (pick, column) in picks.iter_mut().zip(columns).rev() {
        *pick += 1;
        if *pick < column.len() {
            return true;
        }
        *pick = 0;
    }
    false
}

/// Returns true, and tells a test runner that this case of a test begins.
fn test_case(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    charge::scan(context, operand::array(operands, 0)?.len())?;
    if let Some(name) = operands.first() {
        context.host().test_case(name);
    }
    Ok(Value::TRUE)
}

/// Returns true; a tracer sees the note: `trace("here")`.
fn trace(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    operand::string(operands, 0)?;
    Ok(Value::TRUE)
}

/// Returns what is known of the running process: `opa.runtime().version`.
fn runtime(context: &mut Context<'_>, _: &[&Value]) -> Result<Value, BuiltinError> {
    Ok(context.host().runtime())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use rego_value::Value;
    use rego_vm::{Context, Host};

    /// Keeps the lines printed.
    struct Lines(Mutex<Vec<String>>);

    impl Host for Lines {
        fn now_ns(&self) -> i64 {
            0
        }
        fn cancelled(&self) -> bool {
            false
        }
        fn random(&self, _: &mut [u8]) {}
        fn runtime(&self) -> Value {
            Value::NULL
        }
        fn print(&self, _: &str, line: &str) {
            self.0.lock().unwrap().push(line.to_string());
        }
    }

    #[test]
    fn each_way_to_pick_is_a_line() {
        let host = Lines(Mutex::default());
        let set = |items: &[i64]| Value::set(items.iter().map(|i| Value::from(*i)).collect());
        let sets = [set(&[1, 2]), set(&[]), Value::set(vec!["a".into()]), set(&[3, 4])];
        let operand = Value::array(sets.to_vec());
        super::print_sets(&mut Context::new(&host, 1000, 1000), &[&operand]).unwrap();
        let want =
            ["1 <undefined> a 3", "1 <undefined> a 4", "2 <undefined> a 3", "2 <undefined> a 4"];
        assert_eq!(*host.0.lock().unwrap(), want);
    }
}
