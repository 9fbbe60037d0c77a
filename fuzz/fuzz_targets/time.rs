//! Any layout, time, zone and duration give an answer or an error, and an instant is read back from
//! how it was written.
//!
//! A layout, a text, a zone and a number, divided by zero bytes.
#![no_main]

#[path = "../call.rs"]
mod call;

use call::{Answer, call, halted, pieces};
use libfuzzer_sys::fuzz_target;
use rego::Value;

/// With seconds in the offset: zones had them before there was a standard.
const LAYOUT: &str = "2006-01-02T15:04:05.000000000Z07:00:00";

/// Writes an instant, and reads it again.
fn check(ns: &Value, zone: &Value, layout: &Value) {
    let operand = |layout: &Value| Value::array(vec![ns.clone(), zone.clone(), layout.clone()]);
    let pair = Value::array(vec![ns.clone(), zone.clone()]);
    for name in ["time.date", "time.clock", "time.weekday"] {
        let _ = call(name, &[&pair]);
    }
    let _ = call("time.diff", &[&pair, ns]);
    if let Ok(text) = call("time.format", &[&operand(layout)]) {
        let _ = call("time.parse_ns", &[layout, &text]);
    }
    let layout = Value::from(LAYOUT);
    let Ok(text) = call("time.format", &[&operand(&layout)]) else { return };
    let agree = |again: Answer| {
        assert!(halted(&again) || again.as_ref() == Ok(ns), "{ns:?} {zone:?} {text:?} {again:?}");
    };
    agree(call("time.parse_ns", &[&layout, &text]));
    let shown = text.as_str().expect("a text");
    if let Some(plain) = shown.strip_suffix('Z').map(|_| shown).or(shown.strip_suffix(":00")) {
        agree(call("time.parse_rfc3339_ns", &[&Value::from(plain)]));
    }
}

fuzz_target!(|bytes: &str| {
    let mut piece = pieces(bytes);
    let (layout, text, zone, number) = (piece(), piece(), piece(), piece());
    let _ = call("time.parse_duration_ns", &[&text]);
    let _ = call("time.parse_rfc3339_ns", &[&text]);
    if let Ok(ns) = call("time.parse_ns", &[&layout, &text]) {
        check(&ns, &zone, &layout);
    }
    let number = Value::from_json(number.as_str().unwrap_or_default().as_bytes());
    let Some(ns) = number
        .ok()
        .filter(|number| matches!(number.view(), rego::View::Int(_) | rego::View::Number(_)))
    else {
        return;
    };
    check(&ns, &zone, &layout);
    if let Ok(later) = call("time.add_date", &[&ns, &Value::from(1), &ns, &Value::from(-3)]) {
        check(&later, &zone, &layout);
    }
});
