//! `inspect`: tables and JSON.

use insta::assert_snapshot;

use crate::place::{Place, run};

/// A bundle with something of everything.
fn place() -> Place {
    Place::with(&[
        (
            "b/.manifest",
            r#"{"revision": "a revision that is rather long, longer than a cell is wide", "roots": ["b", "a/x"],
                "metadata": {"team": "<x>"}, "rego_version": 1, "file_rego_versions": {"/b/old.rego": 0},
                "wasm": [{"entrypoint": "b/rule", "module": "/policy.wasm"}]}"#,
        ),
        ("b/a/x/data.json", "{}"),
        ("b/b/data.yaml", "a: 1"),
        ("b/b/p.rego", "package b\n\nq if regex.match(\"a\", input.x)\n"),
        ("b/b/old.rego", "package b[\"odd name\"]\n\nq { true }\n"),
        (
            "b/b/a/directory/that/is/deep/down/in/the/tree/of/files/p.rego",
            "package b.deep\n\nq if true\n",
        ),
        ("b/policy.wasm", "wasm"),
        ("b/.signatures.json", r#"{"signatures": ["a.b.c"], "plugin": "p", "other": 1}"#),
    ])
}

#[test]
fn a_directory_as_tables() {
    assert_snapshot!(place().run(&["inspect", "b"]), @r#"
    exit 0
    --- stdout
    MANIFEST:
    +--------------+----------------------------------------------------+
    |    FIELD     |                       VALUE                        |
    +--------------+----------------------------------------------------+
    | Rego Version | 1                                                  |
    | Revision     | a revision that is rather long, longer than a c... |
    | Roots        | a/x                                                |
    |              | b                                                  |
    | Metadata     | {"team":"\u003cx\u003e"}                           |
    +--------------+----------------------------------------------------+
    NAMESPACES:
    +--------------------+---------------------------------------------------+
    |     NAMESPACE      |                       FILE                        |
    +--------------------+---------------------------------------------------+
    | data.a.x           | b/a/x/data.json                                   |
    | data.b             | b/b/p.rego                                        |
    |                    | b/b/data.yaml                                     |
    | data.b.deep        | .../that/is/deep/down/in/the/tree/of/files/p.rego |
    | data.b.rule        | /policy.wasm                                      |
    | data.b["odd name"] | b/b/old.rego                                      |
    +--------------------+---------------------------------------------------+
    "#);
}

#[test]
fn a_directory_as_json() {
    assert_snapshot!(place().run(&["inspect", "-f", "json", "b"]), @r#"
    exit 0
    --- stdout
    {
      "manifest": {
        "revision": "a revision that is rather long, longer than a cell is wide",
        "roots": [
          "b",
          "a/x"
        ],
        "wasm": [
          {
            "entrypoint": "b/rule",
            "module": "/policy.wasm"
          }
        ],
        "rego_version": 1,
        "file_rego_versions": {
          "/b/old.rego": 0
        },
        "metadata": {
          "team": "\u003cx\u003e"
        }
      },
      "signatures_config": {
        "plugin": "p",
        "signatures": [
          "a.b.c"
        ]
      },
      "wasm_modules": [
        {
          "entrypoints": [
            "data.b.rule"
          ],
          "path": "/policy.wasm",
          "url": "/policy.wasm"
        }
      ],
      "namespaces": {
        "data.a.x": [
          "b/a/x/data.json"
        ],
        "data.b": [
          "b/b/p.rego",
          "b/b/data.yaml"
        ],
        "data.b.deep": [
          "b/b/a/directory/that/is/deep/down/in/the/tree/of/files/p.rego"
        ],
        "data.b.rule": [
          "/policy.wasm"
        ],
        "data.b[\"odd name\"]": [
          "b/b/old.rego"
        ]
      },
      "capabilities": {
        "builtins": [
          {
            "name": "eq",
            "decl": {
              "args": [
                {
                  "type": "any"
                },
                {
                  "type": "any"
                }
              ],
              "result": {
                "type": "boolean"
              },
              "type": "function"
            },
            "infix": "="
          },
          {
            "name": "regex.match",
            "decl": {
              "args": [
                {
                  "type": "string"
                },
                {
                  "type": "string"
                }
              ],
              "result": {
                "type": "boolean"
              },
              "type": "function"
            }
          }
        ],
        "features": [
          "rego_v1"
        ]
      }
    }
    "#);
}

#[test]
fn an_archive_has_paths_from_its_root() {
    let place = Place::with(&[("b/p.rego", "package p"), ("b/q/data.json", "1")]);
    assert_eq!(place.run(&["build", "-b", "b", "-r", "r1"]), "exit 0\n");
    assert_snapshot!(place.run(&["inspect", "bundle.tar.gz"]), @"
    exit 0
    --- stdout
    MANIFEST:
    +--------------+-------+
    |    FIELD     | VALUE |
    +--------------+-------+
    | Rego Version | 1     |
    | Revision     | r1    |
    +--------------+-------+
    NAMESPACES:
    +-----------+------------+
    | NAMESPACE |    FILE    |
    +-----------+------------+
    | data      | /data.json |
    | data.p    | /b/p.rego  |
    +-----------+------------+
    ");
    assert_snapshot!(place.run(&["inspect", "--format=json", "bundle.tar.gz"]), @r#"
    exit 0
    --- stdout
    {
      "manifest": {
        "revision": "r1",
        "roots": [
          ""
        ],
        "rego_version": 1
      },
      "signatures_config": {},
      "namespaces": {
        "data": [
          "/data.json"
        ],
        "data.p": [
          "/b/p.rego"
        ]
      },
      "capabilities": {
        "features": [
          "rego_v1"
        ]
      }
    }
    "#);
}

#[test]
fn one_module() {
    let place = Place::with(&[("p.rego", "package p.q\n\nr { true }\n")]);
    assert_snapshot!(place.run(&["inspect", "--v0-compatible", "p.rego"]), @"
    exit 0
    --- stdout
    NAMESPACES:
    +-----------+--------+
    | NAMESPACE |  FILE  |
    +-----------+--------+
    | data.p.q  | p.rego |
    +-----------+--------+
    ");
    assert_snapshot!(place.run(&["inspect", "--v0-compatible", "-f", "json", "p.rego"]), @r#"
    exit 0
    --- stdout
    {
      "signatures_config": {},
      "namespaces": {
        "data.p.q": [
          "p.rego"
        ]
      },
      "capabilities": {}
    }
    "#);
    assert_snapshot!(place.run(&["inspect", "--v1-compatible", "p.rego"]), @"
    exit 1
    --- stderr
    error: 1 error occurred: p.rego:3: rego_parse_error: `if` keyword is required before rule body
    ");
}

#[test]
fn what_is_wrong_is_said() {
    assert_snapshot!(run(&["inspect"]), @"
    exit 1
    --- stderr
    error: specify exactly one OPA bundle or path
    ");
    assert_snapshot!(run(&["inspect", "a", "b"]), @"
    exit 1
    --- stderr
    error: specify exactly one OPA bundle or path
    ");
    assert_snapshot!(run(&["inspect", "none.tar.gz"]), @"
    exit 1
    --- stderr
    error: open none.tar.gz: no such file or directory
    ");
    let place = Place::with(&[
        ("roots/.manifest", r#"{"roots": ["a"]}"#),
        ("roots/p.rego", "package p"),
        ("text.tar.gz", "no archive"),
    ]);
    assert_snapshot!(place.run(&["inspect", "roots"]), @"
    exit 1
    --- stderr
    error: manifest roots [a] do not permit 'package p' in module '/p.rego'
    ");
    assert_snapshot!(place.run(&["inspect", "text.tar.gz"]), @"
    exit 1
    --- stderr
    error: bundle text.tar.gz: archive read failed: not a gzip stream
    ");
}

#[test]
fn annotations_are_shown() {
    let text = "# METADATA\n# title: The package\n# description: What it is for\npackage p\n
# METADATA\n# entrypoint: true\n# organizations: [One]\n# authors: [Ann <a@b.c>, Bob]\n# schemas:\n# - input: schema.a\n# - data.x: {type: string}\n# related_resources:\n# - https://a.b\n# - {ref: https://c.d, description: more}\n# custom: {k: [1], longer: x}\nq.r := 1\n";
    let place = Place::with(&[("b/p.rego", text)]);
    assert_snapshot!(place.run(&["inspect", "-a", "b/p.rego"]), @r#"
    exit 0
    --- stdout
    NAMESPACES:
    +-----------+----------+
    | NAMESPACE |   FILE   |
    +-----------+----------+
    | data.p    | b/p.rego |
    +-----------+----------+
    ANNOTATIONS:
    The package
    ===========

    What it is for

    Package:  p
    Location: b/p.rego:4
    Scope: package

    p.q.r
    =====

    Rule:     q.r
    Location: b/p.rego:17
    Scope: document
    Entrypoint: true

    Organizations:
     One

    Authors:
     Ann <a@b.c>
     Bob

    Schemas:
     input:  schema.a
     data.x: {"type":"string"}

    Related Resources:
     https://a.b
     https://c.d more

    Custom:
     k:      [1]
     longer: "x"
    "#);
    let shown = place.run(&["inspect", "-a", "-f", "json", "b"]);
    let start = shown.find("  \"annotations\"").unwrap();
    assert_snapshot!(shown[start..].lines().take(32).collect::<Vec<_>>().join("\n"), @r#"
    "annotations": [
      {
        "annotations": {
          "description": "What it is for",
          "scope": "package",
          "title": "The package"
        },
        "location": {
          "col": 1,
          "file": "b/p.rego",
          "row": 4
        },
        "path": [
          {
            "type": "var",
            "value": "data"
          },
          {
            "type": "string",
            "value": "p"
          }
        ]
      },
      {
        "annotations": {
          "authors": [
            {
              "email": "a@b.c",
              "name": "Ann"
            },
            {
              "name": "Bob"
    "#);
    assert!(!place.run(&["inspect", "-f", "json", "b"]).contains("\"annotations\""));
    let bad = Place::with(&[("p.rego", "package p\n\n# METADATA\n# scope: x\nq := 1\n")]);
    assert!(bad.run(&["inspect", "-a", "p.rego"]).contains("invalid annotation scope 'x'"));
}
