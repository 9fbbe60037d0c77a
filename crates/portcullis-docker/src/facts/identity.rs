//! Who asks, as far as that can be relied on.
//!
//! A client certificate says it; a header does only where whoever runs the gate trusts what sets it.
//! The daemon shows one value of a header that was sent twice, the last one: nobody behind it can
//! tell. What can be told of one value is refused. Pure. Must not know: policies.
//!
//! Source: moby `pkg/authorization/authz.go` (headers are flattened), and recordings of it.

use std::fmt;

use crate::wire::AuthzRequest;

/// Longest name in a header, in bytes. Ours.
const NAME_BYTES_MAX: usize = 256;

/// What the daemon calls the way of client certificates.
const BY_CERTIFICATE: &str = "TLS";

/// A trusted header whose value names nobody: the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityError(String);

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.0;
        write!(
            f,
            "header `{name}` names nobody: it is empty, a list, longer than {NAME_BYTES_MAX} "
        )?;
        f.write_str("bytes, or has control characters or blanks at an end")
    }
}

impl std::error::Error for IdentityError {}

/// Returns the name that may be relied on: the user of a client certificate, else the value of the
/// trusted header, else none.
///
/// Errors: the header is there, and names nobody.
pub fn of(request: &AuthzRequest, header: Option<&str>) -> Result<String, IdentityError> {
    if request.user_authn_method == BY_CERTIFICATE && !request.user.is_empty() {
        return Ok(request.user.clone());
    }
    let Some(trusted) = header else { return Ok(String::new()) };
    let headers = request.headers.as_deref().unwrap_or_default();
    let mut values = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(trusted));
    match (values.next(), values.next()) {
        (None, _) => Ok(String::new()),
        (Some((_, value)), None) if is_name(value) => Ok(value.clone()),
        _ => Err(IdentityError(trusted.to_string())),
    }
}

fn is_name(value: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&value.len())
        && value.trim() == value
        && !value.contains([',', ';', '\u{fffd}'])
        && !value.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(user: &str, method: &str, headers: &[(&str, &str)]) -> AuthzRequest {
        let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        AuthzRequest {
            user: user.to_string(),
            user_authn_method: method.to_string(),
            headers: Some(headers.collect()),
            ..AuthzRequest::default()
        }
    }

    #[test]
    fn a_certificate_says_who_asks_and_a_header_where_it_is_trusted() {
        let identity = |request: &AuthzRequest, header| of(request, header).unwrap();
        let named = [("Authz-User", "bob")];
        assert_eq!(identity(&request("alice", "TLS", &named), Some("Authz-User")), "alice");
        assert_eq!(identity(&request("alice", "", &named), None), "");
        assert_eq!(identity(&request("", "", &named), None), "");
        assert_eq!(identity(&request("", "", &named), Some("authz-user")), "bob");
        assert_eq!(identity(&request("", "TLS", &named), Some("X-Other")), "");
    }

    #[test]
    fn a_header_that_names_nobody_is_an_error() {
        let long = "a".repeat(NAME_BYTES_MAX + 1);
        for value in
            ["", " ", "bob, alice", "bob,alice", "bob;alice", "bob\n", "\u{7f}", " bob", &long]
        {
            let request = request("", "", &[("Authz-User", value)]);
            assert!(of(&request, Some("Authz-User")).is_err(), "{value:?}");
            assert_eq!(of(&request, None), Ok(String::new()));
        }
        let twice = request("", "", &[("Authz-User", "a"), ("authz-user", "b")]);
        assert!(of(&twice, Some("Authz-User")).is_err());
    }
}
