//! Definitions of types, directives and schemas.

use std::sync::Arc;

use super::{Checked, Kind, Parser, Variables};
use crate::graphql::document::{
    Around, Comments, Definition, DirectiveDefinition, EnumValue, FieldDefinition, Literal, Root,
    SchemaDefinition, SchemaDocument, kind,
};

/// What directives may be on.
const LOCATIONS: [&str; 19] = [
    "QUERY",
    "MUTATION",
    "SUBSCRIPTION",
    "FIELD",
    "FRAGMENT_DEFINITION",
    "FRAGMENT_SPREAD",
    "INLINE_FRAGMENT",
    "VARIABLE_DEFINITION",
    "SCHEMA",
    "SCALAR",
    "OBJECT",
    "FIELD_DEFINITION",
    "ARGUMENT_DEFINITION",
    "INTERFACE",
    "UNION",
    "ENUM",
    "ENUM_VALUE",
    "INPUT_OBJECT",
    "INPUT_FIELD_DEFINITION",
];

/// The words that begin the definition of a type, and what they define.
const TYPES: [(&str, &str); 6] = [
    ("scalar", kind::SCALAR),
    ("type", kind::OBJECT),
    ("interface", kind::INTERFACE),
    ("union", kind::UNION),
    ("enum", kind::ENUM),
    ("input", kind::INPUT),
];

const BRACES: (Kind, Kind) = (Kind::BraceL, Kind::BraceR);
const PARENS: (Kind, Kind) = (Kind::ParenL, Kind::ParenR);

/// A description and the comments in front of it.
#[derive(Default)]
struct Description {
    text: String,
    before: Comments,
}

