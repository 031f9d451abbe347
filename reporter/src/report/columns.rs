//! Text in columns that are as wide as what is in them.

use std::fmt;

/// Rows of cells. Numbers stand to the right of their column; the last column takes what is left.
#[derive(Debug)]
pub struct Columns {
    rows: Vec<Vec<String>>,
    /// How wide a line may be; names are shortened to that. Without one nothing is.
    width: Option<usize>,
}

impl Columns {
    /// With these headings. All columns but the last are numbers.
    pub fn new<const N: usize>(headings: [&str; N], width: Option<usize>) -> Self {
        Self::of(&headings, width)
    }

    /// With headings of which there may be any number.
    pub fn of(headings: &[&str], width: Option<usize>) -> Self {
        let headings = headings.iter().map(|&heading| heading.to_owned());
        Self {
            rows: vec![headings.collect()],
            width,
        }
    }

    /// Adds a row of as many cells as there are headings.
    pub fn cells(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(Vec::from(cells));
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        (0..columns).map(width).collect()
    }
}

impl fmt::Display for Columns {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const GAP: &str = "  ";
        let widths = self.widths();
        let Some((_, numbers)) = widths.split_last() else {
            return Ok(());
        };
        let used: usize = numbers.iter().map(|width| width + GAP.len()).sum();
        let room = self.width.map(|width| width.saturating_sub(used).max(20));
        for row in &self.rows {
            let Some((name, numbers)) = row.split_last() else {
                continue;
            };
            for (cell, width) in numbers.iter().zip(&widths) {
                write!(out, "{cell:>width$}{GAP}")?;
            }
            match room {
                Some(room) => writeln!(out, "{}", shorten(name, room))?,
                None => writeln!(out, "{name}")?,
            }
        }
        Ok(())
    }
}

/// Cuts a name to so many letters. Of `function (path:line)` the front of the path goes first: its
/// end says more.
pub fn shorten(name: &str, room: usize) -> String {
    let length = name.chars().count();
    if length <= room {
        return name.to_owned();
    }
    let excess = length - room + 1;
    if let Some((function, path)) = name.split_once(" (")
        && path.chars().count() > excess + 8
    {
        let tail: String = path.chars().skip(excess).collect();
        return format!("{function} (…{tail}");
    }
    let head: String = name.chars().take(room.saturating_sub(1)).collect();
    format!("{head}…")
}

#[cfg(test)]
mod tests {
    use super::{Columns, shorten};

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut columns = Columns::new(["Bytes", "Blocks", "Where"], None);
        columns.row(["1.0 KiB".into(), "12".into(), "main (a.py:1)".into()]);
        columns.row(["5 B".into(), "1,000,000".into(), "f (b.py:2)".into()]);
        let expected = [
            "  Bytes     Blocks  Where\n",
            "1.0 KiB         12  main (a.py:1)\n",
            "    5 B  1,000,000  f (b.py:2)\n",
        ];
        assert_eq!(columns.to_string(), expected.concat());
    }

    #[test]
    fn a_name_is_cut_where_it_says_least() {
        assert_eq!(shorten("f (a.py:1)", 20), "f (a.py:1)");
        assert_eq!(
            shorten("load (/home/me/project/models.py:12)", 24),
            "load (…ect/models.py:12)"
        );
        assert_eq!(
            shorten("a_function_with_a_long_name (a.py:1)", 12),
            "a_function_…"
        );
        assert_eq!(shorten("ünïcödé (…)", 11), "ünïcödé (…)");
    }
}
