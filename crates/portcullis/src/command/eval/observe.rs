//! What is seen of an evaluation besides its result: traces, coverage, profiles, counters.
//!
//! Source: OPA documentation, "opa eval"; `internal/presentation` for the shapes.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use rego::cover::{Cover, Report};
use rego::profile::{Entry, Profiler, Together};
use rego::trace::{Columns, Event, EventOp, Explain, Trace, Tracer};
use rego::{Lowering, Policy, Query};

use crate::json::Json;
use crate::table;

/// How much of a trace is shown.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExplainMode {
    /// Nothing
    Off,
    /// Everything
    Full,
    /// Calls of `trace`, and how they were come to
    Notes,
    /// Statements without a solution, and how they were come to
    Fails,
    /// Everything
    Debug,
}

/// Flags about what is seen.
#[derive(clap::Args)]
pub(super) struct Flags {
    /// Show how the result was come to
    #[arg(long, value_enum, default_value = "off")]
    explain: ExplainMode,
    /// Show the values of variables in the trace
    #[arg(long)]
    var_values: bool,
    /// Show which rows ran
    #[arg(long)]
    coverage: bool,
    /// Show how long each row took, and how long each stage
    #[arg(long)]
    profile: bool,
    /// How many rows of the profile are shown
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    profile_limit: usize,
    /// What the profile is sorted by, the largest first; may be repeated
    #[arg(long, value_name = "KEY", value_delimiter = ',')]
    profile_sort: Vec<SortKey>,
    /// Show counters of what happened, and how long each stage took
    #[arg(long)]
    instrument: bool,
    /// Look at each definition of a rule, without its index
    #[arg(long)]
    disable_indexing: bool,
    /// Look for all values of a rule, also where one is known to be the only one
    #[arg(long)]
    disable_early_exit: bool,
}

/// A column of the profile.
#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum SortKey {
    /// How long it took
    TotalTimeNs,
    /// How often it began
    NumEval,
    /// How often it was gone back to
    NumRedo,
    /// How many statements there are
    NumGenExpr,
    /// The file
    File,
    /// The row
    Line,
}

impl Flags {
    /// Whether timers are wanted, too.
    pub(super) fn wants_timers(&self) -> bool {
        self.profile || self.instrument
    }

    /// Returns how the policy has to be compiled.
    pub(super) fn lowering(&self) -> Lowering {
        let trace = self.explain != ExplainMode::Off || self.coverage || self.wants_timers();
        Lowering {
            trace,
            index: !self.disable_indexing,
            early_exit: !self.disable_early_exit,
            ..Lowering::default()
        }
    }
}

/// What is seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    lines: Vec<String>,
    explanation: Vec<rego::Value>,
    coverage: Option<Report>,
    pub(super) profile: Vec<Entry>,
    counters: BTreeMap<&'static str, i64>,
}

/// Watches one evaluation.
pub(super) struct Watch<'f> {
    flags: &'f Flags,
    trace: Trace,
    cover: Cover,
    profiler: Profiler<'f>,
    counters: Counters,
}

impl<'f> Watch<'f> {
    /// Returns a watch; `clock` gives nanoseconds.
    pub(super) fn new(flags: &'f Flags, clock: &'f (dyn Fn() -> u64 + Sync)) -> Self {
        let trace = if flags.var_values || flags.explain == ExplainMode::Debug {
            Trace::with_locals()
        } else {
            Trace::new()
        };
        let profiler = Profiler::new(clock);
        Self { flags, trace, cover: Cover::new(), profiler, counters: Counters::default() }
    }

    /// Returns the tracer that does it.
    pub(super) fn tracer(&self) -> Together<'_> {
        let mut tracers: Vec<&dyn Tracer> = Vec::new();
        if self.flags.explain != ExplainMode::Off {
            tracers.push(&self.trace);
        }
        if self.flags.coverage {
            tracers.push(&self.cover);
        }
        if self.flags.profile {
            tracers.push(&self.profiler);
        }
        if self.flags.instrument {
            tracers.push(&self.counters);
        }
        Together(tracers)
    }

    /// Returns what was seen.
    pub(super) fn seen(&self, policy: &Policy, query: &Query) -> Seen {
        let mut seen = Seen::default();
        if self.flags.profile {
            // First: its clock runs on.
            seen.profile = self.sorted(self.profiler.entries(query.sources()));
        }
        let explain = match self.flags.explain {
            ExplainMode::Off => None,
            ExplainMode::Full => Some(Explain::Full),
            ExplainMode::Notes => Some(Explain::Notes),
            ExplainMode::Fails => Some(Explain::Fails),
            ExplainMode::Debug => Some(Explain::Debug),
        };
        if let Some(explain) = explain {
            let events = self.trace.events(explain);
            let columns = Columns { values: self.flags.var_values };
            seen.lines = Trace::lines(query.sources(), &events, None, columns);
            seen.explanation = Trace::to_values(query.sources(), &events);
        }
        seen.coverage = self.flags.coverage.then(|| self.cover.report(policy));
        if self.flags.instrument {
            seen.counters = self.counters.to_map();
        }
        seen
    }

    /// By the keys asked for, the first counting most; without keys, by time.
    fn sorted(&self, mut entries: Vec<Entry>) -> Vec<Entry> {
        for key in self.flags.profile_sort.iter().rev() {
            entries.sort_by(|a, b| match key {
                SortKey::TotalTimeNs => b.total_time_ns.cmp(&a.total_time_ns),
                SortKey::NumEval => b.num_eval.cmp(&a.num_eval),
                SortKey::NumRedo => b.num_redo.cmp(&a.num_redo),
                SortKey::NumGenExpr => b.num_gen_expr.cmp(&a.num_gen_expr),
                SortKey::File => b.file.cmp(&a.file),
                SortKey::Line => b.row.cmp(&a.row),
            });
        }
        if self.flags.profile_limit > 0 {
            entries.truncate(self.flags.profile_limit);
        }
        entries
    }
}

