//! Lists that show their first rows alone, and say how many more there are.

use std::fmt;

/// Keeps the first `top` rows, all without one; returns how many are not kept.
pub fn cut<T>(rows: &mut Vec<T>, top: Option<usize>) -> usize {
    let kept = top.unwrap_or(usize::MAX).min(rows.len());
    let more = rows.len() - kept;
    rows.truncate(kept);
    more
}

/// The line below a list that says how many more there are of what; nothing where there are none.
#[derive(Clone, Copy, Debug)]
pub struct More(pub usize, pub &'static str);

impl fmt::Display for More {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(0, _) => Ok(()),
            Self(more, what) => writeln!(out, "<{more} more {what}. Use --top N to view.>"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{More, cut};

    #[test]
    fn what_is_cut_is_counted() {
        let mut rows = vec![1, 2, 3];
        assert_eq!((cut(&mut rows, None), cut(&mut rows, Some(9))), (0, 0));
        assert_eq!((cut(&mut rows, Some(1)), rows), (2, vec![1]));
        assert_eq!(More(0, "rows").to_string(), "");
        let said = More(2, "rows").to_string();
        assert_eq!(said, "<2 more rows. Use --top N to view.>\n");
    }
}
