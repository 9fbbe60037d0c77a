//! Profiles: how often each statement ran, and how long it took.
//!
//! Source: OPA's `profiler` package and `opa eval --profile`.
//!
//! Must not know: clocks other than the one it is given, where a profile is shown.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rego_program::MarkNode;
use rego_source::{Location, Sources};
use rego_vm::{Event, EventOp, Tracer};

/// A tracer that counts and times statements.
pub struct Profiler<'c> {
    clock: &'c (dyn Fn() -> u64 + Sync),
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    by_place: BTreeMap<Location, Counts>,
    /// The statement under way and when it began.
    current: Option<(Location, u64)>,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    time_ns: u64,
    evals: u64,
    redos: u64,
}

/// What is known of the statements on one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// How long they took, in nanoseconds; what they call counts for what is called.
    pub total_time_ns: u64,
    /// How often one began.
    pub num_eval: u64,
    /// How often one was gone back to.
    pub num_redo: u64,
    /// How many statements there are on the row.
    pub num_gen_expr: u64,
    /// The file; empty for the query.
    pub file: String,
    /// The row.
    pub row: u32,
    /// The column of the first.
    pub col: u32,
}

impl<'c> Profiler<'c> {
    /// Returns a profiler. `clock` gives nanoseconds since any moment.
    pub fn new(clock: &'c (dyn Fn() -> u64 + Sync)) -> Self {
        Self { clock, kept: Mutex::default() }
    }

    /// Returns what is known of each row, those that took longest first.
    pub fn entries(&self, sources: &Sources) -> Vec<Entry> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.pause((self.clock)());
        let mut rows: BTreeMap<(String, u32), Entry> = BTreeMap::new();
        for (place, counts) in &kept.by_place {
            let Some((file, position)) = sources.resolve(*place) else { continue };
            let entry = rows.entry((file.to_string(), position.row)).or_insert_with(|| Entry {
                total_time_ns: 0,
                num_eval: 0,
                num_redo: 0,
                num_gen_expr: 0,
                file: file.to_string(),
                row: position.row,
                col: position.col,
            });
            entry.total_time_ns += counts.time_ns;
            entry.num_eval += counts.evals;
            entry.num_redo += counts.redos;
            entry.num_gen_expr += 1;
        }
        let mut entries: Vec<Entry> = rows.into_values().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.total_time_ns));
        entries
    }
}

impl Kept {
    /// Books the time of the statement under way.
    fn pause(&mut self, now: u64) {
        if let Some((place, since)) = self.current.take() {
            self.by_place.entry(place).or_default().time_ns += now.saturating_sub(since);
        }
    }
}

impl Tracer for Profiler<'_> {
    fn wants_locals(&self) -> bool {
        false
    }

    fn event(&self, event: Event) -> bool {
        let now = (self.clock)();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if event.node != MarkNode::Expr || event.op == EventOp::Index {
            return true;
        }
        kept.pause(now);
        let counts = kept.by_place.entry(event.location).or_default();
        match event.op {
            EventOp::Eval => counts.evals += 1,
            EventOp::Redo => counts.redos += 1,
            _ => return true,
        }
        kept.current = Some((event.location, now));
        true
    }
}

/// Several tracers as one.
pub struct Together<'t>(pub Vec<&'t dyn Tracer>);

impl Tracer for Together<'_> {
    fn wants_locals(&self) -> bool {
        self.0.iter().any(|tracer| tracer.wants_locals())
    }

    fn event(&self, event: Event) -> bool {
        let mut more = false;
        for tracer in &self.0 {
            more |= tracer.event(event.clone());
        }
        more
    }
}
