//! The fields of a block, typed: a text where a text must be, a list where a list must be.
//!
//! Must not know: the meaning of fields, places in the source.
//!
//! Source: behaviour of `yaml.v3` as it fills a struct, all that does not fit told at once.

use rego_value::{Value, YamlContent, YamlNode};

use super::wording::excerpt;

/// The fields as the text has them.
#[derive(Debug, Default)]
pub(super) struct Fields<'y> {
    pub(super) scope: String,
    pub(super) title: String,
    pub(super) entrypoint: bool,
    pub(super) description: String,
    pub(super) organizations: Vec<String>,
    pub(super) related_resources: Vec<&'y YamlNode>,
    pub(super) authors: Vec<&'y YamlNode>,
    pub(super) schemas: Vec<&'y [Entry]>,
    pub(super) compile: Option<&'y [Entry]>,
    pub(super) custom: &'y [Entry],
    pub(super) labels: &'y [Entry],
}

/// A key and its value.
pub(super) type Entry = (YamlNode, YamlNode);

/// What does not fit, a line each, and the line of the first, from 1.
#[derive(Debug, Default)]
pub(super) struct Misfits {
    pub(super) lines: Vec<String>,
    pub(super) first: usize,
}

impl Misfits {
    fn add(&mut self, line: usize, message: &str) {
        if self.lines.is_empty() {
            self.first = line;
        }
        if self.lines.len() < MISFITS_MAX {
            self.lines.push(format!("  line {line}: {message}"));
        }
    }

    fn mismatch(&mut self, node: &YamlNode, wanted: &str) {
        let found = match &node.content {
            YamlContent::Sequence(_) => "!!seq".to_owned(),
            YamlContent::Mapping(_) => "!!map".to_owned(),
            YamlContent::Scalar { text, tag, .. } => {
                let name = if tag.starts_with('!') { tag.to_string() } else { format!("!!{tag}") };
                format!("{name}{}", excerpt(text))
            }
        };
        self.add(node.line, &format!("cannot unmarshal {found} into {wanted}"));
    }
}

/// Most misfits that are told of one block.
const MISFITS_MAX: usize = 100;

impl<'y> Fields<'y> {
    /// Reads the fields of a block.
    pub(super) fn read(root: &'y YamlNode, misfits: &mut Misfits) -> Self {
        let mut fields = Fields::default();
        let YamlContent::Mapping(entries) = &root.content else {
            if !is_null(root) {
                misfits.mismatch(root, "ast.rawAnnotation");
            }
            return fields;
        };
        if repeats(entries, misfits) {
            return fields;
        }
        for (key, value) in entries {
            let YamlContent::Scalar { text, .. } = &key.content else {
                misfits.mismatch(key, "string");
                continue;
            };
            fields.set(text, value, misfits);
        }
        fields
    }

    fn set(&mut self, name: &str, value: &'y YamlNode, misfits: &mut Misfits) {
        match name {
            "scope" => self.scope = text(value, misfits),
            "title" => self.title = text(value, misfits),
            "description" => self.description = text(value, misfits),
            "entrypoint" => self.entrypoint = flag(value, misfits),
            "organizations" => {
                let items = list(value, "[]string", misfits).iter();
                self.organizations = items.map(|item| text(item, misfits)).collect();
            }
            "related_resources" => {
                self.related_resources = list(value, "[]interface {}", misfits).iter().collect();
            }
            "authors" => self.authors = list(value, "[]interface {}", misfits).iter().collect(),
            "schemas" => {
                let items = list(value, "[]map[string]interface {}", misfits).iter();
                self.schemas = items.map(|item| map(item, misfits).unwrap_or_default()).collect();
            }
            "compile" => self.compile = map(value, misfits),
            "custom" => self.custom = map(value, misfits).unwrap_or_default(),
            "labels" => self.labels = map(value, misfits).unwrap_or_default(),
            _ => {}
        }
    }
}

