//! A METADATA block's text to an annotation, and what is wrong with it.
//!
//! Must not know: scopes of other blocks, types.

use rego_source::{Diagnostic, Location, SourceFile, SourceId, Span};
use rego_syntax::ast::{self, Module, TermKind};
use rego_value::{Value, YamlContent, YamlError, YamlNode};

use super::attach;
use super::fields::{self, Entry, Fields, Misfits};
use super::reference;
use super::wording::go;
use super::{
    Annotation, Author, CompileAnnotation, RelatedResource, SchemaAnnotation, SchemaSource,
};

/// `rego_parse_error`
pub(super) const PARSE: &str = "rego_parse_error";

/// What [`read`] found.
#[derive(Debug, Default)]
pub struct Blocks {
    /// The sound blocks, in order.
    pub annotations: Vec<Annotation>,
    /// Blocks that cannot be read: OPA tells of them with the errors of syntax.
    pub unreadable: Vec<Diagnostic>,
    /// Blocks of a scope that does not fit where they stand: OPA tells of them once all else is
    /// right.
    pub misplaced: Vec<Diagnostic>,
}

/// Reads the METADATA blocks of a module, whose text is `file`. Linear in their text.
pub fn read(module: &Module, source: SourceId, file: &SourceFile) -> Blocks {
    let mut blocks = Blocks::default();
    for block in &module.annotations {
        let at = module.comments.partition_point(|comment| comment.span.start < block.span.start);
        let end = module.comments.partition_point(|comment| comment.span.start < block.span.end);
        let lines = module.comments.get(at + 1..end).unwrap_or_default();
        match (Block { block, lines, source, file }).read() {
            Ok((annotation, scope)) => match attach::scope(annotation, &scope) {
                Ok(annotation) => blocks.annotations.push(annotation),
                Err(errors) => blocks.misplaced.extend(errors),
            },
            Err(error) => blocks.unreadable.push(*error),
        }
    }
    blocks
}

struct Block<'m> {
    block: &'m ast::Annotation,
    /// The comments below the marker.
    lines: &'m [ast::Comment],
    source: SourceId,
    file: &'m SourceFile,
}

impl Block<'_> {
    /// Returns the annotation and the scope it asks for, which may be empty.
    fn read(&self) -> Result<(Annotation, String), Box<Diagnostic>> {
        if self.block.yaml.trim().is_empty() {
            return Err(self.error("expected METADATA block, found whitespace"));
        }
        let root = match YamlNode::parse(&self.block.yaml) {
            Ok(root) => root,
            Err(error) => return Err(self.not_yaml(&error)),
        };
        let mut misfits = Misfits::default();
        let fields = match &root {
            Some(root) => Fields::read(root, &mut misfits),
            None => Fields::default(),
        };
        if !misfits.lines.is_empty() {
            let message = format!("yaml: unmarshal errors:\n{}", misfits.lines.join("\n"));
            return Err(self.error_at(self.told_place(misfits.first), message));
        }
        self.annotation(&fields).map_err(|message| self.error(message))
    }

    fn annotation(&self, fields: &Fields<'_>) -> Result<(Annotation, String), String> {
        let resources = fields.related_resources.iter().map(|node| resource(node));
        let related_resources = resources.collect::<Result<_, _>>()?;
        let compile = fields.compile.map(compile).transpose()?;
        let schemas = fields.schemas.iter().map(|entries| schema(entries));
        let schemas = schemas.collect::<Result<_, _>>()?;
        let authors = fields.authors.iter().map(|node| author(node)).collect::<Result<_, _>>()?;
        let object =
            |entries: &[Entry]| (!entries.is_empty()).then(|| fields::object(entries)).transpose();
        let annotation = Annotation {
            scope: super::Scope::Rule,
            target: self.block.target,
            title: fields.title.clone(),
            description: fields.description.clone(),
            entrypoint: fields.entrypoint,
            organizations: fields.organizations.clone(),
            related_resources,
            authors,
            schemas,
            compile,
            custom: object(fields.custom)?,
            labels: object(fields.labels)?,
            location: self.at(self.marker()),
            span: self.block.span,
        };
        Ok((annotation, fields.scope.clone()))
    }

    fn marker(&self) -> Span {
        let start = self.block.span.start;
        let end = match self.lines.first() {
            Some(_) => start + 1,
            None => self.block.span.end,
        };
        Span::new(start, end)
    }

    fn at(&self, span: Span) -> Location {
        Location { source: self.source, span }
    }

    fn error(&self, message: impl Into<String>) -> Box<Diagnostic> {
        self.error_at(self.marker(), message)
    }

    fn error_at(&self, span: Span, message: impl Into<String>) -> Box<Diagnostic> {
        let hint =
            "a METADATA block is YAML; take the word METADATA away where a plain comment is meant";
        let error = Diagnostic::error(PARSE, self.at(span), message);
        Box::new(error.with_source_line().with_hint(hint))
    }

    /// OPA takes the told line for the index of a comment below the marker, from 0.
    fn told_place(&self, line: usize) -> Span {
        let comment = self.lines.get(line).or_else(|| self.lines.last());
        comment.map_or_else(|| self.marker(), |comment| comment.span)
    }

    fn not_yaml(&self, error: &YamlError) -> Box<Diagnostic> {
        let place = match error.told_line() {
            Some(line) => self.told_place(line),
            None => self.lines.first().map_or_else(|| self.marker(), |first| first.span),
        };
        let mut message = error.to_string();
        for comment in self.lines {
            let bad = bad_blanks(&comment.text);
            if !bad.is_empty() {
                message.push_str(&format!(
                    "\n  Hint: on line {}, symbol(s) [{}] immediately following a key/value \
                     separator ':' is not a legal yaml space character",
                    self.file.position(comment.span.start).row,
                    bad.join(" ")
                ));
            }
        }
        self.error_at(place, message)
    }
}

