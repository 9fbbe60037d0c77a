//! Compares a body with the recorded one, by the rules of the corpus's README: placeholders, numbers
//! by value, metrics by name, errors as a multiset, solutions in any order.
//!
//! Must not know: how the body was asked for, apart from what [`Rules`] says.

use serde_json::{Map, Value};

use crate::compiled::{self, Likeness};
use crate::errors::{self, Agreement};
use crate::finer::{Finer, Grade};
use crate::renaming::Renaming;
use crate::{number, placeholder};

/// Most complaints that are kept of one body.
const COMPLAINTS_MAX: usize = 6;

/// Most characters of a value that a complaint shows.
const SHOWN_MAX: usize = 240;

/// Where Go's own words begin in a message; what follows differs from language to language.
const QUOTES_OF_GO: &[&str] = &["json: cannot unmarshal", "invalid character", "unexpected EOF"];

/// What a body is, as far as it tells how its fields are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing but a document of a policy's.
    Document,
    /// An answer whose `result` is a document.
    Data,
    /// An answer whose `result` is a list of solutions.
    Query,
    /// An answer whose `result` is one policy or a list of them.
    Policies,
    /// An answer whose `result` is what partial evaluation leaves.
    Compile,
    /// Any other answer of the API.
    Api,
    /// A line of the log.
    LogLine,
}

/// How a body is compared.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// What it is.
    pub kind: Kind,
    /// Whether the values of metrics count, or their names only.
    pub metric_values: bool,
}

/// What a comparison found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// What is wrong; nothing where the bodies agree.
    pub complaints: Vec<String>,
    /// The finer grades.
    pub finer: Finer,
}

/// Compares a body with the recorded one.
pub fn bodies(rules: Rules, want: &Value, got: &Value) -> Findings {
    let mut comparison = Comparison { rules, findings: Findings::default() };
    match rules.kind {
        Kind::Document => comparison.plain("body", want, got),
        _ => comparison.api("body", want, got),
    }
    comparison.findings
}

/// Returns the beginning of a value's text.
pub fn shown(value: &Value) -> String {
    shortened(&value.to_string())
}

