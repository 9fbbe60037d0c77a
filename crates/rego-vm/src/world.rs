//! What a host may offer of the world beyond time and chance: exchanges over HTTP, and a memory that
//! outlives a query. Plain data; the effects are the host's.
//!
//! Must not know: which builtin asks, sockets, files.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rego_value::Value;

/// One request over HTTP and its one answer: a host follows no redirect and tries only once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method, as it is sent.
    pub method: String,
    /// Where to: `http` or `https`, with a host.
    pub url: String,
    /// The headers, in the order in which they are sent. `Host` stands for the one of the URL.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// Whom to trust, and who we are.
    pub tls: HttpTls,
    /// The socket in the file system to connect to instead of the URL's host.
    pub socket: Option<String>,
    /// How long the exchange may take to the end of the body; none: as long as the query may.
    pub timeout: Option<Duration>,
    /// Most bytes of the answer's body, after it was unpacked.
    pub body_bytes_max: u64,
}

/// Whom to trust, and who we are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpTls {
    /// Whether the system's authorities are trusted.
    pub system_authorities: bool,
    /// Authorities to trust, each text in PEM.
    pub authorities: Vec<String>,
    /// Client certificates with their keys, in PEM. The peer chooses by the authorities it names;
    /// the first serves where it names none.
    pub identities: Vec<HttpIdentity>,
    /// Whether any certificate of the peer is good enough.
    pub is_blind: bool,
    /// The name that is asked for, and that the peer's certificate must have, instead of the URL's.
    pub server_name: Option<String>,
}

/// A client certificate with its key.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpIdentity {
    /// The certificate and those above it, in PEM.
    pub certificates: String,
    /// Its private key, in PEM.
    pub key: String,
}

impl fmt::Debug for HttpIdentity {
    /// Shows no key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpIdentity").finish_non_exhaustive()
    }
}

/// An answer over HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status, such as 200.
    pub status: u16,
    /// What the peer calls it, such as `OK`; may be empty.
    pub reason: String,
    /// The headers, in order; a name comes as often as it has values.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

/// Why a host could not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostError {
    /// This host does not do such things at all.
    Unavailable,
    /// The caller of the query no longer wants the answer.
    Cancelled,
    /// The time that the request allows is over: what was waited for.
    Timeout(&'static str),
    /// What was given to work with, such as a certificate, is of no use: why.
    Setting(String),
    /// The world did not do its part: how.
    Failed(String),
    /// The answer had begun, but its body could not be read to the end: why.
    Body(String),
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "not available here",
            Self::Cancelled => "context canceled",
            Self::Timeout(what) => {
                return write!(f, "context deadline exceeded (Client.Timeout {what})");
            }
            Self::Setting(why) | Self::Failed(why) | Self::Body(why) => why,
        })
    }
}

impl std::error::Error for HostError {}

/// What is kept from one query to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// What it is.
    pub value: Value,
    /// Until when it is good, as nanoseconds since 1970; none: it never was, but may serve as a
    /// base for asking again.
    pub expires_ns: Option<i64>,
    /// How many bytes it counts as.
    pub bytes: u64,
}

/// A memory that queries share: OPA's inter-query cache. It may forget anything at any time.
pub trait Memory: Sync {
    /// Returns what is kept under a key, whether or not it has expired.
    fn get(&self, key: &Value) -> Option<Kept>;
    /// Keeps something, in place of what was kept under the key.
    fn insert(&self, key: Value, kept: Kept);
    /// Forgets what is kept under the key.
    fn remove(&self, key: &Value);
}

/// A memory of what was made of values at some cost, such as a schema that was read, which queries
/// share: a cache of OPA's inter-query value cache. It may forget anything at any time.
pub trait Values: Sync {
    /// Returns what is kept under a key.
    fn get(&self, key: &Value) -> Option<Arc<dyn Any + Send + Sync>>;
    /// Keeps something, in place of what was kept under the key.
    fn insert(&self, key: Value, made: Arc<dyn Any + Send + Sync>);
}
