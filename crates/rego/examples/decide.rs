//! Decides one workload many times: `decide DIR TIMES`, for profilers that count instructions.
//!
//! DIR holds `manifest.json` (`query`), `policy/*.rego`, `input.json` and maybe `data.json`.

use std::error::Error;
use std::fs;
use std::path::Path;

use rego::{Compiler, EvalOptions, Value};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(dir), Some(times)) = (arguments.next(), arguments.next()) else {
        return Err("usage: decide DIR TIMES".into());
    };
    let dir = Path::new(&dir);
    let read = |name: &str| -> Result<Value, Box<dyn Error>> {
        Ok(Value::from_json(&fs::read(dir.join(name))?)?)
    };
    let mut compiler = Compiler::new();
    for entry in fs::read_dir(dir.join("policy"))? {
        let path = entry?.path();
        compiler = compiler.module(path.display().to_string(), fs::read_to_string(&path)?);
    }
    if dir.join("data.json").exists() {
        compiler = compiler.data(read("data.json")?);
    }
    let manifest = read("manifest.json")?;
    let query = manifest.get(&Value::from("query")).and_then(Value::as_str).ok_or("no query")?;
    let query = compiler.compile()?.prepare(query)?;
    let input = read("input.json")?;
    for _ in 0..times.parse::<u32>()? {
        std::hint::black_box(query.value(Some(&input), &EvalOptions::default())?);
    }
    Ok(())
}
