//! The services of a configuration: HTTP with credentials.
//!
//! Second wing. Knows: sockets, credentials. Must not know: policies, bundles, what is fetched or
//! sent.
#![forbid(unsafe_code)]
