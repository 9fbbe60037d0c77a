//! Random text: of the words of the language, and of anything at all.

use portcullis_docker::gate::input_of;
use portcullis_docker::host_tree::Place;
use portcullis_docker::wire;
use proptest::prelude::*;
use rego::{Compiler, RegoVersion, Value};

/// Words that mean something to the parser.
const WORDS: &[&str] = &[
    "package",
    "import",
    "default",
    "else",
    "not",
    "with",
    "as",
    "some",
    "every",
    "in",
    "if",
    "contains",
    "true",
    "false",
    "null",
    "data",
    "input",
    "rego.v1",
    "future.keywords",
    "x",
    "y",
    "p",
    "_",
    "0",
    "1.5e3",
    "0x1",
    "\"a\"",
    "\"\\u00e9\"",
    "`r`",
    "$\"{x}\"",
    "$`{`",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ",",
    ";",
    ":",
    ":=",
    "=",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "|",
    "&",
    ".",
    "\n",
    "\t",
    "#",
    "# METADATA\n# title: a\n",
    "count",
    "sprintf",
    "\u{e9}",
    "\0",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec((prop::sample::select(WORDS), any::<bool>()), 0..60).prop_map(|words| {
        let spaced =
            words.iter().map(|(word, space)| format!("{word}{}", if *space { " " } else { "" }));
        spaced.collect()
    })
}

fn compile(text: &str) {
    for version in [RegoVersion::V1, RegoVersion::V0, RegoVersion::Auto] {
        let compiler = Compiler::new().rego_version(version).module("p.rego", text).strict(true);
        match compiler.compile() {
            Ok(policy) => {
                if let Ok(query) = policy.prepare("data") {
                    let _ = query.value(None, &rego::EvalOptions::default());
                }
            }
            Err(errors) => assert!(errors.count() > 0 && !errors.to_string().is_empty()),
        }
    }
    if let Ok(policy) = Compiler::new().compile() {
        let _ = policy.prepare(text);
    }
}

proptest! {
    #[test]
    fn words_in_any_order(text in soup()) {
        compile(&format!("package p\n{text}"));
        compile(&text);
    }

    #[test]
    fn any_text(text in ".{0,200}") {
        compile(&text);
    }

    #[test]
    fn any_bytes_as_json(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(value) = Value::from_json(&bytes) {
            prop_assert_eq!(Value::from_json(value.to_json().as_bytes()).unwrap(), value);
        }
    }

    /// What another reader takes for JSON is JSON here too, and the other way round.
    #[test]
    fn json_like_text(text in r#"[\[\]{}:, "a\\u0-9eE+.\-tfn]{0,40}"#) {
        let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
        prop_assert_eq!(Value::from_json(text.as_bytes()).is_ok(), theirs, "{}", text);
    }

    #[test]
    fn any_message_on_the_wire(bytes in prop::collection::vec(any::<u8>(), 0..300), uri in ".{0,60}", body in ".{0,80}") {
        let _ = wire::decode(&bytes);
        let message = serde_json::json!({
            "RequestMethod": "POST", "RequestUri": uri, "RequestHeaders": {"Content-Type": "application/json"},
        });
        if let Ok(mut request) = wire::decode(message.to_string().as_bytes()) {
            request.body = body.into_bytes();
            let _ = input_of(&request, &|_: &str| Place::default());
        }
    }
}
