//! JSON without the escapes that HTML wants, which the face of the engine does not offer.
//!
//! Must not know: what the text is for.

use rego::Value;

/// Returns compact JSON with sorted keys, in which `<`, `>` and `&` stand for themselves.
pub(crate) fn plain(value: &Value) -> String {
    let html = value.to_json();
    if !html.contains("\\u00") {
        return html;
    }
    let mut text = String::with_capacity(html.len());
    let mut rest = html.as_str();
    // Every backslash begins an escape, so going from one to the next keeps in step.
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let plain = [("u003c", '<'), ("u003e", '>'), ("u0026", '&')];
        let hit = plain.iter().find_map(|(escape, c)| Some((c, after.strip_prefix(escape)?)));
        rest = match hit {
            Some((c, after)) => {
                text.push(*c);
                after
            }
            None => {
                // Two characters at once, so that the second of `\\` begins nothing.
                let mut chars = after.chars();
                text.push('\\');
                text.extend(chars.next());
                chars.as_str()
            }
        };
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_stands_for_itself() {
        for (value, want) in [
            (r#"{"b": 1, "a": [1.50, "x"]}"#, r#"{"a":[1.50,"x"],"b":1}"#),
            (r#""<a href='&'>""#, r#""<a href='&'>""#),
            (r#""\\u003c \u0001 \n <""#, r#""\\u003c \u0001 \n <""#),
            ("\"\u{2028}\"", r#""\u2028""#),
            ("null", "null"),
        ] {
            assert_eq!(plain(&Value::from_json(value.as_bytes()).unwrap()), want);
        }
    }
}
