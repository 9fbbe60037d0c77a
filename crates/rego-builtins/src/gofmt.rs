//! Formatting as Go's `fmt.Sprintf` does it, to the letter, mistakes in the format included
//! (`%!d(string=x)`), for the kinds of operand that OPA hands to it.
//!
//! Source: documentation of Go's package `fmt`. Must not know: Rego values, families.

mod float;
mod integer;
mod text;

use std::borrow::Cow;

use rego_vm::{BuiltinError, Context};

use crate::charge;

pub(crate) use text::quote;

/// An operand of a verb.
#[derive(Clone, Debug)]
pub(crate) enum Arg<'a> {
    /// Go's `int`.
    Int(i64),
    /// Go's `*big.Int`: the decimal text of an integer that is no `int`.
    Big(Cow<'a, str>),
    /// Go's `float64`, finite.
    Float(f64),
    /// Go's `string`.
    Text(Cow<'a, str>),
    /// Go's `bool`; templates alone have it, `sprintf` hands booleans over as texts.
    Bool(bool),
    /// Go's `json.Number`, a kind of string: what a number of a template's object is.
    Number(Cow<'a, str>),
}

impl Arg<'_> {
    fn type_name(&self) -> &'static str {
        match self {
            Arg::Int(_) => "int",
            Arg::Big(_) => "*big.Int",
            Arg::Float(_) => "float64",
            Arg::Text(_) => "string",
            Arg::Bool(_) => "bool",
            Arg::Number(_) => "json.Number",
        }
    }
}

/// Returns a number as `%v` writes it: `1.5`, `1e+21`.
pub(crate) fn float_text(value: f64) -> String {
    let sign = if value.is_sign_negative() { "-" } else { "" };
    format!("{sign}{}", float::format(value.abs(), 'g', None))
}

/// The largest width, precision or operand index. Source: Go, `fmt/print.go`, `tooLarge`.
const NUMBER_MAX: i64 = 1_000_000;

/// The flags, width and precision of a verb.
#[derive(Clone, Copy, Default)]
struct Flags {
    plus: bool,
    minus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    /// `%#v`
    sharp_v: bool,
    /// `%+v`
    plus_v: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// Returns the text of `format` with `args` in it.
///
/// Errors: [`BuiltinError::Halt`] where the text would be larger than the budget.
pub(crate) fn sprintf(
    context: &mut Context<'_>,
    format: &str,
    args: &[Arg<'_>],
) -> Result<String, BuiltinError> {
    let mut printer = Printer { context, out: String::new(), flags: Flags::default() };
    Scan { format, at: 0, args, next: 0, reordered: false, good_index: true }.run(&mut printer)?;
    Ok(printer.out)
}

/// The text made so far, and how the present operand is to be written.
struct Printer<'c, 'h> {
    context: &'c mut Context<'h>,
    out: String,
    flags: Flags,
}

impl Printer<'_, '_> {
    fn push(&mut self, text: &str) -> Result<(), BuiltinError> {
        charge::make(self.context, text.len())?;
        self.out.push_str(text);
        Ok(())
    }

    /// Writes `count` times what pads the present operand.
    fn padding(&mut self, count: usize) -> Result<(), BuiltinError> {
        charge::make(self.context, count)?;
        let with = if self.flags.zero && !self.flags.minus { '0' } else { ' ' };
        self.out.extend(std::iter::repeat_n(with, count));
        Ok(())
    }

    /// Writes `text`, padded to the width.
    fn pad(&mut self, text: &str) -> Result<(), BuiltinError> {
        let missing = match self.flags.width {
            None | Some(0) => 0,
            Some(width) => width.saturating_sub(text.chars().count()),
        };
        if self.flags.minus {
            self.push(text)?;
            self.padding(missing)
        } else {
            self.padding(missing)?;
            self.push(text)
        }
    }

    /// Writes `text`, padded to the width with blanks whatever the flags say.
    fn pad_blank(&mut self, text: &str) -> Result<(), BuiltinError> {
        let zero = std::mem::take(&mut self.flags.zero);
        let done = self.pad(text);
        self.flags.zero = zero;
        done
    }

    fn print(&mut self, arg: &Arg<'_>, verb: char) -> Result<(), BuiltinError> {
        if verb == 'T' {
            let cut = self.truncated(arg.type_name());
            return self.pad(cut);
        }
        match arg {
            Arg::Int(i) => integer::print(self, *i, verb),
            Arg::Big(digits) => integer::print_big(self, digits, verb),
            Arg::Float(f) => float::print(self, *f, verb),
            Arg::Text(text) => text::print(self, text, verb),
            Arg::Number(text) if matches!(verb, 's' | 'v' | 'q' | 'x' | 'X') => {
                text::print(self, text, verb)
            }
            Arg::Bool(value) if matches!(verb, 't' | 'v') => {
                self.pad(if *value { "true" } else { "false" })
            }
            Arg::Number(_) | Arg::Bool(_) => self.bad_verb(arg, verb),
        }
    }

    /// Writes what Go writes where a verb does not fit its operand.
    fn bad_verb(&mut self, arg: &Arg<'_>, verb: char) -> Result<(), BuiltinError> {
        self.push(&format!("%!{verb}({}=", arg.type_name()))?;
        self.print(arg, 'v')?;
        self.push(")")
    }

    /// Returns the start of `text` that the precision allows, in characters.
    fn truncated<'t>(&self, text: &'t str) -> &'t str {
        let Some(precision) = self.flags.precision else {
            return text;
        };
        let end = text.char_indices().nth(precision).map_or(text.len(), |(at, _)| at);
        text.get(..end).unwrap_or(text)
    }
}

