//! What is wrong with a text, in the words and by the lines of Go's YAML library, which users of
//! OPA know and which OPA places errors of METADATA blocks by.
//!
//! Source: behaviour of `goyaml.v2` and `yaml.v3`, both descendants of libyaml: a parser's error is
//! counted from line 0, a scanner's from line 1, and line 0 is not told.

use saphyr_parser::ScanError;

/// Which of the two libraries is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Library {
    /// The place of the problem comes first.
    V2,
    /// The place where the construct began comes first.
    V3,
}

/// Returns the message, and the line to tell, if one is told. `open` is the line, from 1, where the
/// innermost sequence or mapping began that has not ended.
pub(super) fn worded(
    error: &ScanError,
    text: &str,
    open: Option<usize>,
    library: Library,
) -> (String, Option<usize>) {
    let (message, scanner) = words(error.info());
    let at = error.marker().line().saturating_sub(1);
    let problem = match message {
        "found unexpected end of stream" => breaks(text),
        _ if is_end(error, text) => last_line(text),
        _ => at,
    };
    if message == "found unknown anchor" {
        return (unknown_anchor(error, text), None);
    }
    let context = match message {
        "could not find expected ':'" => line_above(text, at),
        _ if scanner || message == "did not find expected node content" => at,
        _ => open.map_or(0, |line| line.saturating_sub(1)),
    };
    let count = |line: usize| if scanner { line + 1 } else { line };
    let line = match library {
        Library::V3 if context != 0 => Some(count(context)),
        _ if problem != 0 => Some(count(problem)),
        Library::V2 if context != 0 => Some(context),
        _ => None,
    };
    (message.to_owned(), line)
}

/// Returns what libyaml calls it, and whether its scanner would find it.
fn words(info: &str) -> (&str, bool) {
    let told = match info.split_once(", ") {
        Some((context, problem)) if context.starts_with("while ") => problem,
        _ => info,
    };
    let parser = ["flow sequence", "flow mapping", "block mapping", "block collection", "a node"];
    let by_parser = parser.iter().any(|construct| info.contains(construct));
    match told {
        "expected ',' or ']'" => ("did not find expected ',' or ']'", false),
        "did not find expected <document start>" => (told, false),
        "simple key expect ':'" | "simple key expected" => ("could not find expected ':'", true),
        "found a tab" => ("found a tab character that violates indentation", true),
        "tabs disallowed within this context (block indentation)" => {
            ("found character that cannot start any token", true)
        }
        "invalid trailing content after double-quoted scalar" => {
            ("did not find expected key", false)
        }
        _ if told.starts_with("unexpected character") => {
            ("found character that cannot start any token", true)
        }
        _ => (told, !by_parser),
    }
}

fn is_end(error: &ScanError, text: &str) -> bool {
    error.marker().index() >= text.chars().count()
}

/// Returns the line of the end, from 0: behind an unfinished line the next one begins.
fn last_line(text: &str) -> usize {
    breaks(text) + usize::from(!text.is_empty() && !text.ends_with('\n'))
}

fn breaks(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// Returns the last line before another that is not blank, both from 0.
fn line_above(text: &str, line: usize) -> usize {
    let before = text.lines().take(line).collect::<Vec<_>>();
    before.iter().rposition(|line| !line.trim().is_empty()).unwrap_or(line)
}

fn unknown_anchor(error: &ScanError, text: &str) -> String {
    let name = text.chars().skip(error.marker().index()).skip_while(|char| *char == '*');
    let name: String =
        name.take_while(|char| char.is_alphanumeric() || "_-".contains(*char)).collect();
    format!("unknown anchor '{name}' referenced")
}
