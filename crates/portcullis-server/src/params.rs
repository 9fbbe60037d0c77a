//! The query string of a target.
//!
//! Source: OPA documentation, "REST API"; Go `net/url` for the encoding.

use crate::route::percent_decode;

/// Most parameters that are read; the rest is as if it were not there.
const PARAMS_MAX: usize = 1024;

/// Parameters in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Returns the parameters of a query string. Pairs that cannot be decoded are left out, as Go
    /// leaves them out.
    pub(crate) fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';'));
        let decode = |text: &str| percent_decode(&text.replace('+', " "));
        let decoded = pairs.filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        });
        Self(decoded.take(PARAMS_MAX).collect())
    }

    /// Returns the first value of a parameter.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// Returns all values of a parameter.
    pub(crate) fn values<'p>(&'p self, name: &str) -> impl Iterator<Item = &'p str> {
        let named = self.0.iter().filter(move |(other, _)| other == name);
        named.map(|(_, value)| value.as_str())
    }

    /// Whether a switch is on: it is there without a value, or one of its values is `true`.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.values(name).any(|value| value.is_empty() || value.eq_ignore_ascii_case("true"))
    }

    /// Returns all parameters in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches() {
        for on in ["pretty", "pretty=", "pretty=TRUE", "pretty=false&pretty=true"] {
            assert!(Params::parse(on).is_on("pretty"), "{on}");
        }
        for off in ["", "pretty=1", "pretty=yes", "prett", "pretty=%zz"] {
            assert!(!Params::parse(off).is_on("pretty"), "{off}");
        }
    }

    #[test]
    fn values_are_decoded() {
        let params = Params::parse("q=x%20%3D+1&input=%7B%7D&q=2");
        assert_eq!(params.first("q"), Some("x = 1"));
        assert_eq!(params.values("q").count(), 2);
        assert_eq!(params.first("input"), Some("{}"));
    }
}