/// Returns what follows a colon where a blank should, as Go quotes it.
fn bad_blanks(text: &str) -> Vec<String> {
    let parts: Vec<&str> = text.split(':').skip(1).collect();
    let mut bad = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let first = part.chars().next();
        if matches!(first, Some(' ' | '\t')) || (first.is_none() && at + 1 == parts.len()) {
            return Vec::new();
        }
        let first = first.unwrap_or('\u{fffd}');
        bad.push(match first {
            ' '..='~' => format!("{first:?}"),
            _ if (first as u32) < 0x80 => format!("'\\x{:02x}'", first as u32),
            _ if (first as u32) < 0x10000 => format!("'\\u{:04x}'", first as u32),
            _ => format!("'\\U{:08x}'", first as u32),
        });
    }
    bad
}

/// The text of a field of a mapping; empty where it is no text.
fn field<'y>(entries: &'y [Entry], name: &str) -> &'y str {
    let found = entries.iter().find_map(|(key, value)| match (&key.content, &value.content) {
        (YamlContent::Scalar { text: key, .. }, YamlContent::Scalar { text, tag, .. })
            if &**key == name && &**tag == "str" =>
        {
            Some(&**text)
        }
        _ => None,
    });
    found.unwrap_or_default().trim()
}

fn resource(node: &YamlNode) -> Result<RelatedResource, String> {
    let found = match &node.content {
        YamlContent::Scalar { text, tag, .. } if &**tag == "str" => match text.is_empty() {
            true => Err("ref URL may not be empty string".to_owned()),
            false => Ok((text.to_string(), String::new())),
        },
        YamlContent::Mapping(entries) => {
            fields::value(node, &mut Vec::new()).and_then(|_| match field(entries, "ref") {
                "" => Err("'ref' value required in object".to_owned()),
                address => Ok((address.to_owned(), field(entries, "description").to_owned())),
            })
        }
        _ => Err("invalid value type, must be string or map".to_owned()),
    };
    let checked = found.and_then(|(address, description)| {
        let is_control = |byte: u8| byte < b' ' || byte == 0x7f;
        match address.bytes().any(is_control) {
            true => Err(format!(
                "parse {}: net/url: invalid control character in URL",
                Value::from(address).to_json()
            )),
            false => Ok(RelatedResource { address, description }),
        }
    });
    checked.map_err(|why| format!("invalid related-resource definition {}: {why}", go(node)))
}

