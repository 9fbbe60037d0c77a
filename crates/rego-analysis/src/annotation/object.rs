//! An annotation as the object that `rego.metadata.rule()` gives.
//!
//! Must not know: how the annotation was written.

use rego_value::Value;

use super::{
    Annotation, Author, CompileAnnotation, RelatedResource, SchemaAnnotation, SchemaSource,
};

/// Fields that are present.
#[derive(Default)]
struct Fields(Vec<(Value, Value)>);

impl Fields {
    fn put(&mut self, name: &str, value: Option<Value>) {
        self.0.extend(value.map(|value| (Value::from(name), value)));
    }

    fn text(&mut self, name: &str, text: &str) {
        self.put(name, (!text.is_empty()).then(|| Value::from(text)));
    }

    fn list<T>(&mut self, name: &str, items: &[T], item: impl Fn(&T) -> Value) {
        let values = (!items.is_empty()).then(|| Value::array(items.iter().map(item).collect()));
        self.put(name, values);
    }
}

impl Annotation {
    /// Returns what `rego.metadata.rule()` gives: the fields that are not empty; references are
    /// arrays of their parts.
    pub fn to_value(&self) -> Value {
        let mut out = Fields::default();
        out.text("scope", self.scope.name());
        out.text("title", &self.title);
        out.put("entrypoint", self.entrypoint.then_some(Value::TRUE));
        out.text("description", &self.description);
        out.list("organizations", &self.organizations, |text| Value::from(&**text));
        out.list("related_resources", &self.related_resources, resource);
        out.list("authors", &self.authors, author);
        out.list("schemas", &self.schemas, schema);
        out.put("compile", self.compile.as_ref().map(compile));
        out.put("custom", self.custom.clone());
        out.put("labels", self.labels.clone());
        Value::object(out.0)
    }
}

fn resource(resource: &RelatedResource) -> Value {
    let mut out = Fields::default();
    out.text("ref", &resource.address);
    out.text("description", &resource.description);
    Value::object(out.0)
}

fn author(author: &Author) -> Value {
    let mut out = Fields::default();
    out.text("name", &author.name);
    out.text("email", &author.email);
    Value::object(out.0)
}

fn schema(schema: &SchemaAnnotation) -> Value {
    let mut out = Fields::default();
    out.put("path", Some(parts(&schema.path)));
    match &schema.schema {
        SchemaSource::Path(path) => out.put("schema", Some(parts(path))),
        SchemaSource::Definition(definition) => out.put("definition", Some(definition.clone())),
    }
    Value::object(out.0)
}

fn compile(compile: &CompileAnnotation) -> Value {
    let mut out = Fields::default();
    out.list("unknowns", &compile.unknowns, |path| parts(path));
    out.put("mask_rule", compile.mask_rule.as_deref().map(parts));
    Value::object(out.0)
}

/// The parts of a path, as text all of them.
fn parts(path: &[Value]) -> Value {
    let part = |part: &Value| match part.as_str() {
        Some(_) => part.clone(),
        None => Value::from(part.to_json()),
    };
    Value::array(path.iter().map(part).collect())
}
