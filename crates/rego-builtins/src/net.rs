//! `net.cidr_*`: networks in CIDR notation, IPv4 and IPv6; `net.lookup_ip_addr`, which alone asks the
//! network.
//!
//! Source: OPA policy reference, "Net"; texts are read as Go's `net.ParseCIDR` and `net.ParseIP`
//! read them.

use rego_value::{Value, View};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use self::network::{Network, address};
use crate::{charge, operand};

mod lookup;
mod merge;
mod network;
#[cfg(test)]
mod tests;

const STRING: Type = Type::String;
const TWO: &[Type] = &[STRING, STRING];
const SET_OF_STRINGS: Type = Type::Set(&STRING);
const STRINGS: Type = Type::Union(&[Type::Array(&STRING), SET_OF_STRINGS]);
const ENTRY: Type = Type::Union(&[STRING, Type::Array(&Type::Any)]);
const ENTRIES: Type = Type::Union(&[
    STRING,
    Type::Array(&ENTRY),
    Type::Object(&[], Some(&(STRING, ENTRY))),
    Type::Set(&ENTRY),
]);
const MATCHES: Type = Type::Set(&Type::Tuple(&[Type::Any, Type::Any]));

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(Decl::function("net.cidr_contains", TWO, Type::Boolean), contains),
    Builtin::new(
        Decl::function("net.cidr_contains_matches", &[ENTRIES, ENTRIES], MATCHES),
        contains_matches,
    ),
    Builtin::new(Decl::function("net.cidr_expand", &[STRING], SET_OF_STRINGS), expand),
    Builtin::new(Decl::function("net.cidr_intersects", TWO, Type::Boolean), intersects),
    Builtin::new(Decl::function("net.cidr_is_valid", &[STRING], Type::Boolean), is_valid),
    Builtin::new(Decl::function("net.cidr_merge", &[STRINGS], SET_OF_STRINGS), merge::merge),
    Builtin::new(Decl::function("net.cidr_overlap", TWO, Type::Boolean).deprecated(), contains),
    Builtin::new(
        Decl::function("net.lookup_ip_addr", &[STRING], SET_OF_STRINGS).nondeterministic(),
        lookup::lookup,
    ),
];

/// Whether a network holds an address or another network whole:
/// `net.cidr_contains("10.0.0.0/8", "10.1.0.0/24")` is true.
///
/// Errors: a text that is no network. Source: OPA policy reference, `net.cidr_contains`.
fn contains(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let network = parse(operand::string(operands, 0)?)?;
    Ok(Value::from(network.contains(member(operand::string(operands, 1)?)?)))
}

/// Returns the pairs of a network of the first operand and an address or network of the second
/// that it contains. An operand is one text, or a collection of texts or of arrays that begin with
/// one; a pair names them by text, index, key or element:
/// `net.cidr_contains_matches(["1.1.1.0/24"], {"a": "1.1.1.1"})` is `{[0, "a"]}`.
///
/// Source: OPA policy reference, `net.cidr_contains_matches`.
fn contains_matches(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (left, right) = (entries(context, operands, 0)?, entries(context, operands, 1)?);
    if left.is_empty() || right.is_empty() {
        return Ok(Value::set(Vec::new()));
    }
    // Each text is read once, and in OPA's order, so that the same error comes first.
    let mut networks = Vec::with_capacity(left.len());
    let mut members: Vec<(Value, Network)> = Vec::new();
    for (name, text) in left {
        networks.push((name, parse(text_of(text)?)?));
        if members.is_empty() {
            for (name, text) in &right {
                members.push((name.clone(), member(text_of(text)?)?));
            }
        }
    }
    let mut pairs = Vec::new();
    for (name, network) in &networks {
        context.charge_steps(members.len() as u64)?;
        for (other, _) in members.iter().filter(|(_, member)| network.contains(*member)) {
            context.charge_bytes(4 * size_of::<Value>() as u64)?;
            pairs.push(Value::array(vec![name.clone(), other.clone()]));
        }
    }
    Ok(Value::set(pairs))
}

/// Returns every address of a network: `net.cidr_expand("10.0.0.0/31")` is
/// `{"10.0.0.0", "10.0.0.1"}`.
///
/// Source: OPA policy reference, `net.cidr_expand`.
fn expand(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let network = parse(operand::string(operands, 0)?)?;
    let len = u64::try_from(network.last - network.first).unwrap_or(u64::MAX).saturating_add(1);
    context.charge_steps(len.saturating_mul(4))?;
    context.charge_bytes(len.saturating_mul(3 * size_of::<Value>() as u64))?;
    let addresses = (network.first..=network.last).map(|bits| Value::from(network::text(bits)));
    Ok(Value::set(addresses.collect()))
}

/// Whether two networks have an address in common.
///
/// Source: OPA policy reference, `net.cidr_intersects`.
fn intersects(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (a, b) = (parse(operand::string(operands, 0)?)?, parse(operand::string(operands, 1)?)?);
    Ok(Value::from(a.contains(b) || b.contains(a)))
}

/// Whether the operand is the text of a network.
///
/// Source: OPA policy reference, `net.cidr_is_valid`.
fn is_valid(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = operand::any(operands, 0)?.as_str();
    Ok(Value::from(text.and_then(Network::parse).is_some()))
}

/// Returns the network of a text.
fn parse(text: &str) -> Result<Network, BuiltinError> {
    let wrong = || BuiltinError::Failed(format!("invalid CIDR address: {text}"));
    Network::parse(text).ok_or_else(wrong)
}

/// Returns the network of a text that may be a single address.
fn member(text: &str) -> Result<Network, BuiltinError> {
    let wrong = || {
        let reason = "not a valid textual representation of an IP address or CIDR";
        BuiltinError::Failed(format!("{reason}: {text}"))
    };
    address(text).map(Network::of).or_else(|| Network::parse(text)).ok_or_else(wrong)
}

/// Returns the entries of an operand of `net.cidr_contains_matches`: what names one, and its text.
fn entries<'a>(
    context: &mut Context<'_>,
    operands: &[&'a Value],
    index: usize,
) -> Result<Vec<(Value, &'a Value)>, BuiltinError> {
    let value = operand::any(operands, index)?;
    let text = |entry: &'a Value| match entry.view() {
        View::String(_) => Ok(entry),
        View::Array([text, ..]) => Ok(text),
        _ => {
            let reason = "element must be string or non-empty array";
            Err(BuiltinError::Failed(format!("operand {}: {reason}", index + 1)))
        }
    };
    let entries: Vec<_> = match value.view() {
        View::String(_) => vec![(value.clone(), value)],
        View::Array(items) => (0..).map(Value::from).zip(items).collect(),
        View::Set(items) => items.iter().map(|item| (item.clone(), item)).collect(),
        View::Object(object) => object.iter().map(|(key, item)| (key.clone(), item)).collect(),
        _ => Vec::new(),
    };
    charge::scan(context, 64 * entries.len())?;
    entries.into_iter().map(|(name, entry)| Ok((name, text(entry)?))).collect()
}

/// Returns the text of an entry.
fn text_of(entry: &Value) -> Result<&str, BuiltinError> {
    entry.as_str().ok_or_else(|| BuiltinError::operand(1, entry, &["string"]))
}
