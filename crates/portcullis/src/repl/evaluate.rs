//! A query at the prompt: its answer, and what was asked to be shown of how it came about.
//!
//! Must not know: lines, definitions.

use std::time::Instant;

use anyhow::{Result, anyhow};
use rego::profile::{Profiler, Together};
use rego::trace::{Columns, Explain, Trace, Tracer};
use rego::{EvalOptions, Lowering, Row};

use super::session::Session;
use super::show;
use crate::command::host;
use crate::report;

/// Rows of a profile that are shown.
const PROFILE_ROWS: usize = 10;

impl Session {
    /// Evaluates a query.
    pub(super) fn query(&mut self, text: &str) -> Result<String> {
        let began = Instant::now();
        let input = self.input();
        let traced = self.settings.explain.is_some() || self.settings.profile;
        let policy = if traced || self.settings.instrument {
            let lowering = Lowering { trace: true, ..Lowering::default() };
            self.policy.lowered(lowering).map_err(|errors| anyhow!("{errors}"))?
        } else {
            self.policy.clone()
        };
        let query = self.prepare(&policy, text)?;
        let compiled = Instant::now();
        let (trace, host) = (Trace::new(), host());
        let clock = move || u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let profiler = Profiler::new(&clock);
        let tracer = Together(vec![&trace, &profiler]);
        let options = EvalOptions {
            strict_builtin_errors: self.settings.strict_builtin_errors,
            host: &host,
            tracer: (traced || self.settings.instrument).then_some(&tracer as &dyn Tracer),
            ..EvalOptions::default()
        };
        let found = query.eval(input.as_ref(), &options);
        let ended = Instant::now();
        let entries =
            if self.settings.profile { profiler.entries(query.sources()) } else { vec![] };
        let mut out = String::new();
        if let Some(explain) = self.settings.explain {
            let events = trace.events(explain);
            for line in Trace::lines(query.sources(), &events, None, Columns::default()) {
                out.push_str(&line);
                out.push('\n');
            }
        }
        match &found {
            Ok(found) => {
                out.push_str(&show::result(found, self.settings.look, self.settings.limit));
                if self.settings.types {
                    found.rows.first().into_iter().for_each(|row| types(row, &mut out));
                }
            }
            Err(error) => out.push_str(&report::list(&[report::of_eval_error(error)])),
        }
        for entry in entries.iter().take(PROFILE_ROWS) {
            let file = if entry.file.is_empty() { "query" } else { &entry.file };
            out.push_str(&format!(
                "\n{file}:{}: {} ns, {} evals, {} redos",
                entry.row, entry.total_time_ns, entry.num_eval, entry.num_redo
            ));
        }
        if self.settings.instrument {
            out.push_str(&format!("\ncounter_eval_events: {}", trace.events(Explain::Full).len()));
        }
        if self.settings.metrics || self.settings.instrument {
            for (name, time) in [
                ("timer_rego_query_compile_ns", compiled - began),
                ("timer_rego_query_eval_ns", ended - compiled),
            ] {
                out.push_str(&format!("\n{name}: {}", time.as_nanos()));
            }
        }
        Ok(out)
    }
}

fn types(row: &Row, out: &mut String) {
    for (name, value) in &row.bindings {
        out.push_str(&format!("\n# {name}: {}", value.type_name()));
    }
}
