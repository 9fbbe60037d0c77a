//! What every schema has: scalars, directives, and the types of introspection.
//!
//! Source: GraphQL specification, October 2021, sections 3.5, 3.13 and 4.2; `@defer` and `@oneOf` as
//! in gqlparser. Descriptions are left out, since nothing shows them.
//!
//! Must not know: what a schema adds.

use std::sync::{Arc, LazyLock};

use rego_value::Value;
use rego_vm::{Context, Host};

use super::Schema;
use crate::graphql::document::SchemaDocument;
use crate::graphql::parse;

const TEXT: &str = r#"
scalar Int
scalar Float
scalar String
scalar Boolean
scalar ID

directive @defer(if: Boolean = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @deprecated(reason: String = "No longer supported")
  on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
directive @specifiedBy(url: String!) on SCALAR
directive @oneOf on INPUT_OBJECT

type __Schema {
  description: String
  types: [__Type!]!
  queryType: __Type!
  mutationType: __Type
  subscriptionType: __Type
  directives: [__Directive!]!
}

type __Type {
  kind: __TypeKind!
  name: String
  description: String
  specifiedByURL: String
  fields(includeDeprecated: Boolean = false): [__Field!]
  interfaces: [__Type!]
  possibleTypes: [__Type!]
  enumValues(includeDeprecated: Boolean = false): [__EnumValue!]
  inputFields(includeDeprecated: Boolean = false): [__InputValue!]
  ofType: __Type
  isOneOf: Boolean
}

enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }

type __Field {
  name: String!
  description: String
  args(includeDeprecated: Boolean = false): [__InputValue!]!
  type: __Type!
  isDeprecated: Boolean!
  deprecationReason: String
}

type __InputValue {
  name: String!
  description: String
  type: __Type!
  defaultValue: String
  isDeprecated: Boolean!
  deprecationReason: String
}

type __EnumValue {
  name: String!
  description: String
  isDeprecated: Boolean!
  deprecationReason: String
}

type __Directive {
  name: String!
  description: String
  isRepeatable: Boolean!
  locations: [__DirectiveLocation!]!
  args(includeDeprecated: Boolean = false): [__InputValue!]!
}

enum __DirectiveLocation {
  QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT
  VARIABLE_DEFINITION SCHEMA SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION
  ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION
}
"#;

/// The prelude, read once. (It is well formed, which a test holds; else it would be empty.)
static DOCUMENT: LazyLock<SchemaDocument> = LazyLock::new(|| {
    let mut context = Context::new(&Nowhere, u64::MAX, u64::MAX);
    let mut document = parse::schema(&mut context, TEXT).unwrap_or_default();
    for definition in &mut document.definitions {
        Arc::make_mut(definition).built_in = true;
    }
    document
});

/// Returns a schema of the prelude alone; it shares the definitions with all others.
pub(super) fn schema() -> Schema {
    let types = DOCUMENT.definitions.iter().map(|node| (node.name.clone(), Arc::clone(node)));
    let directives = DOCUMENT.directives.iter().map(|node| (node.name.clone(), Arc::clone(node)));
    Schema { types: types.collect(), directives: directives.collect(), ..Schema::default() }
}

/// A world that the prelude does not ask.
struct Nowhere;

impl Host for Nowhere {
    fn now_ns(&self) -> i64 {
        0
    }
    fn cancelled(&self) -> bool {
        false
    }
    fn random(&self, _: &mut [u8]) {}
    fn runtime(&self) -> Value {
        Value::NULL
    }
    fn print(&self, _: &str, _: &str) {}
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_prelude_is_well_formed() {
        let schema = super::schema();
        assert_eq!((schema.types.len(), schema.directives.len()), (13, 6));
    }
}
