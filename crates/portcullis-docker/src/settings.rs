//! Settings of the embedded policies: what there is to set, and whether a file sets it rightly.
//!
//! `policies/docker/settings.yaml` lists every setting with its default: that is where their names
//! and kinds are read from. Must not know: what a setting means.

use std::fmt;

use rego::Value;

/// The file that lists every setting with its default.
pub const DEFAULTS: &str = include_str!("../../../policies/docker/settings.yaml");

/// Most problems that are told of at once.
const PROBLEMS_MAX: usize = 20;

/// Longest name, in characters, for which a near one is looked for.
const NAME_CHARS_MAX: usize = 64;

/// Most edits between a name and the one that may have been meant.
const EDITS_MAX: usize = 2;

/// What a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Flag,
    Number,
    Text,
    Texts,
    Numbers,
    NumberOfName,
    TextsOfName,
}

/// Settings whose default is empty, and does not tell what they hold. Other empty lists are of texts.
const EMPTY: [(&str, &str, Kind); 4] = [
    ("ports", "refused", Kind::Numbers),
    ("scanning", "images", Kind::NumberOfName),
    ("users", "groups", Kind::TextsOfName),
    ("users", "members", Kind::TextsOfName),
];

/// What is wrong with settings; at least one problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError(Vec<String>);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for SettingsError {}

/// Returns the settings in a document, an object of categories; an empty document sets nothing.
///
/// Errors: a category or a setting that there is not, a value of another kind.
pub fn check(document: &Value) -> Result<Value, SettingsError> {
    if *document == Value::NULL {
        return Ok(Value::object(Vec::new()));
    }
    let defaults = Value::from_yaml(DEFAULTS.as_bytes());
    let defaults = defaults.map_err(|error| SettingsError(vec![error.to_string()]))?;
    let mut problems = Vec::new();
    for (category, given) in entries(document) {
        match defaults.get_path(&[category]) {
            Some(known) => check_category(category, given, known, &mut problems),
            None => problems.push(unknown("category", category, names(&defaults))),
        }
    }
    if document.as_object().is_none() {
        problems.push("settings must be an object of categories".to_string());
    }
    if problems.is_empty() { Ok(document.clone()) } else { Err(SettingsError(problems)) }
}

/// Returns both settings in one: each that `over` has counts, whole, before that of `base`.
pub fn merge(base: &Value, over: &Value) -> Value {
    let mut merged = base.clone();
    for (category, settings) in entries(over) {
        let mut category_merged = base.get_path(&[category]).cloned().unwrap_or_else(empty);
        for (name, value) in entries(settings) {
            category_merged = with(&category_merged, name, value.clone());
        }
        merged = with(&merged, category, category_merged);
    }
    merged
}

fn empty() -> Value {
    Value::object(Vec::new())
}

fn with(object: &Value, key: &str, value: Value) -> Value {
    object.as_object().map_or_else(empty, |object| object.with(&Value::from(key), value))
}

/// Returns the entries of an object whose keys are texts; none of another value.
fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let entries = value.as_object().into_iter().flat_map(|object| object.iter());
    entries.filter_map(|(key, value)| Some((key.as_str()?, value)))
}

fn names(value: &Value) -> impl Iterator<Item = &str> {
    entries(value).map(|(name, _)| name)
}

fn check_category(category: &str, given: &Value, known: &Value, problems: &mut Vec<String>) {
    if given.as_object().is_none() {
        add(problems, format!("`{category}` must be an object of settings"));
    }
    for (name, value) in entries(given) {
        let setting = format!("{category}.{name}");
        match known.get_path(&[name]) {
            None => add(problems, unknown("setting", &setting, qualified(category, known))),
            Some(default) => {
                let kind = kind_of(category, name, default);
                if !kind.takes(value) {
                    add(problems, format!("`{setting}` must be {}", kind.name()));
                }
            }
        }
    }
}

fn qualified<'a>(category: &'a str, known: &'a Value) -> impl Iterator<Item = String> + 'a {
    names(known).map(move |name| format!("{category}.{name}"))
}

fn add(problems: &mut Vec<String>, problem: String) {
    if problems.len() < PROBLEMS_MAX {
        problems.push(problem);
    }
}

fn unknown<N: AsRef<str>>(what: &str, name: &str, known: impl Iterator<Item = N>) -> String {
    let near = known
        .map(|known| (edits(name, known.as_ref()), known))
        .filter(|(edits, _)| *edits <= EDITS_MAX)
        .min_by_key(|(edits, _)| *edits);
    match near {
        Some((_, near)) => {
            format!("there is no {what} `{name}`; did you mean `{}`?", near.as_ref())
        }
        None => format!("there is no {what} `{name}`"),
    }
}

