//! JSON schemas as types: drafts 4, 6 and 7.
//!
//! Of a schema counts what says which types there are: `type`, `properties`, `items`, `$ref`,
//! `anyOf`, `allOf`. An object whose properties are named has no others, unless the schema says in
//! so many words that there may be: the point of a schema here is to find misspelt names. What a
//! schema says of itself again, further down, is `any` there; what is too large is `any` as well.
//!
//! Must not know: where schemas come from.
//!
//! Source: OPA `v1/ast/compile.go` (`schemaParser`), and the words of its JSON schema library.

use foldhash::{HashMap, HashSet};
use rego_value::{Value, View};

use super::relate::Relate;
use super::ty::{DEPTH_MAX, SCHEMA_WEIGHT_MAX, Ty};

/// Deepest nesting of schemas that is followed; below, anything goes.
const SCHEMA_DEPTH_MAX: u32 = DEPTH_MAX - 2;
/// Longest chain of references to references.
const REFERENCE_CHAIN_MAX: usize = 100;
/// What `type` may say.
const TYPE_NAMES: &[&str] = &["array", "boolean", "integer", "number", "null", "object", "string"];

/// Returns the type of the documents that a schema describes.
///
/// Errors: a sentence in OPA's words: what is no schema, and parts of `allOf` that exclude each
/// other.
pub(super) fn of_schema(schema: &Value, relate: &Relate) -> Result<Ty, String> {
    let mut reader = Reader {
        root: schema,
        relate,
        known: HashMap::default(),
        under_way: HashSet::default(),
        left: SCHEMA_WEIGHT_MAX,
    };
    reader.schema(schema, 0).map_err(|problem| match problem {
        Problem::Schema(what) => format!("unable to compile the schema: {what}"),
        Problem::Merge(what) => format!("type checking: {what}"),
    })
}

enum Problem {
    /// It is no schema.
    Schema(String),
    /// Parts of `allOf` exclude each other.
    Merge(String),
}

struct Reader<'s> {
    root: &'s Value,
    relate: &'s Relate,
    /// The types of references.
    known: HashMap<&'s str, Ty>,
    /// References that are being followed.
    under_way: HashSet<&'s str>,
    /// How many parts there may still be.
    left: u32,
}

/// What a schema says of types, or several that hold together.
#[derive(Clone, Default)]
struct Parts<'s> {
    types: Vec<&'s str>,
    /// Whether `type` was written.
    typed: bool,
    properties: Vec<(&'s str, &'s Value)>,
    items: Items<'s>,
    /// Whether it says in so many words that there may be other properties, or further items.
    open: bool,
    any_of: Option<&'s [Value]>,
}

