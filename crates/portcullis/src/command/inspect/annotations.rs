//! Annotations, for people and for programs.
//!
//! Must not know: where they come from.
//!
//! Source: the look of "opa inspect --annotations".

use std::io::{self, Write};

use rego::ast_json::AnnotationRef;
use rego::{Value, reference_text};

/// Longest line, in characters.
const LINE_CHARS_MAX: usize = 80;

/// Returns OPA's object of an annotation with its place.
pub(super) fn to_value(of: &AnnotationRef) -> Value {
    let term = |(at, part): (usize, &Value)| {
        let kind = if at == 0 { "var" } else { part.type_name() };
        Value::object_from_strs([("type", Value::from(kind)), ("value", part.clone())])
    };
    let location = Value::object_from_strs([
        ("file", Value::from(&*of.file)),
        ("row", Value::from(i64::from(of.row))),
        ("col", Value::from(i64::from(of.col))),
    ]);
    Value::object_from_strs([
        ("annotations", of.annotation.clone()),
        ("location", location),
        ("path", Value::array(of.path.iter().enumerate().map(term).collect())),
    ])
}

/// Writes all of them, each under its title.
pub(super) fn write(out: &mut dyn Write, all: &[AnnotationRef]) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "ANNOTATIONS:")?;
    all.iter().try_for_each(|one| write_one(out, one))
}

fn write_one(out: &mut dyn Write, of: &AnnotationRef) -> io::Result<()> {
    let text = |name: &str| of.annotation.get_path(&[name]).and_then(Value::as_str);
    let own = reference_text(of.path.get(1..).unwrap_or_default());
    let title = text("title").map(str::trim).filter(|title| !title.is_empty()).unwrap_or(&own);
    writeln!(out, "{title}\n{}\n", "=".repeat(title.len().min(LINE_CHARS_MAX)))?;
    if let Some(description) = text("description") {
        writeln!(out, "{description}\n")?;
    }
    if let Some(package) = &of.package {
        writeln!(out, "Package:  {}", reference_text(package))?;
    }
    if let Some(rule) = &of.rule {
        writeln!(out, "Rule:     {}", reference_text(rule))?;
    }
    writeln!(out, "Location: {}:{}", of.file, of.row)?;
    writeln!(out, "Scope: {}", text("scope").unwrap_or_default())?;
    if of.annotation.get_path(&["entrypoint"]).is_some_and(Value::is_true) {
        writeln!(out, "Entrypoint: true")?;
    }
    writeln!(out)?;
    let lists = [
        ("organizations", "Organizations:", "", organization as Entry),
        ("authors", "Authors:", "", author),
        ("schemas", "Schemas:", ": ", schema),
        ("related_resources", "Related Resources:", " ", resource),
    ];
    for (field, title, separator, entry) in lists {
        let items = of.annotation.get_path(&[field]).and_then(Value::as_array);
        let entries: Vec<_> = items.unwrap_or_default().iter().map(entry).collect();
        write_list(out, title, separator, &entries)?;
    }
    let custom = of.annotation.get_path(&["custom"]).and_then(Value::as_object);
    let entry = |(key, value): (&Value, &Value)| {
        (key.as_str().unwrap_or_default().to_owned(), value.to_json())
    };
    let entries: Vec<_> = custom.into_iter().flat_map(|o| o.iter()).map(entry).collect();
    write_list(out, "Custom:", ": ", &entries)
}

/// A key, and what is said of it.
type Entry = fn(&Value) -> (String, String);

fn field(value: &Value, name: &str) -> String {
    value.get_path(&[name]).and_then(Value::as_str).unwrap_or_default().replace('\n', " ")
}

fn organization(value: &Value) -> (String, String) {
    (value.as_str().unwrap_or_default().replace('\n', " "), String::new())
}

fn author(value: &Value) -> (String, String) {
    let (name, email) = (field(value, "name"), field(value, "email"));
    let shown = match (name.is_empty(), email.is_empty()) {
        (_, true) => name,
        (true, _) => format!("<{email}>"),
        (false, false) => format!("{name} <{email}>"),
    };
    (shown, String::new())
}

fn schema(value: &Value) -> (String, String) {
    let path = |name: &str| {
        let terms = value.get_path(&[name]).and_then(Value::as_array)?;
        let parts: Vec<Value> =
            terms.iter().filter_map(|term| term.get_path(&["value"]).cloned()).collect();
        Some(reference_text(&parts))
    };
    let definition = || value.get_path(&["definition"]).map(Value::to_json);
    let schema = path("schema").or_else(definition).unwrap_or_default();
    (path("path").unwrap_or_default(), schema)
}

fn resource(value: &Value) -> (String, String) {
    (field(value, "ref"), field(value, "description"))
}

fn write_list(
    out: &mut dyn Write,
    title: &str,
    separator: &str,
    entries: &[(String, String)],
) -> io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    writeln!(out, "{title}")?;
    let width = entries.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    for (key, value) in entries {
        let line = match value.is_empty() {
            true => format!(" {key}"),
            false => format!(" {key}{separator}{}{value}", " ".repeat(width - key.len())),
        };
        writeln!(out, "{}", cut(&line))?;
    }
    writeln!(out)
}

fn cut(line: &str) -> String {
    if line.chars().count() < LINE_CHARS_MAX {
        return line.to_owned();
    }
    let kept: String = line.chars().take(LINE_CHARS_MAX - 3).collect();
    format!("{kept}...")
}
