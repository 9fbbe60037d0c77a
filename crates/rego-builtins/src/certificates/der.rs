//! DER, read as strictly as Go's `x509` reads it: definite lengths in their shortest form, tags of
//! one byte.
//!
//! Must not know: what the elements mean. Source: ITU-T X.690; Go, `x/crypto/cryptobyte`.

use num_bigint::{BigInt, BigUint};
use rego_value::Value;

use crate::bytes;

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OID: u8 = 0x06;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const NUMERIC_STRING: u8 = 0x12;
pub(super) const PRINTABLE_STRING: u8 = 0x13;
pub(super) const T61_STRING: u8 = 0x14;
pub(super) const IA5_STRING: u8 = 0x16;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const BMP_STRING: u8 = 0x1e;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The longest length of a length, in bytes.
const LENGTH_BYTES_MAX: usize = 4;

/// The largest number in an object identifier that Go reads as a list of integers.
const ARC_MAX: u64 = (1 << 31) - 1;

/// Returns the tag of a context-specific element that holds no others.
pub(super) const fn context(number: u8) -> u8 {
    0x80 | number
}

/// Returns the tag of a context-specific element that holds others.
pub(super) const fn wrapped(number: u8) -> u8 {
    0xa0 | number
}

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Der<'d>(pub(super) &'d [u8]);

/// An element with its header and without.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'d> {
    pub(super) tag: u8,
    pub(super) whole: &'d [u8],
    pub(super) body: Der<'d>,
}

/// A string of bits.
pub(super) struct Bits<'d> {
    pub(super) bytes: &'d [u8],
    /// How many bits at the end do not count; they are zero.
    pub(super) padding: u8,
}

impl<'d> Der<'d> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the next element.
    pub(super) fn any(&mut self) -> Option<Element<'d>> {
        let [tag, length, rest @ ..] = self.0 else { return None };
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (header, length) = if length & 0x80 == 0 {
            (2, usize::from(*length))
        } else {
            let count = usize::from(length & 0x7f);
            let digits = rest.get(..count).filter(|_| (1..=LENGTH_BYTES_MAX).contains(&count))?;
            let length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
            let shortest = length >= 128 && digits.first() != Some(&0);
            (2 + count, Some(length).filter(|_| shortest)?)
        };
        let (whole, rest) = self.0.split_at_checked(header.checked_add(length)?)?;
        self.0 = rest;
        Some(Element { tag: *tag, whole, body: Der(whole.get(header..)?) })
    }

    pub(super) fn next_is(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// Takes the next element, which has this tag, with its header.
    pub(super) fn element(&mut self, tag: u8) -> Option<Element<'d>> {
        let mut ahead = *self;
        let element = ahead.any().filter(|element| element.tag == tag)?;
        *self = ahead;
        Some(element)
    }

    /// Takes the next element, which has this tag.
    pub(super) fn take(&mut self, tag: u8) -> Option<Der<'d>> {
        self.element(tag).map(|element| element.body)
    }

    /// Takes the next element if it has this tag; the outer result says whether that went well.
    pub(super) fn optional(&mut self, tag: u8) -> Option<Option<Der<'d>>> {
        if self.next_is(tag) { self.take(tag).map(Some) } else { Some(None) }
    }

    pub(super) fn boolean(&mut self) -> Option<bool> {
        match self.take(BOOLEAN)?.0 {
            [0] => Some(false),
            [0xff] => Some(true),
            _ => None,
        }
    }

    pub(super) fn integer(&mut self) -> Option<BigInt> {
        self.integer_tagged(INTEGER)
    }

    /// Takes an integer that stands under another tag.
    pub(super) fn integer_tagged(&mut self, tag: u8) -> Option<BigInt> {
        let digits = self.take(tag)?.0;
        let shortest = match digits {
            [] => false,
            [0, second, ..] => second & 0x80 != 0,
            [0xff, second, ..] => second & 0x80 == 0,
            _ => true,
        };
        shortest.then(|| BigInt::from_signed_bytes_be(digits))
    }

    pub(super) fn small_integer(&mut self) -> Option<i64> {
        self.integer().and_then(|integer| i64::try_from(integer).ok())
    }

    pub(super) fn bits(&mut self) -> Option<Bits<'d>> {
        let (padding, bytes) = self.take(BIT_STRING)?.0.split_first()?;
        let unused = match bytes.last() {
            Some(last) => *padding <= 7 && last & ((1u16 << padding) as u8).wrapping_sub(1) == 0,
            None => *padding == 0,
        };
        unused.then_some(Bits { bytes, padding: *padding })
    }

    /// Takes an object identifier of numbers that fit in 31 bits.
    pub(super) fn oid(&mut self) -> Option<Oid> {
        let oid = Oid::read(self.take(OID)?.0)?;
        oid.arcs().is_some().then_some(oid)
    }

    /// Takes a time of either kind, or returns what is wrong with it in Go's words.
    pub(super) fn time(&mut self) -> Result<Time, String> {
        let (tag, name) = match self.0.first() {
            Some(&UTC_TIME) => (UTC_TIME, "UTCTime"),
            Some(&GENERALIZED_TIME) => (GENERALIZED_TIME, "GeneralizedTime"),
            _ => return Err("x509: unsupported time format".to_string()),
        };
        let text = self.take(tag).and_then(|text| std::str::from_utf8(text.0).ok());
        let time = text.and_then(|text| Time::read(text, tag == UTC_TIME));
        time.ok_or_else(|| format!("x509: malformed {name}"))
    }
}

