//! Keys of a request whose values are of one kind, with OPA's words where they are of another.
//!
//! Must not know: what a key is for.

use rego_value::{ObjectRef, Value};

use super::error::{SendError, Sent};
use crate::gofmt;

/// Every key that a request may have. Source: OPA policy reference, `http.send`.
pub(super) const KEYS: &[&str] = &[
    "body",
    "cache",
    "cache_ignored_headers",
    "caching_mode",
    "enable_redirect",
    "force_cache",
    "force_cache_duration_seconds",
    "force_json_decode",
    "force_yaml_decode",
    "headers",
    "max_retry_attempts",
    "method",
    "raise_error",
    "raw_body",
    "timeout",
    "tls_ca_cert",
    "tls_ca_cert_env_variable",
    "tls_ca_cert_file",
    "tls_client_cert",
    "tls_client_cert_env_variable",
    "tls_client_cert_file",
    "tls_client_key",
    "tls_client_key_env_variable",
    "tls_client_key_file",
    "tls_insecure_skip_verify",
    "tls_server_name",
    "tls_use_system_certs",
    "url",
];

/// The keys that a request must have.
const KEYS_REQUIRED: &[&str] = &["method", "url"];

/// Checks that the request has the keys it must have, and no others than it may.
pub(super) fn check_keys(request: ObjectRef<'_>) -> Sent<()> {
    let known = |key: &&Value| key.as_str().is_some_and(|key| KEYS.contains(&key));
    let unknown: Vec<Value> = request.keys().iter().filter(|key| !known(key)).cloned().collect();
    let missing = KEYS_REQUIRED.iter().filter(|key| request.get_str(key).is_none());
    let missing: Vec<Value> = missing.map(|key| Value::from(*key)).collect();
    let (what, keys) = match (unknown.is_empty(), missing.is_empty()) {
        (true, true) => return Ok(()),
        (false, _) => ("invalid", unknown),
        (true, false) => ("missing required", missing),
    };
    let keys = Value::set(keys).to_rego();
    Err(SendError::Operand(format!("operand 1 {what} request parameters(s): {keys}")))
}

/// Returns a boolean that is true unless it says otherwise.
pub(super) fn raises(request: ObjectRef<'_>) -> Sent<bool> {
    let Some(value) = request.get_str("raise_error") else { return Ok(true) };
    let wrong = || SendError::Failed("invalid value for raise_error field".to_string());
    value.as_bool().ok_or_else(wrong)
}

/// Returns a boolean that is false unless it says otherwise.
pub(super) fn flag(request: ObjectRef<'_>, key: &str) -> Sent<bool> {
    let Some(value) = request.get_str(key) else { return Ok(false) };
    let wrong = || SendError::Failed(format!("invalid value for \"{key}\" field"));
    value.as_bool().ok_or_else(wrong)
}

/// Returns a boolean of those that OPA reads by their text, which `0` and `1` are, too.
pub(super) fn switch(request: ObjectRef<'_>, key: &str) -> Sent<Option<bool>> {
    let Some(value) = request.get_str(key) else { return Ok(None) };
    match value.to_rego().as_str() {
        "true" | "1" => Ok(Some(true)),
        "false" | "0" => Ok(Some(false)),
        other => {
            let quoted = gofmt::quote(other);
            Err(SendError::Failed(format!("strconv.ParseBool: parsing {quoted}: invalid syntax")))
        }
    }
}

/// Returns a text, without double quotes around it, which OPA cuts off.
pub(super) fn text(request: ObjectRef<'_>, key: &str) -> Sent<Option<String>> {
    let Some(value) = request.get_str(key) else { return Ok(None) };
    let text = value.as_str().map(|text| text.trim_matches('"').to_string());
    let text = text.ok_or_else(|| SendError::Failed(format!("\"{key}\" must be a string")))?;
    Ok(Some(text))
}

/// Returns how often to try again.
pub(super) fn retries(request: ObjectRef<'_>) -> Sent<u64> {
    let key = "max_retry_attempts";
    let Some(value) = request.get_str(key) else { return Ok(0) };
    let number = value.as_number().and_then(|number| number.text().parse().ok());
    let wrong = || {
        let shown = value.to_rego();
        SendError::Plain(format!("invalid value {shown} for field \"{key}\""))
    };
    number.filter(|number| i64::try_from(*number).is_ok()).ok_or_else(wrong)
}

/// Returns for how many seconds an answer is kept whatever it says of itself; none where it is to
/// be asked.
pub(super) fn forced_seconds(request: ObjectRef<'_>) -> Sent<Option<i32>> {
    if !flag(request, "force_cache")? {
        return Ok(None);
    }
    let Some(value) = request.get_str("force_cache_duration_seconds") else {
        let why = "'force_cache' set but 'force_cache_duration_seconds' parameter is missing";
        return Err(SendError::Failed(why.to_string()));
    };
    let shown = value.to_rego();
    let seconds = shown.parse().map_err(|_| {
        let digits = shown.strip_prefix(['-', '+']).unwrap_or(&shown);
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let why = if is_number { "value out of range" } else { "invalid syntax" };
        SendError::Failed(format!("strconv.ParseInt: parsing {}: {why}", gofmt::quote(&shown)))
    })?;
    Ok(Some(seconds))
}
