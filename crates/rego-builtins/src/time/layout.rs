//! Layouts in Go's manner: a text that shows how January 2nd 2006, 15:04:05 in the zone MST (-0700)
//! would be written.
//!
//! Source: Go `time/format.go`.

/// RFC 3339 without a fraction.
pub(super) const RFC3339: &str = "2006-01-02T15:04:05Z07:00";

/// RFC 3339 with a fraction where there is one.
pub(super) const RFC3339_NANO: &str = "2006-01-02T15:04:05.999999999Z07:00";

/// A formatted time is at most this many times as long as its layout: `3` may give `12`, `MST`
/// `+0530`.
pub(super) const GROWTH_MAX: usize = 4;

/// Returns the layout of a name that OPA knows, else the text itself.
pub(super) fn named(name: &str) -> &str {
    match name {
        "ANSIC" => "Mon Jan _2 15:04:05 2006",
        "UnixDate" => "Mon Jan _2 15:04:05 MST 2006",
        "RubyDate" => "Mon Jan 02 15:04:05 -0700 2006",
        "RFC822" => "02 Jan 06 15:04 MST",
        "RFC822Z" => "02 Jan 06 15:04 -0700",
        "RFC850" => "Monday, 02-Jan-06 15:04:05 MST",
        "RFC1123" => "Mon, 02 Jan 2006 15:04:05 MST",
        "RFC1123Z" => "Mon, 02 Jan 2006 15:04:05 -0700",
        "RFC3339" => RFC3339,
        "RFC3339Nano" => RFC3339_NANO,
        _ => name,
    }
}

/// What an element of a layout stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// `2006`
    LongYear,
    /// `06`
    Year,
    /// `January`
    LongMonth,
    /// `Jan`
    MonthName,
    /// `1` or `01`
    Month(Pad),
    /// `Monday`
    LongWeekday,
    /// `Mon`
    Weekday,
    /// `2`, `_2` or `02`
    Day(Pad),
    /// `__2` or `002`
    YearDay(Pad),
    /// `15`
    Hour,
    /// `3` or `03`
    Hour12(Pad),
    /// `4` or `04`
    Minute(Pad),
    /// `5` or `05`
    Second(Pad),
    /// `PM`, or `pm`
    HalfDay {
        /// Whether it is the small one.
        lower: bool,
    },
    /// `MST`
    ZoneName,
    /// `-0700` and the like
    Offset(OffsetForm),
    /// `.000`, `,000`, `.999` or `,999`
    Fraction {
        /// `.` or `,`.
        mark: char,
        /// How many digits.
        digits: usize,
        /// Whether zeros at the end are left out.
        trimmed: bool,
    },
}

/// What fills a number up to its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pad {
    /// Nothing.
    None,
    /// Spaces.
    Space,
    /// Zeros.
    Zero,
}

/// How the distance from UTC is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OffsetForm {
    /// Whether no distance is written `Z`.
    pub(super) z: bool,
    /// Whether colons stand between the numbers.
    pub(super) colon: bool,
    /// How many numbers: hours, minutes, seconds.
    pub(super) numbers: usize,
}

/// The elements that are one fixed text, longest first where one begins another. `Jan` and `Mon`
/// are not among them, nor fractions: what follows matters there.
const FIXED: &[(&str, Field)] = &[
    ("January", Field::LongMonth),
    ("Monday", Field::LongWeekday),
    ("MST", Field::ZoneName),
    ("002", Field::YearDay(Pad::Zero)),
    ("01", Field::Month(Pad::Zero)),
    ("02", Field::Day(Pad::Zero)),
    ("03", Field::Hour12(Pad::Zero)),
    ("04", Field::Minute(Pad::Zero)),
    ("05", Field::Second(Pad::Zero)),
    ("06", Field::Year),
    ("15", Field::Hour),
    ("1", Field::Month(Pad::None)),
    ("2006", Field::LongYear),
    ("2", Field::Day(Pad::None)),
    ("__2", Field::YearDay(Pad::Space)),
    ("_2", Field::Day(Pad::Space)),
    ("3", Field::Hour12(Pad::None)),
    ("4", Field::Minute(Pad::None)),
    ("5", Field::Second(Pad::None)),
    ("PM", Field::HalfDay { lower: false }),
    ("pm", Field::HalfDay { lower: true }),
    ("-070000", offset(false, false, 3)),
    ("-07:00:00", offset(false, true, 3)),
    ("-0700", offset(false, false, 2)),
    ("-07:00", offset(false, true, 2)),
    ("-07", offset(false, false, 1)),
    ("Z070000", offset(true, false, 3)),
    ("Z07:00:00", offset(true, true, 3)),
    ("Z0700", offset(true, false, 2)),
    ("Z07:00", offset(true, true, 2)),
    ("Z07", offset(true, false, 1)),
];

const fn offset(z: bool, colon: bool, numbers: usize) -> Field {
    Field::Offset(OffsetForm { z, colon, numbers })
}

/// A layout, cut at its first element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut<'a> {
    /// What stands before the element as it is.
    pub(super) prefix: &'a str,
    /// The element's text and meaning, if there is one.
    pub(super) element: Option<(&'a str, Field)>,
    /// What follows.
    pub(super) rest: &'a str,
}

/// Returns the layout cut at its first element.
pub(super) fn cut(layout: &str) -> Cut<'_> {
    for (at, _) in layout.char_indices() {
        let Some((prefix, tail)) = layout.split_at_checked(at) else {
            continue;
        };
        // `_2006` is an underscore before the year.
        let underscored_year = tail.starts_with("_2006");
        if let Some((len, field)) = element(tail).filter(|_| !underscored_year) {
            let (text, rest) = tail.split_at_checked(len).unwrap_or((tail, ""));
            return Cut { prefix, element: Some((text, field)), rest };
        }
    }
    Cut { prefix: layout, element: None, rest: "" }
}

/// Returns the length and the meaning of the element that a text begins with.
fn element(text: &str) -> Option<(usize, Field)> {
    if let Some((fixed, field)) = FIXED.iter().find(|(fixed, _)| text.starts_with(fixed)) {
        return Some((fixed.len(), *field));
    }
    let alone = |name| {
        let after = text.strip_prefix(name)?;
        (!after.starts_with(|c: char| c.is_ascii_lowercase())).then_some(())
    };
    if alone("Jan").is_some() {
        return Some((3, Field::MonthName));
    }
    if alone("Mon").is_some() {
        return Some((3, Field::Weekday));
    }
    fraction(text)
}

/// Returns the length and the meaning of a fraction: a mark, then one digit over and over.
fn fraction(text: &str) -> Option<(usize, Field)> {
    let after = text.strip_prefix(['.', ','])?;
    let digit = after.chars().next().filter(|digit| matches!(digit, '0' | '9'))?;
    let rest = after.trim_start_matches(digit);
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits = after.len() - rest.len();
    let mark = if text.starts_with(',') { ',' } else { '.' };
    Some((1 + digits, Field::Fraction { mark, digits, trimmed: digit == '9' }))
}
