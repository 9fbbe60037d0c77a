//! The table: each workload on this engine and on the better of the peer's two.

use std::hint::black_box;
use std::io::{self, Write};

use serde::Serialize;

use crate::clock::{self, Work};
use crate::failure::{Failure, Outcome};
use crate::load;
use crate::ours::{self, Ours};
use crate::peer::{self, Interpreter, Machine};
use crate::workload::{self, Scratch, Workload};
use crate::{canonical, tree};

/// What to measure and how to print it.
#[derive(Default)]
pub(crate) struct Options {
    json: bool,
    no_big: bool,
    filter: String,
}

impl Options {
    /// Reads the command line.
    pub(crate) fn parse(words: &[&str]) -> Option<Self> {
        let big = std::env::var("BIG").is_ok_and(|big| big == "0");
        let mut options = Options { no_big: big, ..Options::default() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--json" => options.json = true,
                "--no-big" => options.no_big = true,
                "--filter" => options.filter = (*words.next()?).to_owned(),
                _ => return None,
            }
        }
        Some(options)
    }
}

/// One line of the table.
#[derive(Serialize)]
struct Line {
    workload: String,
    ours: f64,
    /// Of the peer's engines the better one.
    peer: Option<f64>,
    peer_engine: &'static str,
    unit: &'static str,
}

/// Measures and prints.
pub(crate) fn run(options: &Options) -> Outcome<()> {
    let scratch = Scratch::new("workloads")?;
    let big = !options.no_big && "w6_big".contains(&options.filter);
    workload::write(scratch.path(), big)?;
    let mut lines = Vec::new();
    if !options.json {
        head()?;
    }
    let mut add = |line: Line| -> Outcome<()> {
        if !options.json {
            row(&line)?;
        }
        lines.push(line);
        Ok(())
    };
    for name in names(scratch.path(), &options.filter)? {
        let workload = workload::read(&scratch.path().join(name))?;
        measure(&workload)
            .map_err(|Failure(e)| Failure(format!("{}: {e}", workload.name)))?
            .into_iter()
            .try_for_each(&mut add)?;
    }
    if "compile 200 files".contains(&options.filter) {
        add(compile_tree()?)?;
    }
    if options.json {
        writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&lines)?)?;
    }
    Ok(())
}

fn names(dir: &std::path::Path, filter: &str) -> Outcome<Vec<String>> {
    let paths = workload::sorted_entries(dir)?;
    let names = paths.iter().filter(|p| p.join("manifest.json").exists());
    let names = names.map(|p| p.file_name().unwrap_or_default().to_string_lossy().into_owned());
    Ok(names.filter(|name| name.contains(filter)).collect())
}

/// Measures one workload: evaluation, and what else its name asks for.
fn measure(workload: &Workload) -> Outcome<Vec<Line>> {
    if workload.name == "w6_big" {
        return load_lines(workload);
    }
    let mut lines = vec![eval_line(workload, Kept::Nothing)?];
    if workload.name.starts_with("w3scan") || workload.name.starts_with("w5") {
        lines.push(eval_line(workload, Kept::OfData)?);
    }
    if matches!(workload.name.as_str(), "w1_privileged" | "w2_comprehensive" | "w2_role") {
        lines.push(parse_and_eval_line(workload)?);
    }
    if matches!(workload.name.as_str(), "w3scan_100k" | "w5_set100k" | "w5_join1k") {
        lines.push(first_line(workload)?);
    }
    if workload.name == "w4_10k" {
        lines.push(cold_line(workload)?);
    }
    Ok(lines)
}

/// The peer's engines, those of them that can do the workload.
struct Peers {
    interpreter: Option<Interpreter>,
    machine: Option<Machine>,
}

impl Peers {
    /// Prepares both; one that fails, or answers otherwise than this engine, is left out.
    fn new(workload: &Workload, answer: &str) -> Self {
        let same = |result: Outcome<regorus::Value>| {
            let json = result.and_then(|value| peer::json(&value));
            json.is_ok_and(|json| canonical::text(json.as_deref()) == answer)
        };
        let interpreter = Interpreter::new(workload).ok();
        let machine = Machine::new(workload).ok();
        Self {
            interpreter: interpreter.and_then(|mut i| same(i.eval()).then_some(i)),
            machine: machine.and_then(|mut m| same(m.eval()).then_some(m)),
        }
    }
}

/// What this engine keeps from one evaluation to the next. The peer keeps nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Nothing,
    /// What depends on data alone.
    OfData,
}

fn eval_line(workload: &Workload, kept: Kept) -> Outcome<Line> {
    let ours = Ours::new(workload)?;
    let (ours, name) = match kept {
        Kept::Nothing => (ours, workload.name.clone()),
        Kept::OfData => (ours.keeping(), format!("{}, kept", workload.name)),
    };
    let mut peers = Peers::new(workload, &canonical::text(ours.answer()?.as_deref()));
    let mut sides: Vec<(&'static str, Work<'_>)> =
        vec![("ours", Box::new(|| ours.eval().map(|v| drop(black_box(v)))))];
    if let Some(i) = &mut peers.interpreter {
        sides.push(("interpreter", Box::new(|| i.eval().map(|v| drop(black_box(v))))));
    }
    if let Some(m) = &mut peers.machine {
        sides.push(("rvm", Box::new(|| m.eval().map(|v| drop(black_box(v))))));
    }
    compared(name, sides)
}

