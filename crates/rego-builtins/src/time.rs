//! `time.*`: instants as nanoseconds since 1970-01-01 UTC, in zones, as text.
//!
//! The only clock is the host's. The zone `Local` is UTC, so that an answer does not depend on the
//! machine; the names of all others are the IANA database's, which is built in.
//!
//! Source: OPA policy reference, "Time"; texts are read and written as Go's `time` package does.

use rego_value::{Value, View};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use self::zone::Zone;
use crate::civil::{Civil, add_date, difference};
use crate::{charge, duration, operand};

mod format;
mod layout;
mod parse;
#[cfg(test)]
mod tests;
mod zone;

const NUMBER: Type = Type::Number;
const STRING: Type = Type::String;
const IN_ZONE: Type = Type::Tuple(&[NUMBER, STRING]);
const INSTANT: Type = Type::Union(&[NUMBER, IN_ZONE]);
const FORMATTED: Type = Type::Union(&[NUMBER, IN_ZONE, Type::Tuple(&[NUMBER, STRING, STRING])]);
const THREE: Type = Type::Tuple(&[NUMBER, NUMBER, NUMBER]);
const SIX: Type = Type::Tuple(&[NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER]);

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(
        Decl::function("time.add_date", &[NUMBER, NUMBER, NUMBER, NUMBER], NUMBER),
        add_date_to,
    ),
    Builtin::new(Decl::function("time.clock", &[INSTANT], THREE), clock),
    Builtin::new(Decl::function("time.date", &[INSTANT], THREE), date),
    Builtin::new(Decl::function("time.diff", &[INSTANT, INSTANT], SIX), diff),
    Builtin::new(Decl::function("time.format", &[FORMATTED], STRING), format_instant),
    Builtin::new(Decl::function("time.now_ns", &[], NUMBER).nondeterministic(), now_ns),
    Builtin::new(Decl::function("time.parse_duration_ns", &[STRING], NUMBER), parse_duration_ns),
    Builtin::new(Decl::function("time.parse_ns", &[STRING, STRING], NUMBER), parse_ns),
    Builtin::new(Decl::function("time.parse_rfc3339_ns", &[STRING], NUMBER), parse_rfc3339_ns),
    Builtin::new(Decl::function("time.weekday", &[INSTANT], STRING), weekday),
];

/// Returns the instant so many years, months and days later, at the same time of day; a day that
/// the month lacks runs over into the next: a month after January 31st is March 2nd or 3rd.
///
/// Errors: a result that nanoseconds do not reach. Source: OPA policy reference, `time.add_date`.
fn add_date_to(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let moment = moment(operand::any(operands, 0)?)?;
    let years = operand::integer(operands, 1)?;
    let months = operand::integer(operands, 2)?;
    let days = operand::integer(operands, 3)?;
    let civil = add_date(moment.civil(), years, months, days);
    instant(civil.and_then(|civil| moment.zone.instant(&civil)))
}

/// Returns hour, minute and second: `time.clock(1517832000000000000)` is `[12, 0, 0]`.
///
/// Source: OPA policy reference, `time.clock`.
fn clock(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let civil = moment(operand::any(operands, 0)?)?.civil();
    Ok(numbers(&[civil.hour, civil.minute, civil.second]))
}

/// Returns year, month and day: `time.date(1517832000000000000)` is `[2018, 2, 5]`.
///
/// Source: OPA policy reference, `time.date`.
fn date(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let civil = moment(operand::any(operands, 0)?)?.civil();
    Ok(numbers(&[civil.year, civil.month, civil.day]))
}

/// Returns the years, months, days, hours, minutes and seconds between two instants, in the zone of
/// the first.
///
/// Source: OPA policy reference, `time.diff`.
fn diff(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (a, b) = (moment(operand::any(operands, 0)?)?, moment(operand::any(operands, 1)?)?);
    let (earlier, later) = (a.ns.min(b.ns), a.ns.max(b.ns));
    let civil = |ns| a.zone.civil(ns);
    Ok(numbers(&difference(&civil(earlier), &civil(later))))
}

