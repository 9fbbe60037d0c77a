//! The management plane against a control plane on the loopback.
#![cfg(test)]

mod bundles;
mod deltas;
mod discovery;
mod persistence;
mod polling;
mod refused;
mod reports;
mod support;
