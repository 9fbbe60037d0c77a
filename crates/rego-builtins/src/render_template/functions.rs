//! The functions of templates, and how values print.
//!
//! Numbers of the object are texts here, as in OPA, which hands them over as `json.Number`; only
//! those written in the template are numbers.

use std::borrow::Cow;
use std::cmp::Ordering;

use rego_value::{Value, View};
use rego_vm::{BuiltinError, Context};

use super::run::failed;
use crate::gofmt::{self, Arg};
use crate::{charge, shown};

/// A value within a template.
#[derive(Clone, Debug)]
pub(super) enum Datum {
    /// A value of the object, or a string, boolean or nil of the template.
    Value(Value),
    Int(i64),
    Float(f64),
    /// What a field that is not there gives.
    Missing,
}

const NAMES: &[&str] = &[
    "and", "eq", "ge", "gt", "html", "index", "le", "len", "lt", "ne", "not", "or", "print",
    "printf", "println", "slice", "urlquery",
];

/// Whether there is such a function.
pub(super) fn is_known(name: &str) -> bool {
    NAMES.contains(&name)
}

impl Datum {
    /// Whether it counts as true: not empty, not nought.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Datum::Missing => false,
            Datum::Int(int) => *int != 0,
            Datum::Float(float) => *float != 0.0,
            Datum::Value(value) => match value.view() {
                View::Null => false,
                View::Bool(b) => b,
                View::Int(_) | View::Number(_) => true,
                View::String(text) => !text.is_empty(),
                View::Array(items) => !items.is_empty(),
                View::Object(object) => !object.is_empty(),
                View::Set(set) => !set.is_empty(),
            },
        }
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        let Datum::Value(value) = self else { return None };
        match value.view() {
            View::String(text) => Some(Cow::Borrowed(text)),
            View::Int(_) | View::Number(_) => Some(Cow::Owned(value.to_rego())),
            _ => None,
        }
    }
}

/// Whether `and` or `or` has its result with this operand.
pub(super) fn settles(name: &str, value: &Datum) -> bool {
    match name {
        "and" => !value.is_true(),
        "or" => value.is_true(),
        _ => false,
    }
}

/// Returns the value as an action prints it, and pays for it.
pub(super) fn printed(context: &mut Context<'_>, datum: &Datum) -> Result<String, BuiltinError> {
    if let Datum::Value(value) = datum {
        charge::text_of(context, value)?;
    }
    Ok(match datum {
        Datum::Missing => shown::UNDEFINED.to_string(),
        Datum::Value(value) if matches!(value.view(), View::Null) => shown::UNDEFINED.to_string(),
        Datum::Int(int) => int.to_string(),
        Datum::Float(float) => gofmt::float_text(*float),
        Datum::Value(value) => {
            let mut out = String::new();
            write(value, &mut out);
            out
        }
    })
}

/// Writes a value as Go's `%v`.
fn write(value: &Value, out: &mut String) {
    match value.view() {
        View::Null => out.push_str("<nil>"),
        View::String(text) => out.push_str(text),
        View::Bool(_) | View::Int(_) | View::Number(_) => value.write_rego(out),
        View::Array(items) => write_list(items.iter().map(|item| (None, item)), ["[", "]"], out),
        View::Set(set) => write_list(set.iter().map(|item| (None, item)), ["[", "]"], out),
        View::Object(object) => {
            write_list(object.iter().map(|(key, value)| (Some(key), value)), ["map[", "]"], out);
        }
    }
}

fn write_list<'v>(
    items: impl Iterator<Item = (Option<&'v Value>, &'v Value)>,
    [open, close]: [&str; 2],
    out: &mut String,
) {
    out.push_str(open);
    for (at, (key, item)) in items.enumerate() {
        if at > 0 {
            out.push(' ');
        }
        if let Some(key) = key {
            write(key, out);
            out.push(':');
        }
        write(item, out);
    }
    out.push_str(close);
}

/// Calls a function.
pub(super) fn call(
    context: &mut Context<'_>,
    name: &str,
    operands: &[Datum],
) -> Result<Datum, BuiltinError> {
    let few = || failed(&format!("wrong number of args for {name}"));
    let first = operands.first();
    Ok(match name {
        "and" | "or" => operands.last().ok_or_else(few)?.clone(),
        "not" => truth(!first.ok_or_else(few)?.is_true()),
        "len" => length(first.ok_or_else(few)?)?,
        "index" => index(operands)?,
        "slice" => slice(operands)?,
        "print" | "println" | "html" | "urlquery" => text(context, name, operands)?,
        "printf" => printf(context, operands)?,
        _ => {
            let (first, rest) = operands.split_first().ok_or_else(few)?;
            if rest.is_empty() || (name != "eq" && rest.len() > 1) {
                return Err(few());
            }
            compare(name, first, rest)?
        }
    })
}

fn truth(b: bool) -> Datum {
    Datum::Value(Value::from(b))
}

fn length(of: &Datum) -> Result<Datum, BuiltinError> {
    if let Some(text) = of.text() {
        return Ok(Datum::Int(text.len() as i64));
    }
    let Datum::Value(value) = of else {
        return Err(failed("error calling len: len of nil or number"));
    };
    let length = match value.view() {
        View::Array(items) => items.len(),
        View::Object(object) => object.len(),
        View::Set(set) => set.len(),
        _ => return Err(failed(&format!("error calling len: len of type {}", value.type_name()))),
    };
    Ok(Datum::Int(length as i64))
}