impl Bits<'_> {
    /// Whether the bit at a place from the left is set.
    pub(super) fn at(&self, place: usize) -> bool {
        let byte = self.bytes.get(place / 8).copied().unwrap_or_default();
        byte >> (7 - place % 8) & 1 == 1
    }

    /// Returns the bytes with the bits that do not count moved out on the right.
    pub(super) fn right_aligned(&self) -> Vec<u8> {
        let mut before = 0u16;
        let shift = |byte: &u8| {
            let both = before << 8 | u16::from(*byte);
            before = u16::from(*byte);
            (both >> self.padding) as u8
        };
        self.bytes.iter().map(shift).collect()
    }
}

/// An object identifier, by its bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Oid(pub(super) Vec<u8>);

impl Oid {
    /// Reads the bytes of an element; each number is in its shortest form.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut first = true;
        for byte in bytes {
            if first && *byte == 0x80 {
                return None;
            }
            first = byte & 0x80 == 0;
        }
        (first && !bytes.is_empty()).then(|| Self(bytes.to_vec()))
    }

    fn numbers(&self) -> Vec<BigUint> {
        let mut numbers = Vec::new();
        let parts = self.0.split_inclusive(|byte| byte & 0x80 == 0);
        for (place, part) in parts.enumerate() {
            let digits: Vec<u8> = part.iter().map(|byte| byte & 0x7f).collect();
            let number = BigUint::from_radix_be(&digits, 128).unwrap_or_default();
            if place > 0 {
                numbers.push(number);
                continue;
            }
            // The first two numbers share one.
            let first = if number < BigUint::from(80u8) { &number / 40u8 } else { 2u8.into() };
            numbers.push(first.clone());
            numbers.push(number - first * 40u8);
        }
        numbers
    }

    /// Returns the numbers, where none is larger than Go's list of integers holds.
    pub(super) fn arcs(&self) -> Option<Vec<i64>> {
        let numbers = self.0.split_inclusive(|byte| byte & 0x80 == 0);
        let small = numbers.map(|part| {
            let folded = part.iter().try_fold(0u64, |number, byte| {
                Some(number << 7 | u64::from(byte & 0x7f)).filter(|number| *number <= ARC_MAX)
            });
            folded.map(|number| number as i64)
        });
        let small: Option<Vec<i64>> = small.collect();
        let (first, rest) = small.as_deref().and_then(<[i64]>::split_first)?;
        let top = (first / 40).min(2);
        Some([&[top, first - 40 * top], rest].concat())
    }

    /// Returns the numbers with dots between them.
    pub(super) fn text(&self) -> String {
        let numbers = self.numbers();
        numbers.iter().map(BigUint::to_string).collect::<Vec<_>>().join(".")
    }

    /// Whether the identifier is this one, as its numbers with dots between them.
    pub(super) fn is(&self, text: &str) -> bool {
        self.arcs().is_some_and(|arcs| {
            let wanted = text.split('.').map(|number| number.parse().ok());
            wanted.eq(arcs.into_iter().map(Some))
        })
    }
}

