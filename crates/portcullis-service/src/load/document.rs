//! Documents: their formats, their place below data, and merging.

use rego::Value;

/// Deepest place at which two documents are merged or one is placed.
const PLACE_DEPTH_MAX: usize = 256;

/// Returns the value of JSON text.
///
/// Errors: what is wrong with it, and where.
pub fn parse_json(text: &[u8]) -> Result<Value, String> {
    Value::from_json(text).map_err(|error| error.to_string())
}

/// Returns the value of YAML text; an empty one is null.
///
/// Errors: what is wrong with it, and where.
pub fn parse_yaml(text: &[u8]) -> Result<Value, String> {
    Value::from_yaml(text).map_err(|error| error.to_string())
}

/// Returns the value of JSON text or, where it is none, of YAML text.
///
/// Errors: what is wrong with it as YAML, or as JSON where it begins like JSON.
pub fn parse_document(text: &[u8]) -> Result<Value, String> {
    let begins_like_json = text.trim_ascii_start().first().is_some_and(|b| b"{[\"".contains(b));
    match parse_json(text) {
        Ok(value) => Ok(value),
        Err(error) => {
            parse_yaml(text).map_err(|other| if begins_like_json { error } else { other })
        }
    }
}

/// Why a document does not fit beside the others: the path at which they disagree.
pub(super) struct Conflict(pub(super) Vec<String>);

/// Returns the object in which `document` stands at `path`, or nothing where that is too deep.
pub(super) fn place(path: &[String], document: Value) -> Option<Value> {
    if path.len() > PLACE_DEPTH_MAX {
        return None;
    }
    Some(
        path.iter()
            .rev()
            .fold(document, |value, key| Value::object(vec![(Value::from(key.as_str()), value)])),
    )
}

/// Returns both documents in one. Objects are merged key by key.
///
/// Errors: where both say something at one place and one of them is no object. Equal values
/// disagree too, as in OPA.
pub(super) fn merge(left: &Value, right: &Value) -> Result<Value, Conflict> {
    let mut at = Vec::new();
    merge_at(left, right, &mut at).ok_or(Conflict(at))
}

/// Returns both documents in one, as files of one directory are merged: objects key by key.
///
/// Errors: the path below `data` where both say something and one of them is no object.
pub fn merge_documents(left: &Value, right: &Value) -> Result<Value, Vec<String>> {
    merge(left, right).map_err(|Conflict(at)| at)
}

/// On failure `at` is left at the place of disagreement.
fn merge_at(left: &Value, right: &Value, at: &mut Vec<String>) -> Option<Value> {
    let (Some(ours), Some(theirs)) = (left.as_object(), right.as_object()) else {
        return None;
    };
    if at.len() > PLACE_DEPTH_MAX {
        return None;
    }
    let mut entries: Vec<(Value, Value)> =
        ours.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    for (key, value) in theirs.iter() {
        let merged = match ours.get(key) {
            None => value.clone(),
            Some(other) => {
                at.push(key.as_str().unwrap_or("?").to_string());
                let merged = merge_at(other, value, at)?;
                at.pop();
                merged
            }
        };
        // The last of two entries with one key counts.
        entries.push((key.clone(), merged));
    }
    Some(Value::object(entries))
}
