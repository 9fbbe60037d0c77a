//! OPA's REST API over a running policy.
//!
//! Second wing. Knows: HTTP, the running policy. Must not know: other surfaces.
#![forbid(unsafe_code)]
