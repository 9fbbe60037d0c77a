//! Queries against a schema: every rule, in its words.

use rego_value::Value;
use rego_vm::{BuiltinError, Halt};

use super::{call, cases, failure, text, worded};

/// A schema with one of everything.
const SCHEMA: &str = r"
interface Named { name: String! }
interface Sound { volume(loud: Boolean): Int }
type Dog implements Named & Sound {
  name: String! volume(loud: Boolean): Int barks: Boolean owner: Human
}
type Cat implements Named { name: String! meows: Boolean lives: Int! }
type Human implements Named { name: String! pets(first: Int! = 3, of: Kind): [Pet] dog: Dog }
union Pet = Dog | Cat
enum Kind { DOG CAT }
input Filter { name: String! = null of: Kind tags: [String!] limit: Int! = 5 deep: Filter }
input Wanted { id: ID! count: Float }
input Either @oneOf { a: Int b: String }
scalar Time
directive @onQuery on QUERY
directive @onVariable on VARIABLE_DEFINITION
directive @many(n: Int!) repeatable on FIELD
type Query {
  dog: Dog human(id: ID!): Human pet: Pet named: Named time(at: Time): Time
  find(filter: Filter, ids: [ID!], rate: Float, on: Boolean, wanted: Wanted, either: Either): Int
  text(value: String, n: Int, kind: Kind, list: [Int], required: Int! = 1): String
}
type Mutation { name(dog: String!): Dog }
type Subscription { dog: Dog cat: Cat }
";

/// Queries that fit, and queries with the place and words of what is wrong, a line each.
const QUERIES: &str = r#"
{ dog { name ... on Sound { volume } } }
query A($id: ID!) @onQuery { human(id: $id) { name } } query B { dog { barks } }
{ named { ... on Dog { volume(loud: true) } ...F } } fragment F on Cat { lives }
{ pet { __typename ... on Dog { x: barks } ... on Cat { x: meows } } }
{ time(at: {any: [1, "x", 99999999999999999999]}) }
query ($n: Int) { text(required: $n, list: 1) human(id: 7) { pets(first: $n) { __typename } } }
query ($n: Int = 2 @onVariable) { text(required: $n) }
query ($f: Filter = {of: DOG}) { find(filter: $f, ids: "a", rate: 1) }
query ($a: Int!) { find(either: {a: $a}, wanted: {id: 1, count: 2.5e3}) }
{ text(n: 4000000000, value: """ block """) @many(n: 1) @include(if: true) }
mutation { name(dog: "x") { name } }
subscription { dog { name } ...S } fragment S on Subscription { dog { barks } }
{ __schema { types { fields { type { fields { name } } } } } __type(name: "Dog") { name } }
{ a: text(list: [1]) a: text(list: [2]) }

{ dog { nam } }
    1:9 Cannot query field "nam" on type "Dog". Did you mean "name"?
{ dog { zzzzzz } }
    1:9 Cannot query field "zzzzzz" on type "Dog".
{ pet { name } }
    1:9 Cannot query field "name" on type "Pet". Did you mean to use an inline fragment on "Named", "Cat", or "Dog"?
{ named { barks } }
    1:11 Cannot query field "barks" on type "Named". Did you mean to use an inline fragment on "Dog"?
{ dog { ... on Kind { a } } }
    1:23 Cannot query field "a" on type "Kind".
    1:13 Fragment cannot condition on non composite type "Kind".
{ dog { name(x: 1) } }
    1:9 Unknown argument "x" on field "Dog.name".
{ dog { volume(lod: true) } }
    1:9 Unknown argument "lod" on field "Dog.volume". Did you mean "loud"?
{ dog { name @nope } }
    1:15 Unknown directive "@nope".
{ dog { name @onQuery } }
    1:15 Directive "@onQuery" may not be used on FIELD.
{ text @many(n: 1) @many(n: 2) }
    1:21 The directive "@many" can only be used once at this location.
{ dog { name @skip(unless: true) } }
    1:15 Unknown argument "unless" on directive "@skip".
    1:15 Directive "@skip" argument "if" of type "Boolean!" is required, but it was not provided.
{ dog { ...Nope } }
    1:12 Unknown fragment "Nope".
query ($x: Nope) { text(value: $x) }
    1:8 Unknown type "Nope".
    1:32 Variable "$x" of type "Nope" used in position expecting type "String".
{ dog { ... on Nope { a } } }
    1:13 Unknown type "Nope".
{ dog { ...F } } fragment F on Dogs { name }
    1:18 Unknown type "Dogs". Did you mean "Dog"?
{ dog { name } } query B { dog { name } }
    1:1 This anonymous operation must be the only defined operation.
{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }
    1:3 Maximum introspection depth exceeded
{ text(value: $x) }
    1:15 Variable "$x" is not defined.
