//! The documents that a schema may refer to: itself, parts of it that have an identifier, and the
//! schemas of the drafts. Anywhere else is refused.

use std::collections::BTreeMap;

use rego_value::{ObjectRef, Value, View};
use rego_vm::{BuiltinError, Context};

use super::keyword::{Read, wrong};
use super::node::Draft;
use crate::url::Url;
use crate::{charge, gofmt};

/// The deepest nesting of a schema. (OPA's is that of JSON.)
pub(super) const SCHEMA_DEPTH_MAX: usize = 256;

/// A document with the draft that it says it follows.
#[derive(Clone)]
pub(super) struct Document {
    pub(super) value: Value,
    pub(super) draft: Option<Draft>,
}

/// The drafts, by the address of their own schema.
const DRAFTS: &[(&str, Draft, &str)] = &[
    (
        "http://json-schema.org/draft-04/schema",
        Draft::Four,
        include_str!("metaschema/draft-04.json"),
    ),
    (
        "http://json-schema.org/draft-06/schema",
        Draft::Six,
        include_str!("metaschema/draft-06.json"),
    ),
    (
        "http://json-schema.org/draft-07/schema",
        Draft::Seven,
        include_str!("metaschema/draft-07.json"),
    ),
];

/// Keywords whose values are not looked into for references.
const LITERAL_KEYWORDS: &[&str] = &["const", "enum"];

/// Keywords whose values have names of the user's choice for keys.
const NAMING_KEYWORDS: &[&str] = &["dependencies", "patternProperties", "properties"];

/// The documents, by address.
#[derive(Default)]
pub(super) struct Pool {
    documents: BTreeMap<String, Document>,
}

impl Pool {
    /// Adds a document and its parts that have an identifier; each reference in it is replaced by
    /// the address that it stands for. Returns the document.
    pub(super) fn add(
        &mut self,
        context: &mut Context<'_>,
        address: &Url,
        value: &Value,
    ) -> Read<Document> {
        let draft = draft_of(value)?;
        let value = Walk { context, pool: self, draft }.absolute(value, address, 0)?;
        let document = Document { value, draft };
        self.documents.insert(address.to_string(), document.clone());
        Ok(document)
    }

    /// Returns the document, or the part of one, at an address.
    ///
    /// Errors: a part that is not there, an address outside.
    pub(super) fn get(&mut self, context: &mut Context<'_>, address: &Url) -> Read<Document> {
        if let Some(document) = self.documents.get(&address.to_string()) {
            return Ok(document.clone());
        }
        let whole = address.document();
        let document = match self.documents.get(&whole.to_string()) {
            Some(document) => document.clone(),
            None => self.load(context, address, &whole)?,
        };
        let value = point(&document.value, &address.fragment)?.clone();
        Ok(Document { value, draft: document.draft })
    }

    /// Loads a document of the drafts.
    fn load(&mut self, context: &mut Context<'_>, address: &Url, whole: &Url) -> Read<Document> {
        let is_file = whole.scheme == "file";
        let canonical = if is_file {
            whole.path.starts_with('/')
        } else {
            !whole.scheme.is_empty() && !whole.host.is_empty()
        };
        if !canonical {
            return wrong(format!("Reference {address} must be canonical"));
        }
        if is_file {
            return wrong(format!("file reference loading disabled: {address}"));
        }
        let known = DRAFTS.iter().find(|(known, _, _)| *known == whole.to_string());
        let Some((_, _, text)) = known else {
            return wrong(format!("remote reference loading disabled: {address}"));
        };
        charge::make(context, 4 * text.len())?;
        let value = Value::from_json(text.as_bytes());
        let value = value.map_err(|error| BuiltinError::Failed(error.to_string()))?;
        self.add(context, whole, &value)
    }
}

/// Returns the draft that a schema says it follows.
pub(super) fn draft_of(schema: &Value) -> Read<Option<Draft>> {
    let object = match schema.view() {
        View::Bool(_) => return Ok(None),
        View::Object(object) => object,
        _ => return wrong("schema is invalid".to_string()),
    };
    match object.get_str("$schema").map(Value::view) {
        None => Ok(None),
        Some(View::String(text)) => {
            let address = parse(text)?.to_string();
            let draft = DRAFTS.iter().find(|(known, _, _)| *known == address);
            Ok(draft.map(|(_, draft, _)| *draft))
        }
        Some(_) => wrong("$schema must be of type string".to_string()),
    }
}

