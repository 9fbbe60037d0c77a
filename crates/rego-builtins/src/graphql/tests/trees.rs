//! Texts to trees and back, and texts that cannot be read.

use rego_value::Value;
use rego_vm::BuiltinError;

use super::{call, cases, failure, text};
use crate::testing::{check_error, check_type_error};

/// Queries that cannot be read.
const QUERIES: &str = r#"
query
    1:6 Expected {, found <EOF>
{ a() }
    1:5 expected at least one definition, found )
{ a(b: ) }
    1:8 Unexpected )
{ a(b: 00) }
    1:9 Unexpected <Invalid>
query ($a: Int = $b) { a }
    1:18 Unexpected $
fragment F a { b }
    1:12 Expected "on", found Name "a"
{ é }
    1:3 Expected Name, found <Invalid>
{ "é" }
    1:4 Expected Name, found String
type A { b: Int }
    1:1 Unexpected Name "type"
"#;

/// Schemas that cannot be read; in a `schema` an invalid token says what is wrong with it.
const SCHEMAS: &str = r#"
schema { ' }
    1:10 Unexpected single quote character ('), did you mean to use a double quote (")?
schema { 01 }
    1:11 Invalid number, unexpected digit after 0: "1".
schema { -a }
    1:11 Invalid number, expected digit but got: "a".
schema { 1. }
    1:12 Invalid number, expected digit but got: " ".
schema { "a }
    1:14 Unterminated string.
schema { "\x" }
    1:12 Invalid character escape sequence: \x.
schema { "\u12G4" }
    1:12 Invalid character escape sequence: \u12G4.
schema { "\u12
    1:12 Invalid character escape sequence: \u12.
schema { .. }
    1:10 Cannot parse the unexpected character ".".
extend "a" type A
    1:9 Unexpected String "a"
"a" extend type A { b: Int }
    1:2 Unexpected String "a"
extend interface A implements B
    1:20 Unexpected Name "implements"
directive @a on NOWHERE
    1:17 Unexpected Name "NOWHERE"
type A { b: Int = 1 }
    1:17 Expected Name, found =
"#;

#[test]
fn texts_that_cannot_be_read_say_where() {
    for (name, table) in [("graphql.parse_query", QUERIES), ("graphql.parse_schema", SCHEMAS)] {
        for (document, lines) in cases(table) {
            let (place, message) = lines[0].split_once(' ').unwrap();
            let want = format!("{message} in GraphQL string at location {place}");
            assert_eq!(failure(name, &[&text(document)]), want, "{document}");
        }
    }
}

/// Checks a tree, written as JSON with `'` for `"`, and that it is read back to the same.
#[track_caller]
fn check_schema(schema: &str, want: &str) {
    let want = Value::from_json(want.replace('\'', "\"").as_bytes()).unwrap();
    assert_eq!(call("graphql.parse_schema", &[&text(schema)]), Ok(want.clone()));
    let both = call("graphql.parse", &[&text(""), &want]).unwrap();
    assert_eq!(both.as_array().unwrap()[1], want);
}

#[test]
fn comments_and_descriptions_are_kept() {
    check_schema(
        "# 1\n\"d\"\n# 2\n# 3\nenum A {\n # 4\n \"e\" # 5\n B\n # 6\n} # 7",
        "{'Comment': {'List': [{'Value': '# 7'}]}, 'Definitions': [{
            'Kind': 'ENUM', 'Name': 'A', 'Description': 'd', 'BuiltIn': false,
            'EnumValues': [{'Name': 'B', 'Description': 'e',
                'BeforeDescriptionComment': {'List': [{'Value': '# 4'}]},
                'AfterDescriptionComment': {'List': [{'Value': '# 5'}]}}],
            'BeforeDescriptionComment': {'List': [{'Value': '# 1'}]},
            'AfterDescriptionComment': {'List': [{'Value': '# 2'}, {'Value': '# 3'}]},
            'EndOfDefinitionComment': {'List': [{'Value': '# 6'}]}}]}",
    );
}

#[test]
fn a_schema_is_read_back_as_it_was() {
    check_schema(
        "directive @a(b: [Int!] = [1]) repeatable on FIELD | QUERY schema @c { query: Q }
         extend type Q { d: Int } directive @c on SCHEMA",
        "{'Directives': [
            {'Name': 'a', 'Description': '', 'IsRepeatable': true, 'Locations': ['FIELD', 'QUERY'],
             'Arguments': [{'Name': 'b', 'Description': '',
                'Type': {'NamedType': '', 'NonNull': false,
                         'Elem': {'NamedType': 'Int', 'NonNull': true}},
                'DefaultValue': {'Kind': 8, 'Raw': '', 'ExpectedTypeHasDefault': false,
                    'Children': [{'Name': '', 'Value':
                        {'Kind': 1, 'Raw': '1', 'ExpectedTypeHasDefault': false}}]}}]},
            {'Name': 'c', 'Description': '', 'IsRepeatable': false, 'Locations': ['SCHEMA']}],
          'Schema': [{'Description': '', 'Directives': [{'Name': 'c', 'Location': ''}],
            'OperationTypes': [{'Operation': 'query', 'Type': 'Q'}]}],
          'Extensions': [{'Kind': 'OBJECT', 'Name': 'Q', 'Description': '', 'BuiltIn': false,
            'Fields': [{'Name': 'd', 'Description': '',
                        'Type': {'NamedType': 'Int', 'NonNull': false}}]}]}",
    );
}

