//! What is read as JSON is written as JSON that reads as the same value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rego::Value;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = Value::from_json(bytes) {
        let again = Value::from_json(value.to_json().as_bytes());
        assert_eq!(again.ok(), Some(value));
    }
});
