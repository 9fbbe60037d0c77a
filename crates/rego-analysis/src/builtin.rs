//! What a builtin function declares of itself: all that the language wing but its own crate sees.

/// A builtin's declaration. Source: OPA's `capabilities.json`.
#[derive(Clone, Copy, Debug)]
pub struct Decl {
    /// Its name, dots included.
    pub name: &'static str,
    /// The operator that stands for it.
    pub infix: Option<&'static str>,
    /// The types of its operands.
    pub args: &'static [Type],
    /// The type of its result; nothing for a builtin that only has an effect (`print`).
    pub result: Option<Type>,
    /// Whether the last operand may be repeated.
    pub variadic: bool,
    /// Whether it has any number of results (`walk`).
    pub relation: bool,
    /// Whether the same operands may give different results in different queries.
    pub nondeterministic: bool,
    /// Whether Rego v1 refuses it.
    pub deprecated: bool,
}

/// A declared type.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// Any value.
    Any,
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array of any length.
    Array(&'static Type),
    /// An array of exactly these.
    Tuple(&'static [Type]),
    /// A set.
    Set(&'static Type),
    /// An object with these fields, and maybe others of one key and value type.
    Object(&'static [(&'static str, Type)], Option<&'static (Type, Type)>),
    /// One of these.
    Union(&'static [Type]),
}

impl Decl {
    /// Returns the declaration of a plain function: deterministic, fixed arity, one result.
    pub const fn function(name: &'static str, args: &'static [Type], result: Type) -> Self {
        Self {
            name,
            infix: None,
            args,
            result: Some(result),
            variadic: false,
            relation: false,
            nondeterministic: false,
            deprecated: false,
        }
    }

    /// Returns it with the operator that stands for it.
    #[must_use]
    pub const fn infix(self, operator: &'static str) -> Self {
        Self { infix: Some(operator), ..self }
    }

    /// Returns it as one that may answer differently in another query.
    #[must_use]
    pub const fn nondeterministic(self) -> Self {
        Self { nondeterministic: true, ..self }
    }

    /// Returns it as one that Rego v1 refuses.
    #[must_use]
    pub const fn deprecated(self) -> Self {
        Self { deprecated: true, ..self }
    }

    /// Returns it as one with any number of results: its body returns them as an array.
    #[must_use]
    pub const fn relation(self) -> Self {
        Self { relation: true, ..self }
    }

    /// Returns it as one whose last operand may be repeated.
    #[must_use]
    pub const fn variadic(self) -> Self {
        Self { variadic: true, ..self }
    }

    /// Returns it as one without a result.
    #[must_use]
    pub const fn void(self) -> Self {
        Self { result: None, ..self }
    }
}
