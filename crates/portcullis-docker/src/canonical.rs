//! A body as the daemon's decoder takes it: keys under their names in the API, what is left out
//! filled in as the command line client sends it, and nothing that the daemon would read otherwise.
//!
//! Keys of free maps stay as they are, and so do keys that no field has (newer engines have more).
//! Pure. Must not know: endpoints, policies.
//!
//! Source: Go `encoding/json`, `Unmarshal`; moby `api/types`.

mod leaf;
mod record;

use std::cell::Cell;

use rego::{ObjectRef, Value, View};

use crate::api::{Field, Kind, Shape, Type, TypeId, fold, table};
use crate::body::{BodyError, shown};

use self::record::{Others, Slot};

/// The body of which old engines read fields of `HostConfig` beside it as well.
///
/// Source: moby up to 26.1, `runconfig/config_unix.go`.
const LIFTING_TYPE: &str = "ContainerCreateBody";

/// A field that old engines read beside those of `HostConfig`.
const LIFTED_FIELD: &str = "cpuset";

/// Most fields that are filled in: a short body must not become a large one.
pub const FILLED_MAX: usize = 20_000;

/// Most keys of an object that no field has.
pub const UNKNOWN_MAX: usize = 1000;

/// A value that took another's place; nothing where it stays as it is.
type Changed = Option<Value>;

/// Returns a body in the form that the API describes, given what the daemon decodes it into.
///
/// Errors: two keys of an object that are one field to the daemon; a value that the daemon refuses;
/// a field of `HostConfig` beside it; more than [`FILLED_MAX`] or [`UNKNOWN_MAX`] allow.
pub fn canonical(body: &Value, shape: &Shape) -> Result<Value, BodyError> {
    let reading = Reading { filled: Cell::new(0) };
    let changed = reading.convert(shape, body).map_err(Misfit::into_error)?;
    Ok(changed.unwrap_or_else(|| body.clone()))
}

/// Why a value does not fit, found on the way down; the path is put together on the way up.
struct Misfit {
    /// Innermost first.
    path: Vec<String>,
    cause: Cause,
}

enum Cause {
    Repeated(String),
    Kind { expected: &'static str, found: String },
    Lifted(String),
    Many(&'static str),
}

impl Misfit {
    fn new(cause: Cause) -> Self {
        Self { path: Vec::new(), cause }
    }

    /// Returns the misfit of a value that is not `expected`.
    fn kind(expected: &'static str, value: &Value) -> Self {
        let found = match value.as_number() {
            Some(number) => shown(&number.text()),
            None => format!("{} {}", article(value.type_name()), value.type_name()),
        };
        Self::new(Cause::Kind { expected, found })
    }

    fn under(mut self, step: String) -> Self {
        self.path.push(step);
        self
    }

    fn into_error(self) -> BodyError {
        let mut path = String::new();
        for step in self.path.iter().rev() {
            if !path.is_empty() && !step.starts_with('[') {
                path.push('.');
            }
            path.push_str(step);
        }
        match self.cause {
            Cause::Repeated(key) => BodyError::RepeatedKey(key),
            Cause::Kind { expected, found } => BodyError::Kind { path, expected, found },
            Cause::Lifted(field) => BodyError::Lifted(field),
            Cause::Many(what) => BodyError::Many(what),
        }
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'o']) { "an" } else { "a" }
}

/// One body being read.
struct Reading {
    /// How many fields were filled in.
    filled: Cell<usize>,
}

impl Reading {
    /// Converts a value that an element or a body is. Goes as deep as the table's types do, which do not
    /// hold one another in a circle.
    fn convert(&self, shape: &Shape, value: &Value) -> Result<Changed, Misfit> {
        if matches!(value.view(), View::Null) {
            return Ok(if shape.pointer { None } else { self.of_null(&shape.kind)? });
        }
        match &shape.kind {
            Kind::List(of) => self.list(of, value),
            Kind::Fixed(of, length) => self.fixed(of, *length, value),
            Kind::Map(of) => self.map(of, value),
            Kind::Type(id) => match (table().of(*id), value.as_object()) {
                (Some(target), Some(object)) => self.record(*id, target, object),
                _ => Err(Misfit::kind("an object", value)),
            },
            kind => leaf::convert(kind, value),
        }
    }

