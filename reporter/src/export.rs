//! The recording in the formats of other tools, and of scripts.

pub mod chrome;
pub mod collapsed;
pub mod csv;
pub mod events;
pub mod gprof2dot;
pub mod heaptrack;
pub mod heapy;
pub mod json;
pub mod massif;
pub mod pprof;
pub mod speedscope;

use crate::profile::{Frame, Stacks};

/// A frame as one text: `function (file:line)`.
fn frame_text(stacks: &Stacks, frame: Frame) -> String {
    let (function, file) = (stacks.name(frame.function), stacks.name(frame.file));
    match (file, frame.line) {
        ("", _) => function.to_owned(),
        (file, 0) => format!("{function} ({file})"),
        (file, line) => format!("{function} ({file}:{line})"),
    }
}
