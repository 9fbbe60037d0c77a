//! JSON that is hard to read.

use rego::Value;

use crate::attack;

/// Reads a document, writes it, drops it; returns whether it was one.
#[track_caller]
fn reads(name: &str, text: impl Into<Vec<u8>>) -> bool {
    let text = text.into();
    attack(name, move || match Value::from_json(&text) {
        Ok(value) => {
            assert_eq!(Value::from_json(value.to_json().as_bytes()).unwrap(), value);
            true
        }
        Err(error) => error.to_string().is_empty(),
    })
}

#[test]
fn nesting() {
    for open in ["[", "{\"a\":", "[{\"a\":", " [ "] {
        assert!(!reads(open, open.repeat(1_000_000)), "{open} is never closed");
    }
    let nested = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert!(!reads("deep", nested), "deeper than any document");
    assert!(reads("not so deep", format!("{}{}", "[".repeat(500), "]".repeat(500))));
}

#[test]
fn size() {
    assert!(reads("zeros", format!("[{}0]", "0,".repeat(5_000_000))));
    let keys: Vec<_> = (0..300_000).map(|n| format!("\"key{n}\":{n}")).collect();
    assert!(reads("keys", format!("{{{}}}", keys.join(","))));
    assert!(reads("same keys", format!("{{{}\"a\":1}}", "\"a\":0,".repeat(1_000_000))));
    assert!(reads("text", format!("\"{}\"", "\\u0041".repeat(2_000_000))));
    let shapes: Vec<_> = (0..100_000).map(|n| format!("{{\"k{n}\":1}}")).collect();
    assert!(reads("shapes", format!("[{}]", shapes.join(","))));
}

#[test]
fn numbers() {
    reads("digits", "9".repeat(1_000_000));
    reads("fraction", format!("0.{}", "1".repeat(1_000_000)));
    reads("exponent", format!("1e{}", "9".repeat(1_000_000)));
    reads("exponents", format!("[{}1]", "1e999999999,-1e-999999999,".repeat(10_000)));
}

#[test]
fn not_documents() {
    for text in [
        "",
        " ",
        "01",
        "1 1",
        "+1",
        ".5",
        "1.",
        "1e",
        "nul",
        "'a'",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "\"\u{1}\"",
        "\"\\x\"",
        "[",
        "]",
        "{} {}",
        "\u{feff}{}",
        "NaN",
        "Infinity",
        "//\n1",
    ] {
        assert!(!reads(text, text), "`{text}`");
    }
    assert!(!reads("not text", b"\"\xff\"".as_slice()));
    assert!(!reads("half a character", b"\"\xe2\x82\"".as_slice()));
    assert!(!reads("a surrogate in UTF-8", b"\"\xed\xa0\x80\"".as_slice()));
    assert!(!reads("longer than it need be", b"\"\xc0\xaf\"".as_slice()));
}
