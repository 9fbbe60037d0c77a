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
        ("b/b/p.rego", "package b\n\nq if true\n"),
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
      }
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
    assert_snapshot!(run(&["inspect", "-a", "."]), @"
    exit 1
    --- stderr
    error: annotations are not part of this version yet
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
