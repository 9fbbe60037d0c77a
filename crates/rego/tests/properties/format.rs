//! Formatting: what is laid out is read as the same tree, is final, and means the same.

use proptest::prelude::*;
use rego::ast_json::parsed;
use rego::format::{FormatOptions, format};
use rego::{RegoVersion, Value};

use crate::answer::meaning;
use crate::generate::{Way, policy};
use crate::{config, decisions, seed};

fn formatted(module: &str) -> Result<String, TestCaseError> {
    let laid_out = format("p.rego", module, &FormatOptions::default());
    laid_out.map_err(|errors| TestCaseError::fail(format!("{errors}\n{module}")))
}

/// The rules and imports as OPA shows them. Imports are in order, since formatting sorts them, and
/// heads do not say whether `:=` was written: `:= true` is left out.
fn tree(module: &str) -> Result<(Vec<Value>, String), TestCaseError> {
    let tree = parsed("p.rego", module, RegoVersion::V1)
        .map_err(|errors| TestCaseError::fail(format!("{errors}\n{module}")))?;
    let part = |name: &str| tree.get_path(&[name]).cloned().unwrap_or(Value::NULL);
    let mut imports = part("imports").as_array().unwrap_or_default().to_vec();
    imports.sort();
    Ok((imports, part("rules").to_json().replace("\"assign\":true,", "")))
}

fn comments(module: &str) -> usize {
    module.matches("# comment").count() + module.matches("# aside").count()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_formatted_is_final_and_the_same(bytes in decisions(), layout in seed()) {
        for module in policy(&bytes, Way { layout, ..Way::default() }) {
            if parsed("p.rego", &module, RegoVersion::V1).is_err() {
                continue;
            }
            let once = formatted(&module)?;
            prop_assert_eq!(&formatted(&once)?, &once, "not final:\n{}", &module);
            prop_assert_eq!(tree(&once)?, tree(&module)?, "{}\n----\n{}", &module, &once);
            prop_assert_eq!(comments(&once), comments(&module), "{}\n----\n{}", &module, &once);
        }
    }

    #[test]
    fn what_is_formatted_means_the_same(bytes in decisions(), layout in seed()) {
        let modules = policy(&bytes, Way { layout, ..Way::default() });
        let want = meaning(&modules);
        if want.is_err() {
            return Ok(());
        }
        let again = modules.iter().map(|m| formatted(m)).collect::<Result<Vec<_>, _>>()?;
        prop_assert_eq!(meaning(&again), want, "{}\n----\n{}", modules.join("\n"), again.join("\n"));
    }
}

/// A statement that begins with a brace is no body in braces.
#[test]
fn braces_of_a_body_stay_around_braces_of_a_term() {
    let text = "package p\n\nq if { {1, 2} == {2} }\n\nr if { {1} } else := {} if { {\"a\": 1} }\n";
    let want = "package p\n\nq if {\n\t{1, 2} == {2}\n}\n\nr if {\n\t{1}\n}\n\nelse := {} if {\n\t{\"a\": 1}\n}\n";
    assert_eq!(format("p.rego", text, &FormatOptions::default()).unwrap(), want);
}

/// Each `_` is a variable of its own: what looks the same is not.
#[test]
fn terms_with_wildcards_are_all_kept() {
    let text = "package p\n\nq := {[x | x = input[_]], [x | x = input[_]]}\n";
    assert_eq!(format("p.rego", text, &FormatOptions::default()).unwrap(), text);
}

/// Without its parentheses the first statement would make a comprehension of the body.
#[test]
fn a_union_at_the_start_of_a_body_keeps_its_parentheses() {
    let text = "package p\n\nq if {\n\t(input.a | {1}) with input.a as {2}\n\tinput.b\n}\n";
    assert_eq!(format("p.rego", text, &FormatOptions::default()).unwrap(), text);
}
