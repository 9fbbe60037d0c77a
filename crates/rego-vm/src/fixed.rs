//! Rules whose value depends on base data alone: neither on input nor on the world. Their values are
//! kept from one run to the next over the same data.
//!
//! Must not know: how a rule is run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rego_program::{Function, FunctionId, IndexHead, Op, Program, Shape, Special};
use rego_value::Value;

use crate::builtin::Builtin;
use crate::special::Cell;

/// Most bytes that the values kept for one program and its data may take. To look how many a value
/// takes is work that nobody pays for, so that a value which is too big uses up its part as well.
const BYTES_MAX: u64 = 64 << 20;

/// Most bytes that one of them may take.
const VALUE_BYTES_MAX: u64 = 8 << 20;

/// What a value takes beside its text: a rough figure.
const VALUE_BYTES: u64 = 32;

/// What is known of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// Its value may be another in each run.
    Free,
    /// Its value depends on data and operands alone.
    Fixed,
    /// A rule without parameters whose value depends on data alone, and is kept.
    Kept,
}

/// Which functions of a program depend on base data alone.
#[derive(Debug)]
pub struct FixedRules {
    functions: Vec<Known>,
}

impl FixedRules {
    /// Looks through the program of a policy. `find` returns builtins by their names.
    pub fn of<'b>(program: &Program, find: impl Fn(&str) -> Option<&'b Builtin>) -> Self {
        let looks_out =
            |builtin: &Builtin| builtin.decl.nondeterministic || builtin.decl.result.is_none();
        let outward: Vec<bool> =
            program.builtins.iter().map(|name| find(name).is_none_or(looks_out)).collect();
        let free = free_functions(program, &outward);
        let known = |(function, free): (&Arc<Function>, &bool)| match function.shape {
            _ if *free => Known::Free,
            Shape::Rule => Known::Kept,
            Shape::Function { .. } | Shape::Query => Known::Fixed,
        };
        Self { functions: program.functions.iter().zip(&free).map(known).collect() }
    }

    /// Whether a function depends on data and operands alone.
    pub(crate) fn is_fixed(&self, function: FunctionId) -> bool {
        self.functions.get(function.0 as usize).is_some_and(|known| *known != Known::Free)
    }

    /// Whether the value of a rule depends on data alone.
    fn is_kept(&self, function: FunctionId) -> bool {
        self.functions.get(function.0 as usize) == Some(&Known::Kept)
    }
}

/// What is known over one state of data of a program's functions: the values of fixed rules, and what
/// is left of others. Shared between threads.
#[derive(Debug)]
pub struct FixedValues {
    cells: Box<[Cell]>,
    bytes_left: AtomicU64,
}

impl FixedValues {
    /// Returns room for what becomes known of the functions of these rules' program.
    pub fn new(rules: &FixedRules) -> Self {
        let cells = std::iter::repeat_with(Cell::default).take(rules.functions.len()).collect();
        Self { cells, bytes_left: AtomicU64::new(BYTES_MAX) }
    }

    /// Returns whether there is room for a value, and takes it.
    pub(crate) fn take_room(&self, value: &Value) -> bool {
        let left = self.bytes_left.load(Ordering::Relaxed);
        let most = left.min(VALUE_BYTES_MAX);
        let bytes = weight(value, most);
        // Two threads at once may take more than there is.
        self.bytes_left.store(left.saturating_sub(bytes.unwrap_or(most)), Ordering::Relaxed);
        bytes.is_some()
    }
}

/// What a run knows of fixed rules.
#[derive(Clone, Copy, Debug)]
pub struct Fixed<'a> {
    /// Which they are.
    pub rules: &'a FixedRules,
    /// Their values.
    pub values: &'a FixedValues,
}

impl<'a> Fixed<'a> {
    /// Returns what is known of a function; nothing where it is one of a query.
    #[inline]
    pub(crate) fn cell(self, function: FunctionId) -> Option<&'a Cell> {
        self.values.cells.get(function.0 as usize)
    }

    /// Keeps the value of a rule, where it is fixed and there is room; returns whether it is kept.
    pub(crate) fn keep(self, function: FunctionId, value: Option<&Value>) -> bool {
        if !self.rules.is_kept(function) {
            return false;
        }
        let fits = |value: &Value| self.values.take_room(value);
        let held = self.cell(function).map(|cell| {
            cell.get_or_init(|| {
                let fits = value.is_none_or(fits);
                if fits { Special::Constant(value.cloned()) } else { Special::Same }
            })
        });
        matches!(held, Some(Special::Constant(_)))
    }
}

/// Returns about how many bytes a value takes; nothing where that is more than `most`.
fn weight(value: &Value, most: u64) -> Option<u64> {
    let mut open = vec![value];
    let mut bytes = 0u64;
    while let Some(value) = open.pop() {
        bytes += VALUE_BYTES + value.as_str().map_or(0, str::len) as u64;
        if bytes > most {
            return None;
        }
        if let Some(items) = value.as_array() {
            open.extend(items);
        } else if let Some(items) = value.as_set() {
            open.extend(items.iter());
        } else if let Some(object) = value.as_object() {
            open.extend(object.iter().flat_map(|(key, value)| [key, value]));
        }
    }
    Some(bytes)
}

/// A function, or a document of the rule tree, whose value others use.
type Part = usize;

/// Returns for each function whether its value may be another in each run: where it looks at input
/// or at the world, or uses another that does.
fn free_functions(program: &Program, outward: &[bool]) -> Vec<bool> {
    let functions = program.functions.len();
    let mut users: Vec<Vec<Part>> = vec![Vec::new(); functions + program.nodes.len()];
    let mut use_by = |used: Part, user: Part| {
        if let Some(users) = users.get_mut(used) {
            users.push(user);
        }
    };
    for (node, info) in program.nodes.iter().enumerate() {
        let rule = info.rule.map(|rule| rule.0 as usize);
        let below = info.children.iter().map(|(_, child)| functions + child.0 as usize);
        rule.into_iter().chain(below).for_each(|used| use_by(used, functions + node));
    }
    let mut free = vec![false; functions + program.nodes.len()];
    let mut open = Vec::new();
    for (at, function) in program.functions.iter().enumerate() {
        if is_free(function, outward) {
            open.push(at);
        }
        for op in &function.code {
            match *op {
                Op::Rule { function, .. } | Op::Call { function, .. } => {
                    use_by(function.0 as usize, at);
                }
                Op::Node { node, .. } | Op::Document { node, .. } => {
                    use_by(functions + node.0 as usize, at);
                }
                _ => {}
            }
        }
    }
    while let Some(part) = open.pop() {
        let Some(known) = free.get_mut(part) else { continue };
        if !std::mem::replace(known, true)
            && let Some(users) = users.get(part)
        {
            open.extend(users);
        }
    }
    free.truncate(functions);
    free
}

/// Whether a function itself looks at input or at the world, or replaces documents and functions.
/// `outward` says which builtins look at the world.
fn is_free(function: &Function, outward: &[bool]) -> bool {
    let by_input = function.indexes.iter().any(|(index, _)| index.head == IndexHead::Input);
    let is_free = |op: &Op| match *op {
        Op::Input { .. } | Op::InputPath { .. } | Op::WithEnter { .. } => true,
        Op::Builtin { builtin, .. } => outward.get(builtin.0 as usize).is_none_or(|looks| *looks),
        _ => false,
    };
    by_input || function.code.iter().any(is_free)
}
