//! Values as Go's formatting verb `%s` writes them, which OPA puts into messages.
//!
//! Must not know: what the values are for.

use rego_value::YamlContent;
use rego_value::YamlNode;

/// Returns a node in Go's words: text as it is, `map[a:b]`, `[a b]`, `%!s(int=5)`.
pub(super) fn go(node: &YamlNode) -> String {
    match &node.content {
        YamlContent::Sequence(items) => {
            format!("[{}]", items.iter().map(go).collect::<Vec<_>>().join(" "))
        }
        YamlContent::Mapping(entries) => {
            let mut entries: Vec<(String, String)> =
                entries.iter().map(|(key, value)| (go(key), go(value))).collect();
            entries.sort();
            let entries: Vec<String> =
                entries.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
            format!("map[{}]", entries.join(" "))
        }
        YamlContent::Scalar { text, tag, value } => match &**tag {
            "null" => "%!s(<nil>)".to_owned(),
            "bool" => format!("%!s(bool={})", value.is_true()),
            "int" => format!("%!s(int={})", value.to_json()),
            "float" => format!("%!s(float64={})", value.to_json()),
            _ => text.to_string(),
        },
    }
}

/// Returns the start of a scalar as YAML's errors quote it.
pub(super) fn excerpt(text: &str) -> String {
    if text.len() <= 10 {
        return format!(" `{text}`");
    }
    let end = (0..=7).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!(" `{}...`", text.get(..end).unwrap_or_default())
}