    /// Returns what null leaves in a value of this kind; nothing where that is null.
    fn of_null(&self, kind: &Kind) -> Result<Changed, Misfit> {
        Ok(Some(match kind {
            Kind::Bool => Value::from(false),
            Kind::Text => Value::from(""),
            Kind::Int(_) | Kind::Uint(_) | Kind::Float(_) => Value::from(0),
            Kind::Empty => empty_object(),
            Kind::Fixed(of, length) => {
                let zero = self.of_null(&of.kind)?.unwrap_or(Value::NULL);
                Value::array(vec![zero; *length])
            }
            Kind::Type(_) => {
                let empty = empty_object();
                let filled = self.convert(&Shape { kind: kind.clone(), pointer: false }, &empty)?;
                filled.unwrap_or(empty)
            }
            Kind::Bytes | Kind::Words | Kind::Any | Kind::List(_) | Kind::Map(_) => {
                return Ok(None);
            }
        }))
    }

    fn list(&self, of: &Shape, value: &Value) -> Result<Changed, Misfit> {
        let items = value.as_array().ok_or_else(|| Misfit::kind("an array", value))?;
        self.elements(of, items)
    }

    /// Converts elements; nothing where all of them stay.
    fn elements(&self, of: &Shape, items: &[Value]) -> Result<Changed, Misfit> {
        let mut made: Option<Vec<Value>> = None;
        for (at, item) in items.iter().enumerate() {
            let changed =
                self.convert(of, item).map_err(|misfit| misfit.under(format!("[{at}]")))?;
            match (&mut made, changed) {
                (None, None) => {}
                (Some(made), changed) => made.push(changed.unwrap_or_else(|| item.clone())),
                (None, Some(changed)) => {
                    let mut copied = items.get(..at).unwrap_or_default().to_vec();
                    copied.reserve(items.len().saturating_sub(at));
                    copied.push(changed);
                    made = Some(copied);
                }
            }
        }
        Ok(made.map(Value::array))
    }

    fn fixed(&self, of: &Shape, length: usize, value: &Value) -> Result<Changed, Misfit> {
        let items = value.as_array().ok_or_else(|| Misfit::kind("an array", value))?;
        if items.len() == length {
            return self.elements(of, items);
        }
        let zero = self.of_null(&of.kind)?.unwrap_or(Value::NULL);
        let mut kept: Vec<Value> = items.iter().take(length).cloned().collect();
        kept.resize(length, zero);
        Ok(Some(self.elements(of, &kept)?.unwrap_or_else(|| Value::array(kept))))
    }

    fn map(&self, of: &Shape, value: &Value) -> Result<Changed, Misfit> {
        let object = value.as_object().ok_or_else(|| Misfit::kind("an object", value))?;
        let mut misfit = None;
        let changed = object.replaced(|key, value| {
            let converted = if misfit.is_none() { self.convert(of, value) } else { Ok(None) };
            converted.unwrap_or_else(|found| {
                misfit = Some(found.under(shown(key.as_str().unwrap_or_default())));
                None
            })
        });
        misfit.map_or(Ok(changed), Err)
    }

