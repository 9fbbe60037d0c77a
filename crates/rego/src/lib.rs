//! The face of the Rego engine: load, compile, prepare, evaluate.
