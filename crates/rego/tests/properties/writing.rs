//! The order of statements, definitions and modules, blanks, line breaks and comments, and how
//! variables are given values: none of these changes the answer.

use proptest::prelude::*;
use rego::RegoVersion;
use rego::ast_json::parsed;

use crate::answer::{compile, meaning, ran_away};
use crate::generate::{Way, policy};
use crate::{config, decisions, seed};

/// Whether two ways to write a policy agree. Where evaluation stops, it may stop at another error,
/// or a statement before that fails; what types are known where depends on the order, as in OPA.
fn agree(one: &[String], two: &[String]) -> Result<(), TestCaseError> {
    let (first, second) = (meaning(one), meaning(two));
    let show = || format!("{}\n----\n{}", one.join("\n"), two.join("\n"));
    match (first, second) {
        (Ok(first), Ok(second)) => {
            if ran_away(&first) || ran_away(&second) {
                return Ok(());
            }
            for (first, second) in first.iter().zip(&second) {
                if first.is_ok() && second.is_ok() {
                    prop_assert_eq!(first, second, "{}", show());
                }
            }
        }
        (Err("rego_type_error"), _) | (_, Err("rego_type_error")) => {}
        (first, second) => prop_assert_eq!(first.err(), second.err(), "{}", show()),
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_order_of_statements_does_not_matter(bytes in decisions(), order in seed()) {
        let way = Way { unified: true, sorted: true, ..Way::default() };
        agree(&policy(&bytes, way), &policy(&bytes, Way { order, ..way }))?;
    }

    #[test]
    fn declared_variables_mean_what_unified_ones_do(bytes in decisions()) {
        let way = Way { unified: true, ..Way::default() };
        agree(&policy(&bytes, Way::default()), &policy(&bytes, way))?;
    }

    #[test]
    fn layout_does_not_matter(bytes in decisions(), layout in seed()) {
        let plain = policy(&bytes, Way::default());
        let other = policy(&bytes, Way { layout, ..Way::default() });
        agree(&plain, &other)?;
        for (one, two) in plain.iter().zip(&other) {
            prop_assert_eq!(tree(one), tree(two), "{}\n----\n{}", one, two);
        }
    }

    #[test]
    fn v0_with_the_import_of_v1_is_v1(bytes in decisions()) {
        let modules = policy(&bytes, Way::default());
        let Ok(_) = compile(&modules) else { return Ok(()) };
        let mut compiler = rego::Compiler::new().rego_version(RegoVersion::V0);
        for (n, module) in modules.iter().enumerate() {
            let text = module.replacen("\nimport", "\nimport rego.v1\nimport", 1);
            compiler = compiler.module(format!("{n}.rego"), text);
        }
        prop_assert!(compiler.compile().is_ok(), "{}", modules.join("\n"));
    }
}

/// The tree as OPA shows it, without comments.
fn tree(module: &str) -> String {
    let tree = parsed("p.rego", module, RegoVersion::V1).unwrap();
    let object = tree.as_object().unwrap();
    let parts = ["package", "imports", "rules"];
    parts.map(|part| object.get_str(part).map(rego::Value::to_json).unwrap_or_default()).concat()
}
