//! Runs a template.

use rego_value::{Value, View};
use rego_vm::{BuiltinError, Context};

use super::functions::{self, Datum};
use super::parse::{Node, Operand, Pipeline};
use crate::{charge, shown};

/// Returns the text of a template for the values of an object.
pub(super) fn run(
    context: &mut Context<'_>,
    nodes: &[Node],
    values: &Value,
) -> Result<String, BuiltinError> {
    let root = Datum::Value(values.clone());
    let variables = vec![(String::new(), root.clone())];
    let mut runner = Runner { context, out: String::new(), variables };
    runner.nodes(nodes, &root)?;
    // OPA replaces what Go prints for a missing value, wherever it stands in the text.
    Ok(runner.out.replace("<no value>", shown::UNDEFINED))
}

/// Returns the error of a template that is well formed but cannot be run.
pub(super) fn failed(why: &str) -> BuiltinError {
    BuiltinError::Failed(format!("template: template: executing \"template\": {why}"))
}

/// Where to go on after some nodes.
#[derive(PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

struct Runner<'c, 'h> {
    context: &'c mut Context<'h>,
    out: String,
    variables: Vec<(String, Datum)>,
}

impl Runner<'_, '_> {
    fn nodes(&mut self, nodes: &[Node], dot: &Datum) -> Result<Flow, BuiltinError> {
        for node in nodes {
            self.context.charge_steps(4)?;
            let flow = self.node(node, dot)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn node(&mut self, node: &Node, dot: &Datum) -> Result<Flow, BuiltinError> {
        match node {
            Node::Text(text) => self.write(text)?,
            Node::Print(pipeline) => {
                let value = self.pipeline(pipeline, dot)?;
                if pipeline.variables.is_empty() {
                    let text = functions::printed(self.context, &value)?;
                    self.write(&text)?;
                }
            }
            Node::If { pipeline, then, otherwise } | Node::With { pipeline, then, otherwise } => {
                let scope = self.variables.len();
                let value = self.pipeline(pipeline, dot)?;
                let inner = if matches!(node, Node::With { .. }) { &value } else { dot };
                let flow = if value.is_true() {
                    self.nodes(then, inner)
                } else {
                    self.nodes(otherwise, dot)
                };
                self.variables.truncate(scope);
                return flow;
            }
            Node::Range { pipeline, body, otherwise } => {
                let scope = self.variables.len();
                let flow = self.range(pipeline, [body, otherwise], dot);
                self.variables.truncate(scope);
                return flow;
            }
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn write(&mut self, text: &str) -> Result<(), BuiltinError> {
        charge::make(self.context, text.len())?;
        self.out.push_str(text);
        Ok(())
    }

    fn range(
        &mut self,
        pipeline: &Pipeline,
        [body, otherwise]: [&[Node]; 2],
        dot: &Datum,
    ) -> Result<Flow, BuiltinError> {
        let value = self.commands(pipeline, dot)?;
        let items = entries(&value)?;
        if items.is_empty() {
            return self.nodes(otherwise, dot);
        }
        let scope = self.variables.len();
        for (key, item) in items {
            self.context.charge_steps(4)?;
            match pipeline.variables.as_slice() {
                [] => {}
                [one] => self.assign(pipeline, one, item.clone()),
                [first, second, ..] => {
                    self.assign(pipeline, first, key);
                    self.assign(pipeline, second, item.clone());
                }
            }
            let flow = self.nodes(body, &item)?;
            self.variables.truncate(scope);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::Next)
    }

    fn assign(&mut self, pipeline: &Pipeline, name: &str, value: Datum) {
        let known = self.variables.iter_mut().rev().find(|(own, _)| own == name);
        match known.filter(|_| !pipeline.declares) {
            Some((_, place)) => *place = value,
            None => self.variables.push((name.to_string(), value)),
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline, dot: &Datum) -> Result<Datum, BuiltinError> {
        let value = self.commands(pipeline, dot)?;
        for name in &pipeline.variables {
            self.assign(pipeline, name, value.clone());
        }
        Ok(value)
    }

    fn commands(&mut self, pipeline: &Pipeline, dot: &Datum) -> Result<Datum, BuiltinError> {
        let mut piped = None;
        for command in &pipeline.commands {
            self.context.charge_steps(command.len() as u64 + 1)?;
            piped = Some(self.command(command, dot, piped)?);
        }
        Ok(piped.unwrap_or(Datum::Missing))
    }

    fn command(
        &mut self,
        command: &[Operand],
        dot: &Datum,
        piped: Option<Datum>,
    ) -> Result<Datum, BuiltinError> {
        let Some((first, rest)) = command.split_first() else { return Ok(Datum::Missing) };
        let Operand::Function(name) = first else {
            if piped.is_some() {
                return Err(failed("can't give argument to non-function"));
            }
            return self.operand(first, dot);
        };
        let mut operands = Vec::with_capacity(rest.len() + 1);
        for operand in rest {
            let value = self.operand(operand, dot)?;
            if functions::settles(name, &value) {
                return Ok(value); // `and` and `or` look no further.
            }
            operands.push(value);
        }
        operands.extend(piped);
        functions::call(self.context, name, &operands)
    }

    fn operand(&mut self, operand: &Operand, dot: &Datum) -> Result<Datum, BuiltinError> {
        Ok(match operand {
            Operand::Dot => dot.clone(),
            Operand::Nil => Datum::Value(Value::NULL),
            Operand::Bool(b) => Datum::Value(Value::from(*b)),
            Operand::Text(text) => Datum::Value(Value::from(text.as_str())),
            Operand::Int(int) => Datum::Int(*int),
            Operand::Float(float) => Datum::Float(*float),
            Operand::Function(name) => functions::call(self.context, name, &[])?,
            Operand::Variable(name) => {
                let known = self.variables.iter().rev().find(|(own, _)| own == name);
                known.map_or(Datum::Missing, |(_, value)| value.clone())
            }
            Operand::Pipeline(pipeline) => self.pipeline(pipeline, dot)?,
            Operand::Field(of, names) => {
                let of = self.operand(of, dot)?;
                names.iter().try_fold(of, |of, name| field(&of, name))?
            }
        })
    }
}

/// Returns the field of an object; one that is not there is missing, and so are its own fields.
fn field(of: &Datum, name: &str) -> Result<Datum, BuiltinError> {
    match of {
        Datum::Value(value) => match value.as_object() {
            Some(object) => Ok(object.get_str(name).cloned().map_or(Datum::Missing, Datum::Value)),
            None => Err(failed(&format!("can't evaluate field {name}"))),
        },
        Datum::Missing => Ok(Datum::Missing),
        _ => Err(failed(&format!("can't evaluate field {name}"))),
    }
}

/// Returns what `range` goes through.
fn entries(value: &Datum) -> Result<Vec<(Datum, Datum)>, BuiltinError> {
    let wrong = |what: &str| failed(&format!("range can't iterate over a {what}"));
    let value = match value {
        Datum::Value(value) => value,
        Datum::Missing => return Ok(Vec::new()),
        Datum::Int(_) | Datum::Float(_) => return Err(wrong("number")),
    };
    let item = |value: &Value| Datum::Value(value.clone());
    match value.view() {
        View::Null => Ok(Vec::new()),
        View::Array(items) => {
            let numbered = items.iter().enumerate();
            Ok(numbered.map(|(i, value)| (Datum::Int(i as i64), item(value))).collect())
        }
        View::Object(object) => {
            Ok(object.iter().map(|(key, value)| (item(key), item(value))).collect())
        }
        _ => Err(wrong(value.type_name())),
    }
}
