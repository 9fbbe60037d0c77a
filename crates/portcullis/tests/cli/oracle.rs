//! `oracle find-definition`: where names lead to.

use insta::assert_snapshot;

use crate::place::{Place, run};

const POLICY: &str = "package p\n\nimport data.lib as l\n\nallow if {\n\tx := input.a\n\tl.f(x)\n\tis_admin\n\tdata.lib.g\n}\n\nis_admin if {\n\tsome y in [1]\n\ty == 1\n}\n";

fn place() -> Place {
    Place::with(&[("b/p.rego", POLICY), ("b/lib.rego", "package lib\n\nf(x) := x\n\ng := 1\n")])
}

/// Row and column of the definition of what stands where `part` begins, `skip` bytes further.
fn find(part: &str, skip: usize) -> String {
    let offset = POLICY.find(part).unwrap() + skip;
    let said =
        place().run(&["oracle", "find-definition", "-b", "b", &format!("b/p.rego:{offset}")]);
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn names_lead_to_their_definitions() {
    let at = |file: &str, row: u32, col: u32| {
        format!(
            "exit 0 --- stdout {{ \"result\": {{ \"file\": \"{file}\", \"row\": {row}, \"col\": {col} }} }}"
        )
    };
    assert_eq!(find("l.f(x)", 0), at("b/lib.rego", 3, 1));
    assert_eq!(find("l.f(x)", 4), at("b/p.rego", 6, 2));
    assert_eq!(find("is_admin\n", 2), at("b/p.rego", 12, 1));
    assert_eq!(find("data.lib.g", 9), at("b/lib.rego", 5, 1));
    assert_eq!(find("data.lib as l", 6), at("b/lib.rego", 1, 1));
    assert_eq!(find("y == 1", 0), at("b/p.rego", 13, 7));
}

#[test]
fn no_answer_is_an_answer() {
    assert_eq!(
        find("input.a", 6),
        "exit 0 --- stdout { \"error\": { \"code\": \"oracle_no_definition_found\" } }"
    );
    assert_eq!(
        find("package", 1),
        "exit 0 --- stdout { \"error\": { \"code\": \"oracle_no_match_found\" } }"
    );
}

#[test]
fn a_buffer_stands_for_the_file() {
    let place = Place::with(&[]).stdin("package q\n\na := b\n\nb := 1\n");
    assert_snapshot!(place.run(&["oracle", "find-definition", "--stdin-buffer", "q.rego:0x10"]), @r#"
    exit 0
    --- stdout
    {
      "result": {
        "file": "q.rego",
        "row": 5,
        "col": 1
      }
    }
    "#);
}

#[test]
fn wrong_usage() {
    assert_snapshot!(run(&["oracle", "find-definition"]), @"
    exit 1
    --- stderr
    error: expected exactly one position <filename>:<offset>
    ");
    assert_snapshot!(run(&["oracle", "find-definition", "p.rego"]), @"
    exit 1
    --- stderr
    error: expected <filename>:<offset> argument
    ");
    assert!(
        run(&["oracle", "find-definition", "p.rego:1"])
            .starts_with("exit 1\n--- stderr\nerror: p.rego: ")
    );
}
