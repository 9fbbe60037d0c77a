//! The policy that is in force where nobody gives one: refuses what makes a container the master of
//! its host.

/// Where the policy's text stands in the project.
pub const NAME: &str = "policies/docker/baseline.rego";

/// The policy.
pub const TEXT: &str = include_str!("../../../policies/docker/baseline.rego");
