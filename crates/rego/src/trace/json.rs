//! A trace as OPA's JSON: the `explanation` of its REST API and of `eval --format json`.

use rego_program::MarkNode;
use rego_source::{Location, Sources};
use rego_value::Value;

use super::values::name_at;
use super::{Event, EventOp};
use crate::ast_json;
use crate::compiler::RegoVersion;

impl super::Trace {
    /// Returns OPA's object for each event: `op`, `query_id`, `parent_id`, `type`, `node`,
    /// `locals`, and `message` where there is one.
    pub fn to_values(sources: &Sources, events: &[Event]) -> Vec<Value> {
        events.iter().map(|event| object(sources, event)).collect()
    }
}

fn object(sources: &Sources, event: &Event) -> Value {
    let number = |n: u64| Value::from(i64::try_from(n).unwrap_or(i64::MAX));
    let locals = event.locals.iter().map(|(place, value)| local(sources, *place, value));
    let mut entries = vec![
        ("op", Value::from(name(event.op))),
        ("query_id", number(event.query)),
        ("parent_id", number(event.parent)),
        ("type", Value::from(kind(event.node))),
        ("node", node(sources, event)),
        ("locals", Value::array(locals.collect())),
    ];
    if !event.message.is_empty() {
        entries.push(("message", Value::from(event.message.as_str())));
    }
    Value::object(entries.into_iter().map(|(key, value)| (Value::from(key), value)).collect())
}

fn name(op: EventOp) -> &'static str {
    match op {
        EventOp::Enter => "enter",
        EventOp::Eval => "eval",
        EventOp::Redo => "redo",
        EventOp::Exit => "exit",
        EventOp::Fail => "fail",
        EventOp::Note => "note",
        EventOp::Index => "index",
    }
}

fn kind(node: MarkNode) -> &'static str {
    match node {
        MarkNode::Rule => "rule",
        MarkNode::Expr => "expr",
        MarkNode::Body => "body",
    }
}

/// The tree of the node's text: what it is of is in the source, so it is read again.
fn node(sources: &Sources, event: &Event) -> Value {
    let file = sources.get(event.location.source);
    let text = file.map_or("", |file| file.slice(event.location.span));
    let found = match event.node {
        MarkNode::Rule => rule(text),
        MarkNode::Body => part(&format!("p if {{\n{text}\n}}"), &["body"]),
        MarkNode::Expr => part(&format!("p if {{\n{text}\n}}"), &["body"])
            .and_then(|body| body.as_array()?.first().cloned()),
    };
    found.unwrap_or(Value::NULL)
}

/// The tree of the first rule of a text.
fn rule(text: &str) -> Option<Value> {
    let text = format!("package p\n\n{text}");
    [RegoVersion::V1, RegoVersion::V0].into_iter().find_map(|version| {
        let module = ast_json::parsed("", &text, version).ok()?;
        module.get(&Value::from("rules"))?.as_array()?.first().cloned()
    })
}

fn part(text: &str, path: &[&str]) -> Option<Value> {
    let rule = rule(text)?;
    path.iter().try_fold(&rule, |at, key| at.get(&Value::from(*key))).cloned()
}

fn local(sources: &Sources, place: Location, value: &Value) -> Value {
    let file = sources.get(place.source);
    let name = file.map_or("", |file| name_at(file.text(), place.span.start as usize));
    let key = [("type", Value::from("var")), ("value", Value::from(name))];
    let term = part(&format!("p := {}", value.to_rego()), &["head", "value"]);
    Value::object_from_strs([
        ("key", Value::object_from_strs(key)),
        ("value", term.unwrap_or(Value::NULL)),
    ])
}