impl Parser<'_, '_, '_> {
    pub(super) fn schema_document(mut self) -> Checked<SchemaDocument> {
        let mut document = SchemaDocument::default();
        while self.kind() != Kind::End {
            let first = self.ahead.clone();
            let description = self.description()?;
            if self.kind() != Kind::Name {
                return self.unexpected();
            }
            match &*self.ahead.text {
                "schema" => document.schema.push(self.schema_definition(description)?),
                "directive" => {
                    document.directives.push(Arc::new(self.directive_definition(description)?));
                }
                "extend" if description.text.is_empty() => self.extension(&mut document)?,
                "extend" => {
                    self.ahead = first;
                    return self.unexpected();
                }
                word => {
                    let Some(kind) = kind_of(word) else { return self.unexpected() };
                    let after = self.comments();
                    let definition = self.definition(kind, description, after)?;
                    document.definitions.push(Arc::new(definition));
                }
            }
        }
        document.comments = self.comments();
        Ok(document)
    }

    fn description(&mut self) -> Checked<Description> {
        if ![Kind::String, Kind::Block].contains(&self.kind()) {
            return Ok(Description::default());
        }
        let before = self.comments();
        Ok(Description { text: self.next()?.text, before })
    }

    /// Reads the description of a part of a definition, and returns the comments around it.
    fn inner_description(&mut self) -> Checked<(String, Around)> {
        let Description { text, before } = self.description()?;
        let before = if text.is_empty() { Comments::new() } else { before };
        Ok((text, Around { before, after: self.comments(), end: Comments::new() }))
    }

    fn schema_definition(&mut self, description: Description) -> Checked<SchemaDefinition> {
        let after = self.comments();
        self.expect_word("schema")?;
        let place = self.place();
        let directives = self.directives(Variables::Refused)?;
        let (roots, end) = self.some(BRACES, Self::root)?;
        let around = Around { before: description.before, after, end };
        Ok(SchemaDefinition { description: description.text, directives, roots, around, place })
    }

    fn root(&mut self) -> Checked<Root> {
        let (place, comments) = (self.place(), self.comments());
        let operation = self.operation_type()?;
        self.expect(Kind::Colon)?;
        Ok(Root { operation, type_name: self.name()?, comments, place })
    }

    /// Reads the definition of a type, from the word that begins it.
    fn definition(
        &mut self,
        kind: &str,
        description: Description,
        after: Comments,
    ) -> Checked<Definition> {
        self.next()?;
        let mut definition = Definition {
            kind: kind.to_string(),
            description: description.text,
            place: self.place(),
            name: self.name()?,
            ..Definition::default()
        };
        if [kind::OBJECT, kind::INTERFACE].contains(&kind) {
            definition.interfaces = self.interfaces()?;
        }
        definition.directives = self.directives(Variables::Refused)?;
        let end = self.definition_body(&mut definition)?;
        definition.around = Around { before: description.before, after, end };
        Ok(definition)
    }

    /// Reads what a definition has behind its directives, and returns the comments at its end.
    fn definition_body(&mut self, definition: &mut Definition) -> Checked<Comments> {
        let mut end = Comments::new();
        match &*definition.kind {
            kind::OBJECT | kind::INTERFACE => {
                (definition.fields, end) = self.some(BRACES, Self::field_definition)?;
            }
            kind::INPUT => (definition.fields, end) = self.some(BRACES, Self::input_value)?,
            kind::ENUM => (definition.values, end) = self.some(BRACES, Self::enum_value)?,
            kind::UNION => definition.types = self.members()?,
            _ => {}
        }
        Ok(end)
    }

    fn interfaces(&mut self) -> Checked<Vec<String>> {
        // The text `"implements"` does as well as the word, in gqlparser.
        if self.ahead.text != "implements" || self.kind() == Kind::Invalid {
            return Ok(Vec::new());
        }
        self.next()?;
        self.separated(Kind::Amp)
    }

    fn members(&mut self) -> Checked<Vec<String>> {
        if self.skip(Kind::Equals)? { self.separated(Kind::Pipe) } else { Ok(Vec::new()) }
    }

    /// Reads names with a mark between them, and maybe one in front.
    fn separated(&mut self, mark: Kind) -> Checked<Vec<String>> {
        self.skip(mark)?;
        let mut names = vec![self.name()?];
        while self.skip(mark)? {
            names.push(self.name()?);
        }
        Ok(names)
    }

    pub(super) fn default(&mut self) -> Checked<Option<Literal>> {
        if self.skip(Kind::Equals)? { self.literal(Variables::Refused).map(Some) } else { Ok(None) }
    }

    fn field_definition(&mut self) -> Checked<FieldDefinition> {
        let place = self.place();
        let (description, around) = self.inner_description()?;
        let name = self.name()?;
        let arguments = self.argument_definitions()?;
        self.expect(Kind::Colon)?;
        let type_of = self.type_reference()?;
        let directives = self.directives(Variables::Refused)?;
        let default = None;
        Ok(FieldDefinition {
            description,
            name,
            arguments,
            default,
            type_of,
            directives,
            around,
            place,
        })
    }

    fn argument_definitions(&mut self) -> Checked<Vec<FieldDefinition>> {
        Ok(self.some(PARENS, Self::input_value)?.0)
    }

    /// Reads an argument's definition, or that of an input object's field.
    fn input_value(&mut self) -> Checked<FieldDefinition> {
        let place = self.place();
        let (description, around) = self.inner_description()?;
        let name = self.name()?;
        self.expect(Kind::Colon)?;
        let type_of = self.type_reference()?;
        let default = self.default()?;
        let directives = self.directives(Variables::Refused)?;
        let arguments = Vec::new();
        Ok(FieldDefinition {
            description,
            name,
            arguments,
            default,
            type_of,
            directives,
            around,
            place,
        })
    }

    fn enum_value(&mut self) -> Checked<EnumValue> {
        let (description, around) = self.inner_description()?;
        let name = self.name()?;
        let directives = self.directives(Variables::Refused)?;
        Ok(EnumValue { description, name, directives, around })
    }

    fn directive_definition(&mut self, description: Description) -> Checked<DirectiveDefinition> {
        let after = self.comments();
        self.expect_word("directive")?;
        self.expect(Kind::At)?;
        let place = self.place();
        let name = self.name()?;
        let arguments = self.argument_definitions()?;
        let repeatable = self.is_word("repeatable");
        if repeatable {
            self.next()?;
        }
        self.expect_word("on")?;
        let locations = self.locations()?;
        let around = Around { before: description.before, after, end: Comments::new() };
        let description = description.text;
        Ok(DirectiveDefinition {
            description,
            name,
            arguments,
            locations,
            repeatable,
            around,
            place,
        })
    }

    fn locations(&mut self) -> Checked<Vec<String>> {
        self.skip(Kind::Pipe)?;
        let mut locations = Vec::new();
        loop {
            let is_known = LOCATIONS.contains(&&*self.ahead.text);
            if self.kind() == Kind::Name && !is_known {
                return self.unexpected();
            }
            locations.push(self.name()?);
            if !self.skip(Kind::Pipe)? {
                return Ok(locations);
            }
        }
    }

    fn extension(&mut self, document: &mut SchemaDocument) -> Checked<()> {
        let after = self.comments();
        self.expect_word("extend")?;
        if self.ahead.text == "schema" {
            let mut extension = self.schema_definition(Description::default())?;
            if extension.directives.is_empty() && extension.roots.is_empty() {
                return self.unexpected();
            }
            extension.around.after = after;
            document.schema_extensions.push(extension);
            return Ok(());
        }
        let Some(kind) = kind_of(&self.ahead.text) else { return self.unexpected() };
        let extension = self.extended_type(kind, after)?;
        document.extensions.push(extension);
        Ok(())
    }

    fn extended_type(&mut self, kind: &str, after: Comments) -> Checked<Definition> {
        self.expect_word(&self.ahead.text.clone())?;
        let mut definition = Definition {
            kind: kind.to_string(),
            place: self.place(),
            name: self.name()?,
            ..Definition::default()
        };
        // Interfaces cannot be made to implement others later, in gqlparser.
        if kind == kind::OBJECT {
            definition.interfaces = self.interfaces()?;
        }
        // Nor does it look for variables in the directives of input objects.
        let is_input = kind == kind::INPUT;
        let variables = if is_input { Variables::Allowed } else { Variables::Refused };
        definition.directives = self.directives(variables)?;
        let end = self.definition_body(&mut definition)?;
        let Definition { interfaces, directives, fields, types, values, .. } = &definition;
        let is_empty = interfaces.is_empty() && directives.is_empty() && fields.is_empty();
        if is_empty && types.is_empty() && values.is_empty() {
            return self.unexpected();
        }
        definition.around = Around { before: Comments::new(), after, end };
        Ok(definition)
    }
}

/// Returns what a word that begins a definition defines.
fn kind_of(word: &str) -> Option<&'static str> {
    TYPES.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind)
}
