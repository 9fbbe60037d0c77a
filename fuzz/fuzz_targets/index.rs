//! Many definitions of one rule give what each gives under a name of its own, put together.
#![no_main]

#[path = "../choose.rs"]
mod choose;

use choose::{Choices, answer};
use libfuzzer_sys::fuzz_target;

const DATA: &str = r#"{"a": "x", "xs": ["x", "y", 1], "o": {"x": "y", "y": 1}}"#;

const INPUTS: &[&str] = &[
    r#"{"a": "x", "b": {"c": 1}, "l": ["x", "y"]}"#,
    r#"{"a": "y", "b": {"c": "x", "d": true}, "l": []}"#,
    r#"{"a": 1, "b": {"c": 1.0, "d": false}, "l": ["y"]}"#,
    r#"{"a": ["x"], "b": {"c": null, "x": "y"}, "l": ["x"]}"#,
    r#"{"a": {"x": 1}, "b": "x", "l": "x"}"#,
    r#"{"a": true, "b": [1, "x"]}"#,
    r#"{"a": null, "b": {"c": ["x", "y"]}, "l": {"x": "y"}}"#,
    r#"{"a": "x:y", "b": {"c": "xy:z"}, "l": ["x:y"]}"#,
    "{}",
    "[\"x\", 1]",
    "null",
];

/// Places that tests look at.
const PLACES: &[&str] = &[
    "input.a",
    "input.b.c",
    "input[\"b\"].d",
    "input.l[0]",
    "input.l",
    "input.b",
    "data.a",
    "data.o[input.a]",
    "input.b[input.a]",
    "input.l[_]",
    "input[k]",
    "input",
];

const VALUES: &[&str] = &[
    "\"x\"",
    "\"y\"",
    "1",
    "1.0",
    "true",
    "false",
    "null",
    "[\"x\"]",
    "[\"x\", 1]",
    "{\"x\": 1}",
    "\"x:y\"",
    "[_, 1]",
    "{\"x\": _}",
    "[]",
    "\"xy:z\"",
    "[\"x\", z]",
    "{\"c\": 1}",
];

/// Tests of a place (`$`) against a value (`@`).
const TESTS: &[&str] = &[
    "$ == @",
    "$ = @",
    "@ == $",
    "@ = $",
    "v := $\n\tv == @",
    "v = $\n\tv = @",
    "$ in {@, \"y\"}",
    "$ in [@, 1]",
    "$ in data.xs",
    "$",
    "not $",
    "not $ == @",
    "$ != @",
    "glob.match(\"x:*\", [\":\"], $)",
    "glob.match(\"*:{y,z}\", [\":\"], $)",
    "glob.match(\"x*\", [], $)",
    "glob.match(\"**\", [\":\"], $)",
    "$ == data.a",
    "$ = @\n\tinput.a = \"x\"",
    "$ = @ with input.a as \"y\"",
    "startswith($, \"x\")",
    "some z in [@]\n\t$ == z",
    "w := @\n\t$ == w",
    "$ == @\n\tinput.b.c == 1",
    "is_string($)",
    "true",
    "input.a == input.b.c",
    "$ == @\n\t$ == \"x\"",
    "some i\n\t$[i] == @",
    "every e in $ { e == @ }",
    "[$, 1] = [@, 1]",
    "$ == @\n\tnot input.b.d",
    "{\"x\": z} = $\n\tz == @",
    "$ = q\n\tq == @",
    "@ in $",
    "internal.member_2($, [@])",
    "equal($, @)",
];

/// How a rule is said with a body: whole, to collect, with keys, as a function.
const SHAPES: usize = 5;

fn body(choices: &mut Choices<'_>) -> String {
    let mut body = Vec::new();
    for _ in 0..1 + choices.below(2) {
        let place = choices.one(PLACES);
        let place = if place == "input[k]" { "input[_]" } else { place };
        let value = choices.one(VALUES).replace('z', if body.is_empty() { "z1" } else { "z2" });
        let mut test = choices.one(TESTS).replace('$', place).replace('@', &value);
        if !body.is_empty() {
            for name in ["v :=", "w :=", "some z", "some i"] {
                if test.contains(name) {
                    test = "input.a".to_owned();
                }
            }
        }
        body.push(test);
    }
    body.join("\n\t")
}

