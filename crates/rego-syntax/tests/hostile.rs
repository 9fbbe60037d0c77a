//! Text made to hurt: each ends with an error, in bounded time and on a small stack.

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::{Duration, Instant};

    use rego_source::{SourceId, Span};
    use rego_syntax::ast::RegoVersion;
    use rego_syntax::{ParseOptions, parse_module, parse_query};

    /// What a worker thread has.
    const STACK_BYTES: usize = 2 * 1024 * 1024;
    /// How long the long texts are, in bytes.
    const LONG: usize = 300_000;
    /// Far above what any of the texts takes, in a build without optimisation, on a busy machine.
    const PATIENCE: Duration = Duration::from_secs(120);
    const TOO_DEEP: &str = "max parsing recursion depth exceeded";

    /// Reads a module and a query on a small stack, and returns the messages of the module.
    fn messages_of(version: RegoVersion, text: String) -> Vec<String> {
        let read = move || {
            let options = ParseOptions { version, ..ParseOptions::default() };
            let start = Instant::now();
            let (module, errors) = parse_module(SourceId(0), &text, &options);
            let _ = parse_query(SourceId(0), &text, &options);
            drop(module);
            assert!(start.elapsed() < PATIENCE, "took {:?}", start.elapsed());
            errors.into_iter().map(|error| error.message).collect()
        };
        thread::Builder::new().stack_size(STACK_BYTES).spawn(read).unwrap().join().unwrap()
    }

    fn module(body: &str) -> String {
        format!("package p\n\n{body}\n")
    }

    fn check_bomb(open: &str, close: &str) {
        for (prefix, suffix) in [("q := ", ""), ("q if ", ""), ("q if {\n", "\n}"), ("", " := 1")] {
            for count in [120, 3_000] {
                let inside = format!("{}1{}", open.repeat(count), close.repeat(count));
                let text = module(&format!("{prefix}{inside}{suffix}"));
                let messages = messages_of(RegoVersion::V1, text.clone());
                messages_of(RegoVersion::V0, text);
                if count > 1_000 {
                    assert!(!messages.is_empty(), "{prefix} {open} {count}");
                }
            }
        }
    }

    #[test]
    fn nesting_is_bounded() {
        for (open, close) in [
            ("[", "]"),
            ("{", "}"),
            ("(", ")"),
            ("{1: ", "}"),
            ("{[", "]}"),
            ("[1 | ", "]"),
            ("{1 | ", "}"),
            ("{1: 2 | ", "}"),
            ("[1 | [1, ", "]]"),
            ("[x | (a, ", ")]"),
            ("f(", ")"),
            ("x[", "]"),
            ("not ", ""),
            ("some x in ", ""),
            ("some [x | ", "]"),
            ("every x in [1] { ", " }"),
            ("every ", ""),
            ("-", ""),
            ("$\"{", "}\""),
            ("$`{", "}`"),
            ("1 + ", ""),
            ("1 in ", ""),
            ("1, 1 in ", ""),
            ("x == ", ""),
        ] {
            check_bomb(open, close);
        }
    }

    #[test]
    fn depth_is_allowed_up_to_the_limit() {
        let nested =
            |count: usize| module(&format!("q := {}1{}", "[".repeat(count), "]".repeat(count)));
        assert_eq!(messages_of(RegoVersion::V1, nested(127)), Vec::<String>::new());
        let messages = messages_of(RegoVersion::V1, nested(128));
        assert_eq!(messages.first().map(String::as_str), Some(TOO_DEEP));
    }

    #[test]
    fn chains_are_allowed_up_to_the_limit() {
        let chain = |count: usize| module(&format!("q := 1{}", " + 1".repeat(count)));
        assert_eq!(messages_of(RegoVersion::V1, chain(398)), Vec::<String>::new());
        let messages = messages_of(RegoVersion::V1, chain(399));
        assert_eq!(messages.first().map(String::as_str), Some(TOO_DEEP));
        let mixed = |count: usize| {
            let (open, close) = ("(".repeat(count), " + 1 + 1 + 1 + 1)".repeat(count));
            module(&format!("q := {open}1{close}"))
        };
        assert_eq!(messages_of(RegoVersion::V1, mixed(90)), Vec::<String>::new());
        let messages = messages_of(RegoVersion::V1, mixed(110));
        assert_eq!(messages.first().map(String::as_str), Some(TOO_DEEP));
    }

    #[test]
    fn else_branches_are_bounded() {
        let branches = |count: usize| {
            module(&format!("q := 1 if false{}", " else := 2 if false".repeat(count)))
        };
        assert_eq!(messages_of(RegoVersion::V1, branches(400)), Vec::<String>::new());
        assert_eq!(messages_of(RegoVersion::V1, branches(401)), [TOO_DEEP]);
        assert!(!messages_of(RegoVersion::V1, branches(100_000)).is_empty());
    }

    #[test]
    fn calls_on_calls_are_bounded() {
        let calls = |count: usize| module(&format!("q := f(1){}", "[0](1)".repeat(count)));
        assert!(!messages_of(RegoVersion::V1, calls(100_000)).is_empty());
    }

    #[test]
    fn wide_text_is_no_deep_text() {
        for item in ["x in y, ", "1 + 2, ", "f(1)[0], ", "[1], ", "{\"a\": -1}, "] {
            let text = module(&format!("q := [{}]", item.repeat(10_000)));
            assert_eq!(messages_of(RegoVersion::V1, text), Vec::<String>::new(), "{item}");
        }
    }

    #[test]
    fn long_text_ends() {
        for piece in [
            "a\n",
            "a := 1\n",
            "\"",
            "\"\\u",
            "`",
            "$\"{",
            "$`{",
            "#\n",
            "# METADATA\n",
            "[",
            "]",
            "{",
            "}\n",
            "x := {\"a\": 1, ",
            "some [x |\n",
            "p := [1, 2\n",
            "p if {\n",
            "\0",
            "\u{feff}",
            "é",
            "p contains x if { some x in [\n",
            "1",
            "a",
            ".a",
            "a.",
            "p\n[",
            "not ",
            "default ",
            "import ",
            "package a\n",
            "else ",
            " ",
            "\n",
            "\r",
            ";",
            "|",
            "a|",
            "a := 1; ",
        ] {
            let text = module(&piece.repeat(LONG / piece.len()));
            messages_of(RegoVersion::V1, text);
        }
    }

    #[test]
    fn ten_megabytes_end() {
        for piece in ["p := [x | (a, ", "[", "`"] {
            let text = module(&piece.repeat(10_000_000 / piece.len()));
            messages_of(RegoVersion::V1, text);
        }
    }

    #[test]
    fn errors_are_capped() {
        let messages = messages_of(RegoVersion::V1, module(&"a\n".repeat(1_000)));
        assert_eq!(messages.len(), 64);
        let messages = messages_of(RegoVersion::V1, module(&"a :=\n".repeat(1_000)));
        assert!(messages.len() <= 65, "{}", messages.len());
    }

    const PIECES: &[&str] = &[
        "p",
        "x",
        "input",
        "_",
        " ",
        "\n",
        "\t",
        "[",
        "]",
        "{",
        "}",
        "(",
        ")",
        ",",
        ":",
        ";",
        ".",
        ":=",
        "=",
        "==",
        "+",
        "-",
        "*",
        "|",
        "&",
        "<",
        "some ",
        "every ",
        "in ",
        "not ",
        "with ",
        "as ",
        "if ",
        "else ",
        "contains ",
        "default ",
        "import ",
        "package ",
        "true",
        "1",
        "0x",
        "1e",
        "\"a\"",
        "\"",
        "`",
        "$\"",
        "$`",
        "\\",
        "#",
        "set()",
        "import rego.v1\n",
        "é",
        "\0",
        "data.x",
        "p if {",
        "# METADATA\n",
        "future.keywords",
        "\"\\u00",
        "\r\n",
        "!",
        "$",
    ];

    /// A generator of numbers, the same at every run.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (self.0 >> 33) as usize % limit
        }
    }

    /// Reads a text in each way, and checks what holds for every text.
    fn check_any(text: &str) {
        for version in [RegoVersion::V0, RegoVersion::V1] {
            for future_keywords in [false, true] {
                let options = ParseOptions { version, future_keywords, ..ParseOptions::default() };
                let (module, errors) = parse_module(SourceId(0), text, &options);
                let (_, more) = parse_query(SourceId(0), text, &options);
                for error in errors.iter().chain(&more) {
                    let span = error.location.unwrap().span;
                    let inside = span.start <= span.end && span.end as usize <= text.len();
                    assert!(inside || span == Span::NOWHERE, "{span:?} of {text:?}");
                }
                for rule in &module.rules {
                    assert!(text.get(rule.span.start as usize..rule.span.end as usize).is_some());
                }
            }
        }
    }

    #[test]
    fn any_text_ends_with_a_tree_and_errors_within_it() {
        let mut numbers = Numbers(7);
        for _ in 0..20_000 {
            let mut text = if numbers.below(2) == 0 { module("") } else { String::new() };
            for _ in 0..numbers.below(40) {
                text.push_str(PIECES[numbers.below(PIECES.len())]);
            }
            check_any(&text);
        }
    }

    #[test]
    fn any_cut_of_a_good_text_ends() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/test_data/ok");
        for entry in std::fs::read_dir(root).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|e| e != "rego") {
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            for (at, _) in text.char_indices() {
                check_any(&text[..at]);
                check_any(&text[at..]);
            }
        }
    }

    #[test]
    fn illegal_characters_are_named() {
        let first = |text: &str| {
            let messages = messages_of(RegoVersion::V1, text.to_owned());
            messages.into_iter().next().unwrap_or_default()
        };
        assert_eq!(first("package p\n\nq := \"\0\""), "illegal null character");
        assert_eq!(first("package p\n\nq := \u{feff}1"), "illegal byte-order mark");
        assert_eq!(first("\u{feff}package p\n\nq := 1"), "");
        assert_eq!(first("package p\n\nq := \"\\ud800\""), "");
        assert_eq!(first("package p\n\nq := \"\\ud83d\\ude00\""), "");
        assert_eq!(first("package p\n\nq := é"), "illegal token");
    }
}