#[derive(Clone, Default)]
enum Items<'s> {
    #[default]
    Unsaid,
    All(&'s Value),
    Each(&'s [Value]),
}

impl<'s> Reader<'s> {
    fn schema(&mut self, schema: &'s Value, depth: u32) -> Result<Ty, Problem> {
        if depth > SCHEMA_DEPTH_MAX || self.left == 0 {
            return Ok(Ty::Any);
        }
        self.left = self.left.saturating_sub(1);
        match schema.view() {
            View::Bool(_) => return Ok(Ty::Any),
            View::Object(_) => {}
            _ => return Err(Problem::Schema("schema expected, an object or a boolean".into())),
        }
        if let Some(reference) = reference_of(schema)? {
            return self.reference(reference, depth);
        }
        let mut parts = self.parts(schema)?;
        if let Some(all) = list(schema, "allOf")? {
            parts = self.all_of(parts, all)?;
        }
        match parts.any_of.take() {
            Some(any) => self.any_of(&parts, any, depth),
            None => self.of_parts(&parts, depth),
        }
    }

    fn reference(&mut self, reference: &'s str, depth: u32) -> Result<Ty, Problem> {
        if let Some(known) = self.known.get(reference).cloned() {
            self.left = self.left.saturating_sub(known.weight());
            return Ok(if self.left == 0 { Ty::Any } else { known });
        }
        if !self.under_way.insert(reference) {
            return Ok(Ty::Any);
        }
        let target = self.target(reference)?;
        let ty = self.schema(target, depth + 1);
        self.under_way.remove(reference);
        let ty = ty?;
        self.known.insert(reference, ty.clone());
        Ok(ty)
    }

    /// Finds what a reference points to inside of the document.
    fn target(&self, reference: &str) -> Result<&'s Value, Problem> {
        let Some(pointer) = reference.strip_prefix('#') else {
            return match reference.contains("://") {
                true => {
                    let message = format!("remote reference loading disabled: {reference}");
                    Err(Problem::Schema(message))
                }
                false => self.by_id(reference),
            };
        };
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return self.by_id(reference);
        }
        let mut at = self.root;
        for step in pointer.split('/').skip(1) {
            let step = unescaped(step);
            let inner = match at.view() {
                View::Object(object) => object.get_str(&step),
                View::Array(items) => step.parse::<usize>().ok().and_then(|at| items.get(at)),
                _ => None,
            };
            at = inner.ok_or_else(|| Problem::Schema(format!("Object has no key '{step}'")))?;
        }
        Ok(at)
    }

    /// Finds a definition by the name it gives itself.
    fn by_id(&self, id: &str) -> Result<&'s Value, Problem> {
        let definitions = self.root.get_path(&["definitions"]).and_then(Value::as_object);
        let mut own = definitions.into_iter().flat_map(|object| object.values());
        let named = own.find(|schema| {
            ["$id", "id"].iter().any(|key| {
                schema.get_path(&[key]).and_then(Value::as_str).is_some_and(|own| own == id)
            })
        });
        named.ok_or_else(|| Problem::Schema(format!("reference {id} leads nowhere")))
    }

    fn parts(&mut self, schema: &'s Value) -> Result<Parts<'s>, Problem> {
        let (types, typed) = types_of(schema)?;
        let properties = match member(schema, "properties").map(Value::view) {
            None => Vec::new(),
            Some(View::Object(object)) => {
                object.iter().filter_map(|(key, value)| Some((key.as_str()?, value))).collect()
            }
            Some(_) => return Err(invalid("object", "properties")),
        };
        let items = match member(schema, "items").map(|items| (items, items.view())) {
            None => Items::Unsaid,
            Some((_, View::Array(items))) => Items::Each(items),
            Some((items, View::Object(_) | View::Bool(_))) => Items::All(items),
            Some(_) => return Err(invalid("schema/array of schemas", "items")),
        };
        let says_open = |key| member(schema, key).is_some_and(|said| !said.is_false());
        let open = says_open("additionalProperties")
            || says_open("patternProperties")
            || says_open("additionalItems");
        let any_of = list(schema, "anyOf")?;
        Ok(Parts { types, typed, properties, items, open, any_of })
    }

    /// Puts what all of several schemas say into one.
    fn all_of(&mut self, own: Parts<'s>, all: &'s [Value]) -> Result<Parts<'s>, Problem> {
        let mut merged: Option<Parts<'s>> = None;
        for schema in all {
            let mut schema = schema;
            let mut seen = 0;
            while let Some(reference) = reference_of(schema)? {
                schema = self.target(reference)?;
                seen += 1;
                if seen > REFERENCE_CHAIN_MAX {
                    return Err(Problem::Schema("references lead in a circle".into()));
                }
            }
            self.left = self.left.saturating_sub(1);
            if self.left == 0 {
                break;
            }
            let mut parts = assumed(self.parts(schema)?);
            if let Some(more) = list(schema, "allOf")?.filter(|_| self.left > 0) {
                self.left /= 2;
                parts = self.all_of(parts, more)?;
            }
            merged = Some(match merged {
                None => parts,
                Some(merged) => merge(merged, parts)?,
            });
        }
        let Some(merged) = merged else { return Ok(own) };
        if !own.typed && own.properties.is_empty() && matches!(own.items, Items::Unsaid) {
            return Ok(Parts { any_of: own.any_of.or(merged.any_of), ..merged });
        }
        let any_of = own.any_of;
        let whole = merge(merged, assumed(own))?;
        Ok(Parts { any_of: any_of.or(whole.any_of), ..whole })
    }

    fn any_of(&mut self, own: &Parts<'s>, any: &'s [Value], depth: u32) -> Result<Ty, Problem> {
        let mut types = Vec::with_capacity(any.len() + 1);
        for schema in any {
            types.push(self.schema(schema, depth + 1)?);
        }
        // Named properties beside the alternatives are an alternative of their own.
        if own.typed
            && let ty @ Ty::Object(_) = self.of_parts(own, depth)?
            && !own.properties.is_empty()
        {
            types.push(ty);
        }
        Ok(self.relate.or_all(types).unwrap_or(Ty::Any))
    }

    fn of_parts(&mut self, parts: &Parts<'s>, depth: u32) -> Result<Ty, Problem> {
        let assumed = assumed(parts.clone());
        let mut types = Vec::with_capacity(assumed.types.len());
        for name in &assumed.types {
            types.push(match *name {
                "boolean" => Ty::Boolean,
                "string" => Ty::String,
                "integer" | "number" => Ty::Number,
                "object" => self.object(parts, depth)?,
                "array" => self.array(parts, depth)?,
                // OPA takes `null` alone as anything.
                _ if assumed.types.len() == 1 => Ty::Any,
                _ => Ty::Null,
            });
        }
        Ok(self.relate.or_all(types).unwrap_or(Ty::Any))
    }

    fn object(&mut self, parts: &Parts<'s>, depth: u32) -> Result<Ty, Problem> {
        if parts.properties.is_empty() {
            return Ok(Ty::schema_object(Vec::new(), Some((Ty::Any, Ty::Any))));
        }
        let mut fixed = Vec::with_capacity(parts.properties.len());
        for (name, schema) in &parts.properties {
            fixed.push((Value::from(*name), self.schema(schema, depth + 1)?));
        }
        Ok(Ty::schema_object(fixed, parts.open.then_some((Ty::String, Ty::Any))))
    }

    fn array(&mut self, parts: &Parts<'s>, depth: u32) -> Result<Ty, Problem> {
        match parts.items {
            Items::Unsaid | Items::Each([]) => Ok(Ty::schema_array(Vec::new(), Some(Ty::Any))),
            Items::All(schema) => {
                let item = self.schema(schema, depth + 1)?;
                Ok(Ty::schema_array(Vec::new(), Some(item)))
            }
            Items::Each(schemas) => {
                let mut fixed = Vec::with_capacity(schemas.len());
                for schema in schemas {
                    fixed.push(self.schema(schema, depth + 1)?);
                }
                Ok(Ty::schema_array(fixed, parts.open.then_some(Ty::Any)))
            }
        }
    }
}

