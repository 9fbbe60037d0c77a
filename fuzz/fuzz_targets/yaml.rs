//! What is read as YAML is written as YAML that reads as the same value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rego::Value;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = Value::from_yaml(bytes) {
        let text = value.to_yaml();
        let again = Value::from_yaml(text.as_bytes());
        assert_eq!(again.ok(), Some(value), "{text}");
    }
    if let Ok(value) = Value::from_json(bytes) {
        let _ = value.to_yaml();
    }
});