query A { text(value: $x) }
    1:23 Variable "$x" is not defined by operation "A".
{ text } fragment F on Dog { name }
    1:10 Fragment "F" is never used.
query ($x: Int) { text }
    1:8 Variable "$x" is never used.
query A($x: Int) { text }
    1:9 Variable "$x" is never used in operation "A".
{ dog { a: name a: barks } }
    1:17 Fields "a" conflict because "name" and "barks" are different fields. Use different aliases on the fields to fetch both if this was intentional.
{ a: text(n: 1) a: text(n: 2) }
    1:17 Fields "a" conflict because they have differing arguments. Use different aliases on the fields to fetch both if this was intentional.
{ pet { ... on Dog { x: barks } ... on Cat { x: lives } } }
    1:46 Fields "x" conflict because they return conflicting types "Boolean" and "Int!". Use different aliases on the fields to fetch both if this was intentional.
{ dog { name } dog { name: barks } }
    1:16 Fields "dog" conflict because subfields "name" conflict because "name" and "barks" are different fields. Use different aliases on the fields to fetch both if this was intentional.
{ dog { ...F ...G } } fragment F on Dog { a: name } fragment G on Dog { a: barks }
    1:73 Fields "a" conflict because "name" and "barks" are different fields. Use different aliases on the fields to fetch both if this was intentional.
{ dog { ... on Cat { name } } }
    1:13 Fragment cannot be spread here as objects of type "Dog" can never be of type "Cat".
{ dog { ...F } } fragment F on Cat { name }
    1:12 Fragment "F" cannot be spread here as objects of type "Dog" can never be of type "Cat".
{ dog { owner } }
    1:9 Field "owner" of type "Human" must have a selection of subfields. Did you mean "owner { ... }"?
{ dog { name { a } } }
    1:16 Cannot query field "a" on type "String".
    1:9 Field "name" must not have a selection since type "String" has no subfields.
{ human { name } }
    1:3 Field "human" argument "id" of type "ID!" is required, but it was not provided.
subscription S { dog { name } cat { name } }
    1:31 Subscription "S" must select only one top level field.
subscription { __typename }
    1:16 Anonymous Subscription must not select an introspection top level field.
{ text(n: 1, n: 1, n: 1) }
    1:14 There can be only one argument named "n".
query A { text } query A { text }
    1:18 There can be only one operation named "A".
{ dog { ...F } } fragment F on Dog { name } fragment F on Dog { name }
    1:45 There can be only one fragment named "F".
query ($x: Int, $x: Int) { text(n: $x) }
    1:17 Variable "$x" is never used.
    1:17 There can be only one variable named "$x".
query ($x: Dog) { text }
    1:8 Variable "$x" is never used.
    1:8 Variable "$x" cannot be non-input type "Dog".
query ($x: Int) { text(value: $x) }
    1:31 Variable "$x" of type "Int" used in position expecting type "String".
query ($x: [ID]) { find(ids: $x) }
    1:30 Variable "$x" of type "[ID]" used in position expecting type "[ID!]".
{ dog { ...A } } fragment A on Dog { ...B } fragment B on Dog { owner { dog { ...A } } }
    1:82 Cannot spread fragment "A" within itself via "B".
{ dog { ...A } } fragment A on Dog { ...A }
    1:41 Cannot spread fragment "A" within itself.

{ text(n: "1") }
    1:12 Int cannot represent non-integer value: "1"
{ text(n: 1.5) }
    1:11 Int cannot represent non-integer value: 1.5
{ text(n: 99999999999999999999) }
    1:11 Int cannot represent non 32-bit signed integer value: 99999999999999999999
{ text(value: 1) }
    1:15 String cannot represent a non string value: 1
{ text(value: {a: [B, {c: "d"}]}) }
    1:16 Field "a" is not defined by type "String".
{ text(value: [A, {b: "c"}]) }
    1:15 String cannot represent a non string value: [A,{b:"c"}]
{ text(kind: DOGS) }
    1:14 Value "DOGS" does not exist in "Kind" enum. Did you mean the enum value "DOG"?
{ text(kind: "DOG") }
    1:15 Enum "Kind" cannot represent non-enum value: "DOG". Did you mean the enum value "DOG"?
{ text(kind: 1) }
    1:14 Enum "Kind" cannot represent non-enum value: 1.
{ text(list: [1, true]) }
    1:18 Int cannot represent non-integer value: true
{ text(required: null) }
    1:18 Expected value of type "Int!", found null.
{ find(rate: "1") }
    1:15 Float cannot represent non numeric value: "1"
{ find(on: 1) }
    1:12 Boolean cannot represent a non boolean value: 1
{ find(ids: [1.5]) }
    1:14 ID cannot represent a non-string and non-integer value: 1.5
{ find(filter: 1) }
    1:16 Expected value of type "Filter", found 1.
{ find(filter: {nam: "x"}) }
    1:17 Field "nam" is not defined by type "Filter". Did you mean "name"?
{ find(filter: {of: DOG, of: CAT}) }
    1:26 There can be only one input field named "of".
{ find(filter: {deep: {limit: "x"}}) }
    1:32 Int cannot represent non-integer value: "x"
{ find(wanted: {count: 1}) }
    1:16 Field "Wanted.id" of required type "ID!" was not provided.
{ find(either: {a: 1, b: "x"}) }
    1:16 OneOf Input Object "Either" must specify exactly one key.
{ find(either: {b: null}) }
    1:20 Field "Either.a" must be non-null.
