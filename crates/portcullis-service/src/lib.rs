//! The running policy: files, snapshots, reload, decisions, decision log.
