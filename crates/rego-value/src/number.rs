//! Numbers. (Provisional: exact form follows.)
use std::cmp::Ordering;
use std::hash::Hasher;
use std::sync::Arc;

/// A Rego number.
#[derive(Clone, Debug)]
pub enum Number {
    /// An integer that fits and whose text is canonical.
    Int(i64),
    /// Any other number.
    Big(Arc<BigNumber>),
}

/// A number that is not a canonical 64-bit integer.
#[derive(Debug)]
pub struct BigNumber {
    text: Box<str>,
    float: f64,
}

impl BigNumber {
    /// Text as written.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// The integer, where it is one.
    pub fn to_i64(&self) -> Option<i64> {
        (self.float.fract() == 0.0 && self.float.abs() < 9e18).then_some(self.float as i64)
    }
    pub(crate) fn cmp(&self, other: &Self) -> Ordering {
        self.float.total_cmp(&other.float)
    }
    pub(crate) fn cmp_i64(&self, other: i64) -> Ordering {
        self.float.total_cmp(&(other as f64))
    }
    pub(crate) fn hash_value<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.float.to_bits());
    }
}
