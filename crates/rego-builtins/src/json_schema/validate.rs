//! A document held against a schema.
//!
//! Each part of a schema adds to a list of problems and to a score of how well the document fits.
//! The score says which alternative of several that all fail is told: the closest one. What counts
//! how much is OPA's.

mod combine;
mod parts;

use rego_value::{Value, View};
use rego_vm::{BuiltinError, Context};

use super::node::{Index, Node, Schema};
use super::problem::{Path, Problem};
use crate::charge;

/// How deeply schemas may be applied within each other: a document's levels, and those that
/// combinations add to each.
const DEPTH_MAX: usize = 400;

/// Returns what is wrong with a document.
///
/// Errors: a schema that leads back to itself on the same value, or too deep.
pub(super) fn validate(
    context: &mut Context<'_>,
    schema: &Schema,
    document: &Value,
) -> Result<Vec<Problem>, BuiltinError> {
    let mut outcome = Outcome::default();
    let mut validator = Validator { context, schema, depth: 0 };
    validator.apply(0, At { value: document, path: &Path::Root }, &mut outcome)?;
    Ok(outcome.problems)
}

/// What applying a schema has given.
#[derive(Default)]
struct Outcome {
    problems: Vec<Problem>,
    score: i64,
}

impl Outcome {
    fn is_valid(&self) -> bool {
        self.problems.is_empty()
    }

    fn merge(&mut self, other: Outcome) {
        self.problems.extend(other.problems);
        self.score += other.score;
    }
}

/// A part of the document, and where it is.
#[derive(Clone, Copy)]
struct At<'a> {
    value: &'a Value,
    path: &'a Path<'a>,
}

struct Validator<'v, 'h> {
    context: &'v mut Context<'h>,
    schema: &'v Schema,
    depth: usize,
}

type Done = Result<(), BuiltinError>;

impl<'v> Validator<'v, '_> {
    /// Adds a problem. It costs two points, of which each step gives one back at its end.
    fn wrong(
        &mut self,
        outcome: &mut Outcome,
        at: At<'_>,
        kind: &'static str,
        text: String,
    ) -> Done {
        let field = at.path.field();
        charge::make(self.context, size_of::<Problem>() + 2 * text.len() + 2 * field.len())?;
        outcome.problems.push(Problem { kind, field, text });
        outcome.score -= 2;
        Ok(())
    }

    /// Applies a schema on its own.
    fn apply_apart(&mut self, index: Index, at: At<'_>) -> Result<Outcome, BuiltinError> {
        let mut outcome = Outcome::default();
        self.apply(index, at, &mut outcome)?;
        Ok(outcome)
    }

    fn apply(&mut self, index: Index, at: At<'_>, outcome: &mut Outcome) -> Done {
        if self.depth >= DEPTH_MAX {
            return Err(BuiltinError::Failed(
                "schema or document is nested too deeply".to_string(),
            ));
        }
        self.depth += 1;
        let node = self.node(index)?;
        let done = self.apply_node(node, at, outcome);
        self.depth -= 1;
        done
    }

    /// Returns the node that counts, references followed.
    fn node(&mut self, index: Index) -> Result<&'v Node, BuiltinError> {
        let mut index = index;
        // No chain of references is longer than there are nodes, unless it goes round.
        for _ in 0..=self.schema.nodes.len() {
            self.context.charge_steps(1)?;
            let Some(node) = self.schema.nodes.get(index) else { break };
            match node.reference {
                Some(next) => index = next,
                None => return Ok(node),
            }
        }
        Err(BuiltinError::Failed("schema refers to itself".to_string()))
    }

    fn apply_node(&mut self, node: &'v Node, at: At<'_>, outcome: &mut Outcome) -> Done {
        if let Some(pass) = node.pass {
            let text = || "False always fails validation".to_string();
            return if pass { Ok(()) } else { self.wrong(outcome, at, "false", text()) };
        }
        let given = type_of(at.value);
        let allowed = |name: &str| node.types.iter().any(|allowed| allowed == name);
        let fits = allowed(given) || (given == "integer" && allowed("number"));
        if !node.types.is_empty() && !fits {
            let expected = match node.types.as_slice() {
                [one] => one.clone(),
                many => format!("[{}]", many.join(",")),
            };
            let text = format!("Invalid type. Expected: {expected}, given: {given}");
            return self.wrong(outcome, at, "invalid_type", text);
        }
        self.combinations(node, at, outcome)?;
        match at.value.view() {
            View::Int(_) | View::Number(_) => {
                self.number(node, at, outcome)?;
                self.common(node, at, outcome)?;
            }
            View::String(text) => {
                self.common(node, at, outcome)?;
                self.text(node, at, text, outcome)?;
            }
            View::Array(items) => {
                self.array(node, at, items, outcome)?;
                self.common(node, at, outcome)?;
            }
            View::Object(object) => {
                self.object(node, at, object, outcome)?;
                self.common(node, at, outcome)?;
                for (name, index) in &node.object.properties {
                    self.context.charge_steps(1)?;
                    if let Some(value) = object.get_str(name) {
                        let path = Path::Key(at.path, name);
                        self.apply(*index, At { value, path: &path }, outcome)?;
                    }
                }
            }
            _ => self.common(node, at, outcome)?,
        }
        outcome.score += 1;
        Ok(())
    }
}

/// Returns what schemas call the type of a value.
fn type_of(value: &Value) -> &'static str {
    match value.as_number() {
        Some(number) if number.is_integer() => "integer",
        Some(_) => "number",
        None => value.type_name(),
    }
}
