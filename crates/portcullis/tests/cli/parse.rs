//! `parse`: trees for people and programs.

use insta::assert_snapshot;

use crate::place::{Place, run};

fn place() -> Place {
    let text = "package p\n\n# a note\nq[_] := {x | x := input.a[1]} if not r with data.s as $\"{1}\"\n\nr := 1\n";
    Place::with(&[("p.rego", text), ("bad.rego", "package p\n\nq :="), ("p.txt", "package p")])
}

#[test]
fn a_tree_for_people() {
    assert_snapshot!(place().run(&["parse", "p.rego"]), @r#"
    exit 0
    --- stdout
    module
     package
      ref
       data
       "p"
     rule
      head
       ref
        q
        $0
       setcomprehension
        x
        body
         expr index=0
          ref
           assign
          x
          ref
           input
           "a"
           1
      body
       expr negated index=0
        r
        with
         ref
          data
          "s"
         templatestring
          expr index=0
           1
     rule
      head
       ref
        r
       1
      body
       expr index=0
        true
     comment
    "#);
}

#[test]
fn a_tree_for_programs() {
    let shown = place().run(&["parse", "-f", "json", "p.rego"]);
    assert!(shown.contains("\"comments\": ["), "{shown}");
    assert!(!shown.contains("\"location\""), "{shown}");
    let shown = place().run(&["parse", "-f", "json", "--json-include", "-comments", "p.rego"]);
    assert!(!shown.contains("\"comments\""), "{shown}");
    let shown =
        place().run(&["parse", "-f", "json", "--json-include=locations,-comments", "p.rego"]);
    let package = shown.find("\"package\": ").unwrap();
    let end = shown.find("\"rules\": ").unwrap();
    assert_snapshot!(&shown[package..end], @r#"
    "package": {
        "location": {
          "col": 1,
          "file": "p.rego",
          "row": 1,
          "text": "cGFja2FnZSBw"
        },
        "path": [
          {
            "location": {
              "col": 9,
              "file": "p.rego",
              "row": 1,
              "text": "cA=="
            },
            "type": "var",
            "value": "data"
          },
          {
            "location": {
              "col": 9,
              "file": "p.rego",
              "row": 1,
              "text": "cA=="
            },
            "type": "string",
            "value": "p"
          }
        ]
      },
    "#);
    // The same tree, places left out.
    let plain = place().run(&["parse", "-f", "json", "--json-include=-comments", "p.rego"]);
    let count = |text: &str, part: &str| text.matches(part).count();
    for part in ["\"type\"", "\"terms\"", "\"head\"", "\"symbols\"", "$0", "\"with\""] {
        assert_eq!(count(&plain, part), count(&shown, part), "{part}");
    }
}

#[test]
fn what_cannot_be_parsed_is_told_as_json() {
    assert_snapshot!(place().run(&["parse", "p.txt"]).lines().next().unwrap(), @"exit 1");
    let shown = place().run(&["parse", "bad.rego"]);
    assert!(shown.starts_with("exit 1\n--- stderr\n{\n  \"errors\": [\n"), "{shown}");
    assert_snapshot!(run(&["parse"]), @"
    exit 1
    --- stderr
    error: no source file specified
    ");
}