    /// Converts what the daemon decodes into a struct.
    fn record(&self, id: TypeId, target: &Type, object: ObjectRef<'_>) -> Result<Changed, Misfit> {
        let mut slots: Vec<Slot> = target.fields.iter().map(|_| Slot::Free).collect();
        let places = record::places(id, target, object);
        let mut others = Others::default();
        let mut is_changed = false;
        let mut next = 0; // keys and fields are in one order
        for (position, (key, value)) in object.iter().enumerate() {
            let found = match &places {
                Some(places) => places.get(position).copied(),
                None => target.find_hinted(key, next),
            };
            let Some((at, field, slot)) =
                found.and_then(|at| Some((at, target.fields.get(at)?, slots.get_mut(at)?)))
            else {
                others.take(key, value)?;
                self.check_lifted(target, key.as_str().unwrap_or_default(), value)?;
                continue;
            };
            next = at + 1;
            if !matches!(slot, Slot::Free) {
                let key = key.as_str().unwrap_or_default();
                return Err(Misfit::new(Cause::Repeated(key.to_string())));
            }
            if field.default.is_none() && matches!(value.view(), View::Null) {
                is_changed = true; // as good as left out
                *slot = Slot::LeftOut;
                continue;
            }
            let step = || field.name.as_str().unwrap_or_default().to_string();
            let changed = self.in_field(field, value).map_err(|misfit| misfit.under(step()))?;
            is_changed |= changed.is_some() || places.is_none() && *key != field.name;
            *slot = Slot::Holds(changed.unwrap_or_else(|| value.clone()));
        }
        for (field, slot) in target.fields.iter().zip(&mut slots) {
            if matches!(slot, Slot::Free)
                && let Some(filled) = self.default_of(field)
            {
                is_changed = true;
                *slot = Slot::Holds(filled?);
            }
        }
        Ok(is_changed.then(|| record::object(id, target, slots, others.entries)))
    }

    /// Converts the value of a field. Null is as good as nothing, but where the API tells them apart.
    fn in_field(&self, field: &Field, value: &Value) -> Result<Changed, Misfit> {
        let is_null = matches!(value.view(), View::Null);
        let kind = &field.shape.kind;
        let tells_apart = match kind {
            Kind::Bytes | Kind::Words | Kind::Any | Kind::List(_) | Kind::Map(_) => true,
            Kind::Type(_) => field.shape.pointer && !has_object(field),
            _ => field.shape.pointer,
        };
        if is_null
            && !tells_apart
            && let Some(filled) = self.default_of(field)
        {
            return filled.map(Some);
        }
        self.convert(&field.shape, value)
    }

    /// Returns what is filled in for a field that is left out, if anything is.
    fn default_of(&self, field: &Field) -> Option<Result<Value, Misfit>> {
        let default = field.default.as_ref()?;
        self.filled.set(self.filled.get().saturating_add(1));
        if self.filled.get() > FILLED_MAX {
            return Some(Err(Misfit::new(Cause::Many("parts whose fields are left out"))));
        }
        let filled =
            self.convert(&Shape { kind: field.shape.kind.clone(), pointer: true }, default);
        Some(filled.map(|filled| filled.unwrap_or_else(|| default.clone())))
    }

    /// Checks that an old engine would read nothing here that belongs into `HostConfig`. The values that
    /// a struct has anyway say nothing, and some clients send null.
    fn check_lifted(&self, target: &Type, key: &str, value: &Value) -> Result<(), Misfit> {
        if target.name != LIFTING_TYPE {
            return Ok(());
        }
        let host = table().named("HostConfig");
        let field = host.and_then(|host| host.fields.get(host.find(key)?));
        let says_nothing = match field {
            Some(field) => leaf::is_zero(value) && self.convert(&field.shape, value).is_ok(),
            None => {
                fold(key) != LIFTED_FIELD
                    || matches!(value.view(), View::Null)
                    || value.as_str() == Some("")
            }
        };
        if says_nothing { Ok(()) } else { Err(Misfit::new(Cause::Lifted(shown(key)))) }
    }
}

fn empty_object() -> Value {
    Value::object(Vec::new())
}

fn has_object(field: &Field) -> bool {
    field.default.as_ref().is_some_and(|default| default.as_object().is_some())
}
