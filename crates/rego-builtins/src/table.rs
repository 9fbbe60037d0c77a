//! Every builtin, by family. A new family is one row here.

use std::collections::HashMap;
use std::sync::LazyLock;

use rego_vm::Builtin;

/// The families. The order is that of OPA's policy reference.
const FAMILIES: &[&[Builtin]] = &[
    crate::comparison::FAMILY,
    crate::member::FAMILY,
    crate::strings::FAMILY,
    crate::sprintf::FAMILY,
    crate::render_template::FAMILY,
    crate::template::FAMILY,
    crate::regex::FAMILY,
    crate::glob::FAMILY,
    crate::units::FAMILY,
    crate::types::FAMILY,
    crate::conversions::FAMILY,
    crate::uri::FAMILY,
    crate::uuid::FAMILY,
    crate::semver::FAMILY,
    crate::print::FAMILY,
    crate::numbers::FAMILY,
    crate::bits::FAMILY,
    crate::aggregates::FAMILY,
    crate::arrays::FAMILY,
    crate::sets::FAMILY,
    crate::objects::FAMILY,
    crate::json::FAMILY,
    crate::json_schema::FAMILY,
    crate::encoding::FAMILY,
    crate::jwt::FAMILY,
    crate::time::FAMILY,
    crate::crypto::FAMILY,
    crate::certificates::FAMILY,
    crate::graph::FAMILY,
    crate::graphql::FAMILY,
    crate::walk::FAMILY,
    crate::net::FAMILY,
    crate::metadata::FAMILY,
    crate::aws::FAMILY,
    crate::http::FAMILY,
];

static BY_NAME: LazyLock<HashMap<&'static str, &'static Builtin>> =
    LazyLock::new(|| all().map(|builtin| (builtin.decl.name, builtin)).collect());

/// Returns every builtin.
pub fn all() -> impl Iterator<Item = &'static Builtin> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// Returns the builtin of a name.
pub fn find(name: &str) -> Option<&'static Builtin> {
    BY_NAME.get(name).copied()
}