/// The place in a format and in its operands.
struct Scan<'f, 'a> {
    format: &'f str,
    at: usize,
    args: &'f [Arg<'a>],
    next: usize,
    reordered: bool,
    good_index: bool,
}

impl Scan<'_, '_> {
    fn run(mut self, printer: &mut Printer<'_, '_>) -> Result<(), BuiltinError> {
        while let Some(rest) = self.format.get(self.at..).filter(|rest| !rest.is_empty()) {
            let Some(percent) = rest.find('%') else {
                printer.push(rest)?;
                break;
            };
            printer.push(rest.get(..percent).unwrap_or_default())?;
            self.at += percent + 1;
            self.directive(printer)?;
        }
        self.extra(printer)
    }

    fn peek(&self) -> Option<u8> {
        self.format.as_bytes().get(self.at).copied()
    }

    /// Takes one byte where it is next.
    fn eat(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        self.at += usize::from(here);
        here
    }

    fn directive(&mut self, printer: &mut Printer<'_, '_>) -> Result<(), BuiltinError> {
        self.good_index = true;
        printer.flags = self.flags();
        let mut after_index = self.index();
        after_index = self.width(printer, after_index)?;
        after_index = self.precision(printer, after_index)?;
        if !after_index {
            self.index();
        }
        let Some(verb) = self.format.get(self.at..).and_then(|rest| rest.chars().next()) else {
            self.at = self.format.len();
            return printer.push("%!(NOVERB)");
        };
        self.at += verb.len_utf8();
        self.verb(printer, verb)
    }

    fn verb(&mut self, printer: &mut Printer<'_, '_>, verb: char) -> Result<(), BuiltinError> {
        if verb == '%' {
            return printer.push("%");
        }
        if !self.good_index {
            return printer.push(&format!("%!{verb}(BADINDEX)"));
        }
        let Some(arg) = self.args.get(self.next) else {
            return printer.push(&format!("%!{verb}(MISSING)"));
        };
        if matches!(verb, 'v' | 'w') {
            let flags = &mut printer.flags;
            flags.sharp_v = std::mem::take(&mut flags.sharp);
            flags.plus_v = std::mem::take(&mut flags.plus);
        }
        self.next += 1;
        printer.print(arg, verb)
    }

