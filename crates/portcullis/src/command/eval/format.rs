//! The result of a query in each format.
//!
//! Source: OPA documentation, "opa eval", output formats; `internal/presentation`.

use std::io::{self, Write};

use rego::{Row, Value};

use super::metrics::{Statistics, Timers};
use super::observe::Seen;
use super::{Args, Format};
use crate::json::{self, Json};
use crate::report::{self, Report};
use crate::table;

/// What an evaluation gave.
#[derive(Clone, Debug, Default)]
pub(super) struct Output {
    /// The solutions; none where undefined.
    pub(super) rows: Vec<Row>,
    /// What went wrong.
    pub(super) errors: Vec<Report>,
    /// What else was seen.
    pub(super) seen: Seen,
    /// How long the stages took; empty unless asked for.
    pub(super) timers: Timers,
    /// Statistics over many runs; empty unless asked for.
    pub(super) aggregates: Vec<Statistics>,
}

/// Writes the output in the format that was asked for. Errors are part of the JSON formats; the
/// others say them on the standard error.
pub(super) fn write(
    args: &Args,
    output: &Output,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<()> {
    match args.format {
        Format::Json => {
            let coverage = output.seen.coverage();
            let mut whole = whole(output);
            if let (Json::Object(entries), Some(coverage)) = (&mut whole, &coverage) {
                entries.push(("coverage", Json::Value(coverage)));
            }
            return json::write(out, &whole);
        }
        Format::Discard => return discard(output, out),
        _ => {}
    }
    if args.format == Format::Pretty {
        output.seen.write_lines(out)?;
    }
    if !output.errors.is_empty() {
        writeln!(err, "{}", report::list(&output.errors))?;
    }
    match args.format {
        _ if !output.errors.is_empty() && output.rows.is_empty() => {}
        Format::Json | Format::Discard => {}
        Format::Values => values(output, out)?,
        Format::Bindings => bindings(output, out)?,
        Format::Raw => raw(output, out)?,
        Format::Pretty | Format::Source => pretty_rows(&output.rows, args.pretty_limit, out)?,
    }
    if args.format == Format::Pretty {
        pretty_metrics(output, out)?;
        output.seen.write_tables(out)?;
    }
    Ok(())
}

/// Every key is left out where there is nothing to say.
fn whole(output: &Output) -> Json<'_> {
    let mut entries = Vec::new();
    if !output.errors.is_empty() {
        let errors = output.errors.iter().map(Report::json).collect();
        entries.push(("errors", Json::Array(errors)));
    }
    if !output.rows.is_empty() {
        entries.push(("result", Json::Array(output.rows.iter().map(row).collect())));
    }
    entries.extend(metrics(output));
    entries.extend(output.seen.entries());
    Json::Object(entries)
}

fn metrics(output: &Output) -> Vec<(&'static str, Json<'static>)> {
    let mut entries = Vec::new();
    if !output.timers.0.is_empty() {
        let timers = output.timers.0.iter().map(|(name, ns)| (*name, Json::Integer(*ns)));
        entries.push(("metrics", Json::Object(timers.collect())));
    }
    if !output.aggregates.is_empty() {
        let statistics = output.aggregates.iter().map(|all| {
            let values = vec![
                ("90%", Json::Float(all.p90)),
                ("99%", Json::Float(all.p99)),
                ("max", Json::Integer(all.max)),
                ("mean", Json::Float(all.mean)),
                ("min", Json::Integer(all.min)),
            ];
            (all.name, Json::Object(values))
        });
        entries.push(("aggregated_metrics", Json::Object(statistics.collect())));
    }
    entries
}

/// Returns a solution as OPA's object: its `expressions` and `bindings`.
pub(crate) fn row(row: &Row) -> Json<'_> {
    let expressions = row.expressions.iter().map(|expression| {
        let location = vec![
            ("row", Json::Integer(expression.position.row.into())),
            ("col", Json::Integer(expression.position.col.into())),
        ];
        Json::Object(vec![
            ("value", Json::Value(&expression.value)),
            ("text", Json::Text(&expression.text)),
            ("location", Json::Object(location)),
        ])
    });
    let mut entries = vec![("expressions", Json::Array(expressions.collect()))];
    if !row.bindings.is_empty() {
        entries.push(("bindings", variables(row)));
    }
    Json::Object(entries)
}

fn variables(row: &Row) -> Json<'_> {
    let named = sorted_bindings(row).into_iter();
    Json::Object(named.map(|(name, value)| (name, Json::Value(value))).collect())
}

