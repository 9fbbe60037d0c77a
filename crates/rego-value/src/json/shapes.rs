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

/// A list of keys and the sequence in which an object had them.
#[derive(Clone)]
struct Shape {
    keys: Arc<Keys>,
    /// At each slot of `keys` the position in the text; absent where the text is sorted.
    order: Option<Box<[u32]>>,
}

impl Shape {
    /// Returns the shape of keys met in this sequence; of equal ones the last counts.
    fn new(texts: &[Cow<'_, str>]) -> Self {
        if texts.is_sorted_by(|a, b| a < b) {
            let keys = texts
                .iter()
                .map(|text| Value::from(text.as_ref()))
                .collect();
            return Self {
                keys: Arc::new(Keys::from_sorted(keys)),
                order: None,
            };
        }
        let mut sorted: Vec<(&Cow<'_, str>, u32)> = texts.iter().zip(0..).collect();
        sorted.sort_unstable();
        sorted.reverse();
        sorted.dedup_by(|earlier, later| earlier.0 == later.0);
        sorted.reverse();
        let keys = sorted
            .iter()
            .map(|(text, _)| Value::from(text.as_ref()))
            .collect();
        let order = sorted.iter().map(|(_, position)| *position).collect();
        Self {
            keys: Arc::new(Keys::from_sorted(keys)),
            order: Some(order),
        }
    }

    fn fits(&self, texts: &[Cow<'_, str>]) -> bool {
        let keys = self.keys.as_slice();
        if keys.len() != texts.len() {
            return false;
        }
        match &self.order {
            None => keys
                .iter()
                .zip(texts)
                .all(|(key, text)| key.as_str() == Some(text)),
            Some(order) => keys.iter().zip(order).all(|(key, position)| {
                let text = texts.get(*position as usize);
                text.is_some_and(|text| key.as_str() == Some(text))
            }),
        }
    }

    /// Makes the object, taking the values that belong to the keys.
    fn object(&self, mut values: std::vec::Drain<'_, Value>) -> Value {
        let keys = Arc::clone(&self.keys);
        let Some(order) = &self.order else {
            return Value(Repr::Object(ThinArc::from_header_and_iter(keys, values)));
        };
        let mut taken: Vec<Value> = values.by_ref().collect();
        let sorted = order.iter().map(|position| {
            let value = taken.get_mut(*position as usize);
            value.map_or(Value::NULL, |value| std::mem::replace(value, Value::NULL))
        });
        Value(Repr::Object(ThinArc::from_header_and_iter(keys, sorted)))
    }
}

/// The shapes of one reader.
#[derive(Default)]
pub(super) struct Shapes {
    // INVARIANT: the hash of a shape's keys in the sequence of the text leads to it.
    known: HashMap<u64, Shape, foldhash::fast::RandomState>,
    last: Option<Shape>,
}

impl Shapes {
    /// Returns the object with these keys and, position by position, values.
    pub(super) fn object(
        &mut self,
        texts: &[Cow<'_, str>],
        values: std::vec::Drain<'_, Value>,
    ) -> Value {
        if let Some(last) = &self.last
            && last.fits(texts)
        {
            return last.object(values);
        }
        if texts.len() > SHARED_KEYS_MAX {
            return Shape::new(texts).object(values);
        }
        let hash = self.hash(texts);
        let shape = match self.known.get(&hash) {
            Some(shape) if shape.fits(texts) => shape.clone(),
            _ => self.learn(hash, texts),
        };
        let object = shape.object(values);
        self.last = Some(shape);
        object
    }

    fn learn(&mut self, hash: u64, texts: &[Cow<'_, str>]) -> Shape {
        let shape = Shape::new(texts);
        // Without the repeated ones the list would never fit this sequence again.
        let distinct = shape.keys.len() == texts.len();
        if distinct && texts.iter().map(|text| text.len()).sum::<usize>() <= SHARED_BYTES_MAX {
            if self.known.len() >= SHAPES_MAX {
                self.known.clear();
            }
            self.known.insert(hash, shape.clone());
        }
        shape
    }

    fn hash(&self, texts: &[Cow<'_, str>]) -> u64 {
        let mut hasher = self.known.hasher().build_hasher();
        for text in texts {
            hasher.write(text.as_bytes());
            hasher.write_u8(0xff);
        }
        hasher.finish()
    }
}
