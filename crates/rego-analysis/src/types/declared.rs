//! What functions take and give: those that builtins declare, and those found for rules.
//!
//! Must not know: terms, messages.

use std::sync::Arc;

use foldhash::HashMap;

use super::relate::Relate;
use super::ty::Ty;
use crate::builtin::{Decl, Type};

/// The types of a function.
#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) args: Vec<Ty>,
    /// `any` where nothing is known of it.
    pub(crate) result: Ty,
}

/// Builtins that OPA declares to give anything, though more is known of what they give: to use it
/// would be to refuse what OPA accepts.
const GIVE_ANYTHING: &[&str] = &[
    "json.filter",
    "json.remove",
    "object.filter",
    "object.remove",
    "object.subset",
    "object.union",
    "object.union_n",
];

/// The types of builtins, by name, once they were asked for.
#[derive(Debug, Default)]
pub(super) struct Declared {
    known: HashMap<&'static str, Arc<Signature>>,
}

impl Declared {
    /// Returns the types that a builtin declares.
    pub(super) fn signature(&mut self, decl: &'static Decl, relate: &Relate) -> Arc<Signature> {
        let known = self.known.entry(decl.name).or_insert_with(|| {
            let args = decl.args.iter().map(|ty| of_declared(ty, relate)).collect();
            let known = decl.result.filter(|_| !GIVE_ANYTHING.contains(&decl.name));
            let result = known.map_or(Ty::Any, |ty| of_declared(&ty, relate));
            Arc::new(Signature { args, result })
        });
        Arc::clone(known)
    }
}

fn of_declared(ty: &Type, relate: &Relate) -> Ty {
    match ty {
        Type::Any => Ty::Any,
        Type::Null => Ty::Null,
        Type::Boolean => Ty::Boolean,
        Type::Number => Ty::Number,
        Type::String => Ty::String,
        Type::Array(item) => Ty::array(Vec::new(), Some(of_declared(item, relate))),
        Type::Tuple(items) => {
            Ty::array(items.iter().map(|item| of_declared(item, relate)).collect(), None)
        }
        Type::Set(item) => Ty::set(of_declared(item, relate)),
        Type::Object(fields, rest) => {
            let fields = fields.iter().map(|(key, ty)| ((*key).into(), of_declared(ty, relate)));
            let rest = rest.map(|(key, ty)| (of_declared(key, relate), of_declared(ty, relate)));
            Ty::object(fields.collect(), rest)
        }
        Type::Union(types) => {
            relate.or_all(types.iter().map(|ty| of_declared(ty, relate))).unwrap_or(Ty::Any)
        }
    }
}
