//! The rule index: which definitions of a rule may hold, by one look-up.
//!
//! Of the paths of `input` or of a parameter that definitions compare with constants, the one that
//! tells most of them apart is hashed. A definition that does not compare that path may always
//! hold. Leaving out a definition is leaving out a body whose comparison would fail.

use std::collections::HashMap;

use rego_analysis::tree::{Definition, Expr, ExprKind, RefHead, Term, TermKind};
use rego_value::Value;

use crate::program::PathStep;

/// With fewer definitions than this, looking at each is as quick.
const DEFINITIONS_MIN: usize = 3;

/// Where an indexed path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IndexHead {
    /// The input document.
    Input,
    /// A parameter.
    Param(u32),
}

/// A rule's index.
#[derive(Debug)]
pub struct RuleIndex {
    /// Where the path starts.
    pub head: IndexHead,
    /// The path.
    pub steps: Vec<PathStep>,
    /// The definitions for each value found there.
    pub by_value: HashMap<Value, Vec<u32>, foldhash::fast::RandomState>,
    /// The definitions that may hold whatever is there, sorted.
    pub always: Vec<u32>,
}

type Condition = ((IndexHead, Vec<Value>), Value);

/// Returns the index of a rule, where one helps.
pub(crate) fn build(definitions: &[Definition]) -> Option<RuleIndex> {
    if definitions.len() < DEFINITIONS_MIN {
        return None;
    }
    let conditions: Vec<Vec<Condition>> = definitions.iter().map(conditions).collect();
    let (head, path) = most_selective(&conditions)?;
    let mut index = RuleIndex {
        head,
        steps: path.iter().cloned().map(PathStep::new).collect(),
        by_value: HashMap::default(),
        always: Vec::new(),
    };
    for (number, conditions) in (0u32..).zip(&conditions) {
        let on_path = |(at, _): &&Condition| at.0 == head && at.1 == path;
        match conditions.iter().find(on_path) {
            Some((_, value)) => index.by_value.entry(value.clone()).or_default().push(number),
            None => index.always.push(number),
        }
    }
    Some(index)
}

/// The path with the most distinct values; of equals, the one first in order.
fn most_selective(conditions: &[Vec<Condition>]) -> Option<(IndexHead, Vec<Value>)> {
    let mut values: HashMap<&(IndexHead, Vec<Value>), Vec<&Value>> = HashMap::new();
    for (path, value) in conditions.iter().flatten() {
        values.entry(path).or_default().push(value);
    }
    let mut counted: Vec<_> = values
        .into_iter()
        .map(|(path, mut values)| {
            values.sort_unstable();
            values.dedup();
            (values.len(), path)
        })
        .filter(|(distinct, _)| *distinct > 1)
        .collect();
    counted.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    counted.first().map(|(_, path)| (*path).clone())
}

/// The comparisons of a definition without which it cannot hold.
fn conditions(definition: &Definition) -> Vec<Condition> {
    if definition.els.is_some() {
        return Vec::new(); // another branch may hold where this one does not
    }
    let patterns = (0u32..).zip(&definition.args).filter_map(|(number, arg)| match &arg.kind {
        TermKind::Constant(value) => Some(((IndexHead::Param(number), Vec::new()), value.clone())),
        _ => None,
    });
    let compared = definition.body.exprs.iter().filter_map(|expr| condition(expr, definition));
    patterns.chain(compared).collect()
}

fn condition(expr: &Expr, definition: &Definition) -> Option<Condition> {
    if !expr.with.is_empty() {
        return None;
    }
    let (a, b) = match &expr.kind {
        ExprKind::Unify(a, b) => (a, b),
        ExprKind::Term(Term { kind: TermKind::Call { callee, args }, .. }) => {
            let rego_analysis::tree::Callee::Builtin(decl) = callee else {
                return None;
            };
            match args.as_slice() {
                [a, b] if decl.name == "equal" => (a, b),
                _ => return None,
            }
        }
        _ => return None,
    };
    let (path, value) = match (&a.kind, &b.kind) {
        (_, TermKind::Constant(value)) => (ground_path(a, definition)?, value),
        (TermKind::Constant(value), _) => (ground_path(b, definition)?, value),
        _ => return None,
    };
    Some((path, value.clone()))
}

/// The path of a reference to input or a parameter whose steps are all known.
fn ground_path(term: &Term, definition: &Definition) -> Option<(IndexHead, Vec<Value>)> {
    let param = |local| {
        let is_param = |arg: &Term| matches!(&arg.kind, TermKind::Local(l) if *l == local);
        definition.args.iter().position(is_param).map(|at| IndexHead::Param(at as u32))
    };
    match &term.kind {
        TermKind::Local(local) => Some((param(*local)?, Vec::new())),
        TermKind::Ref { head, path } => {
            let head = match head {
                RefHead::Input => IndexHead::Input,
                RefHead::Local(local) => param(*local)?,
                _ => return None,
            };
            let constant = |step: &Term| match &step.kind {
                TermKind::Constant(value) => Some(value.clone()),
                _ => None,
            };
            Some((head, path.iter().map(constant).collect::<Option<_>>()?))
        }
        _ => None,
    }
}

impl RuleIndex {
    /// Returns the value at the indexed path, starting from its head.
    pub fn follow<'v>(&self, head: &'v Value) -> Option<&'v Value> {
        self.steps.iter().try_fold(head, |value, step| step.get(value))
    }
}
