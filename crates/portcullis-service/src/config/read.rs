//! Reads options out of a document: each wrong one is noted, none stops the reading.
//!
//! A value that is wrong reads as if it were absent, so that what else is wrong is found too.
//!
//! Must not know: which keys there are.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::path::{Path, Step, shorten};

/// Most problems that are noted, and as many warnings.
const NOTES_MAX: usize = 100;

/// Most wrong values of one service or key that are looked for.
const WRONG_VALUES_MAX: usize = 16;

/// Longest delay, in seconds: sums of it and any instant stay within what clocks hold.
pub(super) const SECONDS_MAX: u64 = u32::MAX as u64;

/// Longest value that is shown whole, in characters.
const SHOWN_VALUE_MAX: usize = 60;

/// A message, and the path it is about.
type Note = (Path, String);

/// What has been found so far.
#[derive(Default)]
pub(super) struct Report {
    /// Values of the wrong kind, or out of range.
    wrong: RefCell<Vec<Note>>,
    /// Values that do not go with others.
    unfit: RefCell<Vec<Note>>,
    warnings: RefCell<Vec<Note>>,
}

impl Report {
    pub(super) fn wrong(&self, path: Path, message: String) {
        note(&self.wrong, path, message);
    }

    pub(super) fn unfit(&self, path: Path, message: String) {
        note(&self.unfit, path, message);
    }

    pub(super) fn warn(&self, path: Path, message: String) {
        note(&self.warnings, path, message);
    }

    fn unknown(&self, path: Path, known: &[&str]) {
        let mut message = format!("unknown configuration option \"{path}\" encountered");
        if let Some(Step::Key(key)) = path.0.last()
            && let Some(near) = known.iter().find(|known| is_near(key, known))
        {
            message.push_str(&format!("; did you mean `{near}`?"));
        }
        self.warn(path, message);
    }

    /// Returns the problems and the warnings. What only follows from a wrong value is left out.
    pub(super) fn into_parts(self) -> (Vec<Note>, Vec<Note>) {
        let mut problems = self.wrong.into_inner();
        let wrong_count = problems.len();
        for (path, message) in self.unfit.into_inner() {
            let wrong = problems.get(..wrong_count).unwrap_or_default();
            if !wrong.iter().any(|(wrong, _)| wrong.is_related(&path)) {
                problems.push((path, message));
            }
        }
        (problems, self.warnings.into_inner())
    }
}

fn note(notes: &RefCell<Vec<Note>>, path: Path, message: String) {
    let mut notes = notes.borrow_mut();
    if notes.len() < NOTES_MAX {
        notes.push((path, message));
    }
}

/// Whether one edit (a letter put in, left out or replaced, or two swapped) makes one of the other.
fn is_near(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let same = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let (left, right) =
        (left.get(same..).unwrap_or_default(), right.get(same..).unwrap_or_default());
    match (left, right) {
        ([_, a @ ..], [_, b @ ..]) if a == b => true,
        ([a, b, left @ ..], [c, d, right @ ..]) if (a, b) == (d, c) && left == right => true,
        ([_, left @ ..], right) if left == right => true,
        (left, [_, right @ ..]) => left == right,
        _ => false,
    }
}

/// An object of options. When it is dropped, keys that were not asked for are reported.
pub(super) struct Section<'a> {
    members: Option<&'a Map<String, Value>>,
    path: Path,
    known: RefCell<Vec<&'static str>>,
    report: &'a Report,
}

impl Drop for Section<'_> {
    fn drop(&mut self) {
        let known = self.known.borrow();
        for key in self.members.into_iter().flat_map(Map::keys) {
            if !known.contains(&key.as_str()) {
                self.report.unknown(self.path.key(key), &known);
            }
        }
    }
}

impl<'a> Section<'a> {
    /// Reads an object; what is none is noted, and reads like an empty one.
    pub(super) fn new(value: &'a Value, path: Path, report: &'a Report) -> Self {
        let members = value.as_object();
        if members.is_none() && !value.is_null() {
            report.wrong(path.clone(), expected("an object", value));
        }
        Self { members, path, known: RefCell::default(), report }
    }

    /// Returns the path of one of its keys.
    pub(super) fn path(&self, key: &str) -> Path {
        self.path.key(key)
    }

