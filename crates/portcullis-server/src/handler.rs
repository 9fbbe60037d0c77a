//! The handlers, one file a part of the API: a request in, an answer out. No sockets.

pub(crate) mod batch;
pub(crate) mod compile;
pub(crate) mod data;
pub(crate) mod decision;
pub(crate) mod documents;
mod explain;
pub(crate) mod health;
pub(crate) mod input;
pub(crate) mod policies;
pub(crate) mod query;
pub(crate) mod reference;
pub(crate) mod state;

/// What queries of clients may not call themselves; policies may. Source: OPA `v1/server/server.go`.
const UNSAFE_BUILTINS: &[&str] = &["http.send"];