/// Reads the address of a reference.
pub(super) fn parse(text: &str) -> Read<Url> {
    Url::parse(text).or_else(|why| wrong(format!("parse {}: {why}", gofmt::quote(text))))
}

/// Returns the keyword that holds a schema's identifier.
pub(super) fn id_keyword(schema: ObjectRef<'_>, draft: Draft) -> &'static str {
    match draft {
        Draft::Four => "id",
        Draft::Hybrid if schema.get_str("id").is_some() => "id",
        _ => "$id",
    }
}

/// A walk through a document that makes references absolute.
struct Walk<'w, 'h> {
    context: &'w mut Context<'h>,
    pool: &'w mut Pool,
    draft: Option<Draft>,
}

impl Walk<'_, '_> {
    fn absolute(&mut self, value: &Value, base: &Url, depth: usize) -> Read<Value> {
        if depth > SCHEMA_DEPTH_MAX {
            return wrong("schema is nested too deeply".to_string());
        }
        self.context.charge_steps(1)?;
        match value.view() {
            View::Array(items) => {
                let items: Read<Vec<Value>> =
                    items.iter().map(|item| self.absolute(item, base, depth + 1)).collect();
                Ok(Value::array(items?))
            }
            View::Object(object) => self.object(value, object, base, depth),
            _ => Ok(value.clone()),
        }
    }

    fn object(
        &mut self,
        value: &Value,
        object: ObjectRef<'_>,
        base: &Url,
        depth: usize,
    ) -> Read<Value> {
        let keyword = id_keyword(object, Draft::Hybrid);
        let id = object.get_str(keyword).and_then(Value::as_str);
        let own = match id.and_then(|id| Url::parse(id).ok()) {
            Some(id) => {
                let own = base.resolve(&id);
                let address = own.to_string();
                charge::make(self.context, 2 * address.len())?;
                if self.pool.documents.contains_key(&address) {
                    return Ok(value.clone()); // The first one has the name.
                }
                let document = Document { value: value.clone(), draft: self.draft };
                self.pool.documents.insert(address.clone(), document);
                Some((own, address))
            }
            None => None,
        };
        let here = own.as_ref().map_or(base, |(own, _)| own);
        let mut entries = Vec::with_capacity(object.len());
        for (key, value) in object.iter() {
            entries.push((key.clone(), self.member(key.as_str(), value, here, depth)?));
        }
        let value = Value::object(entries);
        if let Some((_, address)) = own {
            let document = Document { value: value.clone(), draft: self.draft };
            self.pool.documents.insert(address, document);
        }
        Ok(value)
    }

    fn member(
        &mut self,
        key: Option<&str>,
        value: &Value,
        here: &Url,
        depth: usize,
    ) -> Read<Value> {
        let key = key.unwrap_or_default();
        if key == "$ref" {
            let reference = value.as_str().and_then(|text| Url::parse(text).ok());
            if let Some(reference) = reference {
                let address = here.resolve(&reference).to_string();
                charge::make(self.context, 2 * address.len())?;
                return Ok(Value::from(address));
            }
        }
        if LITERAL_KEYWORDS.contains(&key) {
            return Ok(value.clone());
        }
        if NAMING_KEYWORDS.contains(&key) {
            let Some(named) = value.as_object() else { return Ok(value.clone()) };
            let mut entries = Vec::with_capacity(named.len());
            for (name, schema) in named.iter() {
                entries.push((name.clone(), self.absolute(schema, here, depth + 2)?));
            }
            return Ok(Value::object(entries));
        }
        self.absolute(value, here, depth + 1)
    }
}

/// Returns what a JSON pointer points at. A fragment that is no pointer stands for the whole.
fn point<'v>(document: &'v Value, pointer: &str) -> Read<&'v Value> {
    let Some(tokens) = pointer.strip_prefix('/') else { return Ok(document) };
    tokens.split('/').try_fold(document, |value, token| match value.view() {
        View::Object(object) => {
            let key = token.replace("~1", "/").replace("~0", "~");
            let missing = || BuiltinError::Failed(format!("Object has no key '{key}'"));
            object.get_str(&key).ok_or_else(missing)
        }
        View::Array(items) => {
            let Ok(index) = token.parse::<i64>() else {
                return wrong(format!("Invalid array index '{token}'"));
            };
            let found = usize::try_from(index).ok().and_then(|index| items.get(index));
            let outside = format!("Out of bound array[0,{}] index '{index}'", items.len());
            found.ok_or(BuiltinError::Failed(outside))
        }
        _ => wrong(format!("Invalid token reference '{token}'")),
    })
}
