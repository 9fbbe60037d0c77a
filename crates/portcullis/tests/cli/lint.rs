//! `lint`: findings with places and hints, explanations, exit codes.

use crate::place::Place;

const GATE: &str = "package gate\n\ndeny contains \"no\" if input.bad\n\nallow if not deny\n";

#[test]
fn findings_show_the_line_and_a_hint() {
    let shown = Place::with(&[("gate.rego", GATE)]).run(&["lint", "gate.rego"]);
    let expected = "exit 1\n--- stdout\nwarning: gate.rego:5: set-as-condition: `deny` is a set, which is \
                    always defined: `not deny` is never true\n\tallow if not deny\n\t         ^^^^^^^^\n\thint: write \
                    `count(deny) == 0`\n";
    assert_eq!(shown, expected);
}

#[test]
fn findings_as_json() {
    let shown = Place::with(&[("gate.rego", GATE)]).run(&["lint", "-f", "json", "gate.rego"]);
    let (exit, document) = shown.split_once("--- stdout\n").unwrap();
    assert_eq!(exit, "exit 1\n");
    let document = rego::Value::from_json(document.as_bytes()).unwrap().to_json();
    for part in [
        r#""rule":"set-as-condition""#,
        r#""hint":"write `count(deny) == 0`""#,
        r#""location":{"col":10,"file":"gate.rego","row":5}"#,
    ] {
        assert!(document.contains(part), "{part}: {document}");
    }
}

#[test]
fn nothing_is_found_in_a_bundle_where_the_rule_is_disabled() {
    let arguments = ["lint", "-b", "--disable", "set-as-condition", "."];
    assert_eq!(Place::with(&[("gate.rego", GATE)]).run(&arguments), "exit 0\n");
}

#[test]
fn rules_are_listed_and_explained() {
    let list = Place::with(&[]).run(&["lint", "--rules"]);
    assert!(list.starts_with("exit 0\n"), "{list}");
    for rule in &rego::lint::RULES {
        assert!(list.contains(rule.id), "{list}");
        let shown = Place::with(&[]).run(&["lint", "--explain", rule.id]);
        let expected =
            format!("exit 0\n--- stdout\n{}: {}\n\n{}\n", rule.id, rule.summary, rule.explanation);
        assert_eq!(shown, expected);
    }
}

#[test]
fn rules_that_are_not_there_are_refused() {
    for arguments in [["lint", "--disable", "nope", "."].as_slice(), &["lint", "--explain", "nope"]]
    {
        let shown = Place::with(&[]).run(arguments);
        let expected = "no rule is called `nope`; `lint --rules` lists them";
        assert!(shown.starts_with("exit 2\n") && shown.contains(expected), "{shown}");
    }
}

#[test]
fn files_that_cannot_be_read_are_no_findings() {
    let shown = Place::with(&[("p.rego", "package p\n\nq if {\n")]).run(&["lint", "."]);
    assert!(shown.starts_with("exit 2\n--- stderr\n"), "{shown}");
}