    pub(super) fn report(&self) -> &'a Report {
        self.report
    }

    /// Notes that the value of a key does not go with others.
    pub(super) fn unfit(&self, key: &str, message: impl Into<String>) {
        self.report.unfit(self.path(key), message.into());
    }

    /// Notes that the section as a whole is not as it has to be.
    pub(super) fn unfit_whole(&self, message: impl Into<String>) {
        self.report.unfit(self.path.clone(), message.into());
    }

    pub(super) fn warn(&self, key: &str, message: impl Into<String>) {
        self.report.warn(self.path(key), message.into());
    }

    /// Returns what a key holds; null counts as absent.
    pub(super) fn value(&self, key: &'static str) -> Option<&'a Value> {
        self.known.borrow_mut().push(key);
        self.members?.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn is_set(&self, key: &'static str) -> bool {
        self.value(key).is_some()
    }

    fn read<T>(
        &self,
        key: &'static str,
        what: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(key)?;
        let read = read(value);
        if read.is_none() {
            self.report.wrong(self.path(key), expected(what, value));
        }
        read
    }

    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        self.read(key, "true or false", Value::as_bool)
    }

    pub(super) fn text(&self, key: &'static str) -> Option<String> {
        self.read(key, "a string", |value| value.as_str().map(str::to_owned))
    }

    /// Reads a string that must not be empty.
    pub(super) fn name(&self, key: &'static str) -> Option<String> {
        let read =
            |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        self.read(key, "a string that is not empty", read)
    }

    pub(super) fn whole(&self, key: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let what = match (*range.start(), *range.end()) {
            (0, u64::MAX) => "a whole number from 0".to_owned(),
            (start, u64::MAX) => format!("a whole number from {start}"),
            (start, end) => format!("a whole number from {start} to {end}"),
        };
        self.read(key, &what, |value| value.as_u64().filter(|number| range.contains(number)))
    }

    /// Reads a duration that is said in whole seconds.
    pub(super) fn seconds(&self, key: &'static str, least: u64) -> Option<Duration> {
        let what = format!("a whole number of seconds from {least} to {SECONDS_MAX}");
        let range = least..=SECONDS_MAX;
        let read = |value: &Value| value.as_u64().filter(|number| range.contains(number));
        self.read(key, &what, read).map(Duration::from_secs)
    }

    /// Reads a number greater than zero.
    pub(super) fn positive(&self, key: &'static str) -> Option<f64> {
        self.read(key, "a number greater than 0", |value| number(value).filter(|it| *it > 0.0))
    }

    /// Reads one of a few words.
    pub(super) fn choice<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let names: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        let what = match names.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            _ => names.concat(),
        };
        self.read(key, &what, |value| {
            let text = value.as_str()?;
            words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning)
        })
    }

    /// Reads a list of strings.
    pub(super) fn texts(&self, key: &'static str) -> Option<Vec<String>> {
        self.items(key, "a string", |value| value.as_str().map(str::to_owned))
    }

    /// Reads the upper bounds of a histogram's buckets, each greater than the one before.
    pub(super) fn buckets(&self, key: &'static str) -> Option<Vec<f64>> {
        let buckets = self.items(key, "a number", number)?;
        let is_sorted = buckets.iter().zip(buckets.iter().skip(1)).all(|(one, next)| one < next);
        if !is_sorted {
            self.unfit(key, "expected numbers that grow from one to the next");
        }
        if buckets.is_empty() {
            self.unfit(key, "expected one bucket or more");
        }
        Some(buckets)
    }

    fn items<T>(
        &self,
        key: &'static str,
        what: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Option<Vec<T>> {
        let values = self.read(key, "a list", Value::as_array)?;
        let mut items = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            match read(value) {
                Some(item) => items.push(item),
                None => self.report.wrong(self.path(key).index(index), expected(what, value)),
            }
        }
        Some(items)
    }

    /// Reads an object of strings.
    pub(super) fn text_map(&self, key: &'static str) -> BTreeMap<String, String> {
        let members = self.read(key, "an object of strings", Value::as_object);
        let mut map = BTreeMap::new();
        for (name, value) in members.into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            match value.as_str() {
                Some(text) => {
                    map.insert(name.clone(), text.to_owned());
                }
                None => self.report.wrong(self.path(key).key(name), expected("a string", value)),
            }
        }
        map
    }

    /// Reads an object of options.
    pub(super) fn section(&self, key: &'static str) -> Option<Section<'a>> {
        let value = self.value(key)?;
        Some(Section::new(value, self.path(key), self.report))
    }

    /// Reads an object of options; an absent one reads like an empty one.
    pub(super) fn section_or_empty(&self, key: &'static str) -> Section<'a> {
        Section::new(self.value(key).unwrap_or(&Value::Null), self.path(key), self.report)
    }

    /// Reads an object whose members are named by the user. A null one is an empty one.
    pub(super) fn entries(&self, key: &'static str) -> Vec<(&'a str, &'a Value)> {
        let members = self.read(key, "an object", Value::as_object);
        members.into_iter().flatten().map(|(name, value)| (name.as_str(), value)).collect()
    }
}

/// Reads a value whose type is defined elsewhere.
pub(super) fn typed<T: DeserializeOwned + Default>(
    value: &Value,
    path: &Path,
    report: &Report,
) -> T {
    if !value.is_object() {
        report.wrong(path.clone(), expected("an object", value));
        return T::default();
    }
    let mut value = value.clone();
    drop_nulls(&mut value);
    // A wrong value is taken out and reading starts anew, so that the next one is found too.
    for _ in 0..WRONG_VALUES_MAX {
        let mut track = serde_path_to_error::Track::new();
        let mut unknown = Vec::new();
        let reader = serde_path_to_error::Deserializer::new(value.clone(), &mut track);
        let read =
            serde_ignored::deserialize(reader, |ignored| unknown.push(ignored_steps(&ignored)));
        let error = match read {
            Ok(read) => {
                for steps in unknown {
                    report.unknown(joined(path, steps), &[]);
                }
                return read;
            }
            Err(error) => error,
        };
        let wrong = Path(track.path().iter().filter_map(step).collect());
        let at = joined(path, wrong.0.clone());
        let message = typed_message(&error, at.is_secret());
        report.wrong(at, message);
        if !wrong.remove(&mut value) {
            break;
        }
    }
    T::default()
}

/// Words an error of serde; what it found is left out where it may be a secret.
fn typed_message(error: &serde_json::Error, is_secret: bool) -> String {
    let message = error.to_string();
    let Some((found, expected)) = message.rsplit_once(", expected ") else { return message };
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        kind if kind.starts_with("struct ") => "an object",
        other => other,
    };
    match found.strip_prefix("invalid type: ").or(found.strip_prefix("invalid value: ")) {
        Some(found) if !is_secret => format!("expected {expected}, found {found}"),
        Some(_) => format!("expected {expected}"),
        None => message,
    }
}