/// Returns the beginning of a text, on one line.
pub fn shortened(text: &str) -> String {
    let text = text.replace('\n', " ");
    match text.char_indices().nth(SHOWN_MAX) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

struct Comparison {
    rules: Rules,
    findings: Findings,
}

impl Comparison {
    fn complain(&mut self, complaint: String) {
        if self.findings.complaints.len() < COMPLAINTS_MAX {
            self.findings.complaints.push(complaint);
        }
    }

    fn differ(&mut self, at: &str, want: &Value, got: &Value) {
        self.complain(format!("{at}: want {}, got {}", shown(want), shown(got)));
    }

    fn finer(&mut self, grade: Grade, is_right: bool, miss: impl FnOnce() -> String) {
        self.findings.finer.count(grade, is_right, miss);
    }

    /// Compares documents: nothing but placeholders and numbers is special.
    fn plain(&mut self, at: &str, want: &Value, got: &Value) {
        match (want, got) {
            (Value::String(text), _) if let Some(accepted) = placeholder::accepts(text, got) => {
                if !accepted {
                    self.differ(at, want, got);
                }
            }
            (Value::String(a), Value::String(b)) if placeholder::text_agrees(a, b) => {}
            (Value::Number(a), Value::Number(b)) if number::same_value(a, b) => {
                self.finer(Grade::NumberLiterals, number::same_literal(a, b), || {
                    format!("{at}: want {a}, got {b}")
                });
            }
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                for (i, (a, b)) in a.iter().zip(b).enumerate() {
                    self.plain(&format!("{at}[{i}]"), a, b);
                }
            }
            (Value::Object(a), Value::Object(b)) => {
                self.fields(at, (a, b), Comparison::plain_field);
            }
            _ if want == got => {}
            _ => self.differ(at, want, got),
        }
    }

    fn plain_field(&mut self, at: &str, _key: &str, (want, got): (&Value, &Value)) {
        self.plain(at, want, got);
    }

    /// Compares the fields of two objects, and complains of those that only one has.
    fn fields(
        &mut self,
        at: &str,
        (want, got): (&Map<String, Value>, &Map<String, Value>),
        field: fn(&mut Comparison, &str, &str, (&Value, &Value)),
    ) {
        for (key, want) in want {
            match got.get(key) {
                Some(got) => field(self, &format!("{at}.{key}"), key, (want, got)),
                None => self.complain(format!("{at}.{key}: want {}, got nothing", shown(want))),
            }
        }
        for (key, got) in got.iter().filter(|(key, _)| !want.contains_key(*key)) {
            self.complain(format!("{at}.{key}: want nothing, got {}", shown(got)));
        }
    }

    /// Compares an answer of the API, or a part of one.
    fn api(&mut self, at: &str, want: &Value, got: &Value) {
        match (want, got) {
            (Value::Object(want), Value::Object(got)) if self.rules.kind == Kind::LogLine => {
                self.log_line(at, want, got);
            }
            (Value::Object(a), Value::Object(b)) => self.fields(at, (a, b), Comparison::api_field),
            _ => self.plain(at, want, got),
        }
    }

    fn api_field(&mut self, at: &str, key: &str, (want, got): (&Value, &Value)) {
        match (key, want) {
            ("metrics", Value::Object(names)) => self.metrics(at, names, got),
            ("errors" | "error", Value::Array(errors)) if errors.iter().all(Value::is_object) => {
                self.errors(at, errors, got);
            }
            ("message", Value::String(text)) => self.message(at, text, got),
            ("result", _) => self.result(at, want, got),
            (_, Value::Object(want)) => match got {
                Value::Object(got) => self.fields(at, (want, got), Comparison::api_field),
                _ => self.differ(at, &Value::Object(want.clone()), got),
            },
            _ => self.plain(at, want, got),
        }
    }

    fn result(&mut self, at: &str, want: &Value, got: &Value) {
        match (self.rules.kind, want, got) {
            (Kind::Query, Value::Array(a), Value::Array(b)) => self.in_any_order(at, a, b),
            (Kind::Policies, Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                let (a, b) = (sorted_by_id(a), sorted_by_id(b));
                for (i, (a, b)) in a.iter().zip(b).enumerate() {
                    self.policy(&format!("{at}[{i}]"), a, b);
                }
            }
            (Kind::Policies, Value::Object(_), _) => self.policy(at, want, got),
            (Kind::Compile, ..) => self.compiled(at, want, got),
            (Kind::Api, Value::Object(a), Value::Object(b)) => {
                self.fields(at, (a, b), Comparison::api_field);
            }
            _ => self.plain(at, want, got),
        }
    }

    /// Compares lists where each item has a partner of its own.
    fn in_any_order(&mut self, at: &str, want: &[Value], got: &[Value]) {
        let mut unmatched: Vec<&Value> = got.iter().collect();
        for (i, item) in want.iter().enumerate() {
            let at = format!("{at}[{i}]");
            match unmatched.iter().position(|other| same_document(item, other)) {
                Some(partner) => {
                    let partner = unmatched.remove(partner);
                    self.plain(&at, item, partner);
                }
                None => self.complain(format!("{at}: nothing is {}", shown(item))),
            }
        }
        for item in unmatched {
            self.complain(format!("{at}: one too many, {}", shown(item)));
        }
    }

    fn policy(&mut self, at: &str, want: &Value, got: &Value) {
        let (want_tree, want) = apart(want, "ast");
        let (got_tree, got) = apart(got, "ast");
        self.plain(at, &want, &got);
        if let Some(want) = want_tree {
            let got = got_tree.unwrap_or_default();
            let is_right = Renaming::default().same(&want, &got);
            self.finer(Grade::Trees, is_right, || {
                format!("{at}.ast: want {}, got {}", shown(&want), shown(&got))
            });
        }
    }

    fn compiled(&mut self, at: &str, want: &Value, got: &Value) {
        let likeness = compiled::likeness(want, got);
        if likeness == Likeness::Different {
            self.differ(at, want, got);
        }
        self.finer(Grade::CompiledForm, likeness == Likeness::Same, || {
            format!("{at}: want {}, got {}", shown(want), shown(got))
        });
    }

    /// Compares metrics: the names must be there, of values only the one counter that a client can
    /// rely on. What `?instrument` adds is the engine's own and is not asked for.
    fn metrics(&mut self, at: &str, want: &Map<String, Value>, got: &Value) {
        let Some(got) = got.as_object().filter(|got| want.is_empty() || !got.is_empty()) else {
            return self.differ(at, &Value::Object(want.clone()), got);
        };
        let prefixes = ["timer_rego_", "timer_server_", "counter_server_"];
        for (name, want) in
            want.iter().filter(|(name, _)| prefixes.iter().any(|p| name.starts_with(p)))
        {
            let at = format!("{at}.{name}");
            match got.get(name) {
                None => self.complain(format!("{at}: not there")),
                Some(got) if name == "counter_server_query_cache_hit" => {
                    if self.rules.metric_values {
                        self.plain(&at, want, got);
                    }
                }
                Some(got) if want.is_string() => self.plain(&at, want, got),
                Some(_) => {}
            }
        }
    }

    fn message(&mut self, at: &str, want: &str, got: &Value) {
        let Some(text) = got.as_str().filter(|_| quote_of_go(want).is_some()) else {
            return self.plain(at, &Value::String(want.to_owned()), got);
        };
        if !same_message(want, text) {
            self.complain(format!(
                "{at}: want `{want}` up to Go's words, got `{}`",
                shortened(text)
            ));
        }
        self.finer(Grade::QuotedMessages, want == text, || {
            format!("{at}: want `{want}`, got `{}`", shortened(text))
        });
    }

    /// Compares errors as a multiset: the codes count; message, location and details are graded.
    fn errors(&mut self, at: &str, want: &[Value], got: &Value) {
        let Some(got) = got.as_array() else {
            return self.differ(at, &Value::Array(want.to_vec()), got);
        };
        let (codes_wanted, codes) = (errors::sorted_codes(want), errors::sorted_codes(got));
        if codes_wanted != codes {
            self.complain(format!("{at}: want codes {codes_wanted:?}, got {codes:?}"));
        }
        for (error, partner) in want.iter().zip(errors::partners(want, got)) {
            let (level, miss) = match partner {
                Some((level, at_got)) => (level, got.get(at_got).map(shown).unwrap_or_default()),
                None => (Agreement::None, "nothing".to_owned()),
            };
            let miss = || format!("{at}: want {}, got {miss}", shown(error));
            self.finer(Grade::ErrorMessages, level >= Agreement::Message, miss);
            self.finer(Grade::ErrorPlaces, level >= Agreement::Place, miss);
            self.finer(Grade::ErrorDetails, level >= Agreement::Details, miss);
        }
    }

    /// Compares a line of the log. What the logger adds is graded.
    fn log_line(&mut self, at: &str, want: &Map<String, Value>, got: &Map<String, Value>) {
        let (mut rest_wanted, mut rest) = (want.clone(), got.clone());
        for field in ["level", "msg", "time", "type"] {
            let (want, got) = (rest_wanted.shift_remove(field), rest.shift_remove(field));
            let Some(want) = want else { continue };
            let is_right = got.is_some_and(|got| same_document(&want, &got));
            self.finer(Grade::LoggerFields, is_right, || format!("{at}.{field}: want {want}"));
        }
        let is_query = want.contains_key("query");
        let field = if is_query { Comparison::line_field_of_query } else { Comparison::line_field };
        self.fields(at, (&rest_wanted, &rest), field);
    }

    fn line_field(&mut self, at: &str, key: &str, (want, got): (&Value, &Value)) {
        match key {
            "input" | "result" | "labels" | "nd_builtin_cache" => self.plain(at, want, got),
            _ => self.api_field(at, key, (want, got)),
        }
    }

    fn line_field_of_query(&mut self, at: &str, key: &str, (want, got): (&Value, &Value)) {
        match (key, want, got) {
            ("result", Value::Array(a), Value::Array(b)) => self.in_any_order(at, a, b),
            _ => self.line_field(at, key, (want, got)),
        }
    }
}

/// Whether two messages are the same, up to where the recorded one quotes Go.
pub fn same_message(want: &str, got: &str) -> bool {
    match quote_of_go(want) {
        Some(at) => got.starts_with(want.get(..at).unwrap_or_default()),
        None => placeholder::text_agrees(want, got),
    }
}

fn quote_of_go(message: &str) -> Option<usize> {
    QUOTES_OF_GO.iter().filter_map(|quote| message.find(quote)).min()
}

/// Whether two documents are the same.
pub fn same_document(want: &Value, got: &Value) -> bool {
    let rules = Rules { kind: Kind::Document, metric_values: true };
    bodies(rules, want, got).complaints.is_empty()
}

fn sorted_by_id(policies: &[Value]) -> Vec<&Value> {
    let mut policies: Vec<&Value> = policies.iter().collect();
    policies.sort_by_key(|policy| policy.get("id").and_then(Value::as_str).unwrap_or_default());
    policies
}

/// Takes a field out of an object.
fn apart(value: &Value, field: &str) -> (Option<Value>, Value) {
    let mut rest = value.clone();
    let taken = rest.as_object_mut().and_then(|map| map.shift_remove(field));
    (taken, rest)
}
