//! A schema's document to nodes. Goes through a list of what is still to be compiled, so that
//! neither nesting nor chains of references take stack.

use std::collections::BTreeMap;

use rego_value::{ObjectRef, Value, View};
use rego_vm::{BuiltinError, Context};

use super::canonical;
use super::keyword::{self, Read, is_schema, wrong, wrong_type};
use super::node::{Additional, Array, Dependency, Draft, Index, Items, Node, Object, Schema, Text};
use super::pool::{self, Pool};
use crate::pattern::Pattern;
use crate::url::Url;

/// Returns the schema of a document.
///
/// Errors: [`BuiltinError::Failed`] with what is wrong with the schema, in OPA's words.
pub(super) fn compile(context: &mut Context<'_>, document: &Value) -> Read<Schema> {
    let mut pool = Pool::default();
    let root = pool.add(context, &Url::default(), document)?;
    let mut compiler = Compiler {
        context,
        pool,
        nodes: Vec::new(),
        references: BTreeMap::new(),
        todo: Vec::new(),
    };
    compiler.child(&root.value, root.draft.unwrap_or(Draft::Hybrid))?;
    while let Some(job) = compiler.todo.pop() {
        let node = compiler.node(&job.value, job.draft)?;
        if let Some(place) = compiler.nodes.get_mut(job.index) {
            *place = node;
        }
    }
    Ok(Schema { nodes: compiler.nodes })
}

/// A node that is still empty, and what it is to be made of.
struct Job {
    index: Index,
    value: Value,
    draft: Draft,
}

struct Compiler<'c, 'h> {
    context: &'c mut Context<'h>,
    pool: Pool,
    nodes: Vec<Node>,
    /// The node of each address that is referred to.
    references: BTreeMap<String, Index>,
    todo: Vec<Job>,
}

impl Compiler<'_, '_> {
    /// Returns the node that a value will be compiled into.
    fn child(&mut self, value: &Value, draft: Draft) -> Read<Index> {
        self.context.charge_steps(1)?;
        self.context.charge_bytes(size_of::<Node>() as u64)?;
        let index = self.nodes.len();
        self.nodes.push(Node::default());
        self.todo.push(Job { index, value: value.clone(), draft });
        Ok(index)
    }

    fn children(&mut self, values: &[Value], draft: Draft) -> Read<Vec<Index>> {
        values.iter().map(|value| self.child(value, draft)).collect()
    }

    fn node(&mut self, value: &Value, draft: Draft) -> Read<Node> {
        if let Some(pass) = value.as_bool().filter(|_| draft >= Draft::Six) {
            return Ok(Node { pass: Some(pass), ..Node::default() });
        }
        let Some(schema) = value.as_object() else {
            return wrong("Expected: schema, given: Invalid JSON".to_string());
        };
        if let Some(id) = keyword::text(schema, pool::id_keyword(schema, draft))? {
            pool::parse(id)?;
        }
        self.definitions(schema, draft)?;
        keyword::text(schema, "title")?;
        keyword::text(schema, "description")?;
        if let Some(address) = keyword::text(schema, "$ref")? {
            let reference = Some(self.reference(address, draft)?);
            return Ok(Node { reference, ..Node::default() });
        }
        let types = keyword::types(schema)?;
        let object = self.object(schema, draft)?;
        let array = self.array(schema, draft)?;
        let numbers = keyword::numbers(schema, draft)?;
        let text = self.text(schema)?;
        let object = Object {
            length: keyword::bounds(schema, "minProperties", "maxProperties")?,
            required: keyword::distinct_texts(schema, "required")?,
            ..object
        };
        let array = self.array_bounds(schema, array, draft)?;
        let node = Node { types, numbers, text, array, object, ..Node::default() };
        let node = self.values(schema, node, draft)?;
        self.combinations(schema, node, draft)
    }

