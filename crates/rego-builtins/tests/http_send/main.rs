//! `http.send` before a host that answers as told.
#![cfg(test)]

mod cache;
mod host;
mod send;