/// Returns an instant as text: by RFC 3339, or by the third element of the operand, a layout in
/// Go's manner or the name of one: `time.format([0, "UTC", "Jan _2 2006"])` is `"Jan  1 1970"`.
///
/// Source: OPA policy reference, `time.format`.
fn format_instant(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let moment = moment(operand::any(operands, 0)?)?;
    let layout = match moment.layout {
        Some(layout) if !layout.is_empty() => layout::named(layout),
        _ => layout::RFC3339_NANO,
    };
    charge::make(context, layout.len() * layout::GROWTH_MAX)?;
    let (offset_s, zone_name) = moment.zone.offset(moment.ns);
    Ok(Value::from(format::format(layout, &moment.civil(), offset_s, &zone_name)))
}

/// Returns the instant of the query, the same at each call.
///
/// Source: OPA policy reference, `time.now_ns`.
fn now_ns(context: &mut Context<'_>, _: &[&Value]) -> Result<Value, BuiltinError> {
    Ok(Value::from(context.now_ns()))
}

/// Returns the nanoseconds of a duration: `time.parse_duration_ns("1h30m")` is `5400000000000`.
///
/// Source: OPA policy reference, `time.parse_duration_ns`.
fn parse_duration_ns(
    context: &mut Context<'_>,
    operands: &[&Value],
) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::scan(context, text.len())?;
    duration::parse_ns(text).map(Value::from).map_err(BuiltinError::Failed)
}

/// Returns the instant that a text gives by a layout (or the name of one):
/// `time.parse_ns("2006-01-02", "1970-01-02")` is `86400000000000`.
///
/// Source: OPA policy reference, `time.parse_ns`.
fn parse_ns(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (layout, text) = (operand::string(operands, 0)?, operand::string(operands, 1)?);
    charge::scan(context, layout.len() + text.len())?;
    instant(parse::parse(layout::named(layout), text).map_err(BuiltinError::Failed)?)
}

/// Returns the instant that a text by RFC 3339 gives.
///
/// Source: OPA policy reference, `time.parse_rfc3339_ns`.
fn parse_rfc3339_ns(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::scan(context, text.len())?;
    instant(parse::parse(layout::RFC3339, text).map_err(BuiltinError::Failed)?)
}

/// Returns the English name of the day: `time.weekday(0)` is `"Thursday"`.
///
/// Source: OPA policy reference, `time.weekday`.
fn weekday(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let civil = moment(operand::any(operands, 0)?)?.civil();
    Ok(Value::from(civil.weekday_name()))
}

/// An instant as operands give it.
struct Moment<'a> {
    ns: i64,
    zone: Zone,
    layout: Option<&'a str>,
}

impl Moment<'_> {
    fn civil(&self) -> Civil {
        self.zone.civil(self.ns)
    }
}

/// Returns the instant of an operand: nanoseconds, or an array of them, a zone's name and a layout.
/// OPA words every error as one of operand 1.
fn moment(value: &Value) -> Result<Moment<'_>, BuiltinError> {
    let wrong = |value, want| BuiltinError::operand(1, value, want);
    let (number, rest) = match value.view() {
        View::Int(_) | View::Number(_) => (value, &[][..]),
        View::Array([number, rest @ ..]) => (number, rest),
        _ => return Err(wrong(value, &["either number (ns) or [number (ns), string (tz)]"])),
    };
    if number.as_number().is_none() {
        return Err(wrong(number, &["number"]));
    }
    let texts =
        rest.iter().take(2).map(|text| text.as_str().ok_or_else(|| wrong(text, &["string"])));
    let texts: Vec<&str> = texts.collect::<Result<_, _>>()?;
    let zone = Zone::named(texts.first().unwrap_or(&"")).map_err(BuiltinError::Failed)?;
    let too_big = || BuiltinError::Failed("timestamp too big".to_string());
    let ns = number.as_i64().ok_or_else(too_big)?;
    Ok(Moment { ns, zone, layout: texts.get(1).copied() })
}

/// Returns a computed instant as a builtin's outcome.
fn instant(ns: Option<i64>) -> Result<Value, BuiltinError> {
    let outside = || BuiltinError::Failed("time outside of valid range".to_string());
    ns.map(Value::from).ok_or_else(outside)
}

/// Returns the array of some numbers.
fn numbers(numbers: &[i64]) -> Value {
    Value::array(numbers.iter().copied().map(Value::from).collect())
}
