//! The record of nondeterministic builtins, as OPA's decision log has it.

#[cfg(test)]
mod tests {
    use rego::{Compiler, EvalOptions, Policy, RECORD_BYTES_MAX, Recorder, Value};

    fn policy(rules: &str) -> Policy {
        Compiler::new().module("p.rego", format!("package p\n\n{rules}\n")).compile().unwrap()
    }

    fn run(rules: &str, recorder: Option<&Recorder>) -> Result<Option<Value>, rego::EvalError> {
        let query = policy(rules).prepare("data.p.q").unwrap();
        query.value(None, &EvalOptions { recorder, ..EvalOptions::default() })
    }

    #[test]
    fn calls_are_taken_down_by_builtin_and_operands() {
        let cases = [
            ("q := rand.intn(\"k\", 1)", r#"{"rand.intn":{"[\"k\",1]":0}}"#),
            ("q := [time.now_ns(), time.now_ns()]", r#"{"time.now_ns":{"[]":0}}"#),
            ("q := count([1, 2])", "{}"),
            ("q if rand.intn(\"k\", 1) == 7 with rand.intn as 7", "{}"),
            (
                "q := [rand.intn(\"a\", 1), rand.intn(\"b\", 1), opa.runtime()]",
                r#"{"opa.runtime":{"[]":{}},"rand.intn":{"[\"a\",1]":0,"[\"b\",1]":0}}"#,
            ),
        ];
        for (rules, want) in cases {
            let recorder = Recorder::new();
            run(rules, Some(&recorder)).unwrap();
            assert_eq!(recorder.to_value().to_json(), want, "{rules}");
            assert!(run(rules, None).is_ok(), "{rules}");
        }
    }

    #[test]
    fn a_run_that_fails_leaves_its_record() {
        let recorder = Recorder::new();
        let rules = "q := 1 if time.now_ns() == 0\n\nq := 2 if time.now_ns() == 0";
        run(rules, Some(&recorder)).unwrap_err();
        assert_eq!(recorder.to_value().to_json(), r#"{"time.now_ns":{"[]":0}}"#);
    }

    #[test]
    fn a_record_has_a_bound() {
        // Each key is 1 MiB of text, so a few fit and the rest are counted.
        let rules = "s := concat(\"\", [\"xxxxxxxxxxxxxxxx\" | some _ in numbers.range(1, 65536)])\n\n\
                 q := [rand.intn(sprintf(\"%d%s\", [i, s]), 1) | some i in numbers.range(1, 9)]";
        let recorder = Recorder::new();
        run(rules, Some(&recorder)).unwrap();
        assert!(recorder.to_value().to_json().len() <= RECORD_BYTES_MAX + 1024);
        assert_eq!(recorder.dropped(), 6);
    }
}
