//! Placeholders of the transcripts: what may stand where OPA's own value differs from run to run.
//!
//! Must not know: which field it stands in.

use serde_json::Value;

/// The placeholders that stand inside of longer texts, too.
const NAMES: &[&str] = &[
    "<uuid>",
    "<ns>",
    "<histogram>",
    "<timestamp>",
    "<version>",
    "<any>",
    "<client>",
    "<addr>",
    "<dir>",
    "<metrics>",
    "<trace>",
];

/// Whether a value may stand for a placeholder; none where the text is no placeholder.
pub fn accepts(name: &str, got: &Value) -> Option<bool> {
    let text = |test: fn(&str) -> bool| got.as_str().is_some_and(test);
    Some(match name {
        "<any>" => true,
        "<ns>" => {
            got.as_number().is_some_and(|n| n.to_string().bytes().all(|b| b.is_ascii_digit()))
        }
        "<histogram>" | "<metrics>" => got.is_object(),
        "<trace>" => match got {
            Value::Array(items) => !items.is_empty(),
            Value::Object(map) => !map.is_empty(),
            Value::String(text) => !text.is_empty(),
            _ => false,
        },
        "<uuid>" => text(is_uuid),
        "<timestamp>" => text(is_timestamp),
        "<version>" | "<dir>" => text(|text| !text.is_empty()),
        "<client>" | "<addr>" => text(is_host_and_port),
        _ => return None,
    })
}

/// Whether a text is the recorded one, where each placeholder inside stands for some text that is not
/// empty.
pub fn text_agrees(want: &str, got: &str) -> bool {
    let Some((before, mut want)) = split(want) else { return want == got };
    let Some(mut got) = got.strip_prefix(before) else { return false };
    // Each fixed part is looked for at its first place: what a placeholder stands for is short and
    // ends before the next fixed part, so nothing is gained by trying later ones.
    while let Some((fixed, rest)) = split(want) {
        let Some(end) = find_after_first(got, fixed) else { return false };
        got = got.get(end + fixed.len()..).unwrap_or_default();
        want = rest;
    }
    got.len() > want.len() && got.ends_with(want)
}

/// Splits at the first placeholder.
fn split(text: &str) -> Option<(&str, &str)> {
    let places = NAMES.iter().filter_map(|name| text.find(name).map(|at| (at, name.len())));
    let (at, len) = places.min()?;
    Some((text.get(..at)?, text.get(at + len..)?))
}

/// Finds a text behind the first character.
fn find_after_first(text: &str, what: &str) -> Option<usize> {
    let first = text.chars().next()?.len_utf8();
    Some(text.get(first..)?.find(what)? + first)
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// RFC 3339: date, `T`, time, perhaps a fraction, `Z` or an offset.
fn is_timestamp(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else { return false };
    let Some(at) = time.find(['Z', '+', '-']) else { return false };
    let (clock, zone) = time.split_at(at);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let zone_is_right = match zone.strip_prefix(['+', '-']) {
        Some(offset) => digits_between(offset, ':', &[2, 2]),
        None => zone == "Z",
    };
    digits_between(date, '-', &[4, 2, 2])
        && digits_between(clock, ':', &[2, 2, 2])
        && !fraction.is_empty()
        && fraction.bytes().all(|b| b.is_ascii_digit())
        && zone_is_right
}

fn digits_between(text: &str, separator: char, lengths: &[usize]) -> bool {
    text.split(separator).map(str::len).eq(lengths.iter().copied())
        && text.chars().all(|c| c == separator || c.is_ascii_digit())
}

fn is_host_and_port(text: &str) -> bool {
    text.rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values() {
        for (name, right, wrong) in [
            ("<uuid>", json!("8c8dda3a-fab7-4a09-9f1e-d4bb1f2d4a2e"), json!("8c8dda3a")),
            ("<ns>", json!(12), json!(-1)),
            ("<ns>", json!(0), json!(1.5)),
            ("<ns>", json!(7), json!("7")),
            ("<histogram>", json!({"99%": 1}), json!(1)),
            ("<timestamp>", json!("2026-01-02T03:04:05.678901234Z"), json!("2026-01-02")),
            ("<timestamp>", json!("2026-01-02T03:04:05+01:00"), json!("2026-01-02T03:04:05")),
            ("<version>", json!("1.7.1"), json!("")),
            ("<client>", json!("127.0.0.1:4711"), json!("127.0.0.1")),
            ("<trace>", json!(["x"]), json!([])),
            ("<metrics>", json!({}), json!([])),
        ] {
            assert_eq!(accepts(name, &right), Some(true), "{name} {right}");
            assert_eq!(accepts(name, &wrong), Some(false), "{name} {wrong}");
        }
        assert_eq!(accepts("<any>", &json!(null)), Some(true));
        assert_eq!(accepts("<nil>", &json!("<nil>")), None);
    }

    #[test]
    fn placeholders_inside_texts() {
        for (want, got, agrees) in [
            ("id <uuid>, version <version>\n", "id u, version 1.2\n", true),
            ("id <uuid>, version <version>\n", "id , version 1.2\n", false),
            ("id <uuid>, version <version>\n", "id u, version 1.2", false),
            ("<dir>/b", "/tmp/x/b", true),
            ("x[<nil>]", "x[<nil>]", true),
            ("a", "b", false),
        ] {
            assert_eq!(text_agrees(want, got), agrees, "{want:?} {got:?}");
        }
    }
}
