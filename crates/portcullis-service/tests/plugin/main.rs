//! The management plane against a control plane on the loopback.

mod bundles;
mod support;
