//! What earlier versions of OPA had of what this engine has: builtins and features by the version
//! they came with. Which is what bundles for an older OPA have to keep to.
//!
//! Must not know: how anything is declared.
//!
//! Source: OPA's change log.

use rego_syntax::Features;
use rego_value::Value;

use super::{
    Capabilities, HEAD_REFS, HEAD_STRING_PREFIXES, KEYWORDS_IN_REFS, REGO_V1, REGO_V1_IMPORT,
    TEMPLATE_STRINGS,
};
use crate::compiler::RegoVersion;

/// A minor version.
type Minor = (u32, u32);

/// Major versions with their first and their last minor one.
const MINORS: [(u32, u32, u32); 2] = [(0, 46, 70), (1, 0, 13)];

/// Builtins by the version they came with; all others are older than the oldest one listed.
const BUILTINS: &[(Minor, &[&str])] = &[
    ((0, 47), &["object.keys", "providers.aws.sign_req"]),
    ((0, 48), &["time.format"]),
    ((0, 50), &["json.match_schema", "json.verify_schema"]),
    ((0, 52), &["crypto.hmac.equal"]),
    ((0, 53), &["crypto.x509.parse_keypair"]),
    ((0, 55), &["crypto.parse_private_keys"]),
    ((0, 56), &["numbers.range_step"]),
    ((0, 57), &["uuid.parse"]),
    ((0, 59), &["strings.render_template"]),
    ((0, 63), &["crypto.x509.parse_and_verify_certificates_with_options"]),
    ((0, 64), &["json.marshal_with_options"]),
    ((0, 67), &["strings.count"]),
    ((1, 2), &["internal.test_case"]),
    ((1, 8), &["io.jwt.verify_eddsa"]),
    ((1, 12), &["internal.template_string"]),
    ((1, 13), &["array.flatten"]),
    ((1, 16), &["uri.is_valid", "uri.parse"]),
    ((1, 19), &["strings.split_n"]),
];

/// Features by the version they came with, and the first one that does not list them any more.
const FEATURES: &[(Minor, Minor, &str)] = &[
    ((0, 46), (1, 0), HEAD_STRING_PREFIXES),
    ((0, 59), (1, 0), HEAD_REFS),
    ((0, 59), (1, 0), REGO_V1_IMPORT),
    ((1, 0), (u32::MAX, 0), REGO_V1),
    ((1, 6), (u32::MAX, 0), KEYWORDS_IN_REFS),
    ((1, 12), (u32::MAX, 0), TEMPLATE_STRINGS),
];

/// Returns the versions, oldest first; patches are not told apart.
pub(super) fn versions() -> Vec<String> {
    let of = |(major, first, last): (u32, u32, u32)| {
        (first..=last).map(move |minor| format!("v{major}.{minor}.0"))
    };
    MINORS.into_iter().flat_map(of).collect()
}

/// Returns what a version had.
pub(super) fn of_version(version: &str) -> Option<Capabilities> {
    let minor = parse(version)?;
    let grammar = if minor.0 == 0 { RegoVersion::V0 } else { RegoVersion::V1 };
    let mut all = Capabilities::current(grammar);
    for (_, later) in BUILTINS.iter().filter(|(since, _)| *since > minor) {
        for name in *later {
            all.names.remove(*name);
        }
    }
    let names = &all.names;
    all.builtins.retain(|builtin| {
        let name = builtin.get_path(&["name"]).and_then(Value::as_str);
        name.is_some_and(|name| names.contains(name))
    });
    let had = FEATURES.iter().filter(|(since, until, _)| *since <= minor && minor < *until);
    all.features = had.map(|(_, _, name)| (*name).to_owned()).collect();
    all.features.sort();
    all.future_keywords = match minor.0 {
        0 => Features::FUTURE_KEYWORDS.map(str::to_owned).to_vec(),
        _ => Vec::new(),
    };
    Some(all)
}

/// Reads `v1.7.1`; a version that is not known is none.
fn parse(version: &str) -> Option<Minor> {
    let mut parts = version.strip_prefix('v')?.split('.').map(|part| part.parse::<u32>());
    let (major, minor, patch) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let of_major = MINORS.iter().find(|(known, _, _)| *known == major)?;
    let fits = (of_major.1..=of_major.2).contains(&minor) && patch <= PATCH_MAX;
    (fits && parts.next().is_none()).then_some((major, minor))
}

/// The highest patch that any version had.
const PATCH_MAX: u32 = 9;