/// A point in time, and the zone in which it was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time {
    /// Seconds since 1970-01-01 UTC.
    pub(super) seconds: i64,
    /// How many seconds the zone is ahead of UTC.
    pub(super) offset_s: i64,
}

mod time;

/// Returns the text of an element that holds one, or what is wrong with it in Go's words.
pub(super) fn text(element: Element<'_>) -> Result<String, String> {
    let body = element.body.0;
    let all = |valid: fn(u8) -> bool, name: &str| {
        if body.iter().all(|byte| valid(*byte)) {
            Ok(body.iter().map(|byte| char::from(*byte)).collect())
        } else {
            Err(format!("invalid {name}"))
        }
    };
    match element.tag {
        T61_STRING => all(|_| true, "T61String"),
        PRINTABLE_STRING => all(is_printable, "PrintableString"),
        IA5_STRING => all(|byte| byte.is_ascii(), "IA5String"),
        NUMERIC_STRING => all(|byte| byte.is_ascii_digit() || byte == b' ', "NumericString"),
        UTF8_STRING => {
            let text = std::str::from_utf8(body).map(str::to_string);
            text.map_err(|_| "invalid UTF-8 string".to_string())
        }
        BMP_STRING => two_byte_text(body).ok_or_else(|| "invalid BMPString".to_string()),
        other => Err(format!("unsupported string type: {other}")),
    }
}

/// Whether a byte may stand in a `PrintableString`; wildcards and ampersands may, too, since there
/// are certificates with them.
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"'() +,-./:=?*&".contains(&byte)
}

/// Reads characters of two bytes each, but for those that stand for none.
fn two_byte_text(body: &[u8]) -> Option<String> {
    let (pairs, odd) = body.as_chunks::<2>();
    let pairs = match pairs {
        [pairs @ .., [0, 0]] => pairs,
        _ => pairs,
    };
    let points = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
    let character = |point: u16| {
        let nothing = matches!(point, 0xfffe | 0xffff | 0xfdd0..=0xfdef);
        char::from_u32(u32::from(point)).filter(|_| !nothing)
    };
    let text: Option<String> = points.map(character).collect();
    text.filter(|_| odd.is_empty())
}

/// Returns an element of any kind as Go's `encoding/asn1` gives it where it does not know what it
/// is for: what it does not know is null.
pub(super) fn any_value(element: Element<'_>) -> Option<Value> {
    let mut alone = Der(element.whole);
    Some(match element.tag {
        BOOLEAN => Value::from(alone.boolean()?),
        INTEGER => Value::from(alone.small_integer()?),
        BIT_STRING => {
            let bits = alone.bits()?;
            let length = 8 * bits.bytes.len() as i64 - i64::from(bits.padding);
            let base64 = bytes::Base64::Standard.encode(bits.bytes, true);
            Value::object_from_strs([
                ("BitLength", Value::from(length)),
                ("Bytes", Value::from(base64)),
            ])
        }
        OCTET_STRING => Value::from(bytes::Base64::Standard.encode(element.body.0, true)),
        OID => arcs_value(&alone.oid()?),
        UTC_TIME | GENERALIZED_TIME => Value::from(alone.time().ok()?.text()),
        UTF8_STRING | NUMERIC_STRING | PRINTABLE_STRING | T61_STRING | IA5_STRING | BMP_STRING => {
            Value::from(text(element).ok()?)
        }
        _ => Value::NULL,
    })
}

/// Returns the array of an identifier's numbers.
pub(super) fn arcs_value(oid: &Oid) -> Value {
    Value::array(oid.arcs().unwrap_or_default().into_iter().map(Value::from).collect())
}
