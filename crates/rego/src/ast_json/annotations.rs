//! METADATA blocks as OPA's annotation objects. Source: OPA's policy reference, "Metadata".
//!
//! Must not know: what the fields are used for.

use std::collections::BTreeMap;

use rego_analysis::annotation::{
    Annotation, Author, CompileAnnotation, RelatedResource, SchemaAnnotation, SchemaSource, Scope,
};
use rego_syntax::ast::{self, AnnotationTarget};
use rego_value::Value;

use super::node::Module;
use super::write::Fields;

/// Most annotations that are shown with one rule.
const OF_RULE_MAX: usize = 64;

/// Adds the annotations of a module, and to rules those that are about them: of scope `document`
/// where the path is the same, of scope `rule` where they stand before the rule.
pub(super) fn attach((from, annotations): (&ast::Module, &[Annotation]), module: &mut Module) {
    let mut by_path: BTreeMap<Vec<Value>, Vec<usize>> = BTreeMap::new();
    if annotations.iter().any(|annotation| annotation.scope == Scope::Document) {
        for at in 0..from.rules.len() {
            by_path.entry(Annotation::path_of_rule(from, at)).or_default().push(at);
        }
    }
    for annotation in annotations {
        let shown = object(annotation);
        let own = match annotation.target {
            AnnotationTarget::Rule(index) => Some(index),
            _ => None,
        };
        let about: &[usize] = match (annotation.scope, own) {
            (Scope::Rule, Some(rule)) => &[rule],
            (Scope::Document, Some(rule)) => {
                by_path.get(&Annotation::path_of_rule(from, rule)).map_or(&[], Vec::as_slice)
            }
            _ => &[],
        };
        for at in about {
            if let Some(rule) = module.rules.get_mut(*at)
                && rule.annotations.len() < OF_RULE_MAX
            {
                rule.annotations.push(shown.clone());
            }
        }
        module.annotations.push(shown);
    }
}

/// Returns OPA's JSON of an annotation. Other than in `rego.metadata.rule()`, references are terms.
pub(crate) fn object(annotation: &Annotation) -> Value {
    let mut out = Fields::new(vec![("scope", Value::from(annotation.scope.name()))]);
    out.text("title", &annotation.title);
    out.text("description", &annotation.description);
    out.flag("entrypoint", annotation.entrypoint);
    let texts = annotation.organizations.iter().map(|text| Value::from(&**text));
    out.list("organizations", texts.collect());
    out.list("related_resources", annotation.related_resources.iter().map(resource).collect());
    out.list("authors", annotation.authors.iter().map(author).collect());
    out.list("schemas", annotation.schemas.iter().map(schema).collect());
    out.put("compile", annotation.compile.as_ref().map(compile));
    out.put("custom", annotation.custom.clone());
    out.put("labels", annotation.labels.clone());
    out.object()
}

fn resource(resource: &RelatedResource) -> Value {
    let mut out = Fields::new(vec![("ref", Value::from(&*resource.address))]);
    out.text("description", &resource.description);
    out.object()
}

fn author(author: &Author) -> Value {
    let mut out = Fields::new(vec![("name", Value::from(&*author.name))]);
    out.text("email", &author.email);
    out.object()
}

fn schema(schema: &SchemaAnnotation) -> Value {
    let mut out = Fields::new(vec![("path", reference(&schema.path))]);
    match &schema.schema {
        SchemaSource::Path(path) => out.put("schema", Some(reference(path))),
        SchemaSource::Definition(definition) => out.put("definition", Some(definition.clone())),
    }
    out.object()
}

fn compile(compile: &CompileAnnotation) -> Value {
    let mut out = Fields::new(Vec::new());
    out.list("unknowns", compile.unknowns.iter().map(|path| reference(path)).collect());
    out.put("mask_rule", compile.mask_rule.as_deref().map(reference));
    out.object()
}

/// Returns a path as the terms of a reference.
fn reference(path: &[Value]) -> Value {
    let term = |(at, part): (usize, &Value)| {
        let class = match part.type_name() {
            "string" if at == 0 => "var",
            class => class,
        };
        Value::object_from_strs([("type", Value::from(class)), ("value", part.clone())])
    };
    Value::array(path.iter().enumerate().map(term).collect())
}
