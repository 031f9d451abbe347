//! Marks: a line through the chart for each, with its name where no other stands.

use super::Mark;
use super::legend::{LETTER, shortened};
use super::scale::{Scale, beside, tenth};
use crate::report::measure::Seconds;

/// A mark: a line from top to bottom with a name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct MarkLine {
    pub(super) x: f64,
    pub(super) top: f64,
    pub(super) text: String,
    pub(super) text_x: f64,
    pub(super) anchor: &'static str,
    pub(super) title: String,
}

/// The marks of a recording.
pub(super) fn draw(marks: &[Mark], scale: &Scale) -> Vec<MarkLine> {
    let top = tenth(scale.top - 14.0 - 6.0);
    let mut marks: Vec<_> = marks.iter().collect();
    marks.sort_by(|a, b| a.time.total_cmp(&b.time));
    let mut free = 0.0;
    marks
        .into_iter()
        .map(|mark| {
            let x = scale.x(mark.time);
            let text = shortened(&mark.name, 24);
            let width = text.chars().count() as f64 * LETTER;
            let (text_x, anchor) = beside(x, scale, width + 10.0);
            let start = if anchor == "end" {
                text_x - width
            } else {
                text_x
            };
            let hidden = start < free;
            if !hidden {
                free = start + width + 6.0;
            }
            MarkLine {
                x,
                top,
                text: if hidden { String::new() } else { text },
                text_x,
                anchor,
                title: format!("{} at {}", mark.name, Seconds(mark.time)),
            }
        })
        .collect()
}
