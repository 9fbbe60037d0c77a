//! Strings inside a value: inline up to 14 bytes, shared beyond.
//!
//! One of the two modules of the workspace with `unsafe`: both forms hold bytes that were copied from a
//! `str`, whole, and nothing here ever changes them.
#![allow(unsafe_code)]

use triomphe::ThinArc;

/// Longest string, in bytes, that is kept inside the value itself.
pub(crate) const INLINE_BYTES_MAX: usize = 14;

/// A string of at most [`INLINE_BYTES_MAX`] bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct ShortText {
    len: u8,
    // INVARIANT: bytes[..len] is a copy of a whole `str`, so it is UTF-8, and len <= 14; the bytes
    // past len are zero, so equal strings are equal byte for byte.
    bytes: [u8; INLINE_BYTES_MAX],
}

impl ShortText {
    /// Returns the inline form of `text`, or nothing where it is too long.
    #[inline]
    pub(crate) fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; INLINE_BYTES_MAX];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self { len: text.len() as u8, bytes })
    }

    /// Returns the inline form of the bytes `start..end` of `text`, as `new` would: without a call
    /// for the copy where enough of `text` follows.
    #[inline]
    pub(crate) fn within(text: &str, start: usize, end: usize) -> Option<Self> {
        let part = text.get(start..end)?;
        let behind = text.as_bytes().get(start..).and_then(|rest| rest.first_chunk::<16>());
        let (Some(chunk), true) = (behind, part.len() <= INLINE_BYTES_MAX) else {
            return Self::new(part);
        };
        let kept = u128::from_le_bytes(*chunk) & !(u128::MAX << (part.len() * 8));
        let [bytes @ .., _, _] = kept.to_le_bytes();
        Some(Self { len: part.len() as u8, bytes })
    }

    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        // SAFETY: `new` and `within` are the only constructors; each copies a whole `str` of `len`
        // bytes, with len <= INLINE_BYTES_MAX, to the front of `bytes`, and no method changes
        // either field.
        unsafe { std::str::from_utf8_unchecked(self.bytes.get_unchecked(..self.len as usize)) }
    }
}

/// A shared string of any length.
#[derive(Clone)]
pub(crate) struct LongText(ThinArc<(), u8>);

impl LongText {
    pub(crate) fn new(text: &str) -> Self {
        Self(ThinArc::from_header_and_slice((), text.as_bytes()))
    }

    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        // SAFETY: `new` is the only constructor and copies the bytes of a whole `str`; the shared
        // slice is never handed out mutably.
        unsafe { std::str::from_utf8_unchecked(&self.0.slice) }
    }

    /// Whether both are the same allocation.
    #[inline]
    pub(crate) fn same(&self, other: &Self) -> bool {
        std::ptr::eq(self.0.slice.as_ptr(), other.0.slice.as_ptr())
    }
}