fn author(node: &YamlNode) -> Result<Author, String> {
    let found = match &node.content {
        YamlContent::Scalar { text, tag, .. } if &**tag == "str" => author_of(text),
        YamlContent::Mapping(entries) => fields::value(node, &mut Vec::new()).and_then(|_| {
            let (name, email) = (field(entries, "name"), field(entries, "email"));
            match name.is_empty() && email.is_empty() {
                true => Err("'name' and/or 'email' values required in object".to_owned()),
                false => Ok(Author { name: name.to_owned(), email: email.to_owned() }),
            }
        }),
        _ => Err("invalid value type, must be string or map".to_owned()),
    };
    found.map_err(|why| format!("invalid author definition {}: {why}", go(node)))
}

/// The last word is the address if it stands between `<` and `>`.
fn author_of(text: &str) -> Result<Author, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let Some((last, others)) = words.split_last() else {
        return Err("author is an empty string".to_owned());
    };
    match last.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
        Some(email) => Ok(Author { name: others.join(" "), email: email.to_owned() }),
        None => Ok(Author { name: words.join(" "), email: String::new() }),
    }
}

fn schema(entries: &[Entry]) -> Result<SchemaAnnotation, String> {
    let (key, value) = match entries.first() {
        Some((key, value)) => (go(key), Some(value)),
        None => (String::new(), None),
    };
    let path = reference::path(&key).ok_or("invalid document reference")?;
    let schema = match value.map(|value| (value, &value.content)) {
        Some((_, YamlContent::Scalar { text, tag, .. })) if &**tag == "str" => {
            SchemaSource::Path(reference::schema_path(text).ok_or("invalid schema reference")?)
        }
        Some((node, YamlContent::Mapping(_))) => {
            let definition = fields::value(node, &mut Vec::new())
                .map_err(|why| format!("invalid schema definition: {why}"))?;
            SchemaSource::Definition(definition)
        }
        _ => {
            let quoted = Value::from(key).to_json();
            return Err(format!("invalid schema declaration for path {quoted}"));
        }
    };
    Ok(SchemaAnnotation { path, schema })
}

fn compile(entries: &[Entry]) -> Result<CompileAnnotation, String> {
    let mut found = CompileAnnotation::default();
    for (key, value) in entries {
        let YamlContent::Scalar { text: key, .. } = &key.content else { continue };
        match (&**key, &value.content) {
            ("unknowns", YamlContent::Sequence(items)) => {
                for item in items {
                    let YamlContent::Scalar { text, tag, .. } = &item.content else { continue };
                    if &**tag == "str" {
                        found.unknowns.push(unknown(text)?);
                    }
                }
            }
            ("mask_rule", YamlContent::Scalar { text, tag, .. }) if &**tag == "str" => {
                found.mask_rule = Some(mask_rule(text)?);
            }
            _ => {}
        }
    }
    Ok(found)
}

fn unknown(text: &str) -> Result<Vec<Value>, String> {
    let quoted = || Value::from(text).to_json();
    reference::path(text).ok_or_else(|| match reference::term(text) {
        Some(_) => format!("invalid unknowns element {}: expected ref but got {text}", quoted()),
        None => format!("invalid unknowns element {}: expected ref", quoted()),
    })
}

fn mask_rule(text: &str) -> Result<Vec<Value>, String> {
    let quoted = || Value::from(text).to_json();
    let term = reference::term(text)
        .ok_or_else(|| format!("invalid mask_rule annotation {}: expected term", quoted()))?;
    match &term.kind {
        TermKind::Var(name) => Ok(vec![Value::from(&**name)]),
        TermKind::String { value, .. } => Ok(vec![Value::from(&**value)]),
        TermKind::Ref { .. } => reference::steps(&term)
            .ok_or_else(|| format!("invalid mask_rule annotation {}: expected ref", quoted())),
        _ => Err(format!("invalid mask_rule annotation type {}: string", quoted())),
    }
}
