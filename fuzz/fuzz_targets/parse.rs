//! Any text is read to its end in both grammars, and every error has a place within the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rego_source::{SourceId, Span};
use rego_syntax::ast::RegoVersion;
use rego_syntax::{ParseOptions, parse_module, parse_query};

fuzz_target!(|text: &str| {
    for version in [RegoVersion::V1, RegoVersion::V0] {
        let options = ParseOptions { version, ..ParseOptions::default() };
        let (_, errors) = parse_module(SourceId(0), text, &options);
        let (_, more) = parse_query(SourceId(0), text, &options);
        for error in errors.iter().chain(&more) {
            let within = |span: Span| span == Span::NOWHERE || span.end as usize <= text.len();
            assert!(error.location.is_none_or(|location| within(location.span)));
        }
    }
});
