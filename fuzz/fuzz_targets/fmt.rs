//! Any module is laid out in a form that is read, that is final, and that has all its comments.
#![no_main]

#[path = "../mutate.rs"]
mod mutate;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use rego_source::SourceId;
use rego_syntax::ast::{Module, RegoVersion};
use rego_syntax::format::{FormatOptions, Target, format_module};
use rego_syntax::{ParseOptions, parse_module};

fn read(text: &str, version: RegoVersion) -> Option<Module> {
    let options = ParseOptions { version, ..ParseOptions::default() };
    let (module, errors) = parse_module(SourceId(0), text, &options);
    errors.is_empty().then_some(module)
}

/// What comments say. Two of them may become one, when the rows that they stand on are joined.
fn comments(module: &Module) -> Vec<String> {
    let texts = module.comments.iter().flat_map(|comment| comment.text.split('#'));
    let mut texts: Vec<String> = texts.map(|text| text.trim().to_owned()).collect();
    texts.sort();
    texts
}

fuzz_target!(|text: &str| {
    let ways = [
        (RegoVersion::V1, Target::V1),
        (RegoVersion::V0, Target::V0),
        (RegoVersion::V0, Target::V0AndV1),
        (RegoVersion::V0, Target::V1),
    ];
    for (version, target) in ways {
        let options = FormatOptions { version, target, ..FormatOptions::default() };
        let module = read(text, version);
        let formatted = format_module(text, &options);
        let Some(module) = module else {
            assert!(formatted.is_err(), "no module, yet formatted");
            continue;
        };
        // What cannot be said in v1 is an error, and so is an operator's function out of form.
        let Ok(formatted) = formatted else { continue };
        let version = if target == Target::V1 { RegoVersion::V1 } else { RegoVersion::V0 };
        let Some(again) = read(&formatted, version) else {
            panic!("{target:?}: not read any more:\n{formatted}");
        };
        assert_eq!(comments(&module), comments(&again), "{target:?}:\n{formatted}");
        let options = FormatOptions { version, ..options };
        let last = format_module(&formatted, &options).expect("what was formatted is formatted");
        assert_eq!(formatted, last, "{target:?}: not final");
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, size_max: usize, seed: u32| {
    if seed % 4 == 0 {
        return fuzzer_mutate(data, size, size_max);
    }
    mutate::tokens(data, size, size_max, seed)
});