/// Returns how many letters have to be put in, left out or replaced; more than any bound where a
/// name is too long to be looked at.
fn edits(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len().max(right.len()) > NAME_CHARS_MAX {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        let mut next = vec![before];
        for (b, above) in right.iter().zip(row.iter().skip(1)) {
            let replaced = diagonal + usize::from(a != b);
            before = replaced.min(above + 1).min(before + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// Returns what a setting with this default holds.
fn kind_of(category: &str, name: &str, default: &Value) -> Kind {
    let listed = EMPTY.iter().find(|(c, n, _)| (*c, *n) == (category, name));
    if let Some((_, _, kind)) = listed {
        return *kind;
    }
    match default.type_name() {
        "boolean" => Kind::Flag,
        "number" => Kind::Number,
        "array" => Kind::Texts,
        "object" => Kind::TextsOfName,
        _ => Kind::Text,
    }
}

impl Kind {
    fn takes(self, value: &Value) -> bool {
        let all = |kind: Self| {
            entries(value).count() == value.as_object().map_or(usize::MAX, |o| o.len())
                && entries(value).all(|(_, value)| kind.takes(value))
        };
        let each = |kind: Self| value.as_array().is_some_and(|a| a.iter().all(|v| kind.takes(v)));
        match self {
            Self::Flag => value.as_bool().is_some(),
            Self::Number => value.as_number().is_some() && *value >= Value::from(0),
            Self::Text => value.as_str().is_some(),
            Self::Texts => each(Self::Text),
            Self::Numbers => each(Self::Number),
            Self::NumberOfName => all(Self::Number),
            Self::TextsOfName => all(Self::Texts),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Flag => "true or false",
            Self::Number => "a number that is not negative",
            Self::Text => "a text",
            Self::Texts => "a list of texts",
            Self::Numbers => "a list of numbers that are not negative",
            Self::NumberOfName => "an object from names to numbers that are not negative",
            Self::TextsOfName => "an object from names to lists of texts",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yaml(text: &str) -> Value {
        Value::from_yaml(text.as_bytes()).unwrap()
    }

    fn problem(text: &str) -> String {
        check(&yaml(text)).unwrap_err().to_string()
    }

    #[test]
    fn what_the_list_has_is_taken() {
        assert_eq!(check(&yaml("")), Ok(empty()));
        for text in [
            DEFAULTS,
            "seccomp: {enabled: false, approved: [ab]}",
            "ports: {refused: [22, 23]}",
            "resources: {cpus_max: 1.5}",
            "scanning: {images: {docker.io/library/nginx:1: 3}}",
            "users: {members: {alice: [developer]}, roles: {none: []}}",
        ] {
            assert_eq!(check(&yaml(text)), Ok(yaml(text)), "{text}");
        }
    }

    #[test]
    fn mistakes_are_told_of() {
        for (text, problems) in [
            ("secomp: {}", "there is no category `secomp`; did you mean `seccomp`?"),
            ("nonsense: {}", "there is no category `nonsense`"),
            (
                "mounts: {readonly: true}",
                "there is no setting `mounts.readonly`; did you mean `mounts.read_only`?",
            ),
            ("mounts: {read_only: 1}", "`mounts.read_only` must be true or false"),
            ("mounts: [read_only]", "`mounts` must be an object of settings"),
            (
                "ports: {refused: [a]}",
                "`ports.refused` must be a list of numbers that are not negative",
            ),
            (
                "resources: {pids_max: -1}",
                "`resources.pids_max` must be a number that is not negative",
            ),
            (
                "users: {members: {a: b}}",
                "`users.members` must be an object from names to lists of texts",
            ),
            ("[a]", "settings must be an object of categories"),
            (
                "{pid: {allow_hos: true}, uts: {enabled: no_}}",
                "there is no setting `pid.allow_hos`; did you mean `pid.allow_host`?; \
                 `uts.enabled` must be true or false",
            ),
        ] {
            assert_eq!(problem(text), problems, "{text}");
        }
    }

    #[test]
    fn a_setting_that_is_given_counts_whole() {
        let merged = merge(&yaml("{a: {x: [1], y: 2}, b: {z: 3}}"), &yaml("{a: {x: [4]}, c: {}}"));
        assert_eq!(merged, yaml("{a: {x: [4], y: 2}, b: {z: 3}, c: {}}"));
    }
}