/// Returns a clock of nanoseconds since `start`.
pub(super) fn clock(start: Instant) -> impl Fn() -> u64 + Sync {
    move || u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Counts what happens.
#[derive(Default)]
struct Counters {
    statements: AtomicU64,
    redos: AtomicU64,
    rules: AtomicU64,
    queries: AtomicU64,
    index_lookups: AtomicU64,
}

impl Counters {
    fn to_map(&self) -> BTreeMap<&'static str, i64> {
        let get = |n: &AtomicU64| i64::try_from(n.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
        BTreeMap::from([
            ("counter_eval_op_expr", get(&self.statements)),
            ("counter_eval_op_redo", get(&self.redos)),
            ("counter_eval_op_rule", get(&self.rules)),
            ("counter_eval_op_query", get(&self.queries)),
            ("counter_eval_op_rule_index", get(&self.index_lookups)),
        ])
    }
}

impl Tracer for Counters {
    fn wants_locals(&self) -> bool {
        false
    }

    fn event(&self, event: Event) -> bool {
        let counter = match event.op {
            EventOp::Eval => &self.statements,
            EventOp::Redo => &self.redos,
            EventOp::Index => &self.index_lookups,
            EventOp::Enter if event.rule.is_empty() => &self.queries,
            EventOp::Enter => &self.rules,
            EventOp::Exit | EventOp::Fail | EventOp::Note => return true,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        true
    }
}

impl Seen {
    /// Returns the counters, by name.
    pub(super) fn counters(&self) -> impl Iterator<Item = (&'static str, i64)> + '_ {
        self.counters.iter().map(|(name, count)| (*name, *count))
    }

    /// Returns the keys of the JSON format that this adds.
    pub(super) fn entries(&self) -> Vec<(&'static str, Json<'_>)> {
        let mut entries = Vec::new();
        if !self.explanation.is_empty() {
            let events = self.explanation.iter().map(Json::Value).collect();
            entries.push(("explanation", Json::Array(events)));
        }
        if !self.profile.is_empty() {
            entries.push(("profile", Json::Array(self.profile.iter().map(row).collect())));
        }
        entries
    }

    /// Returns the report of coverage as OPA's JSON, where it was asked for.
    pub(super) fn coverage(&self) -> Option<rego::Value> {
        self.coverage.as_ref().map(Report::to_value)
    }

    /// Writes the trace for people.
    pub(super) fn write_lines(&self, out: &mut dyn Write) -> io::Result<()> {
        self.lines.iter().try_for_each(|line| writeln!(out, "{line}"))
    }

    /// Writes profile and coverage for people.
    pub(super) fn write_tables(&self, out: &mut dyn Write) -> io::Result<()> {
        if !self.profile.is_empty() {
            let headers = ["TIME", "NUM EVAL", "NUM REDO", "NUM GEN EXPR", "LOCATION"];
            let rows = self.profile.iter().map(|entry| {
                vec![
                    crate::duration::text(Duration::from_nanos(entry.total_time_ns)),
                    entry.num_eval.to_string(),
                    entry.num_redo.to_string(),
                    entry.num_gen_expr.to_string(),
                    place(entry),
                ]
            });
            table::write(out, &headers, &rows.collect::<Vec<_>>())?;
        }
        if let Some(report) = &self.coverage {
            let (covered, not) = report.rows();
            let rows = [
                vec!["Lines Covered".to_string(), covered.to_string()],
                vec!["Lines Not Covered".to_string(), not.to_string()],
            ];
            let overall = format!("{:.2}", report.percent());
            table::write(out, &["OVERALL COVERAGE", &overall], &rows)?;
            for (name, file) in &report.files {
                let rows: Vec<String> = file.not_covered.iter().map(u32::to_string).collect();
                if !rows.is_empty() {
                    writeln!(out, "{name}: not covered: {}", rows.join(", "))?;
                }
            }
        }
        Ok(())
    }
}

fn place(entry: &Entry) -> String {
    let file = if entry.file.is_empty() { "query" } else { &entry.file };
    format!("{file}:{}", entry.row)
}

fn row(entry: &Entry) -> Json<'_> {
    let number = |n: u64| Json::Integer(i64::try_from(n).unwrap_or(i64::MAX));
    Json::Object(vec![
        ("total_time_ns", number(entry.total_time_ns)),
        ("num_eval", number(entry.num_eval)),
        ("num_redo", number(entry.num_redo)),
        ("num_gen_expr", number(entry.num_gen_expr)),
        (
            "location",
            Json::Object(vec![
                ("file", Json::Text(&entry.file)),
                ("row", Json::Integer(entry.row.into())),
                ("col", Json::Integer(entry.col.into())),
            ]),
        ),
    ])
}
