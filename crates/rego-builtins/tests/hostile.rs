//! Whatever the operands, a builtin answers, fails or halts; it neither panics nor outgrows its
//! budget. Every builtin is called with every choice of some nasty operands.

use rego_value::Value;
use rego_vm::{Builtin, Context, Host};

/// The same noise each time.
struct Noise;

impl Host for Noise {
    fn now_ns(&self) -> i64 {
        i64::MAX
    }
    fn cancelled(&self) -> bool {
        false
    }
    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
    fn runtime(&self) -> Value {
        Value::NULL
    }
    fn print(&self, _: &str, _: &str) {}
}

/// More than any call here needs, and few enough that all of them together are quick.
const STEPS_MAX: u64 = 20_000;
const BYTES_MAX: u64 = 1_000_000;

/// Builtins with more operands than this are called with the first ones varied only.
const VARIED_MAX: usize = 2;

fn operands() -> Vec<Value> {
    let json = [
        "null",
        "true",
        "0",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "1.5",
        "-0",
        "1.0",
        "1e400",
        "-1e-400",
        "123456789012345678901234567890",
        "\"\"",
        "\"a\"",
        "\"a\\u0000é\\ufffd\u{1f600}\"",
        "\"%\"",
        "\"=\"",
        "\"-\"",
        "\"{\"",
        "\"(\"",
        "\"/\"",
        "\"2006-01-02T15:04:05.999999999Z07:00\"",
        "\"::/0\"",
        "\"0.0.0.0/0\"",
        "\"1.2.3.4\"",
        "\"9999999999999999999h\"",
        "\"99999999999999999999Ei\"",
        "[]",
        "[[]]",
        "[0, 1]",
        "[\"\"]",
        "[\"/\", [\"a\", 0]]",
        "[9223372036854775807, \"Asia/Tokyo\", \"MST .999 __2\"]",
        "{}",
        "{\"a\": {\"\": [1]}}",
        "{\"a\": [\"a\"]}",
        "[{\"op\": \"copy\", \"from\": \"\", \"path\": \"a\"}]",
    ];
    let read: Result<Vec<Value>, _> =
        json.iter().map(|text| Value::from_json(text.as_bytes())).collect();
    let mut values = read.unwrap_or_default();
    let deep = (0..400).fold(Value::NULL, |inner, _| Value::array(vec![inner]));
    values.push(Value::set(vec![Value::set(Vec::new()), Value::set(vec![Value::NULL])]));
    values.push(Value::set(vec![Value::from("1.1.1.0/24"), Value::from("é")]));
    values.push(Value::array((0..300).map(Value::from).collect()));
    values.push(Value::from("a%4".repeat(200)));
    values.push(deep);
    values
}

fn call(builtin: &Builtin, operands: &[&Value]) {
    let mut context = Context::new(&Noise, STEPS_MAX, BYTES_MAX);
    // Any answer will do; only that there is one counts.
    let _ = (builtin.run)(&mut context, operands);
}

#[test]
fn no_operand_breaks_a_builtin() {
    let pool = operands();
    assert!(pool.len() > 40, "all of the operands are JSON");
    for builtin in rego_builtins::all() {
        let arity = builtin.decl.args.len();
        let varied = arity.min(VARIED_MAX);
        let choices = pool.len().pow(varied as u32);
        for choice in 0..choices {
            let places = (0..arity).map(|place| {
                // Operands that are not varied run through the pool with the others.
                let place = if place < varied {
                    choice / pool.len().pow(place as u32)
                } else {
                    choice + place
                };
                &pool[place % pool.len()]
            });
            call(builtin, &places.collect::<Vec<_>>());
        }
    }
}

#[test]
fn missing_operands_are_an_error() {
    for builtin in rego_builtins::all() {
        call(builtin, &[]);
    }
}
