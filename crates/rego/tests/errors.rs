//! Errors as the JSON objects that OPA's programs read.

#[cfg(test)]
mod tests {
    use rego::{Compiler, EvalOptions, Value};

    #[test]
    fn compile_errors_are_opa_objects() {
        let cases = [
            (
                "package p\n\nq := nope\n",
                r#"[{"message":"var nope is unsafe","code":"rego_unsafe_var_error","location":{"file":"p.rego","row":3,"col":1}}]"#,
            ),
            (
                "package p\n\nq := )\n",
                r#"[{"message":"unexpected ) token","code":"rego_parse_error","location":{"file":"p.rego","row":3,"col":6},"details":{"line":"q := )","idx":5}}]"#,
            ),
        ];
        for (module, want) in cases {
            let errors = Compiler::new().module("p.rego", module).compile().unwrap_err();
            let want = Value::from_json(want.as_bytes()).unwrap();
            let mut got = errors.to_values();
            got.truncate(1);
            assert_eq!(Value::array(got).to_json(), want.to_json(), "{module}");
        }
    }

    #[test]
    fn errors_of_evaluation_are_opa_objects() {
        let module = "package p\n\nq := 1 if input.a\n\nq := 2 if input.a\n";
        let policy = Compiler::new().module("p.rego", module).compile().unwrap();
        let input = Value::from_json(br#"{"a": true}"#).unwrap();
        let query = policy.prepare("data.p.q").unwrap();
        let error = query.value(Some(&input), &EvalOptions::default()).unwrap_err();
        let want = r#"{"code":"eval_conflict_error","location":{"col":1,"file":"p.rego","row":5},"message":"complete rules must not produce multiple outputs"}"#;
        assert_eq!(error.to_value().to_json(), want);
    }
}
