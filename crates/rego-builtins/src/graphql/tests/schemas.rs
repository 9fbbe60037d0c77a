//! Schemas that make sense, and what is wrong with others.

use rego_value::Value;
use rego_vm::Context;

use super::{call, cases, failure, text};
use crate::testing::Still;

/// Schemas, each in front of a `Query`, and the place and words of what is wrong.
const SCHEMAS: &str = r#"
directive @skip(if: Boolean!, why: String) on FIELD
interface I { b: [I] } type A implements I { b: [A!]! c(d: Int! = 1): Int }
extend type __Type { more: Int }
schema { query: Other } type Other { a: Int }
"a" enum A { "b" B @deprecated(reason: "c") }
extend type New { a: Int } union U = New

type A { b: Nope }
    1:13 Undefined type Nope.
type A { b: Int } type A { c: Int }
    1:24 Cannot redeclare type A.
scalar ID
    1:8 Cannot redeclare type ID.
type A { b: Int } extend enum A { C }
    1:31 Cannot extend type A because the base type is a OBJECT, not ENUM.
directive @a on FIELD directive @a on FIELD
    1:34 Cannot redeclare directive a.
directive @a(b: Int @a) on FIELD
    1:22 Directive a cannot refer to itself.
schema { query: Query } schema { query: Query }
    1:32 Cannot have multiple schema entry points, consider schema extensions instead.
schema { query: Nope }
    1:10 Schema root query refers to a type Nope that does not exist.
extend schema @nope
    1:16 Undefined directive nope.
type A { b: Int @skip(if: true) }
    1:18 Directive skip is not applicable on FIELD_DEFINITION.
type A @nope { b: Int }
    1:9 Undefined directive nope.
type A { __b: Int }
    1:10 Name "__b" must not begin with "__", which is reserved by GraphQL introspection.
type __A { b: Int }
    1:6 Name "__A" must not begin with "__", which is reserved by GraphQL introspection.
type A { b(c: Query): Int }
    1:12 cannot use Query as argument c because OBJECT is not a valid input type
input A { b: Query }
    1:11 OBJECT b: field must be one of SCALAR, ENUM, INPUT_OBJECT.
input A { b: Int } type B { a: A }
    1:29 OBJECT B: field must be one of SCALAR, OBJECT, INTERFACE, UNION, ENUM.
type A
    1:6 OBJECT A: must define one or more fields.
input A
    1:7 INPUT_OBJECT A: must define one or more input fields.
enum A
    1:6 ENUM A: must define one or more unique enum values.
enum A { B true }
    1:6 ENUM A: non-enum value true.
union A = Int
    1:7 UNION type "Int" must be OBJECT.
union A = Nope
    1:7 Undefined type "Nope".
type A { b: Int c: Int c: Int b: Int }
    1:31 Field A.b can only be defined once.
type A implements Nope { b: Int }
    1:6 Undefined type "Nope".
type A implements Query { b: Int }
    1:6 "Query" is a non interface type OBJECT.
interface I { b: Int } type A implements I { c: Int }
    1:29 For A to implement I it must have a field called b.
interface I { b: Int! } type A implements I { b: Int }
    1:47 For A to implement I the field b must have type Int!.
interface I { b(c: Int): Int } type A implements I { b: Int }
    1:54 For A to implement I the field b must have the same arguments but it is missing c.
interface I { b(c: Int): Int } type A implements I { b(c: ID): Int }
    1:56 For A to implement I the field b must have the same arguments but c has the wrong type.
interface I { b: Int } type A implements I { b(c: Int!): Int }
    1:48 For A to implement I any additional arguments on b must be optional or have a default value but c is required.
interface I { b: Int } interface J implements I { b: Int } type A implements J { b: Int }
    1:65 Type A must implement I because it is implemented by J.
interface I implements J { b: Int } interface J implements I { b: Int }
    1:11 Type I cannot implement J because it would create a circular reference.
"#;

#[test]
fn schemas_make_sense_or_are_told_why_not() {
    for (schema, lines) in cases(SCHEMAS) {
        let value = text(&format!("{schema}\ntype Query {{ a: Int }}"));
        let is_valid = Value::from(lines.is_empty());
        assert_eq!(call("graphql.schema_is_valid", &[&value]), Ok(is_valid), "{schema}");
        for line in lines {
            let (place, message) = line.split_once(' ').unwrap();
            let got = failure("graphql.parse", &[&text("{a}"), &value]);
            let want = "Error in gqlparser SchemaDocument to Schema conversion: input:";
            assert_eq!(got, format!("{want}{place}: {message}"), "{schema}");
        }
    }
}

#[test]
fn a_schema_given_as_a_tree_has_no_places() {
    let field = r#"{"Name": "b", "Type": {"NamedType": "Nope"}}"#;
    let tree =
        format!(r#"{{"definitions": [{{"Kind": "OBJECT", "NAME": "A", "Fields": [{field}]}}]}}"#);
    let tree = Value::from_json(tree.as_bytes()).unwrap();
    let want = "conversion: input:-1:-1: Undefined type Nope.";
    assert!(failure("graphql.parse", &[&text(""), &tree]).ends_with(want));
}

#[test]
fn a_schema_is_read_once_a_query() {
    /// Enough for reading the schema once, and not twice.
    const STEPS_MAX: u64 = 15_000;
    let schema = text(&format!("type Query {{ {} a: Int }}", "# c\n".repeat(10_000)));
    let builtin = crate::find("graphql.schema_is_valid").unwrap();
    let mut context = Context::new(&Still, STEPS_MAX, 10_000_000);
    for _ in 0..5 {
        assert_eq!((builtin.run)(&mut context, &[&schema]), Ok(Value::TRUE));
    }
}
