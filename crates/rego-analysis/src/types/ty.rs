//! What a type is: its shape, its order and its text.
//!
//! A type stands for a set of values. One that is nested too deep or too large becomes `any`,
//! which is always right, only less telling; so that every type has a bounded size.
//!
//! Must not know: terms, rules, which types fit each other.
//!
//! Source: OPA `v1/types/types.go` (the order of types, and how they are written).

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use rego_value::{Value, View};

/// More parts than this together, and a type becomes `any`.
const WEIGHT_MAX: u32 = 2_000;
/// Nested deeper than this, and a type becomes `any`.
pub(super) const DEPTH_MAX: u32 = 32;
/// The same as [`WEIGHT_MAX`] for a type that a schema spells out.
pub(super) const SCHEMA_WEIGHT_MAX: u32 = 100_000;

/// A type.
#[derive(Clone, Debug)]
pub(crate) enum Ty {
    Null,
    Boolean,
    Number,
    String,
    Array(Arc<ArrayTy>),
    Object(Arc<ObjectTy>),
    Set(Arc<SetTy>),
    /// One of at least two, sorted and distinct; neither `any` nor another union among them.
    Union(Arc<UnionTy>),
    Any,
}

/// Arrays: the first items one by one, and those behind them.
#[derive(Debug)]
pub(crate) struct ArrayTy {
    pub(crate) fixed: Vec<Ty>,
    /// The type of all further items; nothing where there are none.
    pub(crate) rest: Option<Ty>,
    size: Size,
}

/// Objects: known keys one by one, and all others.
#[derive(Debug)]
pub(crate) struct ObjectTy {
    /// Sorted by key.
    pub(crate) fixed: Vec<(Value, Ty)>,
    /// The type of all further keys and that of their values; nothing where there are none.
    pub(crate) rest: Option<(Ty, Ty)>,
    size: Size,
}

/// Sets of elements of one type.
#[derive(Debug)]
pub(crate) struct SetTy {
    pub(crate) of: Ty,
    size: Size,
}

/// Alternatives.
#[derive(Debug)]
pub(crate) struct UnionTy {
    pub(crate) of: Vec<Ty>,
    size: Size,
}

/// How large a type is.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    weight: u32,
    depth: u32,
}

impl Size {
    fn over<'t>(parts: impl Iterator<Item = &'t Ty>) -> Self {
        let all = parts.map(Ty::size).fold(Self::default(), |all, part| Self {
            weight: all.weight.saturating_add(part.weight),
            depth: all.depth.max(part.depth),
        });
        Self { weight: all.weight.saturating_add(1), depth: all.depth + 1 }
    }

    fn fits(self) -> bool {
        self.within(WEIGHT_MAX)
    }

    fn within(self, weight_max: u32) -> bool {
        self.weight <= weight_max && self.depth <= DEPTH_MAX
    }
}

impl Ty {
    /// Returns the type of arrays.
    pub(crate) fn array(fixed: Vec<Ty>, rest: Option<Ty>) -> Self {
        let size = Size::over(fixed.iter().chain(&rest));
        if size.fits() { Self::Array(Arc::new(ArrayTy { fixed, rest, size })) } else { Self::Any }
    }

    /// Returns the type of objects; of several entries for one key the last counts.
    pub(crate) fn object(fixed: Vec<(Value, Ty)>, rest: Option<(Ty, Ty)>) -> Self {
        Self::object_within(fixed, rest, WEIGHT_MAX)
    }

    /// Returns the type of objects, with as many parts as a schema may have.
    pub(super) fn schema_object(fixed: Vec<(Value, Ty)>, rest: Option<(Ty, Ty)>) -> Self {
        Self::object_within(fixed, rest, SCHEMA_WEIGHT_MAX)
    }

    /// Returns the type of arrays, with as many parts as a schema may have.
    pub(super) fn schema_array(fixed: Vec<Ty>, rest: Option<Ty>) -> Self {
        let size = Size::over(fixed.iter().chain(&rest));
        if size.within(SCHEMA_WEIGHT_MAX) {
            Self::Array(Arc::new(ArrayTy { fixed, rest, size }))
        } else {
            Self::Any
        }
    }

    fn object_within(mut fixed: Vec<(Value, Ty)>, rest: Option<(Ty, Ty)>, weight_max: u32) -> Self {
        if !fixed.is_sorted_by(|a, b| a.0 < b.0) {
            fixed.reverse();
            fixed.sort_by(|a, b| a.0.cmp(&b.0));
            fixed.dedup_by(|a, b| a.0 == b.0);
        }
        let others = rest.iter().flat_map(|(key, value)| [key, value]);
        let size = Size::over(fixed.iter().map(|(_, value)| value).chain(others));
        if size.within(weight_max) {
            Self::Object(Arc::new(ObjectTy { fixed, rest, size }))
        } else {
            Self::Any
        }
    }

