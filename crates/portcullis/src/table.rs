//! Tables of plain characters.
//!
//! Source: the look of OPA's `--format=pretty`.

use std::io::{self, Write};

/// Writes a table: headers centred, cells to the left.
pub(crate) fn write(out: &mut dyn Write, headers: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    let widths: Vec<usize> = headers
        .iter()
        .enumerate()
        .map(|(column, header)| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| width(cell)).chain([width(header)]).max().unwrap_or(0)
        })
        .collect();
    let rule: String = widths.iter().map(|width| format!("+{}", "-".repeat(width + 2))).collect();
    writeln!(out, "{rule}+")?;
    let centred = headers.iter().zip(&widths).map(|(header, width)| centre(header, *width));
    writeln!(out, "{}", line(centred))?;
    writeln!(out, "{rule}+")?;
    for row in rows {
        let cells = row.iter().zip(&widths);
        let padded =
            cells.map(|(cell, all)| format!("{cell}{}", " ".repeat(all - width(cell).min(*all))));
        writeln!(out, "{}", line(padded))?;
    }
    writeln!(out, "{rule}+")
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let cells: String = cells.map(|cell| format!("| {cell} ")).collect();
    format!("{cells}|")
}

fn centre(text: &str, all: usize) -> String {
    let gap = all - width(text).min(all);
    format!("{}{text}{}", " ".repeat(gap / 2), " ".repeat(gap - gap / 2))
}

fn width(text: &str) -> usize {
    text.chars().count()
}
