//! Names of domains and mailboxes, and which of them a constraint means.
//!
//! Source: RFC 5280, 4.2.1.10; RFC 2821, 4.1.2; Go, `crypto/x509`.

/// Returns the labels of a domain from the last to the first; none where one is empty, or holds
/// what is not printable.
fn labels(domain: &str) -> Option<Vec<&str>> {
    if domain.is_empty() {
        return Some(Vec::new());
    }
    let is_label = |label: &&str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_graphic());
    let labels: Vec<&str> = domain.rsplit('.').collect();
    labels.iter().all(is_label).then_some(labels)
}

/// Whether it is a domain; the empty text is one, too.
pub(super) fn is_valid(domain: &str) -> bool {
    labels(domain).is_some()
}

/// Whether it is a domain, or one with a dot before it, which stands for all below it.
pub(super) fn is_valid_constraint(constraint: &str) -> bool {
    is_valid(constraint.strip_prefix('.').unwrap_or(constraint))
}

/// Whether a domain is the constraint's or below it. Nothing where the domain is none.
pub(super) fn is_within(domain: &str, constraint: &str) -> Option<bool> {
    if constraint.is_empty() {
        return Some(true);
    }
    let inner = labels(domain)?;
    let (below, outer) = match constraint.strip_prefix('.') {
        Some(outer) => (true, outer),
        None => (false, constraint),
    };
    let outer = labels(outer)?;
    let long_enough = inner.len() >= outer.len() + usize::from(below);
    Some(long_enough && outer.iter().zip(&inner).all(|(a, b)| a.eq_ignore_ascii_case(b)))
}

/// Whether a name with a wildcard may stand for what an excluding constraint means.
pub(super) fn wildcard_reaches(name: &str, constraint: &str) -> bool {
    let Some(parent) = name.strip_prefix("*.") else { return false };
    let Some((_, behind)) = constraint.split_once('.') else { return false };
    !constraint.starts_with('.') && behind.eq_ignore_ascii_case(parent)
}

/// Reads a mailbox: what is before the at sign, without quotes, and the domain.
pub(super) fn mailbox(text: &str) -> Option<(String, &str)> {
    let (local, rest) = match text.strip_prefix('"') {
        Some(quoted) => quoted_local(quoted)?,
        None => plain_local(text)?,
    };
    let domain = rest.strip_prefix('@')?;
    is_valid(domain).then_some((local, domain))
}

fn quoted_local(text: &str) -> Option<(String, &str)> {
    let is_text = |c: char| c.is_ascii() && !matches!(c, '\0' | '\n' | '\r');
    let mut local = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => return Some((local, chars.as_str())),
            '\\' => local.push(chars.next().filter(|c| is_text(*c))?),
            c => local.push(Some(c).filter(|c| is_text(*c) && *c != '\t')?),
        }
    }
}

fn plain_local(text: &str) -> Option<(String, &str)> {
    let mut local = String::new();
    let mut chars = text.chars();
    let mut rest = text;
    while let Some(c) = chars.next() {
        match c {
            '\\' => local.push(chars.next()?),
            c if c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c) => local.push(c),
            _ => break,
        }
        rest = chars.as_str();
    }
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    (!local.is_empty() && !dots).then_some((local, rest))
}

/// Whether a certificate's name is a host's: a wildcard stands for one label, the first.
pub(super) fn names_host(pattern: &str, host: &str) -> bool {
    let lower = |text: &str| text.to_ascii_lowercase();
    let nothing = |text: &str| matches!(text, "" | ".");
    if !(is_host(host, false) && is_host(pattern, true)) {
        return !nothing(pattern) && !nothing(host) && lower(pattern) == lower(host);
    }
    let (pattern, host) = (lower(pattern), lower(host.strip_suffix('.').unwrap_or(host)));
    let (mut wanted, mut given) = (pattern.split('.'), host.split('.'));
    let first = match (wanted.next(), given.next()) {
        (Some("*"), Some(_)) => true,
        (wanted, given) => wanted == given,
    };
    first && wanted.eq(given)
}

fn is_host(host: &str, pattern: bool) -> bool {
    let host = if pattern { host } else { host.strip_suffix('.').unwrap_or(host) };
    if matches!(host, "" | "*") {
        return false;
    }
    let is_char = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    host.split('.').enumerate().all(|(place, label)| {
        let wildcard = pattern && place == 0 && label == "*";
        let plain = !label.is_empty() && !label.starts_with('-') && label.bytes().all(is_char);
        wildcard || plain
    })
}
