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
/// A known answer: a value, or that there is none. Nothing: it is not known, or would be an error. What is
/// known once stays known.
pub trait Known {
    /// Returns the base document.
    fn data(&self) -> &Value;
    /// Returns what a rule without parameters gives.
    fn rule(&self, id: FunctionId) -> Option<Option<Value>>;
    /// Returns the only value that a rule can have, where there is one; it may have none.
    fn only(&self, id: FunctionId) -> Option<Value>;
    /// Returns the rule whose outcome a rule has, where that is all it does.
    fn alias(&self, id: FunctionId) -> Option<FunctionId>;
    /// Returns what a function gives for these operands.
    fn call(&self, id: FunctionId, operands: &[Value]) -> Option<Option<Value>>;
    /// Returns what a builtin gives for these operands.
    fn builtin(&self, id: BuiltinId, operands: &[Value]) -> Option<Option<Value>>;
}

/// What is left of a function.
#[derive(Debug)]
pub enum Special {
    /// Its outcome, whatever input is; the inner nothing says that it has no value.
    Constant(Option<Value>),
    /// Less, with the same outcomes.
    Less(Box<Less>),
    /// All of it.
    Same,
}

/// What does as much as a function, with less.
#[derive(Debug)]
pub struct Less {
    /// What it does.
    pub function: Function,
    /// Its only value, where it can have but one; it may have none.
    pub only: Option<Value>,
    /// The rule whose outcome it has, where that is all.
    pub alias: Option<FunctionId>,
}

/// Rewrites a function for what is known. It must run where nothing is replaced by `with`.
pub fn specialise(function: &Function, known: &dyn Known) -> Special {
    let size = function.code.len();
    let fits = size <= CODE_MAX && size * function.registers as usize <= STATE_MAX;
    if !fits || function.code.iter().any(is_foreign) {
        return Special::Same;
    }
    let Some(flow) = Flow::of(function, known) else { return Special::Same };
    let values = if function.shape == Shape::Rule { flow.values() } else { None };
    if flow.is_harmless() {
        match values {
            Some((None, _)) => return Special::Constant(None),
            Some((Some(value), false)) => return Special::Constant(Some(value)),
            Some((Some(_), true)) | None => {}
        }
    }
    let only = values.and_then(|(only, _)| only);
    if only.is_none() && !flow.decides() {
        return Special::Same;
    }
    match rewrite::rewrite(function, &flow) {
        Some(function) => {
            let alias = alias(&function, known);
            Special::Less(Box::new(Less { function, only, alias }))
        }
        None => Special::Same,
    }
}

/// Returns the rule whose outcome a function has, where it does nothing but ask for that.
fn alias(function: &Function, known: &dyn Known) -> Option<FunctionId> {
    let &[Op::Rule { dst, function: asked, fail }, Op::Return { src }, Op::ReturnReg { reg }] =
        function.code.as_slice()
    else {
        return None;
    };
    let is_value = match src.decode() {
        Err(given) => given == dst,
        Ok(constant) => {
            let given = function.constants.get(constant as usize)?;
            state::is_same(given, &known.only(asked)?)
        }
    };
    // The last one gives nothing, where it is only come to when the rule has no value.
    let holds = function.shape == Shape::Rule && is_value && fail.0 == 2 && reg != dst;
    holds.then_some(asked)
}

/// Whether a function with this instruction is left as it is: it runs in contexts of its own, or is
/// watched.
fn is_foreign(op: &Op) -> bool {
    matches!(op, Op::WithEnter { .. } | Op::WithResume { .. } | Op::WithLeave { .. } | Op::Mark(_))
}
