//! The path of a key within a configuration, and how it is shown.
//!
//! Must not know: which keys there are.

use std::fmt;

use serde_json::Value;

/// Longest part of a path that is shown whole, in characters.
const SHOWN_STEP_MAX: usize = 80;

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// The steps from the top of the document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path(pub(super) Vec<Step>);

impl Path {
    pub(super) fn with(&self, step: Step) -> Path {
        let mut steps = self.0.clone();
        steps.push(step);
        Path(steps)
    }

    pub(super) fn key(&self, key: &str) -> Path {
        self.with(Step::Key(key.to_owned()))
    }

    pub(super) fn index(&self, index: usize) -> Path {
        self.with(Step::Index(index))
    }

    /// Whether one of the two holds the other, or they are equal.
    pub(super) fn is_related(&self, other: &Path) -> bool {
        self.0.iter().zip(&other.0).all(|(left, right)| left == right)
    }

    /// Whether what stands there may be a secret.
    pub(super) fn is_secret(&self) -> bool {
        let is =
            |at: usize, name: &str| matches!(self.0.get(at), Some(Step::Key(key)) if key == name);
        is(0, "keys") || (is(0, "services") && (is(2, "credentials") || is(2, "headers")))
    }

    /// Returns what stands there.
    pub(super) fn find<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(document, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.get(index),
        })
    }

    /// Takes out what stands there; of a list, makes it null. Returns whether there was anything.
    pub(super) fn remove(&self, document: &mut Value) -> bool {
        let Some((last, parents)) = self.0.split_last() else { return false };
        let parent = parents.iter().try_fold(document, |value, step| match step {
            Step::Key(key) => value.get_mut(key),
            Step::Index(index) => value.get_mut(index),
        });
        match (parent, last) {
            (Some(Value::Object(members)), Step::Key(key)) => members.shift_remove(key).is_some(),
            (Some(Value::Array(items)), Step::Index(index)) => {
                let was = items.get_mut(*index).map(Value::take);
                was.is_some_and(|value| !value.is_null())
            }
            _ => false,
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(&shorten(key, SHOWN_STEP_MAX))?;
                }
            }
        }
        Ok(())
    }
}

/// Returns a text to show: without control characters, and cut off beyond `chars_max` characters.
pub(super) fn shorten(text: &str, chars_max: usize) -> String {
    let printable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut shown: String = text.chars().take(chars_max).map(printable).collect();
    if text.chars().nth(chars_max).is_some() {
        shown.push('…');
    }
    shown
}
