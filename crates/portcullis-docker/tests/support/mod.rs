//! Where the recorded material is, and how to read it.

#![allow(dead_code, reason = "each test file uses its part")]

use std::path::PathBuf;

use portcullis_docker::wire::AuthzRequest;
use serde_json::Value as Json;

/// Returns the path of recorded material, or nothing where it is not there and need not be.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name);
    if path.exists() {
        return Some(path);
    }
    let required = std::env::var_os("PORTCULLIS_REQUIRE_ALL").is_some();
    assert!(!required, "{} is missing", path.display());
    eprintln!("skipped: {} is missing", path.display());
    None
}

/// Returns the lines of a file of JSON lines.
pub(crate) fn lines(name: &str) -> Option<Vec<Json>> {
    let text = std::fs::read_to_string(shared(name)?).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Returns a recorded request as the plugin decodes it.
pub(crate) fn request(record: &Json) -> AuthzRequest {
    portcullis_docker::wire::decode(record["request"].to_string().as_bytes()).unwrap()
}

/// Returns the engine's value of a JSON value.
pub(crate) fn value(json: &Json) -> rego::Value {
    rego::Value::from_json(json.to_string().as_bytes()).unwrap()
}
