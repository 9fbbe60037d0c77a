//! Schemas: what the type checker knows from them.
#![allow(clippy::unwrap_used, reason = "a test may panic and say why")]

mod support;

use std::fmt::Write as _;

use rego_analysis::{Options, SchemaSet};
use rego_source::render;
use rego_syntax::ast::RegoVersion;
use rego_value::Value;

fn errors(schemas: &SchemaSet, text: &str) -> String {
    let options = Options { schemas: Some(schemas), ..support::options() };
    let (sources, outcome) = support::compile(&[text], RegoVersion::V1, &options);
    let said = match outcome {
        Ok(_) => "accepted".to_owned(),
        Err(errors) => render::lines(&sources, &errors),
    };
    format!("{}\n----\n{said}\n", text.trim())
}

fn of_input(schema: &str) -> SchemaSet {
    let mut schemas = SchemaSet::default();
    schemas.put(Vec::new(), Value::from_json(schema.as_bytes()).unwrap());
    schemas
}

const REQUEST: &str = r##"{
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "definitions": {
        "user": {
            "$id": "#user",
            "type": "object",
            "properties": {"name": {"type": "string"}, "boss": {"$ref": "#user"}}
        }
    },
    "properties": {
        "user": {"$ref": "#/definitions/user"},
        "port": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "pair": {"type": "array", "items": [{"type": "string"}, {"type": "number"}]},
        "labels": {"type": "object"},
        "open": {"properties": {"a": {"type": "boolean"}}, "additionalProperties": true},
        "maybe": {"type": ["string", "null"]},
        "either": {"anyOf": [{"type": "string"}, {"properties": {"x": {"type": "number"}}}]},
        "all": {"allOf": [
            {"properties": {"a": {"type": "string"}}},
            {"$ref": "#/definitions/user"}
        ]},
        "anything": true
    }
}"##;

#[test]
fn input_has_the_type_of_its_schema() {
    insta::assert_snapshot!(errors(
        &of_input(REQUEST),
        "package p

a := input.usr
b if input.user.name == 1
c := input.port.x
d if some tag in input.tags
e if { some tag in input.tags; tag == 1 }
f if input.pair[1] == \"x\"
g := input.pair[2]
h := input.either.y
i := input.all.c
j if input.user.boss.name == 1
k if input.maybe == 1
l if input.open.a == 1
"
    ));
}

#[test]
fn what_a_schema_leaves_open_is_accepted() {
    let text = "package p

a := input.user.boss.boss.boss.name
b := input.labels.any.thing
c := input.open.other.thing
d if input.maybe == null
e if input.maybe == \"x\"
f := input.either.x + 1
g if startswith(input.either, \"x\")
h := [input.all.a, input.all.name]
i := input.anything.at.all
j if every tag in input.tags { tag == 1 }
k if input.port == 1 with input as {\"port\": \"x\"}
";
    assert!(errors(&of_input(REQUEST), text).ends_with("accepted\n"), "{text}");
}

#[test]
fn what_is_no_schema_is_refused() {
    let mut said = String::new();
    for schema in [
        "1",
        r#"{"type": "text"}"#,
        r#"{"type": ["string", "string"]}"#,
        r#"{"type": 1}"#,
        r#"{"properties": []}"#,
        r#"{"properties": {"a": []}}"#,
        r#"{"items": 1}"#,
        r#"{"anyOf": []}"#,
        r#"{"$ref": 1}"#,
        r##"{"$ref": "#/definitions/nope"}"##,
        r#"{"$ref": "https://example.com/schema.json"}"#,
        r#"{"allOf": [{"type": "string"}, {"type": "number"}]}"#,
        r#"{"type": "object", "allOf": [{"type": "array"}]}"#,
        r##"{"allOf": [{"$ref": "#"}]}"##,
        r##"{"definitions": {"a": {"$ref": "#/definitions/a"}}, "allOf": [{"$ref": "#/definitions/a"}]}"##,
    ] {
        let errors = errors(&of_input(schema), "package p\n\na := input.b");
        let (_, errors) = errors.split_once("----\n").unwrap();
        write!(said, "{schema}\n    {errors}").unwrap();
    }
    insta::assert_snapshot!(said);
}

/// Schemas that would be endless, or very large, are types of bounded size, in bounded time.
#[test]
fn schemas_that_grow_are_bounded() {
    let twice = (0..60).map(|at| {
        let next = at + 1;
        format!(
            r##""d{at}": {{"properties": {{"a": {{"$ref": "#/definitions/d{next}"}}, "b": {{"$ref": "#/definitions/d{next}"}}}}}}"##
        )
    });
    let twice: Vec<String> = twice.collect();
    let doubling = format!(
        r##"{{"definitions": {{{}, "d60": {{"type": "string"}}}}, "$ref": "#/definitions/d0"}}"##,
        twice.join(", ")
    );
    let deep = format!(
        "{}{}",
        r#"{"properties": {"a": "#.repeat(400),
        "{}".to_owned() + &"}}".repeat(400)
    );
    let itself = r##"{"properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}}"##.to_owned();
    let all =
        r##"{"allOf": [{"allOf": [{"$ref": "#"}, {"$ref": "#"}]}, {"allOf": [{"$ref": "#"}]}]}"##
            .to_owned();
    for schema in [doubling, deep, itself, all] {
        let found = errors(&of_input(&schema), "package p\n\nq := input.a.a.a.a.a.a.a\n");
        assert!(found.ends_with("accepted\n"), "{found}");
    }
}
