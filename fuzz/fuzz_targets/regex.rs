//! Any pattern is told right or wrong, and what the builtins find with it agrees.
//!
//! A pattern, a text, a replacement, and two delimiters, divided by zero bytes.
#![no_main]

#[path = "../call.rs"]
mod call;

use call::{call, halted, pieces};
use libfuzzer_sys::fuzz_target;
use rego::Value;

fuzz_target!(|bytes: &str| {
    let mut piece = pieces(bytes);
    let (pattern, text, replacement) = (piece(), piece(), piece());
    let (start, end) = (piece(), piece());
    let valid = call("regex.is_valid", &[&pattern]);
    let found = call("regex.match", &[&pattern, &text]);
    if halted(&valid) || halted(&found) {
        return;
    }
    assert_eq!(valid, Ok(Value::from(found.is_ok())), "is it valid?");
    let _ = call("regex.template_match", &[&pattern, &text, &start, &end]);
    let _ = call("regex.globs_match", &[&pattern, &text]);
    let all = call("regex.find_n", &[&pattern, &text, &Value::from(-1)]);
    let groups = call("regex.find_all_string_submatch_n", &[&pattern, &text, &Value::from(-1)]);
    if let (Ok(all), Ok(groups), Ok(found)) = (&all, &groups, &found) {
        let all = all.as_array().expect("a list");
        let groups = groups.as_array().expect("a list");
        assert_eq!(found.is_true(), !all.is_empty(), "{pattern:?} {text:?}");
        assert_eq!(all.len(), groups.len(), "{pattern:?} {text:?}");
        for (whole, groups) in all.iter().zip(groups) {
            assert_eq!(groups.as_array().and_then(|groups| groups.first()), Some(whole));
        }
    }
    let _ = call("regex.split", &[&pattern, &text]);
    let _ = call("regex.replace", &[&text, &pattern, &replacement]);
    let same = call("regex.replace", &[&text, &pattern, &Value::from("${0}")]);
    assert!(halted(&same) || same.is_err() == found.is_err(), "{pattern:?} {text:?}");
    assert!(same.is_err() || same == Ok(text.clone()), "{pattern:?} {text:?}: {same:?}");
});
