//! The options of `crypto.x509.parse_and_verify_certificates_with_options`.
//!
//! Must not know: how a certificate is verified.
//!
//! Source: OPA policy reference, "Crypto".

use rego_value::{ObjectRef, Value, View};
use rego_vm::BuiltinError;

use super::failed;
use super::verify::Options;

/// The uses of keys that options name; Go's number for each is its place.
const USAGES: &[&str] = &[
    "KeyUsageAny",
    "KeyUsageServerAuth",
    "KeyUsageClientAuth",
    "KeyUsageCodeSigning",
    "KeyUsageEmailProtection",
    "KeyUsageIPSECEndSystem",
    "KeyUsageIPSECTunnel",
    "KeyUsageIPSECUser",
    "KeyUsageTimeStamping",
    "KeyUsageOCSPSigning",
    "KeyUsageMicrosoftServerGatedCrypto",
    "KeyUsageNetscapeServerGatedCrypto",
    "KeyUsageMicrosoftCommercialCodeSigning",
    "KeyUsageMicrosoftKernelCodeSigning",
];

/// Reads options; keys that are no strings are passed over, as in OPA.
pub(super) fn read(given: ObjectRef<'_>, options: &mut Options) -> Result<(), BuiltinError> {
    for (key, value) in given.iter() {
        match key.as_str() {
            None => {}
            Some("DNSName") => {
                let host = value.as_str().ok_or_else(|| failed("'DNSName' should be a string"))?;
                options.host = host.trim_matches('"').to_string();
            }
            Some("CurrentTime") => {
                options.time_ns = whole(value, "CurrentTime", "a valid int64 number")?;
            }
            Some("MaxConstraintComparisons") => {
                let name = "MaxConstraintComparisons";
                options.comparisons_max = whole(value, name, "a valid number")?;
            }
            Some("KeyUsages") => options.usages = usages(value)?,
            Some(_) => return Err(failed("invalid key option")),
        }
    }
    Ok(())
}

/// Returns the number of an option that must be spelled as an integer.
fn whole(value: &Value, name: &str, wanted: &str) -> Result<i64, BuiltinError> {
    let should = |what: &str| failed(format!("'{name}' should be {what}"));
    let number = value.as_number().ok_or_else(|| should("a number"))?;
    number.text().parse().map_err(|_| should(wanted))
}

fn usages(value: &Value) -> Result<Vec<i64>, BuiltinError> {
    let names = match value.view() {
        View::Array(_) | View::Set(_) => value.as_elements().unwrap_or_default(),
        _ => return Err(failed("'KeyUsages' should be an Array or Set")),
    };
    let names = names.iter().filter_map(Value::as_str).map(|name| name.trim_matches('"'));
    let place = |name: &&str| USAGES.iter().position(|known| known == name);
    let (known, unknown): (Vec<&str>, Vec<&str>) = names.partition(|name| place(name).is_some());
    if !unknown.is_empty() {
        let unknown = unknown.join(" ");
        return Err(failed(format!("invalid entries for 'KeyUsages' found: [{unknown}]")));
    }
    Ok(known.iter().filter_map(place).map(|place| place as i64).collect())
}
