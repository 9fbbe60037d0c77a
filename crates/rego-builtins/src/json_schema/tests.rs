//! Tests of schemas: a schema, a document, and what is wrong with it, as `type field: desc`.

use rego_value::Value;
use rego_vm::BuiltinError;

use crate::testing::{call, json};

/// Returns what is wrong with a document, one line a problem.
fn problems(schema: &str, document: &str) -> String {
    let outcome = call("json.match_schema", &[&document.into(), &schema.into()]).unwrap();
    let [valid, problems] = outcome.as_array().unwrap() else { panic!("{outcome:?}") };
    let problems = problems.as_array().unwrap();
    assert_eq!(valid.is_true(), problems.is_empty());
    let line = |problem: &Value| {
        let part = |key| problem.get_path(&[key]).and_then(Value::as_str).unwrap().to_string();
        assert_eq!(part("error"), format!("{}: {}", part("field"), part("desc")));
        format!("{} {}", part("type"), part("error"))
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn check(schema: &str, document: &str, want: &str) {
    assert_eq!(problems(schema, document), want, "{schema} {document}");
}

/// Returns what is wrong with a schema, or nothing.
fn schema_error(schema: &str) -> Option<String> {
    let outcome = call("json.verify_schema", &[&schema.into()]).unwrap();
    let [valid, why] = outcome.as_array().unwrap() else { panic!("{outcome:?}") };
    assert_eq!(valid.is_true(), *why == Value::NULL);
    why.as_str().map(|why| why.strip_prefix("jsonschema: ").unwrap().to_string())
}

#[test]
fn types_are_told_apart() {
    let cases = [
        (r#"{"type": "integer"}"#, "1.0", ""),
        (r#"{"type": "number"}"#, "1", ""),
        (
            r#"{"type": "integer"}"#,
            "1.5",
            "invalid_type (root): Invalid type. Expected: integer, given: number",
        ),
        (
            r#"{"type": ["string", "null"]}"#,
            "2",
            "invalid_type (root): Invalid type. Expected: [string,null], given: integer",
        ),
        (r#"{"type": ["string", "null"]}"#, "null", ""),
        (
            r#"{"properties": {"a": {"items": {"type": "boolean"}}}}"#,
            r#"{"a": [true, {}]}"#,
            "invalid_type a.1: Invalid type. Expected: boolean, given: object",
        ),
    ];
    for (schema, document, want) in cases {
        check(schema, document, want);
    }
}

#[test]
fn numbers_and_strings_have_bounds() {
    let cases = [
        (r#"{"minimum": 1}"#, "0.9", "number_gte (root): Must be greater than or equal to 1"),
        (
            r#"{"maximum": 1000000}"#,
            "1000001",
            "number_lte (root): Must be less than or equal to 1e+06",
        ),
        (r#"{"exclusiveMinimum": 1}"#, "1", "number_gt (root): Must be greater than 1"),
        (
            r#"{"minimum": 1, "exclusiveMinimum": true}"#,
            "1",
            "number_gt (root): Must be greater than 1",
        ),
        (r#"{"exclusiveMaximum": 2.5}"#, "2.5", "number_lt (root): Must be less than 2.5"),
        (r#"{"multipleOf": 0.01}"#, "0.07", ""),
        (r#"{"multipleOf": 0.01}"#, "0.075", "multiple_of (root): Must be a multiple of 0.01"),
        (
            r#"{"minLength": 2}"#,
            r#""é""#,
            "string_gte (root): String length must be greater than or equal to 2",
        ),
        (
            r#"{"maxLength": 1}"#,
            r#""éé""#,
            "string_lte (root): String length must be less than or equal to 1",
        ),
        (r#"{"pattern": "^a+$"}"#, r#""aab""#, "pattern (root): Does not match pattern '^a+$'"),
        (r#"{"pattern": "^a+$", "minLength": 9}"#, "3", ""),
        (r#"{"format": "ipv4"}"#, r#""1.2.3""#, "format (root): Does not match format 'ipv4'"),
        (r#"{"const": 1.0}"#, "1", ""),
        (
            r#"{"const": {"a": [1]}}"#,
            r#"{"a": [2]}"#,
            r#"const (root): (root) does not match: {"a":[1]}"#,
        ),
        (
            r#"{"enum": [1, "a"]}"#,
            "2",
            r#"enum (root): (root) must be one of the following: 1, "a""#,
        ),
        (r#"{"enum": []}"#, "2", "enum (root): (root) must be one of the following: (none)"),
        ("true", "2", ""),
        ("false", "2", "false (root): False always fails validation"),
    ];
    for (schema, document, want) in cases {
        check(schema, document, want);
    }
}

#[test]
fn arrays_and_objects_are_looked_into() {
    let cases = [
        (r#"{"minItems": 1}"#, "[]", "array_min_items (root): Array must have at least 1 items"),
        (r#"{"maxItems": 1}"#, "[1, 2]", "array_max_items (root): Array must have at most 1 items"),
        (
            r#"{"uniqueItems": true}"#,
            "[1, 2, 1.0]",
            "unique (root): array items[0,2] must be unique",
        ),
        (
            r#"{"items": [{}], "additionalItems": false}"#,
            "[1, 2]",
            "array_no_additional_items (root): No additional items allowed on array",
        ),
        (
            r#"{"items": [{}], "additionalItems": {"type": "null"}}"#,
            "[1, 2]",
            "invalid_type 1: Invalid type. Expected: null, given: integer",
        ),
        (
            r#"{"contains": {"const": 3}}"#,
            "[1]",
            "contains (root): At least one of the items must match\nconst 0: 0 does not match: 3",
        ),
        (r#"{"required": ["a", "b"]}"#, r#"{"a": 1}"#, "required (root): b is required"),
        (
            r#"{"properties": {"a": {}}, "patternProperties": {"^x": {}}, "additionalProperties": false}"#,
            r#"{"a": 1, "xy": 2, "z": 3}"#,
            "additional_property_not_allowed (root): Additional property z is not allowed",
        ),
        (
            r#"{"patternProperties": {"^x": {"type": "string"}}}"#,
            r#"{"xy": 2}"#,
            "invalid_type xy: Invalid type. Expected: string, given: integer",
        ),
        (
            r#"{"propertyNames": {"maxLength": 1}}"#,
            r#"{"ab": 2}"#,
            "invalid_property_name (root): Property name of \"ab\" does not match\n\
             string_lte (root): String length must be less than or equal to 1",
        ),
        (
            r#"{"dependencies": {"a": ["b"], "c": {"required": ["d"]}}}"#,
            r#"{"a": 1, "c": 2}"#,
            "missing_dependency (root): Has a dependency on b\nrequired (root): d is required",
        ),
        (
            r#"{"minProperties": 1}"#,
            "{}",
            "array_min_properties (root): Must have at least 1 properties",
        ),
        (
            r#"{"maxProperties": 0}"#,
            r#"{"a": 1}"#,
            "array_max_properties (root): Must have at most 0 properties",
        ),
    ];
    for (schema, document, want) in cases {
        check(schema, document, want);
    }
}

#[test]
fn of_several_alternatives_the_closest_is_told() {
    let any = "number_any_of (root): Must validate at least one schema (anyOf)";
    let one = "number_one_of (root): Must validate one and only one schema (oneOf)";
    let cases = [
        (
            r#"{"anyOf": [{"type": "string"}, {"required": ["a"], "properties": {"b": {"type": "string"}}}]}"#,
            r#"{"a": 1, "b": 2}"#,
            format!("{any}\ninvalid_type b: Invalid type. Expected: string, given: integer"),
        ),
        (r#"{"oneOf": [{"minimum": 1}, {"minimum": 2}]}"#, "3", one.to_string()),
        (
            r#"{"oneOf": [{"minimum": 5}, {"minimum": 6}]}"#,
            "3",
            format!("{one}\nnumber_gte (root): Must be greater than or equal to 5"),
        ),
        (
            r#"{"allOf": [{"minimum": 5}, {}]}"#,
            "3",
            "number_gte (root): Must be greater than or equal to 5\n\
             number_all_of (root): Must validate all the schemas (allOf)"
                .to_string(),
        ),
        (
            r#"{"not": {"type": "integer"}}"#,
            "3",
            "number_not (root): Must not validate the schema (not)".to_string(),
        ),
        (
            r#"{"if": {"minimum": 2}, "then": {"maximum": 2}, "else": {"maximum": 0}}"#,
            "3",
            "condition_then (root): Must validate \"then\" as \"if\" was valid\n\
             number_lte (root): Must be less than or equal to 2"
                .to_string(),
        ),
        (
            r#"{"if": {"minimum": 2}, "then": {"maximum": 2}, "else": {"maximum": 0}}"#,
            "1",
            "condition_else (root): Must validate \"else\" as \"if\" was not valid\n\
             number_lte (root): Must be less than or equal to 0"
                .to_string(),
        ),
    ];
    for (schema, document, want) in &cases {
        check(schema, document, want);
    }
}

#[test]
fn drafts_differ() {
    let draft = |number: u8, rest: &str| {
        format!(r#"{{"$schema": "http://json-schema.org/draft-0{number}/schema#", {rest}}}"#)
    };
    check(&draft(4, r#""const": 1, "contains": {}, "if": false, "then": false"#), "2", "");
    check(&draft(6, r#""if": {}, "then": false"#), "2", "");
    check(&draft(7, r#""const": 1"#), "2", "const (root): (root) does not match: 1");
    let want = "Invalid type. Expected: boolean, given: exclusiveMinimum";
    assert_eq!(schema_error(&draft(4, r#""exclusiveMinimum": 1"#)).as_deref(), Some(want));
    let want = "Invalid type. Expected: number, given: exclusiveMinimum";
    let schema = draft(6, r#""minimum": 1, "exclusiveMinimum": true"#);
    assert_eq!(schema_error(&schema).as_deref(), Some(want));
}

#[test]
fn references_lead_within_the_schema_and_to_the_drafts() {
    let list = r##"{"$ref": "#/definitions/list", "definitions": {
        "list": {"properties": {"value": {"type": "integer"}, "next": {"$ref": "#/definitions/list"}}}}}"##;
    check(list, r#"{"value": 1, "next": {"value": 2}}"#, "");
    let want = "invalid_type next.value: Invalid type. Expected: integer, given: string";
    check(list, r#"{"value": 1, "next": {"value": "2"}}"#, want);
    let named = r##"{"$id": "http://example.com/root.json", "definitions": {
        "a": {"$id": "#small", "maximum": 1}, "b": {"$id": "t/b.json", "definitions": {
            "c": {"type": "string"}}, "items": {"$ref": "#/definitions/c"}}},
        "properties": {"x": {"$ref": "#small"}, "y": {"$ref": "t/b.json"}, "a~/b%": {"$ref": "#/properties/a~0~1b%25"}}}"##;
    check(named, r#"{"x": 2}"#, "number_lte x: Must be less than or equal to 1");
    let want = "invalid_type y.0: Invalid type. Expected: string, given: integer";
    check(named, r#"{"y": [3]}"#, want);
    for draft in ["04", "06", "07"] {
        let own = format!(r#"{{"$ref": "http://json-schema.org/draft-{draft}/schema#"}}"#);
        check(&own, r#"{"type": "integer", "properties": {"a": {"minLength": 1}}}"#, "");
        assert!(problems(&own, r#"{"type": "int"}"#).contains("type must be one of"), "{own}");
    }
}

#[test]
fn what_is_wrong_with_a_schema_is_told_as_in_opa() {
    let cases = [
        (r#"5"#, "schema is invalid"),
        (r#"{"type": 5}"#, "Invalid type. Expected: type, given: string/array of strings"),
        (r#"{"type": ["null", "null"]}"#, "null type is duplicated"),
        (r#"{"properties": []}"#, "properties must be of type object"),
        (r#"{"properties": {"a": 1}}"#, "Expected: schema, given: Invalid JSON"),
        (r#"{"required": "a"}"#, "required must be of an array"),
        (r#"{"required": [1]}"#, "Invalid type. Expected: string, given: required"),
        (r#"{"required": ["a", "a"]}"#, "required items must be unique"),
        (r#"{"minLength": 1.5}"#, "minLength must be of an integer"),
        (r#"{"minLength": -1}"#, "minLength must be greater than or equal to 0"),
        (r#"{"minLength": 2, "maxLength": 1}"#, "minLength cannot be greater than maxLength"),
        (r#"{"multipleOf": 0}"#, "multipleOf must be strictly greater than 0"),
        (r#"{"minimum": "1"}"#, "minimum must be of a number"),
        (r#"{"exclusiveMaximum": true}"#, "exclusiveMaximum cannot be used without maximum"),
        (r#"{"pattern": "("}"#, "pattern must be a valid regex"),
        (r#"{"patternProperties": {"(": {}}}"#, "Invalid regex pattern '('"),
        (r#"{"items": 1}"#, "Invalid type. Expected: schema/array of schemas, given: items"),
        (
            r#"{"additionalItems": 1}"#,
            "Invalid type. Expected: boolean/schema, given: additionalItems",
        ),
        (r#"{"enum": [1, 1.0]}"#, "enum items must be unique"),
        (r#"{"not": 1}"#, "not must be of an object"),
        (r#"{"uniqueItems": 1}"#, "uniqueItems must be of a boolean"),
        (r#"{"dependencies": {"a": 1}}"#, "dependency must be of type schema or array of strings"),
        (
            r#"{"definitions": {"a": {"type": "x"}}}"#,
            "has a primitive type that is NOT VALID -- given: /x/ Expected valid values are:[array boolean integer number null object string]",
        ),
        (r##"{"$ref": "#/a"}"##, "Object has no key 'a'"),
        (r#"{"$ref": "other.json"}"#, "Reference /other.json must be canonical"),
        (
            r#"{"$ref": "http://example.com/s#/a"}"#,
            "remote reference loading disabled: http://example.com/s#/a",
        ),
        (
            r#"{"$ref": "file:///etc/passwd"}"#,
            "file reference loading disabled: file:///etc/passwd",
        ),
        (r#"{"$schema": 1}"#, "$schema must be of type string"),
        (r#"{"#, "invalid JSON string"),
    ];
    for (schema, want) in cases {
        assert_eq!(schema_error(schema).as_deref(), Some(want), "{schema}");
    }
}

#[test]
fn formats_are_as_loose_as_gos() {
    let good = [
        ("date", "2024-02-29"),
        ("time", "1:02:03.5+24:60"),
        ("date-time", "2024-02-29T01:02:03,5Z"),
        ("date-time", "01:02:03"),
        ("hostname", "a-b.c1"),
        ("email", "Bob (x(y)) <b.o@x.com>"),
        ("email", "\"a b\"@[::1]"),
        ("email", "a: b@c;"),
        ("idn-email", "é@é.com"),
        ("ipv4", "1.2.3.4"),
        ("ipv6", "::ffff:1.2.3.4"),
        ("uri", "http://a/b"),
        ("uri-reference", "a/b"),
        ("uri-template", "http://a/{b}{c}"),
        ("uuid", "123e4567-e89b-12d3-A456-426614174000"),
        ("regex", "a(b)"),
        ("json-pointer", "/a/~0~1"),
        ("relative-json-pointer", "10/a"),
        ("relative-json-pointer", "0#"),
        ("unknown", "anything"),
    ];
    let bad = [
        ("date", "2023-02-29"),
        ("date", "2023-2-01"),
        ("time", "01:02:60"),
        ("time", "01:02:03."),
        ("date-time", "2024-02-29 01:02:03Z"),
        ("date-time", "2024-02-29T01:02:03"),
        ("hostname", "-a"),
        ("hostname", "a..b"),
        ("email", "a"),
        ("email", ".a@b"),
        ("email", "a@b, c@d"),
        ("email", "a: ;"),
        ("ipv4", "01.2.3.4"),
        ("ipv6", "fe80::1%eth0"),
        ("uri", "a/b"),
        ("uri-reference", "\\"),
        ("uri-template", "http://a/{b"),
        ("uuid", "123e4567-e89b-12d3-a456-42661417400"),
        ("regex", "a(b"),
        ("json-pointer", "a"),
        ("json-pointer", "/~2"),
        ("relative-json-pointer", "01/a"),
    ];
    for (cases, want) in [(&good[..], true), (&bad[..], false)] {
        for (format, text) in cases {
            let schema = format!(r#"{{"format": "{format}"}}"#);
            let document = Value::from(*text).to_json();
            assert_eq!(problems(&schema, &document).is_empty(), want, "{format} {text}");
        }
    }
}

#[test]
fn documents_are_values_as_they_are_in_json() {
    let set = Value::object_from_strs([("a", Value::set(vec![Value::from(1)]))]);
    let schema = json(r#"{"properties": {"a": {"type": "array"}}}"#);
    let valid = Value::array(vec![Value::TRUE, Value::array(Vec::new())]);
    assert_eq!(call("json.match_schema", &[&set, &schema]), Ok(valid.clone()));
    let array = Value::array(vec![Value::from(1)]);
    assert_eq!(call("json.match_schema", &[&array, &json(r#"{"type": "array"}"#)]), Ok(valid));
    let wrong = BuiltinError::Failed("wrong type, expected string or object".to_string());
    assert_eq!(call("json.match_schema", &[&Value::from(1), &schema]), Err(wrong));
}

#[test]
fn endless_schemas_end() {
    let failed = |text: &str| Err(BuiltinError::Failed(text.to_string()));
    let run = |schema: &str| call("json.match_schema", &[&"{}".into(), &schema.into()]);
    assert_eq!(run(r##"{"$ref": "#"}"##), failed("schema refers to itself"));
    let round = r##"{"allOf": [{"$ref": "#"}]}"##;
    assert_eq!(run(round), failed("schema or document is nested too deeply"));
    let twice = r##"{"allOf": [{"$ref": "#"}, {"$ref": "#"}], "not": {"$ref": "#"}}"##;
    assert_eq!(run(twice), failed("schema or document is nested too deeply"));
    let wide = r##"{"anyOf": [{"$ref": "#/definitions/a"}], "definitions": {
        "a": {"properties": {"x": {"anyOf": [{"$ref": "#/definitions/a"}, {"$ref": "#/definitions/a"}]}}, "required": ["y"]}}}"##;
    let deep = format!("{}{{}}{}", r#"{"x":"#.repeat(150), "}".repeat(150));
    let outcome = call("json.match_schema", &[&deep.into(), &wide.into()]);
    assert!(matches!(outcome, Err(BuiltinError::Halt(_))), "{outcome:?}");
    let nested = format!("{}{{}}{}", r#"{"not":"#.repeat(900), "}".repeat(900));
    assert_eq!(schema_error(&nested).as_deref(), Some("schema is nested too deeply"));
}
