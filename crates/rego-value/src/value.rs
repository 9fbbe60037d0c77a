//! The value type and its views.

use std::fmt;
use std::sync::Arc;

use triomphe::ThinArc;

use crate::keys::Keys;
use crate::number::{BigNumber, Number};
use crate::text::{LongText, ShortText};

/// A Rego value: null, boolean, number, string, array, object or set. Cheap to clone.
#[derive(Clone)]
pub struct Value(pub(crate) Repr);

/// The 16 bytes of a value.
#[derive(Clone)]
pub(crate) enum Repr {
    Null,
    Bool(bool),
    Int(i64),
    Number(Arc<BigNumber>),
    Short(ShortText),
    Long(LongText),
    Array(ThinArc<(), Value>),
    Object(ThinArc<Arc<Keys>, Value>),
    Set(Arc<Keys>),
}

const _: () = assert!(size_of::<Value>() == 16);

/// What a value is, borrowed from it: made for `match`.
#[derive(Clone, Copy)]
pub enum View<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer that fits and whose text is canonical.
    Int(i64),
    /// Any other number.
    Number(&'a BigNumber),
    /// A string.
    String(&'a str),
    /// An array.
    Array(&'a [Value]),
    /// An object.
    Object(ObjectRef<'a>),
    /// A set: its elements, sorted and distinct.
    Set(&'a Keys),
}

/// A borrowed object: sorted keys, and a value for each.
#[derive(Clone, Copy)]
pub struct ObjectRef<'a> {
    keys: &'a Arc<Keys>,
    values: &'a [Value],
}

impl<'a> ObjectRef<'a> {
    /// Returns the keys, sorted in Rego's total order.
    pub fn keys(self) -> &'a Keys {
        self.keys
    }

    /// Returns the keys as objects share them.
    pub fn shared_keys(self) -> &'a Arc<Keys> {
        self.keys
    }

    /// Returns the keys as a set value, without copying them.
    pub fn key_set(self) -> Value {
        Value(Repr::Set(Arc::clone(self.keys)))
    }

    /// Returns the values in the order of the keys.
    pub fn values(self) -> &'a [Value] {
        self.values
    }

    /// Returns the number of entries.
    pub fn len(self) -> usize {
        self.values.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(self) -> bool {
        self.values.is_empty()
    }

    /// Returns the value at `key`.
    #[inline]
    pub fn get(self, key: &Value) -> Option<&'a Value> {
        self.values.get(self.keys.find(key)?)
    }

    /// Returns the value at the string `key`.
    pub fn get_str(self, key: &str) -> Option<&'a Value> {
        self.get(&Value::from(key))
    }

    /// Returns the value at `key` and its slot, trying slot `hint` first.
    #[inline]
    pub fn get_hinted(self, key: &Value, hint: usize) -> Option<(usize, &'a Value)> {
        let slot = self.keys.find_hinted(key, hint)?;
        Some((slot, self.values.get(slot)?))
    }

    /// Returns the object with `value` at `key`, in place of what is there. Where a key is there
    /// already both objects share their keys.
    #[must_use]
    pub fn with(self, key: &Value, value: Value) -> Value {
        let mut values = self.values.to_vec();
        match self.keys.as_slice().binary_search(key) {
            Ok(at) => {
                if let Some(there) = values.get_mut(at) {
                    *there = value;
                }
                Value::object_from_parts(Arc::clone(self.keys), values)
            }
            Err(at) => {
                let mut keys = self.keys.as_slice().to_vec();
                keys.insert(at, key.clone());
                values.insert(at, value);
                Value::object_from_parts(Arc::new(Keys::from_sorted(keys)), values)
            }
        }
    }

    /// Returns the object with those values replaced for which `replace` returns another; nothing where
    /// it returns none. Both objects share their keys.
    pub fn replaced(
        self,
        mut replace: impl FnMut(&'a Value, &'a Value) -> Option<Value>,
    ) -> Option<Value> {
        let mut values: Option<Vec<Value>> = None;
        for (at, (key, value)) in self.iter().enumerate() {
            if let Some(other) = replace(key, value)
                && let Some(there) = values.get_or_insert_with(|| self.values.to_vec()).get_mut(at)
            {
                *there = other;
            }
        }
        values.map(|values| Value::object_from_parts(Arc::clone(self.keys), values))
    }

    /// Returns the object without `key`.
    #[must_use]
    pub fn without(self, key: &Value) -> Value {
        let (mut keys, mut values) = (self.keys.as_slice().to_vec(), self.values.to_vec());
        if let Ok(at) = keys.binary_search(key) {
            keys.remove(at);
            values.remove(at);
        }
        Value::object_from_parts(Arc::new(Keys::from_sorted(keys)), values)
    }

    /// Returns the entries in the order of the keys.
    pub fn iter(
        self,
    ) -> impl ExactSizeIterator<Item = (&'a Value, &'a Value)> + DoubleEndedIterator {
        self.keys.as_slice().iter().zip(self.values)
    }
}

