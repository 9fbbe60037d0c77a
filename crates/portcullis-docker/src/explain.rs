//! Why a gate decides about a recorded call as it does: which rules fired, and which of them gave
//! the reasons.
//!
//! The verdict is the gate's own; the policy is evaluated once more with a trace to learn how it came
//! about. Must not know: how this is shown.

use std::collections::BTreeSet;
use std::fmt;

use portcullis_service::decide::{Outcome, evaluate};
use rego::trace::{Columns, Event, EventOp, Explain, Trace};
use rego::{Errors, EvalOptions, Sources, Value, View};

use crate::gate::{Gate, Judgement};
use crate::records::Record;
use crate::replay::{Outline, outline};
use crate::wire::Call;

/// Most events of a trace; later ones are left out.
pub const EVENTS_MAX: usize = 200_000;

/// Most rules that are told of.
pub const RULES_MAX: usize = 1000;

/// Longest text of a rule's first line, in bytes.
const TEXT_BYTES_MAX: usize = 200;

/// A rule, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fired {
    /// Its path, `data.a.b`.
    pub rule: String,
    /// The name of its module.
    pub file: String,
    /// The row in it, from 1.
    pub row: u32,
    /// Its first line.
    pub text: String,
}

/// A reason of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// As users see it.
    pub text: String,
    /// The rules that gave it, the innermost first; none where it is not the policy's.
    pub rules: Vec<Fired>,
}

/// A document that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Its path.
    pub path: String,
    /// What it came to.
    pub outcome: Outcome,
    /// How, as lines.
    pub trace: Vec<String>,
}

/// Why a call is decided about as it is.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The number of the call.
    pub seq: u64,
    /// What was asked about.
    pub call: Call,
    /// Who asked for what.
    pub outline: Outline,
    /// Whether the daemon may go on.
    pub allow: bool,
    /// Why not.
    pub reasons: Vec<Reason>,
    /// What the policy saw; `null` where the call could not be read.
    pub input: Value,
    /// The documents that decide; none where the policy is not asked.
    pub documents: Vec<Asked>,
    /// The rules that had a solution, in the order in which they first had one.
    pub fired: Vec<Fired>,
}

/// Why nothing can be explained.
#[derive(Debug)]
pub enum ExplainError {
    /// The call's message was not taken down.
    LeftOut(u64),
    /// The policy cannot be traced.
    Compile(Errors),
}

impl fmt::Display for ExplainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftOut(seq) => write!(f, "the message of call {seq} was not recorded"),
            Self::Compile(errors) => errors.fmt(f),
        }
    }
}

impl std::error::Error for ExplainError {}

/// Returns why a gate decides about a call as it does.
///
/// Errors: a call without its message; a defect of the compiler.
pub fn explain(gate: &Gate, record: Record) -> Result<Explanation, ExplainError> {
    let Record { seq, call, message } = record;
    let message = message.ok_or(ExplainError::LeftOut(seq))?;
    let judgement = gate.judge(call, message.clone());
    let input = judgement.as_ref().map_or(Value::NULL, |judgement| judgement.input.clone());
    let mut explanation = Explanation {
        seq,
        call,
        outline: outline(&message, &input),
        allow: true,
        reasons: Vec::new(),
        input,
        documents: Vec::new(),
        fired: Vec::new(),
    };
    let Some(judgement) = judgement else { return Ok(explanation) };
    explanation.allow = judgement.verdict.is_allow();
    let mut given = Vec::new();
    if judgement.asked_policy {
        for path in gate.options().question.paths(call) {
            let traced = trace(gate, &judgement, &path)?;
            explanation.fired.extend(traced.fired);
            given.extend(traced.given);
            explanation.documents.push(traced.document);
        }
    }
    let mut seen = BTreeSet::new();
    explanation.fired.retain(|fired| seen.insert(fired.clone()));
    explanation.fired.truncate(RULES_MAX);
    let reasons = judgement.verdict.reasons().into_iter();
    explanation.reasons = reasons.map(|text| reason(text, &given)).collect();
    Ok(explanation)
}

