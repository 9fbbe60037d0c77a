//! The compiled form of a policy: plain data, lowering, rule index.