impl Value {
    /// `null`
    pub const NULL: Value = Value(Repr::Null);
    /// `true`
    pub const TRUE: Value = Value(Repr::Bool(true));
    /// `false`
    pub const FALSE: Value = Value(Repr::Bool(false));

    /// Returns the array of `items`.
    pub fn array(items: Vec<Value>) -> Value {
        Value(Repr::Array(ThinArc::from_header_and_iter((), items.into_iter())))
    }

    /// Returns the set of `items`, sorted, each once.
    pub fn set(items: Vec<Value>) -> Value {
        Value(Repr::Set(Arc::new(Keys::from_unsorted(items))))
    }

    /// Returns the object of `entries`; of entries with the same key the last one counts.
    pub fn object(mut entries: Vec<(Value, Value)>) -> Value {
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            entries.sort_by(|a, b| a.0.cmp(&b.0)); // stable: equal keys stay in their order
            entries.reverse();
            entries.dedup_by(|earlier, later| earlier.0 == later.0);
            entries.reverse();
        }
        let mut keys = Vec::with_capacity(entries.len());
        let values = entries.into_iter().map(|(key, value)| {
            keys.push(key);
            value
        });
        let values: Vec<Value> = values.collect();
        Self::object_from_parts(Arc::new(Keys::from_sorted(keys)), values)
    }

    /// Returns the object with these keys (which several objects may share) and, in their order,
    /// these values. Where there are fewer values than keys the object is null, which a caller
    /// that keeps to the contract never sees.
    pub fn object_from_parts<I>(keys: Arc<Keys>, values: I) -> Value
    where
        I: IntoIterator<Item = Value, IntoIter: ExactSizeIterator>,
    {
        let values = values.into_iter();
        debug_assert_eq!(keys.len(), values.len());
        if keys.len() != values.len() {
            return Value::NULL;
        }
        Value(Repr::Object(ThinArc::from_header_and_iter(keys, values)))
    }

    /// Returns the object whose keys are strings.
    pub fn object_from_strs<const N: usize>(entries: [(&str, Value); N]) -> Value {
        Self::object(entries.into_iter().map(|(k, v)| (Value::from(k), v)).collect())
    }

    /// Returns what this value is.
    #[inline]
    pub fn view(&self) -> View<'_> {
        match &self.0 {
            Repr::Null => View::Null,
            Repr::Bool(b) => View::Bool(*b),
            Repr::Int(i) => View::Int(*i),
            Repr::Number(n) => View::Number(n),
            Repr::Short(s) => View::String(s.as_str()),
            Repr::Long(s) => View::String(s.as_str()),
            Repr::Array(a) => View::Array(&a.slice),
            Repr::Object(o) => View::Object(ObjectRef { keys: &o.header.header, values: &o.slice }),
            Repr::Set(s) => View::Set(s),
        }
    }

    /// Returns the string.
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Repr::Short(s) => Some(s.as_str()),
            Repr::Long(s) => Some(s.as_str()),
            _ => None,
        }
    }

    /// Returns the boolean.
    pub fn as_bool(&self) -> Option<bool> {
        if let Repr::Bool(b) = self.0 { Some(b) } else { None }
    }

    /// Returns the number.
    pub fn as_number(&self) -> Option<Number> {
        match &self.0 {
            Repr::Int(i) => Some(Number::Int(*i)),
            Repr::Number(n) => Some(Number::Big(Arc::clone(n))),
            _ => None,
        }
    }

    /// Returns the number where it is an integer that fits (`1.0` and `1e2` too).
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int(i) => Some(*i),
            Repr::Number(n) => n.to_i64(),
            _ => None,
        }
    }

    /// Returns the elements of the array.
    #[inline]
    pub fn as_array(&self) -> Option<&[Value]> {
        if let Repr::Array(a) = &self.0 { Some(&a.slice) } else { None }
    }

    /// Returns the object.
    #[inline]
    pub fn as_object(&self) -> Option<ObjectRef<'_>> {
        if let View::Object(o) = self.view() { Some(o) } else { None }
    }

    /// Returns the elements of the set.
    #[inline]
    pub fn as_set(&self) -> Option<&Keys> {
        if let Repr::Set(s) = &self.0 { Some(s) } else { None }
    }

    /// Returns the elements of an array or a set, in order.
    pub fn as_elements(&self) -> Option<&[Value]> {
        self.as_array().or_else(|| self.as_set().map(Keys::as_slice))
    }

    /// Whether this is the value `true`.
    #[inline]
    pub fn is_true(&self) -> bool {
        matches!(self.0, Repr::Bool(true))
    }

    /// Whether this is the value `false`.
    #[inline]
    pub fn is_false(&self) -> bool {
        matches!(self.0, Repr::Bool(false))
    }

    /// Returns the element of an array at an index, of an object at a key, or of a set that equals
    /// `key`: what the reference `self[key]` gives.
    #[inline]
    pub fn get(&self, key: &Value) -> Option<&Value> {
        match &self.0 {
            Repr::Array(a) => a.slice.get(usize::try_from(key.as_i64()?).ok()?),
            Repr::Object(o) => o.slice.get(o.header.header.find(key)?),
            Repr::Set(s) => s.as_slice().get(s.find(key)?),
            _ => None,
        }
    }

    /// Returns the value at a path of string keys.
    pub fn get_path(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self, |value, key| value.get(&Value::from(*key)))
    }

    /// Returns how many elements or entries a collection has; nothing where it is none.
    #[inline]
    pub fn elements_len(&self) -> Option<usize> {
        match self.view() {
            View::Array(items) => Some(items.len()),
            View::Set(set) => Some(set.len()),
            View::Object(object) => Some(object.len()),
            _ => None,
        }
    }

    /// Returns the name Rego gives this type: `null`, `boolean`, `number`, `string`, `array`,
    /// `object` or `set`.
    pub fn type_name(&self) -> &'static str {
        match &self.0 {
            Repr::Null => "null",
            Repr::Bool(_) => "boolean",
            Repr::Int(_) | Repr::Number(_) => "number",
            Repr::Short(_) | Repr::Long(_) => "string",
            Repr::Array(_) => "array",
            Repr::Object(_) => "object",
            Repr::Set(_) => "set",
        }
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Value(Repr::Bool(b))
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Self {
        Value(Repr::Int(i))
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        match number {
            Number::Int(i) => Value(Repr::Int(i)),
            Number::Big(n) => Value(Repr::Number(n)),
        }
    }
}

impl Value {
    /// Returns the string of the bytes `start..end` of `text`; null where these are not whole
    /// characters, which a caller that keeps to the contract never sees.
    #[inline]
    pub(crate) fn from_part(text: &str, start: usize, end: usize) -> Value {
        match ShortText::within(text, start, end) {
            Some(short) => Value(Repr::Short(short)),
            None => text.get(start..end).map_or(Value::NULL, Value::from),
        }
    }
}

impl From<&str> for Value {
    #[inline]
    fn from(text: &str) -> Self {
        match ShortText::new(text) {
            Some(short) => Value(Repr::Short(short)),
            None => Value(Repr::Long(LongText::new(text))),
        }
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::from(text.as_str())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.view() {
            View::Null => f.write_str("null"),
            View::Bool(b) => write!(f, "{b}"),
            View::Int(i) => write!(f, "{i}"),
            View::Number(n) => f.write_str(n.text()),
            View::String(s) => write!(f, "{s:?}"),
            View::Array(items) => f.debug_list().entries(items).finish(),
            View::Object(object) => f.debug_map().entries(object.iter()).finish(),
            View::Set(keys) => f.debug_set().entries(keys.as_slice()).finish(),
        }
    }
}
