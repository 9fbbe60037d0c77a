//! What a statement runs in: input, base data, what `with` replaced, and the values of rules.

use rego_program::{BuiltinId, FunctionId, Mock};
use rego_value::Value;
use smallvec::SmallVec;

use crate::slot::Slot;

/// Up to this many values of rules are looked for one by one.
const MEMO_LIST_MAX: usize = 12;

/// Up to this many need no allocation.
const MEMO_INLINE: usize = 3;

/// A context; the first is that of the whole run.
#[derive(Default)]
pub(crate) struct Scope<'a> {
    /// The input document; empty where it is undefined.
    pub(crate) input: Slot<'a>,
    /// The base document.
    pub(crate) data: Slot<'a>,
    /// Paths below `data` that `with` replaced: rules there do not count.
    pub(crate) replaced: Vec<Vec<Value>>,
    /// Functions that `with` replaced; the last counts.
    pub(crate) mocks: Vec<(MockTarget, MockValue<'a>)>,
    memo: Memo<'a>,
}

/// The context of the whole run, and those that `with` made in it.
pub(crate) struct Scopes<'a> {
    root: Scope<'a>,
    made: Vec<Scope<'a>>,
}

impl<'a> Scopes<'a> {
    pub(crate) fn new(root: Scope<'a>) -> Self {
        Self { root, made: Vec::new() }
    }

    /// Returns a context; 0 is that of the run.
    #[inline]
    pub(crate) fn get(&self, at: usize) -> &Scope<'a> {
        match at.checked_sub(1) {
            None => &self.root,
            Some(at) => self.made.get(at).unwrap_or(&self.root),
        }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, at: usize) -> &mut Scope<'a> {
        match at.checked_sub(1).and_then(|at| self.made.get_mut(at)) {
            None => &mut self.root,
            Some(scope) => scope,
        }
    }

    /// Adds a context and returns its number.
    pub(crate) fn push(&mut self, scope: Scope<'a>) -> usize {
        self.made.push(scope);
        self.made.len()
    }

    /// Returns how many there are, that of the run included.
    pub(crate) fn len(&self) -> usize {
        self.made.len() + 1
    }

    /// Drops all but the first `len`; that of the run stays.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.made.truncate(len.saturating_sub(1));
    }
}

/// A function that is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MockTarget {
    Builtin(BuiltinId),
    Function(FunctionId),
}

/// What a replaced function does.
#[derive(Clone)]
pub(crate) enum MockValue<'a> {
    /// It gives this.
    Value(Slot<'a>),
    /// Another runs.
    Call(Mock),
}

impl<'a> Scope<'a> {
    pub(crate) fn new(input: Slot<'a>, data: Slot<'a>) -> Self {
        Self { input, data, ..Self::default() }
    }

    /// Returns the same without values of rules, to replace something in.
    pub(crate) fn child(&self) -> Self {
        Self {
            input: self.input.clone(),
            data: self.data.clone(),
            replaced: self.replaced.clone(),
            mocks: self.mocks.clone(),
            memo: Memo::default(),
        }
    }

    /// Returns the same where no function is replaced.
    pub(crate) fn without_mocks(&self) -> Self {
        Self { mocks: Vec::new(), ..self.child() }
    }

    /// Returns the value that a rule had; the inner nothing says that it is undefined.
    #[inline]
    pub(crate) fn remembered(&self, function: FunctionId) -> Option<&Slot<'a>> {
        self.memo.get(function)
    }

    pub(crate) fn remember(&mut self, function: FunctionId, value: Slot<'a>) {
        self.memo.insert(function, value);
    }

    pub(crate) fn mock(&self, target: MockTarget) -> Option<&MockValue<'a>> {
        self.mocks.iter().rev().find(|(t, _)| *t == target).map(|(_, value)| value)
    }

    /// Whether `with` replaced the document at a path, or one that it is part of.
    pub(crate) fn is_replaced<'k>(
        &self,
        path: impl ExactSizeIterator<Item = &'k Value> + Clone,
    ) -> bool {
        self.replaced.iter().any(|replaced| {
            replaced.len() <= path.len() && replaced.iter().zip(path.clone()).all(|(a, b)| a == b)
        })
    }
}

/// Values of rules, in the order in which they became known.
#[derive(Default)]
struct Memo<'a> {
    list: SmallVec<[(FunctionId, Slot<'a>); MEMO_INLINE]>,
    /// Once the list is long: where in it each function is, one higher, at the first free place from
    /// [`home`] on; 0 where nothing is. A power of two, never more than half full.
    places: Vec<u32>,
}

/// Returns where the search for a function begins. Numbers of functions are dense, so that this
/// spreads them evenly.
#[inline]
fn home(function: FunctionId, places: usize) -> usize {
    function.0.wrapping_mul(0x9e37_79b1).rotate_left(16) as usize & (places - 1)
}

impl<'a> Memo<'a> {
    #[inline]
    fn get(&self, function: FunctionId) -> Option<&Slot<'a>> {
        if self.places.is_empty() {
            return self.list.iter().find(|(id, _)| *id == function).map(|(_, slot)| slot);
        }
        let mut at = home(function, self.places.len());
        loop {
            let place = self.places.get(at)?.checked_sub(1)?;
            let (id, slot) = self.list.get(place as usize)?;
            if *id == function {
                return Some(slot);
            }
            at = (at + 1) & (self.places.len() - 1);
        }
    }

    fn insert(&mut self, function: FunctionId, slot: Slot<'a>) {
        self.list.push((function, slot));
        let len = self.list.len();
        if len > MEMO_LIST_MAX && len * 2 > self.places.len() {
            self.places = vec![0; (len * 4).next_power_of_two()];
            for at in 0..len {
                self.place(at);
            }
        } else if !self.places.is_empty() {
            self.place(len - 1);
        }
    }

    /// Notes where in the list a function is.
    fn place(&mut self, at_list: usize) {
        let Some((function, _)) = self.list.get(at_list) else { return };
        let mask = self.places.len() - 1;
        let mut at = home(*function, self.places.len());
        while self.places.get(at).is_some_and(|place| *place != 0) {
            at = (at + 1) & mask;
        }
        if let Some(place) = self.places.get_mut(at) {
            *place = at_list as u32 + 1;
        }
    }
}

/// A value on the way of a `with` path that is not an object.
#[derive(Debug)]
pub(crate) struct NotAnObject;

/// Returns `base` with `value` at `path`; objects on the way are made where they are missing.
pub(crate) fn put(
    base: Option<&Value>,
    path: &[Value],
    value: Value,
) -> Result<Value, NotAnObject> {
    let Some((key, rest)) = path.split_first() else {
        return Ok(value);
    };
    let mut entries: Vec<(Value, Value)> = match base {
        None => Vec::new(),
        Some(base) => {
            let object = base.as_object().ok_or(NotAnObject)?;
            object.iter().map(|(k, v)| (k.clone(), v.clone())).collect()
        }
    };
    let at = entries.binary_search_by(|(k, _)| k.cmp(key));
    let old = at.ok().and_then(|at| entries.get(at)).map(|(_, old)| old.clone());
    let value = put(old.as_ref(), rest, value)?;
    match at {
        Ok(at) => {
            if let Some(entry) = entries.get_mut(at) {
                entry.1 = value;
            }
        }
        Err(at) => entries.insert(at, (key.clone(), value)),
    }
    Ok(Value::object(entries))
}