    /// Returns the type of sets.
    pub(crate) fn set(of: Ty) -> Self {
        let size = Size::over(std::iter::once(&of));
        if size.fits() { Self::Set(Arc::new(SetTy { of, size })) } else { Self::Any }
    }

    /// Returns the union of types that are sorted, distinct, and no unions themselves.
    pub(super) fn union_of_sorted(of: Vec<Ty>) -> Self {
        if let [one] = of.as_slice() {
            return one.clone();
        }
        let size = Size::over(of.iter());
        let any = of.is_empty() || of.iter().any(|ty| matches!(ty, Ty::Any)) || !size.fits();
        if any { Self::Any } else { Self::Union(Arc::new(UnionTy { of, size })) }
    }

    /// Returns what a type is one of: itself only, unless it is a union.
    pub(super) fn alternatives(&self) -> &[Ty] {
        match self {
            Self::Union(union) => &union.of,
            other => std::slice::from_ref(other),
        }
    }

    /// Returns how many parts it has.
    pub(super) fn weight(&self) -> u32 {
        self.size().weight
    }

    fn size(&self) -> Size {
        match self {
            Self::Array(array) => array.size,
            Self::Object(object) => object.size,
            Self::Set(set) => set.size,
            Self::Union(union) => union.size,
            _ => Size { weight: 1, depth: 0 },
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Boolean => 1,
            Self::Number => 2,
            Self::String => 3,
            Self::Array(_) => 4,
            Self::Object(_) => 5,
            Self::Set(_) => 6,
            Self::Union(_) | Self::Any => 7,
        }
    }
}

/// Returns the type of a scalar; nothing for a composite.
pub(super) fn of_scalar(value: &Value) -> Option<Ty> {
    Some(match value.view() {
        View::Null => Ty::Null,
        View::Bool(_) => Ty::Boolean,
        View::Int(_) | View::Number(_) => Ty::Number,
        View::String(_) => Ty::String,
        View::Array(_) | View::Object(_) | View::Set(_) => return None,
    })
}

impl Ord for Ty {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_rank = self.rank().cmp(&other.rank());
        by_rank.then_with(|| match (self, other) {
            (Self::Array(a), Self::Array(b)) => {
                a.rest.cmp(&b.rest).then_with(|| a.fixed.cmp(&b.fixed))
            }
            (Self::Object(a), Self::Object(b)) => {
                a.rest.cmp(&b.rest).then_with(|| a.fixed.cmp(&b.fixed))
            }
            (Self::Set(a), Self::Set(b)) => a.of.cmp(&b.of),
            (Self::Union(a), Self::Union(b)) => a.of.cmp(&b.of),
            (Self::Any, Self::Union(_)) => Ordering::Less,
            (Self::Union(_), Self::Any) => Ordering::Greater,
            _ => Ordering::Equal,
        })
    }
}

impl PartialOrd for Ty {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ty {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ty {}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean => f.write_str("boolean"),
            Self::Number => f.write_str("number"),
            Self::String => f.write_str("string"),
            Self::Any => f.write_str("any"),
            Self::Union(union) => {
                f.write_str("any")?;
                list(f, union.of.iter())
            }
            Self::Set(set) => write!(f, "set[{}]", set.of),
            Self::Array(array) => {
                f.write_str("array")?;
                if !array.fixed.is_empty() {
                    list(f, array.fixed.iter())?;
                }
                array.rest.iter().try_for_each(|rest| write!(f, "[{rest}]"))
            }
            Self::Object(object) => {
                f.write_str("object")?;
                if !object.fixed.is_empty() {
                    list(f, object.fixed.iter().map(|(key, value)| Field(key, value)))?;
                }
                object.rest.iter().try_for_each(|(key, value)| write!(f, "[{key}: {value}]"))
            }
        }
    }
}

/// A key of an object with the type of its value, for display.
struct Field<'t>(&'t Value, &'t Ty);

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_str() {
            Some(name) => write!(f, "{name}: {}", self.1),
            None => write!(f, "{:?}: {}", self.0, self.1),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, parts: impl Iterator<Item = impl fmt::Display>) -> fmt::Result {
    f.write_str("<")?;
    for (at, part) in parts.enumerate() {
        if at > 0 {
            f.write_str(", ")?;
        }
        part.fmt(f)?;
    }
    f.write_str(">")
}