fn parse_and_eval_line(workload: &Workload) -> Outcome<Line> {
    let text = workload.input.as_str();
    let ours = Ours::new(workload)?;
    let mut peers = Peers::new(workload, &canonical::text(ours.answer()?.as_deref()));
    let mut sides: Vec<(&'static str, Work<'_>)> =
        vec![("ours", Box::new(|| ours.parse_and_eval(text).map(|v| drop(black_box(v)))))];
    if let Some(i) = &mut peers.interpreter {
        sides
            .push(("interpreter", Box::new(|| i.parse_and_eval(text).map(|v| drop(black_box(v))))));
    }
    if let Some(m) = &mut peers.machine {
        sides.push(("rvm", Box::new(|| m.parse_and_eval(text).map(|v| drop(black_box(v))))));
    }
    compared(format!("{}, input parsed", workload.name), sides)
}

/// The first evaluation after compilation, which nothing is remembered for; once a side.
fn first_line(workload: &Workload) -> Outcome<Line> {
    let ours = Ours::new(workload)?;
    let mut peers = Peers {
        interpreter: Interpreter::new(workload).ok(),
        machine: Machine::new(workload).ok(),
    };
    let mut sides: Vec<(&'static str, Work<'_>)> =
        vec![("ours", Box::new(|| ours.eval().map(|v| drop(black_box(v)))))];
    if let Some(i) = &mut peers.interpreter {
        sides.push(("interpreter", Box::new(|| i.eval().map(|v| drop(black_box(v))))));
    }
    if let Some(m) = &mut peers.machine {
        sides.push(("rvm", Box::new(|| m.eval().map(|v| drop(black_box(v))))));
    }
    let mut times = Vec::new();
    for (_, side) in &mut sides {
        times.push(clock::once(side).map_or(f64::INFINITY, |time| time.as_nanos() as f64));
    }
    Ok(line(format!("{}, first", workload.name), &sides, &times))
}

/// Parsing, compiling and the first answer.
fn cold_line(workload: &Workload) -> Outcome<Line> {
    let sides: Vec<(&'static str, Work<'_>)> = vec![
        ("ours", Box::new(|| Ours::new(workload)?.eval().map(|v| drop(black_box(v))))),
        (
            "interpreter",
            Box::new(|| Interpreter::new(workload)?.eval().map(|v| drop(black_box(v)))),
        ),
    ];
    compared(format!("{}, cold", workload.name), sides)
}

fn compile_tree() -> Outcome<Line> {
    let modules = tree::modules()?;
    let empty = || rego::Value::object(Vec::new());
    let sides: Vec<(&'static str, Work<'_>)> = vec![
        ("ours", Box::new(|| ours::compile(&modules, empty()).map(|p| drop(black_box(p))))),
        ("interpreter", Box::new(|| peer::compile(&modules, tree::query()))),
    ];
    compared("parse and compile 200 files".to_owned(), sides)
}

fn load_lines(workload: &Workload) -> Outcome<Vec<Line>> {
    let ours = load::measure("ours", &workload.dir)?;
    let peer = load::measure("peer", &workload.dir)?;
    let line = |what: &str, ours, peer, unit| Line {
        workload: format!("{}, {what}", workload.name),
        ours,
        peer: Some(peer),
        peer_engine: "interpreter",
        unit,
    };
    Ok(vec![
        line("load", ours.time_ns, peer.time_ns, "ns"),
        line("memory", ours.rss_kib as f64, peer.rss_kib as f64, "KiB"),
    ])
}

fn compared(name: String, sides: Vec<(&'static str, Work<'_>)>) -> Outcome<Line> {
    let (names, mut work): (Vec<_>, Vec<_>) = sides.into_iter().unzip();
    let times = clock::compare(&mut work)?;
    let sides: Vec<_> = names.into_iter().zip(work).collect();
    Ok(line(name, &sides, &times))
}

/// Makes a line of the first side, which is ours, and the best of the others.
fn line(workload: String, sides: &[(&'static str, Work<'_>)], times: &[f64]) -> Line {
    let mut measured = sides.iter().map(|(name, _)| *name).zip(times.iter().copied());
    let ours = measured.next().map_or(f64::NAN, |(_, time)| time);
    let best = measured.filter(|(_, t)| t.is_finite()).min_by(|a, b| a.1.total_cmp(&b.1));
    let (peer_engine, peer) = best.map_or(("none", None), |(name, time)| (name, Some(time)));
    Line { workload, ours, peer, peer_engine, unit: "ns" }
}

fn head() -> Outcome<()> {
    writeln!(io::stdout(), "| workload | ours | regorus | its engine | ratio |")?;
    Ok(writeln!(io::stdout(), "|---|---:|---:|---|---:|")?)
}

fn row(line: &Line) -> Outcome<()> {
    let peer = line.peer.map_or("fails".to_owned(), |peer| shown(peer, line.unit));
    let ratio = line.peer.map_or("-".to_owned(), |peer| format!("{:.1}", peer / line.ours));
    let ours = shown(line.ours, line.unit);
    let Line { workload, peer_engine, .. } = line;
    Ok(writeln!(io::stdout(), "| {workload} | {ours} | {peer} | {peer_engine} | {ratio} |")?)
}

/// Returns a quantity in a unit that suits its size.
fn shown(quantity: f64, unit: &str) -> String {
    match unit {
        "KiB" => format!("{:.0} MiB", quantity / 1024.0),
        _ if quantity < 1e3 => format!("{quantity:.0} ns"),
        _ if quantity < 1e6 => format!("{:.2} µs", quantity / 1e3),
        _ if quantity < 1e9 => format!("{:.2} ms", quantity / 1e6),
        _ => format!("{:.2} s", quantity / 1e9),
    }
}
