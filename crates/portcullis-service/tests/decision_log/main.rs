//! The decision log of a server, from events to uploads. Must not know: how events wait.
#![cfg(test)]

mod buffers;
mod kill;
mod mask;
mod service;
mod spill;
mod support;
mod uploads;
