//! The table's text, taken apart once.
//!
//! Must not know: requests.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use rego::Value;

use super::fold;
use super::kind::{Field, Kind, Shape, Type};
use super::route::{Body, Route};

/// Deepest nesting of a kind's brackets.
const KIND_DEPTH_MAX: usize = 8;

/// Why the table cannot be read: the line that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableError(String);

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the table of Docker's API has a line that makes no sense: `{}`", self.0)
    }
}

impl std::error::Error for TableError {}

/// Routes and types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub(super) routes: Vec<Route>,
    types: Vec<Type>,
    names: BTreeMap<String, usize>,
}

/// Returns the table. Were it not readable it would be empty, and every request one that is not
/// known; a test reads it.
pub fn table() -> &'static Table {
    static TABLE: LazyLock<Table> =
        LazyLock::new(|| Table::read(include_str!("../../api/table.txt")).unwrap_or_default());
    &TABLE
}

impl Table {
    /// Reads the text of a table.
    ///
    /// Errors: a line that is none of a route, a type and a field, or that names a type that is not
    /// there.
    pub fn read(text: &str) -> Result<Self, TableError> {
        let lines = || text.lines().filter(|line| !line.starts_with('#'));
        let mut table = Self::default();
        for name in lines().filter_map(|line| line.strip_prefix("type ")) {
            table.names.insert(name.to_string(), table.types.len());
            table.types.push(Type { name: name.to_string(), ..Type::default() });
        }
        let mut current = None;
        for line in lines() {
            let read = if let Some(route) = line.strip_prefix("route ") {
                table.route(route).map(|route| table.routes.push(route))
            } else if let Some(name) = line.strip_prefix("type ") {
                current = table.names.get(name).copied();
                Some(())
            } else {
                table.field(line).and_then(|field| table.add(current?, field))
            };
            read.ok_or_else(|| TableError(line.to_string()))?;
        }
        table.types.iter_mut().for_each(Type::sort);
        Ok(table)
    }

    /// Returns the struct at a place.
    pub fn of(&self, id: usize) -> Option<&Type> {
        self.types.get(id)
    }

    /// Returns the struct of a name.
    pub fn named(&self, name: &str) -> Option<&Type> {
        self.names.get(name).and_then(|id| self.types.get(*id))
    }

    /// Returns all routes, in the order they are tried.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    fn add(&mut self, of: usize, field: Field) -> Option<()> {
        let target = self.types.get_mut(of)?;
        let (name, place) = (field.name.as_str()?, target.fields.len());
        if target.find(name).is_some() {
            return None; // Go would decode neither
        }
        target.places.insert(fold(name).into(), place);
        target.places.insert(name.into(), place);
        target.fields.push(field);
        Some(())
    }

    /// Reads `METHOD PATH ACTION reads|writes BODY`.
    fn route(&self, line: &str) -> Option<Route> {
        let mut words = line.splitn(5, ' ');
        let mut next = || words.next();
        let (method, path, action) = (next()?, next()?, next()?);
        let read_only = match next()? {
            "reads" => true,
            "writes" => false,
            _ => return None,
        };
        let body = match next()?.split_once(' ') {
            None => Body::plain(line.rsplit(' ').next()?)?,
            Some(("json", shape)) => Body::Json { shape: self.shape(shape, 0)?, needed: true },
            Some(("json?", shape)) => Body::Json { shape: self.shape(shape, 0)?, needed: false },
            Some(_) => return None,
        };
        Some(Route {
            method: method.to_string(),
            path: path.to_string(),
            action: action.to_string(),
            read_only,
            body,
        })
    }

    /// Reads `NAME KIND [= DEFAULT]`.
    fn field(&self, line: &str) -> Option<Field> {
        let (line, default) = match line.split_once(" = ") {
            Some((line, default)) => (line, Some(Value::from_json(default.as_bytes()).ok()?)),
            None => (line, None),
        };
        let (name, shape) = line.split_once(' ')?;
        Some(Field { name: name.into(), shape: self.shape(shape, 0)?, default })
    }

    fn shape(&self, text: &str, depth: usize) -> Option<Shape> {
        let (pointer, text) = match text.strip_prefix('?') {
            Some(text) => (true, text),
            None => (false, text),
        };
        Some(Shape { kind: self.kind(text, depth)?, pointer })
    }

    fn kind(&self, text: &str, depth: usize) -> Option<Kind> {
        if depth > KIND_DEPTH_MAX {
            return None;
        }
        let inner = |text: &str| self.shape(text, depth + 1).map(Box::new);
        if let Some(list) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            return match list.split_once(';') {
                Some((of, length)) => Some(Kind::Fixed(inner(of)?, length.parse().ok()?)),
                None => Some(Kind::List(inner(list)?)),
            };
        }
        if let Some(of) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            return Some(Kind::Map(inner(of)?));
        }
        Some(match text {
            "bool" => Kind::Bool,
            "string" => Kind::Text,
            "bytes" => Kind::Bytes,
            "words" => Kind::Words,
            "empty" => Kind::Empty,
            "any" => Kind::Any,
            "int" | "int64" => Kind::Int(64),
            "uint8" => Kind::Uint(8),
            "uint16" => Kind::Uint(16),
            "uint32" => Kind::Uint(32),
            "uint64" => Kind::Uint(64),
            "float32" => Kind::Float(32),
            "float64" => Kind::Float(64),
            name => Kind::Type(self.names.get(name).copied()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_table_is_read_whole() {
        let read = Table::read(include_str!("../../api/table.txt")).unwrap();
        assert_eq!(&read, table());
        assert!(read.routes.len() > 110 && read.types.len() > 60);
        let host = read.named("HostConfig").unwrap();
        let at = host.find("privileged").unwrap();
        assert_eq!(host.fields[at].shape, Shape { kind: Kind::Bool, pointer: false });
        assert_eq!(host.fields[at].default, Some(Value::from(false)));
    }

    #[test]
    fn lines_that_make_no_sense_are_refused() {
        for line in [
            "route GET /x x reads",
            "route GET /x x maybe none",
            "route POST /x x writes json Nothing",
            "Field string",
            "type T\nField nonsense",
            "type T\nField string = {",
            "type T\nField string\nfield bool",
            &format!("type T\nField {}string{}", "[".repeat(20), "]".repeat(20)),
        ] {
            assert!(Table::read(line).is_err(), "{line}");
        }
    }
}
