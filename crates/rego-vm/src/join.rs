//! Joins: a loop that only wants the elements whose value at a path equals a key.
//!
//! A collection that is looped over again and again with other keys (a nested loop, a comprehension
//! inside one) is hashed by that path on its second use. The comparison itself still runs, so a
//! join only leaves out elements that it would turn down.

use std::collections::HashMap;
use std::rc::Rc;

use rego_program::{IterId, Label, PathId, PathStep, Src};
use rego_value::{Value, View};

use crate::failure::Run;
use crate::iter::Iter;
use crate::machine::{Flow, Machine};
use crate::slot::Slot;

/// A shorter collection is looked through as quickly.
const ELEMENTS_MIN: usize = 16;

type Positions = HashMap<Value, Rc<[u32]>, foldhash::fast::RandomState>;

/// What is known of the collection that a join looped over last.
pub(crate) struct Join<'a> {
    /// Held, so that its address stands for it.
    source: Slot<'a>,
    /// The positions of elements by the value at the path; made on the second use.
    positions: Option<Rc<Positions>>,
}

/// Which join of which function: the function's address and the instruction's position.
pub(crate) type JoinKey = (usize, usize);

impl<'a> Machine<'a> {
    pub(crate) fn join_start(
        &mut self,
        iter: IterId,
        (src, path, key): (Src, PathId, Src),
        fail: Label,
    ) -> Run<Flow> {
        let slot = self.window().slot(src);
        if let Slot::Node(_) = slot {
            return self.iter_start(iter, src, fail);
        }
        let Some(elements) = slot.value().and_then(elements) else {
            self.jump(fail);
            return Ok(Flow::On);
        };
        if elements.len() < ELEMENTS_MIN {
            return self.iter_start(iter, src, fail);
        }
        let at = (std::ptr::from_ref(self.frame.function) as usize, self.frame.pc);
        let known = self.joins.iter().find(|(key, _)| *key == at).map(|(_, join)| join);
        let known = known.filter(|join| same(&join.source, elements));
        let positions = match known {
            None => {
                self.put_join(at, Join { source: slot, positions: None });
                return self.iter_start(iter, src, fail);
            }
            Some(Join { positions: Some(positions), .. }) => Rc::clone(positions),
            Some(_) => {
                let (steps, len) = (self.path(path)?, elements.len() as u64);
                let positions = Rc::new(hash(elements, steps));
                self.charge(len)?;
                self.charge_bytes(len * 32)?;
                let join = Join { source: slot.clone(), positions: Some(Rc::clone(&positions)) };
                self.put_join(at, join);
                positions
            }
        };
        match positions.get(self.value(key)?) {
            Some(hits) => self.put_iter(iter, Iter::Joined(slot, Rc::clone(hits), 0)),
            None => self.jump(fail),
        }
        Ok(Flow::On)
    }
}

impl<'a> Machine<'a> {
    fn put_join(&mut self, at: JoinKey, join: Join<'a>) {
        match self.joins.iter_mut().find(|(key, _)| *key == at) {
            Some((_, there)) => *there = join,
            None => self.joins.push((at, join)),
        }
    }
}

/// The elements of a collection: of an object, its values.
fn elements(value: &Value) -> Option<&[Value]> {
    match value.view() {
        View::Array(items) => Some(items),
        View::Object(object) => Some(object.values()),
        View::Set(set) => Some(set.as_slice()),
        _ => None,
    }
}

fn same(source: &Slot<'_>, other: &[Value]) -> bool {
    let elements = source.value().and_then(elements);
    elements.is_some_and(|elements| std::ptr::eq(elements, other))
}

fn hash(elements: &[Value], steps: &[PathStep]) -> Positions {
    let mut positions: HashMap<&Value, Vec<u32>, foldhash::fast::RandomState> = HashMap::default();
    for (at, element) in (0u32..).zip(elements) {
        if let Some(key) = steps.iter().try_fold(element, |value, step| step.get(value)) {
            positions.entry(key).or_default().push(at);
        }
    }
    positions.into_iter().map(|(key, at)| (key.clone(), Rc::from(at))).collect()
}