fn reason(text: String, given: &[(String, Fired)]) -> Reason {
    let mut rules: Vec<Fired> = Vec::new();
    for (_, rule) in given.iter().filter(|(message, _)| *message == text) {
        if !rules.contains(rule) {
            rules.push(rule.clone());
        }
    }
    Reason { text, rules }
}

/// What was learned of one document.
struct Traced {
    document: Asked,
    fired: Vec<Fired>,
    /// Messages, and the rules that gave them.
    given: Vec<(String, Fired)>,
}

fn trace(gate: &Gate, judgement: &Judgement, path: &str) -> Result<Traced, ExplainError> {
    let policy = judgement.current.snapshot.traced().map_err(ExplainError::Compile)?;
    let query = policy.prepare(path).map_err(ExplainError::Compile)?;
    let trace = Trace::with_locals().holding(EVENTS_MAX);
    let run = |options: &EvalOptions<'_>| {
        let options = EvalOptions { tracer: Some(&trace), ..*options };
        query.value(Some(&judgement.input), &options)
    };
    let outcome = match evaluate(&gate.options().limits, &gate.host(), run) {
        Ok(Some(value)) => Outcome::Defined(value),
        Ok(None) => Outcome::Undefined,
        Err(failure) => Outcome::Failed(failure),
    };
    let events = trace.events(Explain::Full);
    let sources = query.sources();
    let exits = events.iter().filter(|event| event.op == EventOp::Exit && !event.rule.is_empty());
    let exits: Vec<(&Event, Fired)> =
        exits.filter_map(|event| Some((event, fired(sources, event)?))).collect();
    let members = match &outcome {
        Outcome::Defined(value) => members(value),
        Outcome::Undefined | Outcome::Failed(_) => Vec::new(),
    };
    let given = members.iter().flat_map(|(member, text)| {
        let gave = exits.iter().filter(|(event, rule)| gives(event, rule, sources, member));
        gave.map(|(_, rule)| (text.clone(), rule.clone()))
    });
    let given = given.collect();
    let lines = Trace::lines(sources, &events, Some(path), Columns { values: false });
    let document = Asked { path: path.to_string(), outcome, trace: lines };
    Ok(Traced { document, fired: exits.into_iter().map(|(_, rule)| rule).collect(), given })
}

/// Returns the members of a set or array of reasons, each with the text that users see.
fn members(value: &Value) -> Vec<(Value, String)> {
    let elements = value.as_elements().unwrap_or_default();
    elements.iter().map(|member| (member.clone(), crate::verdict::reason(member))).collect()
}

/// Whether a rule that had a solution gave this member: one of its variables has that value, or the
/// part of it that is text stands in the rule.
fn gives(event: &Event, rule: &Fired, sources: &Sources, member: &Value) -> bool {
    let is_bound = event.locals.iter().any(|(_, value)| value == member);
    let text = match member.view() {
        View::Object(_) => member.get_path(&["msg"]).and_then(Value::as_str),
        _ => member.as_str(),
    };
    let literal = text.map(|text| Value::from(text).to_json());
    let source = sources.get(event.location.source);
    let whole = source.map_or("", |source| source.slice(event.location.span));
    is_bound || literal.is_some_and(|text| whole.contains(&text) || rule.text.contains(&text))
}

fn fired(sources: &Sources, event: &Event) -> Option<Fired> {
    let (file, position) = sources.resolve(event.location)?;
    let text = sources.get(event.location.source)?.slice(event.location.span);
    let mut first = text.lines().next().unwrap_or_default().trim_end().to_string();
    first.truncate(first.floor_char_boundary(TEXT_BYTES_MAX));
    Some(Fired {
        rule: rule_name(&event.rule),
        file: file.to_string(),
        row: position.row,
        text: first,
    })
}

/// Returns the path of a rule as a reference.
fn rule_name(path: &[Value]) -> String {
    path.iter().fold("data".to_string(), |name, step| match step.as_str() {
        Some(step) if step.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
            format!("{name}.{step}")
        }
        _ => format!("{name}[{}]", step.to_json()),
    })
}
