//! `http.send` of a policy before servers on the loopback.
#![cfg(test)]

mod peer;
mod plain;
mod secure;
mod support;
