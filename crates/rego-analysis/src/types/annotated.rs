//! The schemas that annotations name, as types, for the definitions they hold for.
//!
//! What is said of a narrower scope stands over what is said of a wider one: packages above first,
//! then the package, the document, and the rule.
//!
//! Must not know: how annotations are written, statements.
//!
//! Source: OPA `v1/ast/check.go` (`getRuleAnnotation`, `processAnnotation`, `checkRule`).

use std::collections::BTreeMap;

use rego_source::Diagnostic;
use rego_value::Value;

use super::overrides::Overrides;
use super::relate::Relate;
use super::schema::of_schema;
use super::ty::Ty;
use crate::annotation::{Annotation, AnnotationSet, SchemaAnnotation, SchemaSource};
use crate::finding::TYPE;
use crate::heads::Head;
use crate::lower::path_text;
use crate::schemas::SchemaSet;

/// Finds the types that annotations give documents.
pub(crate) struct Annotated<'a> {
    annotations: &'a AnnotationSet<'a>,
    schemas: Option<&'a SchemaSet>,
    /// What a schema says of `input` everywhere.
    everywhere: Overrides,
    /// The types of schemas by path; of those that stand in annotations nothing is kept.
    known: BTreeMap<&'a [Value], Result<Ty, String>>,
    inline: BTreeMap<usize, Result<Ty, String>>,
}

impl<'a> Annotated<'a> {
    /// Returns one over these annotations and schemas; `input` is the type of `input` everywhere.
    pub(crate) fn new(
        annotations: &'a AnnotationSet<'a>,
        schemas: Option<&'a SchemaSet>,
        input: Option<Ty>,
    ) -> Self {
        let everywhere = Overrides::of_input(input);
        let (known, inline) = (BTreeMap::new(), BTreeMap::new());
        Self { annotations, schemas, everywhere, known, inline }
    }

    /// Returns what is known without annotations.
    pub(super) fn everywhere(&self) -> &Overrides {
        &self.everywhere
    }

    /// Returns what is known of documents for the definition of a head; nothing where that is no
    /// more than is known everywhere. What is wrong with a schema is added to `found`.
    pub(super) fn of(
        &mut self,
        head: &Head<'_>,
        relate: &Relate,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Overrides> {
        let said = self.said_of(head);
        if said.is_empty() {
            return None;
        }
        let mut overrides = self.everywhere.clone();
        for annotation in said {
            let ty = match self.ty(annotation, relate) {
                Some(Ok(ty)) => ty,
                Some(Err(message)) => {
                    found.push(Diagnostic::error(TYPE, head.location, message));
                    continue;
                }
                None => continue,
            };
            match annotation.path.split_first() {
                Some((root, path)) if root.as_str() == Some("input") => {
                    overrides.put_input(path, ty);
                }
                Some((root, path)) if root.as_str() == Some("data") => {
                    overrides.put_data(path, ty);
                }
                _ => {}
            }
        }
        Some(overrides)
    }

    /// Returns what is said of a definition, the widest scope first.
    fn said_of(&self, head: &Head<'_>) -> Vec<&'a SchemaAnnotation> {
        if self.annotations.is_empty() {
            return Vec::new();
        }
        let package = head.path.get(..head.own).unwrap_or_default();
        let mut all: Vec<&'a Annotation> =
            self.annotations.of_rule(head.module, head.index).collect();
        all.extend(self.annotations.of_document(&head.path));
        all.extend(self.annotations.of_package(package));
        all.extend(self.annotations.of_subpackages(package).into_iter().map(|(_, found)| found));
        all.into_iter().rev().flat_map(|annotation| &annotation.schemas).collect()
    }

    /// Returns the type of an annotation's schema; nothing where no schemas were given at all.
    fn ty(
        &mut self,
        annotation: &'a SchemaAnnotation,
        relate: &Relate,
    ) -> Option<Result<Ty, String>> {
        match &annotation.schema {
            SchemaSource::Path(path) => {
                let (schemas, below) = (self.schemas?, path.get(1..).unwrap_or_default());
                let ty = self.known.entry(path).or_insert_with(|| match schemas.get(below) {
                    Some(schema) => of_schema(schema, relate),
                    None => Err(format!("undefined schema: {}", path_text("schema", below))),
                });
                Some(ty.clone())
            }
            SchemaSource::Definition(schema) => {
                // An annotation stands where it stands as long as the set lives.
                let at = std::ptr::from_ref(schema) as usize;
                Some(self.inline.entry(at).or_insert_with(|| of_schema(schema, relate)).clone())
            }
        }
    }
}