/// A definition under a name.
fn rule(shape: usize, name: &str, value: &str, body: &str) -> String {
    match shape {
        0 => format!("{name} := {value} if {{\n\t{body}\n}}\n"),
        1 => format!("{name} contains {value} if {{\n\t{body}\n}}\n"),
        2 => format!("{name}[{value}] := {value} if {{\n\t{body}\n}}\n"),
        3 => format!(
            "{name}(input_a) := {value} if {{\n\t{}\n}}\n",
            body.replace("input.a", "input_a")
        ),
        _ => format!("{name}.k{value} := {value} if {{\n\t{body}\n}}\n"),
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let (shape, count, input) = (choices.below(SHAPES), 3 + choices.below(4), choices.one(INPUTS));
    let chained = shape % 3 == 0 && choices.below(3) == 0;
    let same = choices.below(2) == 0;
    let mut rules = Vec::new();
    for n in 0..count {
        let value = if same { 1 } else { 1 + (n + choices.below(2)) / 2 };
        rules.push((value.to_string(), body(&mut choices)));
    }
    let fallback = shape == 0 && !chained && choices.below(2) == 0;
    let mut together = String::from("package p\n");
    let mut apart = together.clone();
    if fallback {
        together.push_str("default r := 9\n");
    }
    for (n, (value, body)) in rules.iter().enumerate() {
        let said = rule(shape, "r", value, body);
        match said.trim_end().strip_prefix("r").filter(|_| chained && n > 0) {
            Some(rest) => {
                let rest = rest.strip_prefix("(input_a)").unwrap_or(rest);
                together = format!("{} else{rest}\n", together.trim_end());
            }
            None => together.push_str(&said),
        }
        apart.push_str(&rule(shape, &format!("r{n}"), value, body));
    }
    let call = if shape == 3 { "(input.a)" } else { "" };
    together.push_str(&format!("out := r{call}\n"));
    for n in 0..count {
        apart.push_str(&format!("out contains [{n}, x] if x := r{n}{call}\n"));
    }
    let one = answer(&together, DATA, input, "data.p.out");
    let parts = answer(&apart, DATA, input, "data.p.out");
    let show = || format!("{one:?} {parts:?} {input}\n{together}\n{apart}");
    // A definition that the index leaves out replaces nothing, and so fails at nothing, as in OPA.
    if one.is_ok() && parts == Err("eval_with_merge_error") {
        return;
    }
    assert_eq!(one.is_err() && one != Err("eval_conflict_error"), parts.is_err(), "{}", show());
    let Ok(parts) = &parts else { return };
    let parts = rego::Value::from_json(parts.as_bytes()).expect("what the engine wrote");
    let pairs: Vec<rego::Value> = parts.as_array().unwrap_or_default().to_vec();
    let values =
        || pairs.iter().filter_map(|pair| pair.as_array()?.get(1)).map(rego::Value::to_json);
    let want = match shape {
        0 | 3 if chained => Ok(values().next().unwrap_or("undefined".to_owned())),
        0 | 3 => {
            let mut distinct: Vec<String> = values().collect();
            distinct.dedup();
            match distinct.as_slice() {
                [] if fallback => Ok("9".to_owned()),
                [] => Ok("undefined".to_owned()),
                [value] => Ok(value.clone()),
                _ => Err("eval_conflict_error"),
            }
        }
        shape => {
            let mut members: Vec<String> = values().map(|value| inner(&value)).collect();
            members.sort();
            members.dedup();
            members.retain(|member| !member.is_empty());
            let all = members.join(",");
            Ok(if shape == 1 { format!("[{all}]") } else { format!("{{{all}}}") })
        }
    };
    assert_eq!(one, want, "{}", show());
});

/// What is between the brackets.
fn inner(json: &str) -> String {
    json.get(1..json.len() - 1).unwrap_or_default().to_owned()
}
