//! Key lists met before, so that objects written alike share one list.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use crate::keys::Keys;
use crate::value::{Repr, Value};
use triomphe::ThinArc;

/// Objects with more keys than this do not share their list.
const SHARED_KEYS_MAX: usize = 64;

/// Lists whose keys together have more bytes than this are not kept.
const SHARED_BYTES_MAX: usize = 4096;

/// At this many lists all are forgotten, so that a reader never holds more than some 4 MB of them.
const SHAPES_MAX: usize = 1024;

/// Lists there is room for from the first one on.
const SHAPES_START: usize = 28;

/// Nesting up to which a reader remembers the shape met last at each level.
const LEVELS: usize = 16;

/// A list of keys and the sequence in which an object had them.
struct Shape {
    keys: Arc<Keys>,
    /// At each slot of `keys` the position in the text; absent where the text is sorted.
    order: Option<Box<[u32]>>,
}

impl Shape {
    /// Returns the shape of keys met in this sequence; of equal ones the last counts.
    fn new(texts: &[Cow<'_, str>]) -> Self {
        if texts.is_sorted_by(|a, b| a < b) {
            let keys = texts.iter().map(|text| Value::from(text.as_ref())).collect();
            return Self { keys: Arc::new(Keys::from_sorted(keys)), order: None };
        }
        let text = |position: u32| texts.get(position as usize).map_or("", Cow::as_ref);
        let mut sorted: Vec<(u64, u32)> = texts.iter().map(|text| head(text)).zip(0..).collect();
        sorted.sort_unstable_by(|a, b| {
            a.0.cmp(&b.0).then_with(|| text(a.1).cmp(text(b.1))).then(a.1.cmp(&b.1))
        });
        sorted.reverse();
        sorted.dedup_by(|earlier, later| earlier.0 == later.0 && text(earlier.1) == text(later.1));
        sorted.reverse();
        let keys = sorted.iter().map(|(_, position)| Value::from(text(*position))).collect();
        let order = sorted.iter().map(|(_, position)| *position).collect();
        Self { keys: Arc::new(Keys::from_sorted(keys)), order: Some(order) }
    }

    fn fits(&self, texts: &[Cow<'_, str>]) -> bool {
        let keys = self.keys.as_slice();
        if keys.len() != texts.len() {
            return false;
        }
        match &self.order {
            None => keys.iter().zip(texts).all(|(key, text)| key.as_str() == Some(text)),
            Some(order) => keys.iter().zip(order).all(|(key, position)| {
                let text = texts.get(*position as usize);
                text.is_some_and(|text| key.as_str() == Some(text))
            }),
        }
    }

    /// Makes the object, taking the values that belong to the keys.
    fn object(&self, values: &mut [Value]) -> Value {
        let keys = Arc::clone(&self.keys);
        let take = |value: &mut Value| std::mem::replace(value, Value::NULL);
        let object = match &self.order {
            None => ThinArc::from_header_and_iter(keys, values.iter_mut().map(take)),
            Some(order) => {
                let sorted = order
                    .iter()
                    .map(|position| values.get_mut(*position as usize).map_or(Value::NULL, take));
                ThinArc::from_header_and_iter(keys, sorted)
            }
        };
        Value(Repr::Object(object))
    }
}

/// Returns the first bytes as a number that sorts as they do: most comparisons end here.
fn head(text: &str) -> u64 {
    let bytes = text.as_bytes();
    match bytes.first_chunk::<8>() {
        Some(chunk) => u64::from_be_bytes(*chunk),
        None => {
            let number = bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
            number.checked_shl(64 - 8 * bytes.len() as u32).unwrap_or(0)
        }
    }
}

/// The shapes of one reader.
#[derive(Default)]
pub(super) struct Shapes {
    shapes: Vec<Shape>,
    // INVARIANT: maps the hash of a shape's keys, in the sequence of the text, to its place.
    places: HashMap<u64, usize, foldhash::fast::RandomState>,
    /// The place of the shape met last at each level of nesting.
    last: [usize; LEVELS],
    /// What is empty, which documents have a lot of.
    empty_array: Option<Value>,
    empty_object: Option<Value>,
}

impl Shapes {
    /// Returns an array without elements.
    pub(super) fn empty_array(&mut self) -> Value {
        self.empty_array.get_or_insert_with(|| Value::array(Vec::new())).clone()
    }

    /// Returns the object at `level` with these keys and, position by position, values; what is
    /// left in `values` is of no use.
    pub(super) fn object(
        &mut self,
        level: usize,
        texts: &[Cow<'_, str>],
        values: &mut [Value],
    ) -> Value {
        if texts.is_empty() {
            let empty = || Value::object(Vec::new());
            return self.empty_object.get_or_insert_with(empty).clone();
        }
        let mut last = self.last.get_mut(level);
        if let Some(shape) = last.as_ref().and_then(|place| self.shapes.get(**place))
            && shape.fits(texts)
        {
            return shape.object(values);
        }
        if texts.len() > SHARED_KEYS_MAX {
            return Shape::new(texts).object(values);
        }
        let mut hasher = self.places.hasher().build_hasher();
        for text in texts {
            hasher.write(text.as_bytes());
            hasher.write_u8(0xff);
        }
        let hash = hasher.finish();
        if let Some(place) = self.places.get(&hash)
            && let Some(shape) = self.shapes.get(*place)
            && shape.fits(texts)
        {
            if let Some(last) = &mut last {
                **last = *place;
            }
            return shape.object(values);
        }
        self.learn(hash, texts, values)
    }

    fn learn(&mut self, hash: u64, texts: &[Cow<'_, str>], values: &mut [Value]) -> Value {
        let shape = Shape::new(texts);
        let object = shape.object(values);
        // Without the repeated ones the list would never fit this sequence again.
        let distinct = shape.keys.len() == texts.len();
        if distinct && texts.iter().map(|text| text.len()).sum::<usize>() <= SHARED_BYTES_MAX {
            if self.shapes.len() >= SHAPES_MAX {
                self.shapes.clear();
                self.places.clear();
            }
            if self.places.is_empty() {
                self.places.reserve(SHAPES_START);
            }
            self.places.insert(hash, self.shapes.len());
            self.shapes.push(shape);
        }
        object
    }
}