    /// Compiles definitions, too, that nothing refers to: what is wrong in one is told.
    fn definitions(&mut self, schema: ObjectRef<'_>, draft: Draft) -> Read<()> {
        let Some(definitions) = schema.get_str("definitions") else { return Ok(()) };
        let schemas = definitions.as_object().filter(|all| all.values().iter().all(is_schema));
        let Some(schemas) = schemas else { return wrong_type("array of schemas", "definitions") };
        self.children(schemas.values(), draft).map(|_| ())
    }

    /// Returns the node of a reference's address.
    fn reference(&mut self, address: &str, draft: Draft) -> Read<Index> {
        let url = pool::parse(address)?;
        let key = url.to_string();
        if let Some(known) = self.references.get(&key) {
            return Ok(*known);
        }
        let document = self.pool.get(self.context, &url)?;
        if !is_schema(&document.value) {
            return wrong("schema must be of type object".to_string());
        }
        let index = self.child(&document.value, document.draft.unwrap_or(draft))?;
        self.references.insert(key, index);
        Ok(index)
    }

    fn object(&mut self, schema: ObjectRef<'_>, draft: Draft) -> Read<Object> {
        let mut object = Object::default();
        if let Some(properties) = schema.get_str("properties") {
            let Some(properties) = properties.as_object() else {
                return wrong("properties must be of type object".to_string());
            };
            object.properties = self.named(properties, draft)?;
        }
        object.additional = self.additional(schema, "additionalProperties", draft)?;
        if let Some(patterns) = schema.get_str("patternProperties") {
            let Some(patterns) = patterns.as_object() else {
                return wrong_type("schema", "patternProperties");
            };
            for pattern in patterns.keys().iter().filter_map(Value::as_str) {
                let bad = format!("Invalid regex pattern '{pattern}'");
                self.pattern(pattern, bad)?;
            }
            object.patterns = self.named(patterns, draft)?;
        }
        if let Some(names) = schema.get_str("propertyNames").filter(|_| draft >= Draft::Six) {
            if !is_schema(names) {
                return wrong_type("schema", "patternProperties");
            }
            object.names = Some(self.child(names, draft)?);
        }
        object.dependencies = self.dependencies(schema, draft)?;
        Ok(object)
    }

    fn named(&mut self, schemas: ObjectRef<'_>, draft: Draft) -> Read<BTreeMap<String, Index>> {
        let mut named = BTreeMap::new();
        for (name, schema) in schemas.iter() {
            let index = self.child(schema, draft)?;
            named.insert(name.as_str().unwrap_or_default().to_string(), index);
        }
        Ok(named)
    }

    fn additional(&mut self, schema: ObjectRef<'_>, key: &str, draft: Draft) -> Read<Additional> {
        match schema.get_str(key).map(|value| (value, value.view())) {
            None | Some((_, View::Bool(true))) => Ok(Additional::Any),
            Some((_, View::Bool(false))) => Ok(Additional::Nothing),
            Some((value, View::Object(_))) => Ok(Additional::Like(self.child(value, draft)?)),
            Some(_) => wrong_type("boolean/schema", key),
        }
    }

    fn dependencies(
        &mut self,
        schema: ObjectRef<'_>,
        draft: Draft,
    ) -> Read<BTreeMap<String, Dependency>> {
        let mut dependencies = BTreeMap::new();
        let Some(value) = schema.get_str("dependencies") else { return Ok(dependencies) };
        let Some(object) = value.as_object() else {
            return wrong("dependencies must be of type object".to_string());
        };
        let bad = || wrong("dependency must be of type schema or array of strings".to_string());
        for (name, value) in object.iter() {
            let dependency = match value.view() {
                View::Array(keys) => {
                    let keys: Option<Vec<String>> =
                        keys.iter().map(|key| key.as_str().map(str::to_string)).collect();
                    match keys {
                        Some(keys) => Dependency::Keys(keys),
                        None => return bad(),
                    }
                }
                View::Bool(_) | View::Object(_) => Dependency::Schema(self.child(value, draft)?),
                _ => return bad(),
            };
            dependencies.insert(name.as_str().unwrap_or_default().to_string(), dependency);
        }
        Ok(dependencies)
    }

