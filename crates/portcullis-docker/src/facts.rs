//! What can be told from a request beyond its own fields: mounts, ports, confinement, sharing,
//! image, certificate, identity.
//!
//! Each fact is a pure function, in a file of its own, over the canonical body and the target; only
//! mounts ask where paths lead, through a function they are given. Must not know: policies, files,
//! sockets.

pub mod cert;
pub mod identity;
pub mod image;
pub mod mounts;
pub mod ports;
pub mod reference;
pub mod security;
pub mod sharing;

use std::fmt;

use rego::Value;

use crate::api::{self, Found};
use crate::host_tree::Place;
use crate::uri::Target;
use crate::wire::AuthzRequest;

use self::cert::{Cert, CertError};
use self::identity::IdentityError;
use self::image::Image;
use self::mounts::{BindMount, MountsError};
use self::ports::Port;
use self::security::Security;
use self::sharing::Share;

/// What a request asks for, as far as facts are drawn from it.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a str,
    /// The endpoint.
    pub found: Found<'a>,
    /// What it does.
    pub action: &'static str,
    /// The decoded path's names, without the version of the API and empty ones.
    pub path: Vec<&'a str>,
    /// The decoded pairs of the query.
    pub query: &'a [(String, String)],
    /// The canonical body.
    pub body: &'a Value,
}

impl<'a> Asked<'a> {
    /// Returns what a request with this method, endpoint, target and body asks for.
    pub fn new(method: &'a str, found: Found<'a>, target: &'a Target, body: &'a Value) -> Self {
        let names = target.path.split('/').filter(|name| !name.is_empty());
        let path = names.skip(usize::from(!found.version.is_empty())).collect();
        Self {
            method,
            found,
            action: found.action(&target.query),
            path,
            query: &target.query,
            body,
        }
    }

    /// Returns the same, with the endpoint looked up.
    pub fn find(method: &'a str, target: &'a Target, body: &'a Value) -> Self {
        Self::new(method, api::find(method, &target.path), target, body)
    }

    /// Returns the first value of a parameter, the one that the daemon takes; empty without any.
    pub fn parameter(&self, name: &str) -> &'a str {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }

    /// Whether the version of the API is at least 1.`minor`.
    pub fn is_since(&self, minor: u32) -> bool {
        let (major, rest) = self.found.version.split_once('.').unwrap_or_default();
        let number = |text: &str| text.parse::<u32>().ok();
        number(major).zip(number(rest)).is_some_and(|version| version >= (1, minor))
    }

    /// Returns the settings of the container that a service's tasks run.
    pub fn service_container(&self) -> Option<&'a Value> {
        self.body.get_path(&["TaskTemplate", "ContainerSpec"])
    }
}

/// Everything that is told of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Paths of the host that it would mount.
    pub mounts: Vec<BindMount>,
    /// Ports of the host that it would open.
    pub ports: Vec<Port>,
    /// How what it starts is confined.
    pub security: Security,
    /// What it would share with the host, or with another container.
    pub sharing: Vec<Share>,
    /// The image it is about.
    pub image: Option<Image>,
    /// The client's certificate.
    pub cert: Option<Cert>,
    /// The name that may be relied on; empty without.
    pub identity: String,
}

/// Why facts cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactsError {
    /// Too much to look at.
    Mounts(MountsError),
    /// A certificate that cannot be read.
    Cert(CertError),
    /// An identity that cannot be relied on.
    Identity(IdentityError),
}

impl fmt::Display for FactsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mounts(error) => error.fmt(f),
            Self::Cert(error) => error.fmt(f),
            Self::Identity(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FactsError {}

/// What facts are drawn with.
#[derive(Clone, Copy)]
pub struct FactsOptions<'a> {
    /// Says where a path of the host leads.
    pub look: &'a dyn Fn(&str) -> Place,
    /// The header that names the client, where one is trusted.
    pub identity_header: Option<&'a str>,
}

/// Returns the facts of a request.
///
/// Errors: [`FactsError`]; the request must be refused then.
pub fn derive(
    request: &AuthzRequest,
    asked: &Asked<'_>,
    options: FactsOptions<'_>,
) -> Result<Facts, FactsError> {
    let identity = identity::of(request, options.identity_header).map_err(FactsError::Identity)?;
    Ok(Facts {
        mounts: mounts::of(asked, options.look).map_err(FactsError::Mounts)?,
        ports: ports::of(asked),
        security: security::of(asked),
        sharing: sharing::of(asked),
        image: image::of(asked),
        cert: cert::of(&request.certificates).map_err(FactsError::Cert)?,
        identity,
    })
}

/// Returns the text at a path of a value; empty where there is none.
fn text<'a>(value: &'a Value, path: &[&str]) -> &'a str {
    value.get_path(path).and_then(Value::as_str).unwrap_or_default()
}

/// Returns the elements of the array at a path of a value; none where there is none.
fn elements<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    value.get_path(path).and_then(Value::as_array).unwrap_or_default()
}

/// Returns the entries of the object at a path of a value whose keys are texts.
fn entries<'a>(
    value: &'a Value,
    path: &[&str],
) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
    let object = value.get_path(path).and_then(Value::as_object);
    let entries = object.into_iter().flat_map(|object| object.iter());
    entries.filter_map(|(key, value)| Some((key.as_str()?, value)))
}

/// Returns an array of texts.
fn texts<T: AsRef<str>>(texts: &[T]) -> Value {
    Value::array(texts.iter().map(|text| Value::from(text.as_ref())).collect())
}