fn sorted_bindings(row: &Row) -> Vec<(&str, &Value)> {
    let mut named: Vec<_> = row.bindings.iter().map(|(name, value)| (&**name, value)).collect();
    named.sort_by_key(|(name, _)| *name);
    named
}

fn discard(output: &Output, out: &mut dyn Write) -> io::Result<()> {
    let mut entries = metrics(output);
    if !output.errors.is_empty() {
        let errors = output.errors.iter().map(Report::json).collect();
        entries.push(("errors", Json::Array(errors)));
    }
    if !output.rows.is_empty() {
        entries.push(("result", Json::Text("discarded")));
    }
    entries.sort_by_key(|(name, _)| *name);
    json::write(out, &Json::Object(entries))
}

fn values(output: &Output, out: &mut dyn Write) -> io::Result<()> {
    output.rows.iter().try_for_each(|row| {
        let values = row.expressions.iter().map(|expression| Json::Value(&expression.value));
        json::write(out, &Json::Array(values.collect()))
    })
}

fn bindings(output: &Output, out: &mut dyn Write) -> io::Result<()> {
    output.rows.iter().try_for_each(|row| json::write(out, &variables(row)))
}

fn raw(output: &Output, out: &mut dyn Write) -> io::Result<()> {
    for row in &output.rows {
        for (position, expression) in row.expressions.iter().enumerate() {
            if position > 0 {
                out.write_all(b" ")?;
            }
            match expression.value.as_str() {
                Some(text) => out.write_all(text.as_bytes())?,
                None => out.write_all(expression.value.to_json().as_bytes())?,
            }
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// One value is shown as itself, several as a table with a column for each variable and for each
/// statement that has a value of its own.
pub(crate) fn pretty_rows(rows: &[Row], limit: usize, out: &mut dyn Write) -> io::Result<()> {
    let Some(first) = rows.first() else {
        return writeln!(out, "undefined");
    };
    let is_boolean = |value: &Value| value.as_bool().is_some();
    if let (1, true, [expression, others @ ..]) =
        (rows.len(), first.bindings.is_empty(), first.expressions.as_slice())
    {
        let all_boolean = first.expressions.iter().all(|each| is_boolean(&each.value));
        if others.is_empty() || all_boolean {
            return json::write(out, &Json::Value(&expression.value));
        }
    }
    let shown = |position: &usize| {
        let expression = first.expressions.get(*position);
        first.bindings.is_empty() || expression.is_some_and(|each| !is_boolean(&each.value))
    };
    let statements: Vec<usize> = (0..first.expressions.len()).filter(shown).collect();
    let names = sorted_bindings(first).into_iter().map(|(name, _)| name);
    let texts = statements.iter().filter_map(|at| first.expressions.get(*at)).map(|e| &*e.text);
    let headers: Vec<&str> = names.chain(texts).collect();
    let rows = rows.iter().map(|row| cells(row, &statements, limit));
    table::write(out, &headers, &rows.collect::<Vec<_>>())
}

fn cells(row: &Row, statements: &[usize], limit: usize) -> Vec<String> {
    let bound = sorted_bindings(row).into_iter().map(|(_, value)| value);
    let said = statements.iter().filter_map(|at| row.expressions.get(*at)).map(|e| &e.value);
    bound.chain(said).map(|value| shortened(value.to_json(), limit)).collect()
}

fn shortened(text: String, limit: usize) -> String {
    if limit == 0 || text.chars().count() <= limit {
        return text;
    }
    text.chars().take(limit).chain("...".chars()).collect()
}

fn pretty_metrics(output: &Output, out: &mut dyn Write) -> io::Result<()> {
    if !output.timers.0.is_empty() {
        let rows = output.timers.0.iter().map(|(name, ns)| vec![name.to_string(), ns.to_string()]);
        table::write(out, &["METRIC", "VALUE"], &rows.collect::<Vec<_>>())?;
    }
    if !output.aggregates.is_empty() {
        let rows = output.aggregates.iter().map(|all| {
            let numbers = [all.min as f64, all.max as f64, all.mean, all.p90, all.p99];
            std::iter::once(all.name.to_string()).chain(numbers.map(|n| n.to_string())).collect()
        });
        let headers = ["METRIC", "MIN", "MAX", "MEAN", "90%", "99%"];
        table::write(out, &headers, &rows.collect::<Vec<_>>())?;
    }
    Ok(())
}
