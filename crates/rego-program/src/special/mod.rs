//! Functions rewritten for base data that is known: what it decides is decided once, not in each run.
//!
//! Settings in data switch most of a policy's rules one way or the other. Of a function that reads
//! them, only what depends on input is left.
//!
//! Must not know: how values are come to, when a rewriting pays.
//!
//! Read first: `flow.rs`, then `rewrite.rs`.

mod flow;
mod live;
mod rewrite;
mod state;

use rego_value::Value;

use self::flow::Flow;
use crate::op::Op;
use crate::program::{BuiltinId, Function, FunctionId, Shape};

/// Most instructions of a function that is looked at, and most registers at all of them together: the
/// work must stay small beside some runs of the function.
const CODE_MAX: usize = 4096;
const STATE_MAX: usize = 1 << 18;

/// What is known before input is.
///
/// A known answer: a value, or that there is none. Nothing: it is not known, or would be an error.
pub trait Known {
    /// Returns the base document.
    fn data(&self) -> &Value;
    /// Returns what a rule without parameters gives.
    fn rule(&self, id: FunctionId) -> Option<Option<Value>>;
    /// Returns the only value that a rule can have, where there is one; it may have none.
    fn only(&self, id: FunctionId) -> Option<Value>;
    /// Returns what a function gives for these operands.
    fn call(&self, id: FunctionId, operands: &[Value]) -> Option<Option<Value>>;
    /// Returns what a builtin gives for these operands.
    fn builtin(&self, id: BuiltinId, operands: &[Value]) -> Option<Option<Value>>;
}

/// What is left of a function.
#[derive(Debug)]
pub struct Special {
    /// Its only value, where it can have but one; it may have none.
    pub only: Option<Value>,
    /// What it does.
    pub code: Code,
}

/// What is left of what a function does.
#[derive(Debug)]
pub enum Code {
    /// Nothing: its outcome is this, whatever input is. Nothing here says that it has no value.
    Constant(Option<Value>),
    /// What another does, with the same outcomes.
    Less(Box<Function>),
    /// All of it.
    Same,
}

/// Rewrites a function for what is known. It must run where nothing is replaced by `with`.
pub fn specialise(function: &Function, known: &dyn Known) -> Special {
    let size = function.code.len();
    let fits = size <= CODE_MAX && size * function.registers as usize <= STATE_MAX;
    if !fits || function.code.iter().any(is_foreign) {
        return Special { only: None, code: Code::Same };
    }
    let flow = Flow::of(function, known);
    if function.shape != Shape::Rule {
        return Special { only: None, code: rewritten(function, &flow) };
    }
    match flow.values() {
        Some((None, _)) if flow.is_harmless() => Special { only: None, code: Code::Constant(None) },
        Some((only, false)) if flow.is_harmless() => {
            Special { only: only.clone(), code: Code::Constant(only) }
        }
        values => {
            let only = values.and_then(|(only, _)| only);
            Special { only, code: rewritten(function, &flow) }
        }
    }
}

fn rewritten(function: &Function, flow: &Flow<'_>) -> Code {
    let less = flow.decides().then(|| rewrite::rewrite(function, flow)).flatten();
    less.map_or(Code::Same, |less| Code::Less(Box::new(less)))
}

/// Whether a function with this instruction is left as it is: it runs in contexts of its own, or is
/// watched.
fn is_foreign(op: &Op) -> bool {
    matches!(op, Op::WithEnter { .. } | Op::WithResume { .. } | Op::WithLeave { .. } | Op::Mark(_))
}
