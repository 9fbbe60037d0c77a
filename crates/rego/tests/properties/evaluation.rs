//! Optimised or not, with values of rules kept or not, traced or not: the answer is the same.

use proptest::prelude::*;
use rego::trace::Trace;
use rego::{EvalOptions, Lowering};

use crate::answer::{answers, compile, ran_away, repeated_answers};
use crate::generate::{Way, policy};
use crate::{config, decisions};

const PLAIN: Lowering = Lowering {
    trace: false,
    index: false,
    joins: false,
    early_exit: false,
    runs_before_rewriting: u32::MAX,
};

/// Each optimisation away, all of them, and all but one.
fn ways() -> Vec<(&'static str, Lowering, bool)> {
    let all = Lowering::default();
    vec![
        ("no index", Lowering { index: false, ..all }, true),
        ("no joins", Lowering { joins: false, ..all }, true),
        ("no early exit", Lowering { early_exit: false, ..all }, true),
        ("no memo", all, false),
        ("traced", Lowering { trace: true, ..all }, true),
        ("plain", PLAIN, false),
        ("index alone", Lowering { index: true, ..PLAIN }, false),
        ("joins alone", Lowering { joins: true, ..PLAIN }, false),
        ("early exit alone", Lowering { early_exit: true, ..PLAIN }, false),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn optimisations_change_nothing(bytes in decisions()) {
        let modules = policy(&bytes, Way::default());
        let Ok(compiled) = compile(&modules) else { return Ok(()) };
        let want = answers(&compiled, &EvalOptions::default());
        for (name, lowering, memo) in ways() {
            let lowered = compiled.lowered(lowering).unwrap();
            let trace = Trace::with_locals();
            let tracer = lowering.trace.then_some(&trace as &dyn rego::trace::Tracer);
            let got = answers(&lowered, &EvalOptions { memo, tracer, ..EvalOptions::default() });
            if ran_away(&want) || ran_away(&got) {
                continue;
            }
            for (got, want) in got.iter().zip(&want) {
                // What is left out may have been an error, as in OPA; nothing else changes.
                if got != &Err("eval_conflict_error") || want.is_err() {
                    prop_assert_eq!(got, want, "{}\n{}", name, modules.join("\n"));
                }
            }
        }
    }

    /// Values that are kept for later evaluations depend on nothing but the data.
    #[test]
    fn keeping_changes_nothing(bytes in decisions()) {
        let modules = policy(&bytes, Way::default());
        let Ok(compiled) = compile(&modules) else { return Ok(()) };
        let want = answers(&compiled, &EvalOptions { keep: false, ..EvalOptions::default() });
        for got in repeated_answers(&compiled, &EvalOptions::default(), 2) {
            if !ran_away(&want) && !ran_away(&got) {
                prop_assert_eq!(&got, &want, "{}", modules.join("\n"));
            }
        }
    }

    /// Rules that are rewritten for the data say what they said; each input comes before and after.
    #[test]
    fn rewriting_changes_nothing(bytes in decisions()) {
        let modules = policy(&bytes, Way::default());
        let Ok(compiled) = compile(&modules) else { return Ok(()) };
        let want = answers(&compiled, &EvalOptions { keep: false, ..EvalOptions::default() });
        let at_once = Lowering { runs_before_rewriting: 0, ..Lowering::default() };
        let rewritten = compiled.lowered(at_once).unwrap();
        for got in repeated_answers(&rewritten, &EvalOptions::default(), 6) {
            if !ran_away(&want) && !ran_away(&got) {
                prop_assert_eq!(&got, &want, "{}", modules.join("\n"));
            }
        }
    }

    #[test]
    fn twice_is_the_same(bytes in decisions()) {
        let modules = policy(&bytes, Way::default());
        let Ok(compiled) = compile(&modules) else { return Ok(()) };
        let options = EvalOptions::default();
        prop_assert_eq!(answers(&compiled, &options), answers(&compiled, &options));
    }
}

/// Laws about policies that do not compile, or say nothing, would be empty.
#[test]
fn most_policies_compile_and_say_something() {
    let (mut compiled, mut said) = (0, 0);
    for seed in 1..=200_u64 {
        let mut dice = crate::generate::Dice::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let bytes: Vec<u8> = (0..300).map(|_| dice.below(256) as u8).collect();
        let Ok(policy) = compile(&policy(&bytes, Way::default())) else { continue };
        compiled += 1;
        let answers = answers(&policy, &EvalOptions::default());
        said +=
            usize::from(answers.iter().any(|answer| answer.as_ref().is_ok_and(|a| a.len() > 40)));
    }
    assert!(compiled >= 140, "{compiled} of 200 compile");
    assert!(said >= 100, "{said} of 200 say something");
}
