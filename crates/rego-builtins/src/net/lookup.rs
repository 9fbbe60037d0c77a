//! `net.lookup_ip_addr`: the addresses of a name.
//!
//! Must not know: networks in CIDR notation.

use std::net::IpAddr;

use rego_value::Value;
use rego_vm::world::HostError;
use rego_vm::{BuiltinError, Context, Halt};

use crate::{charge, operand};

/// What asking for a name costs, in steps.
const STEPS_PER_LOOKUP: u64 = 1000;

/// Most addresses of a name that count.
const ADDRESSES_MAX: usize = 4096;

/// Returns the addresses of a name, as texts: `net.lookup_ip_addr("localhost")` may be
/// `{"127.0.0.1", "::1"}`. An address is its own.
///
/// Errors: a name that the capabilities do not allow, or that has no address. Source: OPA policy
/// reference, `net.lookup_ip_addr`.
pub(super) fn lookup(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let name = operand::string(operands, 0)?;
    if !context.allows_host(name) {
        return Err(BuiltinError::Failed(format!("unallowed host: {name}")));
    }
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(Value::set(vec![Value::from(address.to_canonical().to_string())]));
    }
    context.cached("net.lookup_ip_addr", Value::from(name), |context| {
        context.charge_steps(STEPS_PER_LOOKUP)?;
        let found = context.host().lookup(name).map_err(|error| match error {
            HostError::Cancelled | HostError::Timeout(_) => BuiltinError::Halt(Halt::Deadline),
            HostError::Unavailable => {
                BuiltinError::Failed(format!("lookup {name}: names are not looked up here"))
            }
            other => BuiltinError::Failed(format!("lookup {name}: {other}")),
        })?;
        let found = found.into_iter().take(ADDRESSES_MAX);
        let addresses = found.map(|address| {
            charge::make(context, address.len() + size_of::<Value>())?;
            Ok(Value::from(address))
        });
        Ok(Value::set(addresses.collect::<Result<_, BuiltinError>>()?))
    })
}