    fn flags(&mut self) -> Flags {
        let mut flags = Flags::default();
        loop {
            match self.peek() {
                Some(b'#') => flags.sharp = true,
                Some(b'0') => flags.zero = true,
                Some(b'+') => flags.plus = true,
                Some(b'-') => flags.minus = true,
                Some(b' ') => flags.space = true,
                _ => return flags,
            }
            self.at += 1;
        }
    }

    /// Takes an operand index, `[2]`, and returns whether there is one.
    fn index(&mut self) -> bool {
        if self.peek() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = self.format.get(self.at..).unwrap_or_default();
        let close = rest.find(']').filter(|_| rest.len() >= 3);
        let Some(close) = close else {
            self.good_index = false;
            self.at += 1;
            return false;
        };
        let inside = rest.get(1..close).unwrap_or_default();
        self.at += close + 1;
        let digits = !inside.is_empty() && inside.bytes().all(|b| b.is_ascii_digit());
        let number = inside.parse::<i64>().ok().filter(|n| digits && *n <= NUMBER_MAX);
        let Some(number) = number else {
            self.good_index = false;
            return false;
        };
        match usize::try_from(number - 1).ok().filter(|index| *index < self.args.len()) {
            Some(index) => self.next = index,
            None => self.good_index = false,
        }
        true
    }

    /// Takes the width. Returns whether an index has just been read.
    fn width(
        &mut self,
        printer: &mut Printer<'_, '_>,
        after_index: bool,
    ) -> Result<bool, BuiltinError> {
        if !self.eat(b'*') {
            printer.flags.width = self.number();
            self.good_index &= !(after_index && printer.flags.width.is_some());
            return Ok(after_index);
        }
        let given = self.number_operand();
        if given.is_none() {
            printer.push("%!(BADWIDTH)")?;
        }
        if given.is_some_and(|width| width < 0) {
            printer.flags.minus = true;
            printer.flags.zero = false;
        }
        printer.flags.width = given.map(|width| width.unsigned_abs() as usize);
        Ok(false)
    }

    /// Takes the precision. Returns whether an index has just been read.
    fn precision(
        &mut self,
        printer: &mut Printer<'_, '_>,
        after_index: bool,
    ) -> Result<bool, BuiltinError> {
        if !self.eat(b'.') {
            return Ok(after_index);
        }
        self.good_index &= !after_index;
        let after_index = self.index();
        if !self.eat(b'*') {
            printer.flags.precision = Some(self.number().unwrap_or(0));
            return Ok(after_index);
        }
        printer.flags.precision =
            self.number_operand().and_then(|precision| usize::try_from(precision).ok());
        if printer.flags.precision.is_none() {
            printer.push("%!(BADPREC)")?;
        }
        Ok(false)
    }

    /// Takes a number as written. One that is too large swallows the rest of the format, as in Go.
    fn number(&mut self) -> Option<usize> {
        let start = self.at;
        let mut number = 0;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            if number > NUMBER_MAX {
                self.at = self.format.len();
                return None;
            }
            number = number * 10 + i64::from(digit - b'0');
            self.at += 1;
        }
        (self.at > start).then_some(number as usize)
    }

    /// Takes an operand as a number, for `*`.
    fn number_operand(&mut self) -> Option<i64> {
        let arg = self.args.get(self.next)?;
        self.next += 1;
        match arg {
            Arg::Int(i) if i.abs() <= NUMBER_MAX => Some(*i),
            _ => None,
        }
    }

    /// Writes the operands that no verb took.
    fn extra(&self, printer: &mut Printer<'_, '_>) -> Result<(), BuiltinError> {
        let left = self.args.get(self.next..).unwrap_or_default();
        if self.reordered || left.is_empty() {
            return Ok(());
        }
        printer.flags = Flags::default();
        let mut before = "%!(EXTRA ";
        for arg in left {
            printer.push(&format!("{before}{}=", arg.type_name()))?;
            printer.print(arg, 'v')?;
            before = ", ";
        }
        printer.push(")")
    }
}
