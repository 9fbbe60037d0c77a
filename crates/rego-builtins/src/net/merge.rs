//! `net.cidr_merge`: the fewest networks that hold the same addresses.

use rego_value::Value;
use rego_vm::{BuiltinError, Context};

use super::network::{Network, V4_FIRST, V4_LAST, address, text};
use super::parse;
use crate::operand;

/// A run of addresses, and the text of the network it came from while it is only that.
struct Range {
    network: Network,
    written: Option<String>,
}

/// Returns the networks with neighbours joined, and without those that are in another:
/// `net.cidr_merge(["10.0.0.0/25", "10.0.0.128/25"])` is `{"10.0.0.0/24"}`. A bare IPv4 address
/// stands for its class's network.
///
/// Errors: a text that is no network, a bare IPv6 address. Source: OPA policy reference,
/// `net.cidr_merge`.
pub(super) fn merge(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let elements = operand::any(operands, 0)?.as_elements();
    let wrong = || BuiltinError::Failed("operand must be an array".to_string());
    let elements = elements.ok_or_else(wrong)?;
    context.charge_steps(16 * elements.len() as u64)?;
    let mut ranges: Vec<_> = elements.iter().map(range).collect::<Result<_, _>>()?;
    ranges.sort_by_key(|range| (range.network.last, range.network.first));
    let mut texts = Vec::new();
    for range in join(ranges) {
        match range.written {
            Some(text) => texts.push(Value::from(text)),
            None => networks(range.network, &mut texts),
        }
    }
    context.charge_bytes((texts.len() * 4 * size_of::<Value>()) as u64)?;
    Ok(Value::set(texts))
}

/// Returns the range of one element.
fn range(element: &Value) -> Result<Range, BuiltinError> {
    let wrong = |reason: &str| BuiltinError::Failed(reason.to_string());
    let written = element.as_str().ok_or_else(|| wrong("element must be string"))?;
    let Some(bits) = address(written) else {
        let network = parse(written)?;
        return Ok(Range { network, written: Some(network.text()) });
    };
    if !(V4_FIRST..=V4_LAST).contains(&bits) {
        return Err(wrong("IPv6 invalid: needs prefix length"));
    }
    let [.., first_byte, _, _, _] = bits.to_be_bytes();
    let prefix = match first_byte {
        0..0x80 => 8,
        0x80..0xc0 => 16,
        0xc0..0xe0 => 24,
        _ => 32, // multicast and reserved addresses have no class
    };
    let network = Network::with_prefix(bits, 96 + prefix);
    Ok(Range { network, written: Some(format!("{}/{prefix}", text(bits))) })
}

/// Joins ranges, sorted by their last address, that touch or overlap.
fn join(ranges: Vec<Range>) -> Vec<Range> {
    let mut joined: Vec<Range> = Vec::new();
    for range in ranges.into_iter().rev() {
        match joined.last_mut() {
            Some(next) if before(next.network.first) <= range.network.last => {
                next.network.first = next.network.first.min(range.network.first);
                next.written = None;
            }
            _ => joined.push(range),
        }
    }
    joined
}

/// Returns the address before another of the same family; of the first one, itself.
fn before(address: u128) -> u128 {
    if address == V4_FIRST || address == V4_LAST + 1 { address } else { address.saturating_sub(1) }
}

/// Adds the texts of the fewest networks that make up a run of addresses.
fn networks(run: Network, texts: &mut Vec<Value>) {
    let mut first = run.first;
    loop {
        // The largest network that begins here and does not reach past the end.
        let room = (run.last - first).saturating_add(1);
        let bits = first.trailing_zeros().min(room.ilog2());
        let full = first == 0 && run.last == u128::MAX;
        let network = Network::with_prefix(first, if full { 0 } else { 128 - bits });
        texts.push(Value::from(network.text()));
        match network.last.checked_add(1) {
            Some(next) if next <= run.last => first = next,
            _ => return,
        }
    }
}