query ($x: String) { find(either: {b: $x}) }
    1:39 Variable "x" must be non-nullable to be used for OneOf Input Object "Either".
"#;

/// Returns what OPA makes of the lines of a case. What is within a fragment is found twice: where
/// the fragment is spread and where it is defined.
fn wanted(lines: &[&str]) -> String {
    let lines = lines.iter().map(|line| {
        let (place, message) = line.split_once(' ').unwrap();
        format!("input:{place}: {message}\n")
    });
    worded(&lines.collect::<String>())
}

#[test]
fn queries_fit_or_are_told_why_not() {
    let schema = text(SCHEMA);
    for (query, lines) in cases(QUERIES) {
        let value = text(query);
        let got = call("graphql.parse", &[&value, &schema]);
        let got = got.map(drop);
        let want = if lines.is_empty() { Ok(()) } else { Err(wanted(&lines)) };
        assert_eq!(got, want.map_err(BuiltinError::Failed), "{query}");
        let is_valid = Value::from(lines.is_empty());
        assert_eq!(call("graphql.is_valid", &[&value, &schema]), Ok(is_valid.clone()), "{query}");
        let verified = call("graphql.parse_and_verify", &[&value, &schema]).unwrap();
        let verified = verified.as_array().unwrap();
        assert_eq!(verified[0], is_valid, "{query}");
        assert_eq!(verified[1].as_object().unwrap().is_empty(), !lines.is_empty(), "{query}");
    }
}

#[test]
fn an_operation_needs_its_type_in_the_schema() {
    let schema = text("type Query { a: Int }");
    let got = failure("graphql.parse", &[&text("mutation { a }"), &schema]);
    let want =
        "Schema does not support operation type \"mutation\"\n in GraphQL string at location 1:1";
    assert_eq!(got, want);
    let schema = text("schema { query: Q } type Q { a: Int } type Mutation { a: Int }");
    assert_eq!(call("graphql.is_valid", &[&text("mutation { a }"), &schema]), Ok(Value::FALSE));
}

/// Queries that cost much more than their length, or go deeper than the stack.
fn hostile() -> Vec<String> {
    let repeat = |n: usize, part: &dyn Fn(usize) -> String| (0..n).map(part).collect::<String>();
    let chain = |n, body: &dyn Fn(usize) -> String| {
        let fragment = |i| format!(" fragment F{i} on Dog {{ {} }}", body(i));
        format!("{{ dog {{ ...F0 }} }}{} fragment F{n} on Dog {{ name }}", repeat(n, &fragment))
    };
    vec![
        "{a".repeat(100_000),
        format!("{{ text(list: {}", "[".repeat(100_000)),
        format!("query ($x: {}", "[".repeat(100_000)),
        format!("{{ {} }}", "a: text ".repeat(20_000)),
        format!("{{ {} }}", repeat(20_000, &|i| format!("x{i} "))),
        chain(5_000, &|i| format!("...F{}", i + 1)),
        chain(60, &|i| format!("owner {{ dog {{ ...F{0} ...F{0} }} }}", i + 1)),
        chain(60, &|i| {
            format!("a{i}: owner {{ dog {{ ...F{0} }} }} owner {{ dog {{ ...F{0} }} }}", i + 1)
        }),
        format!("{{ __schema {{ types {{ {} }} }} }}", "ofType { ".repeat(100)),
        format!("{{ text(value: \"{}\") }}", "x".repeat(1_000_000)),
        "\"\"\"\n".repeat(100_000),
    ]
}

#[test]
fn hostile_queries_end() {
    let schema = text(SCHEMA);
    for query in hostile() {
        let shown: String = query.chars().take(40).collect();
        match call("graphql.is_valid", &[&text(&query), &schema]) {
            Ok(_) | Err(BuiltinError::Halt(Halt::Steps | Halt::Memory)) => {}
            other => panic!("{shown}: {other:?}"),
        }
    }
}
