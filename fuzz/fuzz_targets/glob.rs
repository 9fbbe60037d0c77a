//! Any glob matches, does not, or is wrong, twice the same; and what is quoted matches itself alone.
//!
//! A glob, a text and the delimiters' characters, divided by zero bytes.
#![no_main]

#[path = "../call.rs"]
mod call;

use call::{call, halted, pieces};
use libfuzzer_sys::fuzz_target;
use rego::Value;

fuzz_target!(|bytes: &str| {
    let mut piece = pieces(bytes);
    let (pattern, text, delimiters) = (piece(), piece(), piece());
    let characters = delimiters.as_str().unwrap_or_default().chars();
    let delimiters =
        Value::array(characters.map(|c| Value::from(&*c.to_string())).collect::<Vec<_>>());
    let quoted = call("glob.quote_meta", &[&pattern]).expect("any text can be quoted");
    for delimiters in [Value::NULL, Value::array(Vec::new()), delimiters] {
        let answer = call("glob.match", &[&pattern, &delimiters, &text]);
        let again = call("glob.match", &[&pattern, &delimiters, &text]);
        assert_eq!(answer, again, "two runs differ");
        let itself = call("glob.match", &[&quoted, &delimiters, &pattern]);
        assert!(halted(&itself) || itself == Ok(Value::TRUE), "{quoted:?} {itself:?}");
        let other = call("glob.match", &[&quoted, &delimiters, &text]);
        assert!(halted(&other) || other == Ok(Value::from(pattern == text)), "{quoted:?} {text:?}");
    }
});