/// Returns the element at an index, or behind several: `index .list 0 "key"`.
fn index(operands: &[Datum]) -> Result<Datum, BuiltinError> {
    let (first, keys) = operands.split_first().ok_or_else(|| failed("index of nothing"))?;
    let mut at = first.clone();
    for key in keys {
        let Datum::Value(value) = &at else { return Err(failed("index of untyped nil")) };
        let next = match (value.view(), key) {
            (View::Array(items), Datum::Int(i)) => {
                let item = usize::try_from(*i).ok().and_then(|i| items.get(i));
                let range = || failed(&format!("error calling index: index out of range: {i}"));
                Some(item.ok_or_else(range)?)
            }
            (View::Object(object), Datum::Value(key)) => object.get(key),
            _ => return Err(failed("error calling index: cannot index so")),
        };
        at = next.cloned().map_or(Datum::Missing, Datum::Value);
    }
    Ok(at)
}

/// Returns a part of a string (counted in bytes) or array: `slice .list 1 2`.
fn slice(operands: &[Datum]) -> Result<Datum, BuiltinError> {
    let range = || failed("error calling slice: index out of range");
    let (of, bounds) = operands.split_first().ok_or_else(range)?;
    let bound = |at: usize, default: usize| match bounds.get(at) {
        None => Ok(default),
        Some(Datum::Int(i)) => usize::try_from(*i).map_err(|_| range()),
        Some(_) => Err(range()),
    };
    if let Some(text) = of.text() {
        let part = text.get(bound(0, 0)?..bound(1, text.len())?).ok_or_else(range)?;
        return Ok(Datum::Value(Value::from(part)));
    }
    let Datum::Value(value) = of else { return Err(range()) };
    let items = value.as_array().ok_or_else(range)?;
    let part = items.get(bound(0, 0)?..bound(1, items.len())?).ok_or_else(range)?;
    Ok(Datum::Value(Value::array(part.to_vec())))
}

/// Joins the operands as Go's `print` does: a blank only between two that are no strings.
fn text(context: &mut Context<'_>, name: &str, operands: &[Datum]) -> Result<Datum, BuiltinError> {
    let mut out = String::new();
    let mut after_text = true;
    for (i, operand) in operands.iter().enumerate() {
        let is_text = operand.text().is_some();
        if i > 0 && (name == "println" || !(is_text || after_text)) {
            out.push(' ');
        }
        let nil = matches!(operand, Datum::Missing) && name.starts_with("print");
        let shown = if nil { "<nil>".to_string() } else { printed(context, operand)? };
        charge::make(context, shown.len() * 3)?;
        out.push_str(&shown);
        after_text = is_text;
    }
    let out = match name {
        "println" => out + "\n",
        "html" => html(&out),
        "urlquery" => query(&out),
        _ => out,
    };
    Ok(Datum::Value(Value::from(out)))
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '\0' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

fn query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) => out.push(char::from(b)),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

fn printf(context: &mut Context<'_>, operands: &[Datum]) -> Result<Datum, BuiltinError> {
    let (format, rest) = operands.split_first().ok_or_else(|| failed("printf without format"))?;
    let format = format.text().ok_or_else(|| failed("wrong type of format for printf"))?;
    let mut args = Vec::with_capacity(rest.len());
    for operand in rest {
        args.push(match operand {
            Datum::Int(int) => Arg::Int(*int),
            Datum::Float(float) => Arg::Float(*float),
            other => {
                let text = printed(context, other)?;
                match other {
                    Datum::Value(value) => match value.view() {
                        View::Bool(value) => Arg::Bool(value),
                        View::Int(_) | View::Number(_) => Arg::Number(text.into()),
                        _ => Arg::Text(text.into()),
                    },
                    _ => Arg::Text(text.into()),
                }
            }
        });
    }
    Ok(Datum::Value(Value::from(gofmt::sprintf(context, &format, &args)?)))
}

/// Compares; `eq` with any of several operands.
fn compare(name: &str, first: &Datum, rest: &[Datum]) -> Result<Datum, BuiltinError> {
    for second in rest {
        let order = order(first, second, matches!(name, "eq" | "ne")).ok_or_else(|| {
            failed(&format!("error calling {name}: incompatible types for comparison"))
        })?;
        let holds = match name {
            "eq" => order.is_eq(),
            "ne" => order.is_ne(),
            "lt" => order.is_lt(),
            "le" => order.is_le(),
            "gt" => order.is_gt(),
            _ => order.is_ge(),
        };
        if holds {
            return Ok(truth(true));
        }
    }
    Ok(truth(false))
}

/// Returns the order of two values of one kind; booleans and nil only have equality.
fn order(first: &Datum, second: &Datum, equality: bool) -> Option<Ordering> {
    match (first, second) {
        (Datum::Int(a), Datum::Int(b)) => Some(a.cmp(b)),
        (Datum::Float(a), Datum::Float(b)) => a.partial_cmp(b),
        (Datum::Missing, Datum::Missing) if equality => Some(Ordering::Equal),
        (Datum::Missing, Datum::Value(_)) | (Datum::Value(_), Datum::Missing) if equality => {
            let null = |datum: &Datum| matches!(datum, Datum::Value(v) if *v == Value::NULL);
            let both = null(first) || null(second);
            Some(if both { Ordering::Equal } else { Ordering::Less })
        }
        (Datum::Value(a), Datum::Value(b)) => match (first.text(), second.text()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => {
                let plain = |v: &Value| v.as_bool().is_some() || *v == Value::NULL;
                (equality && plain(a) && plain(b)).then(|| a.cmp(b))
            }
        },
        _ => None,
    }
}