/// Returns it with the type that properties or items stand for, where none is written.
fn assumed(mut parts: Parts<'_>) -> Parts<'_> {
    let name = match (parts.properties.is_empty(), &parts.items) {
        (false, _) => "object",
        (true, Items::All(_) | Items::Each(_)) => "array",
        (true, Items::Unsaid) => return parts,
    };
    if parts.types.is_empty() {
        parts.types.push(name);
    }
    parts
}

/// Returns what both say; their types have to be the same.
fn merge<'s>(mut a: Parts<'s>, b: Parts<'s>) -> Result<Parts<'s>, Problem> {
    // What says nothing of types is in nobody's way, but may name more properties.
    if a.types.is_empty() || b.types.is_empty() {
        let (mut typed, other) = if a.types.is_empty() { (b, a) } else { (a, b) };
        typed.open |= other.any_of.is_some();
        return Ok(typed);
    }
    if a.types != b.types {
        let (a, b) = (a.types.join(","), b.types.join(","));
        let message = format!("unable to merge these schemas: type mismatch: {a} and {b}");
        return Err(Problem::Merge(message));
    }
    a.properties.extend(b.properties);
    a.items = match (a.items, b.items) {
        (Items::Unsaid, items) | (items, Items::Unsaid) => items,
        (Items::Each(a), Items::Each(b)) => Items::Each(if a.len() >= b.len() { a } else { b }),
        (items, _) => items,
    };
    a.open |= b.open;
    a.typed |= b.typed;
    a.any_of = a.any_of.or(b.any_of);
    Ok(a)
}

fn member<'s>(schema: &'s Value, key: &str) -> Option<&'s Value> {
    schema.as_object().and_then(|object| object.get_str(key))
}

fn list<'s>(schema: &'s Value, key: &str) -> Result<Option<&'s [Value]>, Problem> {
    match member(schema, key) {
        None => Ok(None),
        Some(list) => match list.as_array() {
            Some(items) if !items.is_empty() => Ok(Some(items)),
            _ => Err(invalid("array of schemas", key)),
        },
    }
}

fn reference_of(schema: &Value) -> Result<Option<&str>, Problem> {
    match member(schema, "$ref") {
        None => Ok(None),
        Some(reference) => reference.as_str().map(Some).ok_or_else(|| invalid("string", "$ref")),
    }
}

/// Returns the names after `type` in one order, and whether there are any.
fn types_of(schema: &Value) -> Result<(Vec<&str>, bool), Problem> {
    let wrong = || invalid("string/array of strings", "type");
    let mut names: Vec<&str> = match member(schema, "type").map(Value::view) {
        None => Vec::new(),
        Some(View::String(name)) => vec![name],
        Some(View::Array(names)) => {
            names.iter().map(|name| name.as_str().ok_or_else(wrong)).collect::<Result<_, _>>()?
        }
        Some(_) => return Err(wrong()),
    };
    if let Some(name) = names.iter().find(|name| !TYPE_NAMES.contains(name)) {
        let valid = TYPE_NAMES.join(" ");
        let message = format!(
            "has a primitive type that is NOT VALID -- given: /{name}/ Expected valid values \
             are:[{valid}]"
        );
        return Err(Problem::Schema(message));
    }
    names.sort_unstable();
    if let Some([name, _]) = names.windows(2).find(|pair| pair.first() == pair.last()) {
        return Err(Problem::Schema(format!("{name} type is duplicated")));
    }
    let typed = !names.is_empty();
    Ok((names, typed))
}

fn invalid(expected: &str, given: &str) -> Problem {
    Problem::Schema(format!("Invalid type. Expected: {expected}, given: {given}"))
}

/// Returns a step of a JSON pointer in a fragment as the key it stands for.
fn unescaped(step: &str) -> String {
    let mut bytes = Vec::with_capacity(step.len());
    let mut rest = step.bytes();
    while let Some(byte) = rest.next() {
        let hex = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let mut ahead = rest.clone();
        match (byte, hex(ahead.next()), hex(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = ahead;
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).replace("~1", "/").replace("~0", "~")
}
