//! What is read as YAML is written as YAML that reads as the same value, numbers as doubles.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rego::Value;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = Value::from_yaml(bytes) {
        let text = value.to_yaml();
        let again = Value::from_yaml(text.as_bytes()).expect("what was written is read");
        // Integers of hundreds of digits are read as they are, and written as doubles, as in OPA.
        assert_eq!(again.to_yaml(), text);
        if !text.contains("e+") {
            assert_eq!(again, value, "{text}");
        }
    }
    if let Ok(value) = Value::from_json(bytes) {
        let _ = value.to_yaml();
    }
});
