//! Schemas that annotations name: for which rules they hold, and which of several counts.
#![allow(clippy::unwrap_used, reason = "a test may panic and say why")]

use rego::{Annotations, Compiler, SchemaSet, Value};

const USER: &str = r#"{"properties": {"name": {"type": "string"}}}"#;
const PORT: &str = r#"{"properties": {"port": {"type": "number"}}}"#;

fn schemas() -> SchemaSet {
    let mut schemas = SchemaSet::default();
    for (path, schema) in [(vec!["user"], USER), (vec!["net", "port"], PORT)] {
        let path = path.into_iter().map(Value::from).collect();
        schemas.put(path, Value::from_json(schema.as_bytes()).unwrap());
    }
    schemas
}

fn said(schemas: Option<SchemaSet>, modules: &[&str]) -> String {
    let mut compiler = Compiler::new().annotations(Annotations::Check);
    if let Some(schemas) = schemas {
        compiler = compiler.schemas(schemas);
    }
    for (at, text) in modules.iter().enumerate() {
        compiler = compiler.module(format!("{at}.rego"), *text);
    }
    let outcome = compiler.compile();
    outcome.err().map_or_else(|| "accepted".to_owned(), |errors| errors.to_string())
}

#[test]
fn a_rule_has_the_schemas_of_its_own_annotation() {
    let text = r#"package p

# METADATA
# schemas:
# - input: schema.user
# - data.ports: schema.net.port
a if input.nme == "x"

b if input.nme == "x"

# METADATA
# schemas:
# - input.request: schema.user
# - input.request.name: {type: number}
# - data.ports: schema.net.port
c if {
	input.request.name == "x"
	input.other.thing
	data.ports.port.x
	data.ports.prt
	data.other
}
"#;
    insta::assert_snapshot!(said(Some(schemas()), &[text]), @r#"
    4 errors occurred:
    0.rego:7: rego_type_error: undefined ref: input.nme
    	input.nme
    	      ^
    	      have: "nme"
    	      want (one of): ["name"]
    0.rego:17: rego_type_error: match error
    	left  : number
    	right : string
    0.rego:19: rego_type_error: undefined ref: data.ports.port.x
    	data.ports.port.x
    	^^^^^^^^^^^^^^^
    	have: number
    0.rego:20: rego_type_error: undefined ref: data.ports.prt
    	data.ports.prt
    	           ^
    	           have: "prt"
    	           want (one of): ["port"]
    "#);
}

#[test]
fn narrower_scopes_stand_over_wider_ones() {
    let above = r#"# METADATA
# scope: subpackages
# schemas:
# - input: {properties: {subpackages: {type: string}}}
package a
"#;
    let package = r#"# METADATA
# schemas:
# - input.package: {properties: {b: {type: string}}}
package a.b

x := input.none

# METADATA
# scope: document
# schemas:
# - input: {properties: {document: {type: string}}}
y := input.none

y := input.package

# METADATA
# schemas:
# - input: {properties: {rule: {type: string}}}
y := input.document
"#;
    let beside = "package c\n\nz := input.anything\n";
    insta::assert_snapshot!(said(None, &[above, package, beside]), @r#"
    4 errors occurred:
    1.rego:6: rego_type_error: undefined ref: input.none
    	input.none
    	      ^
    	      have: "none"
    	      want (one of): ["package" "subpackages"]
    1.rego:12: rego_type_error: undefined ref: input.none
    	input.none
    	      ^
    	      have: "none"
    	      want (one of): ["document"]
    1.rego:14: rego_type_error: undefined ref: input.package
    	input.package
    	      ^
    	      have: "package"
    	      want (one of): ["document"]
    1.rego:19: rego_type_error: undefined ref: input.document
    	input.document
    	      ^
    	      have: "document"
    	      want (one of): ["rule"]
    "#);
}

#[test]
fn schemas_that_are_not_there_or_none_are_errors_of_each_rule() {
    let text = r#"# METADATA
# schemas:
# - input: schema.nope
# - input: {type: nothing}
package p

a := 1

b := 2
"#;
    insta::assert_snapshot!(said(Some(schemas()), &[text]), @r"
    4 errors occurred:
    0.rego:7: rego_type_error: undefined schema: schema.nope
    0.rego:7: rego_type_error: unable to compile the schema: has a primitive type that is NOT VALID -- given: /nothing/ Expected valid values are:[array boolean integer number null object string]
    0.rego:9: rego_type_error: undefined schema: schema.nope
    0.rego:9: rego_type_error: unable to compile the schema: has a primitive type that is NOT VALID -- given: /nothing/ Expected valid values are:[array boolean integer number null object string]
    ");
    // Without schemas there is nobody to ask: what an annotation names is passed over.
    let named = "# METADATA\n# schemas:\n# - input: schema.nope\npackage p\n\na := input.x\n";
    assert_eq!(said(None, &[named]), "accepted");
}
