//! The commands as users meet them: what they print, what they complain about, how they exit.
#![cfg(test)]

mod bench;
mod build;
mod capabilities;
mod check;
mod completion;
mod deps;
mod docker_authz;
mod eval;
mod eval_bundles;
mod eval_data;
mod eval_errors;
mod eval_format;
mod eval_observe;
mod exec;
mod fmt;
mod inspect;
mod lint;
mod names;
mod oracle;
mod parse;
mod place;
mod policies;
mod refactor;
mod repl;
mod schemas;
mod sign;
mod test;
mod test_coverage;
mod test_failures;
mod test_watch;
mod test_ways;
mod version;