fn is_null(node: &YamlNode) -> bool {
    node.tag() == Some("null")
}

/// Reports keys that stand twice; whether there are any.
fn repeats(entries: &[Entry], misfits: &mut Misfits) -> bool {
    let before = misfits.lines.len();
    let mut seen: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for (key, _) in entries {
        let YamlContent::Scalar { text, .. } = &key.content else { continue };
        match seen.get(&**text) {
            Some(line) => {
                let name = Value::from(&**text).to_json();
                let message = format!("mapping key {name} already defined at line {line}");
                misfits.add(key.line, &message);
            }
            None => {
                seen.insert(text, key.line);
            }
        }
    }
    misfits.lines.len() > before
}

fn text(node: &YamlNode, misfits: &mut Misfits) -> String {
    match &node.content {
        YamlContent::Scalar { .. } if is_null(node) => String::new(),
        YamlContent::Scalar { text, .. } => text.to_string(),
        _ => {
            misfits.mismatch(node, "string");
            String::new()
        }
    }
}

fn flag(node: &YamlNode, misfits: &mut Misfits) -> bool {
    match &node.content {
        YamlContent::Scalar { tag, value, .. } if &**tag == "bool" => value.is_true(),
        YamlContent::Scalar { tag, .. } if &**tag == "null" => false,
        YamlContent::Scalar { tag, text, .. }
            if &**tag == "str" && matches!(&**text, "y" | "Y" | "yes" | "on") =>
        {
            true
        }
        YamlContent::Scalar { tag, text, .. }
            if &**tag == "str" && matches!(&**text, "n" | "N" | "no" | "off") =>
        {
            false
        }
        _ => {
            misfits.mismatch(node, "bool");
            false
        }
    }
}

fn list<'y>(node: &'y YamlNode, wanted: &str, misfits: &mut Misfits) -> &'y [YamlNode] {
    match &node.content {
        YamlContent::Sequence(items) => items,
        _ if is_null(node) => &[],
        _ => {
            misfits.mismatch(node, wanted);
            &[]
        }
    }
}

fn map<'y>(node: &'y YamlNode, misfits: &mut Misfits) -> Option<&'y [Entry]> {
    match &node.content {
        YamlContent::Mapping(entries) => (!repeats(entries, misfits)).then_some(entries),
        _ if is_null(node) => None,
        _ => {
            misfits.mismatch(node, "map[string]interface {}");
            None
        }
    }
}

/// Returns a node as a value, or the path to a mapping with a key that is not a text.
pub(super) fn value(node: &YamlNode, path: &mut Vec<String>) -> Result<Value, String> {
    match &node.content {
        YamlContent::Scalar { value, .. } => Ok(value.clone()),
        YamlContent::Sequence(items) => {
            let mut values = Vec::with_capacity(items.len());
            for (at, item) in items.iter().enumerate() {
                path.push(at.to_string());
                values.push(value(item, path)?);
                path.pop();
            }
            Ok(Value::array(values))
        }
        YamlContent::Mapping(entries) => {
            let mut values = Vec::with_capacity(entries.len());
            for (key, item) in entries {
                let YamlContent::Scalar { text, tag, .. } = &key.content else {
                    return Err(format!("invalid map key type(s): {}", path.join("/")));
                };
                if !matches!(&**tag, "str" | "merge") {
                    return Err(format!("invalid map key type(s): {}", path.join("/")));
                }
                path.push(text.to_string());
                values.push((Value::from(&**text), value(item, path)?));
                path.pop();
            }
            Ok(Value::object(values))
        }
    }
}

/// Returns entries as an object; their own keys are texts, whatever they look like.
pub(super) fn object(entries: &[Entry]) -> Result<Value, String> {
    let mut values = Vec::with_capacity(entries.len());
    for (key, item) in entries {
        let YamlContent::Scalar { text, .. } = &key.content else { continue };
        values.push((Value::from(&**text), value(item, &mut Vec::new())?));
    }
    Ok(Value::object(values))
}