    fn array(&mut self, schema: ObjectRef<'_>, draft: Draft) -> Read<Array> {
        let items = match schema.get_str("items").map(|value| (value, value.view())) {
            None => Items::Any,
            Some((_, View::Array(schemas))) if schemas.iter().all(is_schema) => {
                Items::Each(self.children(schemas, draft)?)
            }
            Some((value, View::Bool(_) | View::Object(_))) => Items::All(self.child(value, draft)?),
            Some(_) => return wrong_type("schema/array of schemas", "items"),
        };
        let additional = self.additional(schema, "additionalItems", draft)?;
        Ok(Array { items, additional, ..Array::default() })
    }

    fn array_bounds(&mut self, schema: ObjectRef<'_>, array: Array, draft: Draft) -> Read<Array> {
        let length = keyword::bounds(schema, "minItems", "maxItems")?;
        let unique = match schema.get_str("uniqueItems").map(Value::as_bool) {
            None => false,
            Some(Some(unique)) => unique,
            Some(None) => return wrong("uniqueItems must be of a boolean".to_string()),
        };
        let contains = match schema.get_str("contains").filter(|_| draft >= Draft::Six) {
            Some(contains) => Some(self.child(contains, draft)?),
            None => None,
        };
        Ok(Array { length, unique, contains, ..array })
    }

    fn text(&mut self, schema: ObjectRef<'_>) -> Read<Text> {
        let length = keyword::bounds(schema, "minLength", "maxLength")?;
        let pattern = keyword::text(schema, "pattern")?.map(str::to_string);
        if let Some(pattern) = &pattern {
            self.pattern(pattern, "pattern must be a valid regex".to_string())?;
        }
        let format = keyword::text(schema, "format")?.unwrap_or_default().to_string();
        Ok(Text { length, pattern, format })
    }

    /// Checks that a pattern is one. (The compiled form is the cache's to keep.)
    fn pattern(&mut self, pattern: &str, bad: String) -> Read<()> {
        match Pattern::of(self.context, pattern) {
            Ok(_) => Ok(()),
            Err(BuiltinError::Failed(_)) => wrong(bad),
            Err(error) => Err(error),
        }
    }

    fn values(&mut self, schema: ObjectRef<'_>, node: Node, draft: Draft) -> Read<Node> {
        let constant = match schema.get_str("const").filter(|_| draft >= Draft::Six) {
            Some(constant) => Some(canonical::text(self.context, constant)?),
            None => None,
        };
        let values = keyword::list(schema, "enum")?;
        let mut known = std::collections::BTreeSet::new();
        let mut texts = Vec::with_capacity(values.len());
        for value in values {
            let text = canonical::text(self.context, value)?;
            if !known.insert(text.clone()) {
                return wrong("enum items must be unique".to_string());
            }
            texts.push(text);
        }
        let values = schema.get_str("enum").map(|_| texts);
        Ok(Node { constant, values, ..node })
    }

    fn combinations(&mut self, schema: ObjectRef<'_>, node: Node, draft: Draft) -> Read<Node> {
        let one_of = self.children(keyword::list(schema, "oneOf")?, draft)?;
        let any_of = self.children(keyword::list(schema, "anyOf")?, draft)?;
        let all_of = self.children(keyword::list(schema, "allOf")?, draft)?;
        let not = self.optional(schema, "not", draft)?;
        let mut node = Node { one_of, any_of, all_of, not, ..node };
        if draft >= Draft::Seven {
            node.condition = self.optional(schema, "if", draft)?;
            node.then = self.optional(schema, "then", draft)?;
            node.otherwise = self.optional(schema, "else", draft)?;
        }
        Ok(node)
    }

    fn optional(&mut self, schema: ObjectRef<'_>, key: &str, draft: Draft) -> Read<Option<Index>> {
        match schema.get_str(key) {
            None => Ok(None),
            Some(value) if is_schema(value) => Ok(Some(self.child(value, draft)?)),
            Some(_) => wrong(format!("{key} must be of an object")),
        }
    }
}