#[test]
fn block_strings_lose_their_indentation() {
    let cases = [
        ("\n    a,\n      b\n\n    c\n  ", "a,\n  b\n\nc"),
        ("a\n  b", "a\n  b"),
        ("  \n\t\n", ""),
        ("x\\\"\"\"y", "x\"\"\"y"),
        ("a\r\n b\rc", "a\n b\nc"),
    ];
    for (raw, want) in cases {
        let query = text(&format!("{{ a(b: \"\"\"{raw}\"\"\") }}"));
        let tree = call("graphql.parse_query", &[&query]).unwrap();
        let mut node = &tree;
        for key in ["Operations", "SelectionSet", "Arguments"] {
            node = &node.get(&text(key)).unwrap().as_array().unwrap()[0];
        }
        assert_eq!(node.get_path(&["Value", "Raw"]), Some(&text(want)), "{raw:?}");
    }
}

#[test]
fn a_query_is_read_back_as_it_was() {
    let schema = text("type Query { a(b: I): Query } input I { c: [ID] } scalar T");
    let query =
        "query A($x: [ID!]! = [\"1\"]) { d: a(b: {c: $x}) @skip(if: false) { a { __typename } } }";
    let tree = call("graphql.parse_query", &[&text(query)]).unwrap();
    let both = call("graphql.parse", &[&tree, &schema]).unwrap();
    assert_eq!(both.as_array().unwrap()[0], tree);
}

#[test]
fn what_is_no_tree_is_refused() {
    let cases = [
        (
            r#"{"Operations": 1}"#,
            "json: cannot unmarshal number into Go struct field QueryDocument.Operations of type list",
        ),
        (
            r#"{"Operations": [1]}"#,
            "json: cannot unmarshal number into Go value of type ast.OperationDefinition",
        ),
        (
            r#"{"Operations": [{"Name": 1}]}"#,
            "json: cannot unmarshal number into Go struct field OperationDefinition.Name of type string",
        ),
        (
            r#"{"Operations": [{"VariableDefinitions": [{}]}]}"#,
            "ast.VariableDefinition without Type",
        ),
        (
            r#"{"Operations": [{"Operation": "x", "SelectionSet": [{"Name": "a"}]}]}"#,
            "GraphQL parse error: input: Schema does not support operation type \"x\"\n",
        ),
    ];
    for (query, want) in cases {
        check_error("graphql.parse", &format!(r#"[{query}, "type Query {{ a: Int }}"]"#), want);
    }
    // Nearly everything is a field, as in OPA, so fragments in a tree are none.
    let query =
        call("graphql.parse_query", &[&text("{ ...F } fragment F on Query { a }")]).unwrap();
    let schema = text("type Query { a: Int }");
    let want = "GraphQL parse error: input: Cannot query field \"F\" on type \"Query\". Did you mean \"a\"?\n";
    assert!(failure("graphql.parse", &[&query, &schema]).starts_with(want));

    let want = "operand 0 must be one of {string, object} but got number";
    check_type_error("graphql.parse", r#"[1, ""]"#, want);
    let want = "operand 1 must be one of {string, object} but got null";
    check_type_error("graphql.parse", r#"["", null]"#, want);
    for name in ["graphql.is_valid", "graphql.schema_is_valid"] {
        assert_eq!(call(name, &[&Value::NULL, &Value::NULL]), Ok(Value::FALSE));
    }
    let deep = (0..1_000).fold(Value::NULL, |inner, _| {
        let selection = Value::object_from_strs([("SelectionSet", Value::array(vec![inner]))]);
        Value::object_from_strs([
            ("Name", text("a")),
            ("SelectionSet", Value::array(vec![selection])),
        ])
    });
    let deep = Value::object_from_strs([("Operations", Value::array(vec![deep]))]);
    let got = call("graphql.parse", &[&deep, &schema]);
    assert!(matches!(got, Err(BuiltinError::Failed(_))), "{got:?}");
}
