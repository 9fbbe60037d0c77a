//! Takes parts out of an event, or replaces them, as the mask decision says.
//!
//! Pure. Must not know: how the decision is made, where the event goes.
//!
//! Source: OPA documentation, "Masking Sensitive Data"; OPA `v1/plugins/logs/mask.go` for what
//! happens to paths that lead nowhere. Beyond OPA: an escaped segment finds the key it stands for,
//! and elements of a document that is itself an array are found.

use rego::{Value, View};

use super::event::{Event, json_form};
use super::tree::Tree;
use crate::store::path_text;

/// Most rules of one mask decision.
pub const MASK_RULES_MAX: usize = 10_000;

/// Most segments of a path to mask.
pub const MASK_PATH_SEGMENTS_MAX: usize = 128;

/// The documents of an event that may be masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Document {
    Input,
    Result,
    NdBuiltinCache,
}

#[derive(Debug)]
struct Rule {
    document: Document,
    /// The path inside of the document; empty means all of it.
    path: Vec<String>,
    /// What is put there; none removes.
    value: Option<Value>,
}

/// Masks the event in place, and adds `erased` and `masked` to it.
///
/// Errors: the decision is not a list of rules, or one of them is none; the event is as it was or
/// half masked, and must not be logged as it is. The reason quotes nothing of either.
pub(super) fn mask(event: &mut Event, decision: &Value) -> Result<(), &'static str> {
    let rules = match decision.view() {
        View::Array(items) => items,
        View::Set(items) => items.as_slice(),
        _ => return Err("is neither a set nor an array"),
    };
    if rules.len() > MASK_RULES_MAX {
        return Err("has too many rules");
    }
    let rules = rules.iter().map(Rule::read).collect::<Result<Vec<_>, _>>()?;
    let (mut erased, mut masked) = (Vec::new(), Vec::new());
    for document in [Document::Input, Document::Result, Document::NdBuiltinCache] {
        let place = document.of(event);
        let Some(value) = place.take() else { continue };
        let mut tree = Some(Tree::Whole(json_form(&value)?));
        for (number, rule) in rules.iter().enumerate() {
            if rule.document == document && rule.apply(&mut tree) {
                let list = if rule.value.is_some() { &mut masked } else { &mut erased };
                list.push((number, rule.text()));
            }
        }
        *place = tree.map(Tree::into_value);
    }
    for (name, mut list) in [("erased", erased), ("masked", masked)] {
        if !list.is_empty() {
            list.sort_by_key(|(number, _)| *number);
            let paths = list.into_iter().map(|(_, path)| Value::from(path)).collect();
            event.extra.push((name, Value::array(paths)));
        }
    }
    Ok(())
}

impl Document {
    fn of(self, event: &mut Event) -> &mut Option<Value> {
        match self {
            Self::Input => &mut event.input,
            Self::Result => &mut event.result,
            Self::NdBuiltinCache => &mut event.nd_builtin_cache,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Result => "result",
            Self::NdBuiltinCache => "nd_builtin_cache",
        }
    }
}

impl Rule {
    fn read(rule: &Value) -> Result<Self, &'static str> {
        if let Some(path) = rule.as_str() {
            return Self::new(path, None);
        }
        let Some(object) = rule.as_object() else {
            return Err("has a rule that is neither a string nor an object");
        };
        let Some(path) = object.get_str("path").and_then(Value::as_str) else {
            return Err("has a rule without a path");
        };
        match object.get_str("op").and_then(Value::as_str) {
            Some("remove") => Self::new(path, None),
            Some("upsert") => {
                let value = object.get_str("value").cloned().unwrap_or(Value::NULL);
                Self::new(path, Some(json_form(&value)?))
            }
            _ => Err("has a rule whose op is neither remove nor upsert"),
        }
    }

    fn new(path: &str, value: Option<Value>) -> Result<Self, &'static str> {
        let Some(path) = path.strip_prefix('/') else {
            return Err("has a path that does not begin with a slash");
        };
        let mut segments = path.split('/');
        let document = match segments.next() {
            Some("input") => Document::Input,
            Some("result") => Document::Result,
            Some("nd_builtin_cache") => Document::NdBuiltinCache,
            _ => return Err("has a path outside of input, result and nd_builtin_cache"),
        };
        let path = segments
            .by_ref()
            .take(MASK_PATH_SEGMENTS_MAX)
            .map(|segment| unescape(segment).ok_or("has a path with a wrong escape"))
            .collect::<Result<Vec<_>, _>>()?;
        if segments.next().is_some() {
            return Err("has a path of too many segments");
        }
        Ok(Self { document, path, value })
    }

    /// Returns whether the rule found its place.
    fn apply(&self, tree: &mut Option<Tree>) -> bool {
        let Some(root) = tree else { return false };
        match (&self.value, self.path.is_empty()) {
            (None, true) => *tree = None,
            (None, false) => return root.remove(&self.path),
            (Some(value), true) => *tree = Some(Tree::Whole(value.clone())),
            (Some(value), false) => return root.upsert(&self.path, value.clone()),
        }
        true
    }

    fn text(&self) -> String {
        let name = self.document.name();
        if self.path.is_empty() {
            format!("/{name}")
        } else {
            format!("/{name}{}", path_text(&self.path))
        }
    }
}

/// Returns the segment without its percent escapes. None where one is wrong.
fn unescape(segment: &str) -> Option<String> {
    if !segment.contains('%') {
        return Some(segment.to_string());
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16).and_then(|d| u8::try_from(d).ok());
        bytes.push(digit()? << 4 | digit()?);
    }
    String::from_utf8(bytes).ok()
}
