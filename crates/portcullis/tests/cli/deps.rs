//! `deps`: tables and JSON of what a query depends on.

use insta::assert_snapshot;

use crate::place::{Place, run};

fn place() -> Place {
    Place::with(&[
        (
            "p.rego",
            "package p\n\nimport data.lib as l\n\nallow if is_admin\n\nis_admin if \"admin\" in input.user.roles\n\n\
             b contains x if {\n\tx := input.a\n\ty := data.q.z\n\ty.c == 1\n\tl.f(x)\n\tnot allow\n}\n",
        ),
        ("lib.rego", "package lib\n\nf(x) := data.base[x].y\n"),
    ])
}

#[test]
fn tables() {
    assert_snapshot!(place().run(&["deps", "-d", "p.rego", "-d", "lib.rego", "data.p.allow"]), @"
    exit 0
    --- stdout
    +------------------+-------------------+
    |  BASE DOCUMENTS  | VIRTUAL DOCUMENTS |
    +------------------+-------------------+
    | input.user.roles | data.p.allow      |
    |                  | data.p.is_admin   |
    +------------------+-------------------+
    ");
    assert_snapshot!(place().run(&["deps", "-d", ".", "data.p.b"]), @"
    exit 0
    --- stdout
    +------------------+-------------------+
    |  BASE DOCUMENTS  | VIRTUAL DOCUMENTS |
    +------------------+-------------------+
    | data.base        | data.lib.f        |
    | data.q.z.c       | data.p.allow      |
    | input.a          | data.p.b          |
    | input.user.roles | data.p.is_admin   |
    +------------------+-------------------+
    ");
    assert_snapshot!(place().run(&["deps", "-b", ".", "input.x[\"y z\"][i]"]), @r#"
    exit 0
    --- stdout
    +----------------+
    | BASE DOCUMENTS |
    +----------------+
    | input.x["y z"] |
    +----------------+
    "#);
    assert_snapshot!(run(&["deps", "1 == 1"]), @"exit 0");
}

#[test]
fn json() {
    assert_snapshot!(run(&["deps", "-f", "json", "input.x"]), @r#"
    exit 0
    --- stdout
    {
      "base": [
        [
          {
            "type": "var",
            "value": "input"
          },
          {
            "type": "string",
            "value": "x"
          }
        ]
      ]
    }
    "#);
}

#[test]
fn wrong_usage() {
    assert_snapshot!(run(&["deps"]), @"
    exit 1
    --- stderr
    1 error occurred: specify exactly one query argument
    ");
    assert!(run(&["deps", "x +"]).starts_with("exit 1\n"));
    assert!(run(&["deps", "-d", "nope.rego", "x"]).starts_with("exit 1\n"));
}