fn joined(path: &Path, steps: Vec<Step>) -> Path {
    Path(path.0.iter().cloned().chain(steps).collect())
}

fn step(segment: &serde_path_to_error::Segment) -> Option<Step> {
    match segment {
        serde_path_to_error::Segment::Seq { index } => Some(Step::Index(*index)),
        serde_path_to_error::Segment::Map { key } => Some(Step::Key(key.clone())),
        _ => None,
    }
}

fn ignored_steps(path: &serde_ignored::Path<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut at = path;
    loop {
        at = match at {
            serde_ignored::Path::Root => break,
            serde_ignored::Path::Seq { parent, index } => {
                steps.push(Step::Index(*index));
                parent
            }
            serde_ignored::Path::Map { parent, key } => {
                steps.push(Step::Key(key.clone()));
                parent
            }
            serde_ignored::Path::Some { parent }
            | serde_ignored::Path::NewtypeStruct { parent }
            | serde_ignored::Path::NewtypeVariant { parent } => parent,
        };
    }
    steps.reverse();
    steps
}

/// Takes out members that are null: they count as absent.
fn drop_nulls(value: &mut Value) {
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(members) => {
                members.retain(|_, value| !value.is_null());
                waiting.extend(members.values_mut());
            }
            Value::Array(items) => waiting.extend(items.iter_mut()),
            _ => {}
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| number.is_finite())
}

/// Says what a value should have been, and what it is.
fn expected(what: &str, found: &Value) -> String {
    let found = match found {
        Value::Null => "null".to_owned(),
        Value::Bool(found) => format!("`{found}`"),
        Value::Number(found) => {
            format!("the number `{}`", shorten(&found.to_string(), SHOWN_VALUE_MAX))
        }
        Value::String(found) => format!("the string `{}`", shorten(found, SHOWN_VALUE_MAX)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    };
    format!("expected {what}, found {found}")
}
