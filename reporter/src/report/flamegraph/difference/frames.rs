//! The frames of two recordings, those that are the same code once.

use super::super::data::{Frame, FrameId, FrameKind};
use crate::report::versions::{Code, Line, Rewritten, Shared};
use std::collections::{HashMap, HashSet};

/// The frames of both.
pub(super) struct Frames {
    /// Each once; where both have it, as the newer one tells it.
    pub all: Vec<Frame>,
    /// Which of them each frame of the older one is.
    pub older: Vec<FrameId>,
    /// Which of them each frame of the newer one is.
    pub newer: Vec<FrameId>,
}

/// A frame as both recordings have it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    function: Function,
    line: Line,
}

/// Its function: the name, the place of the file, and whose code it is.
type Function = (String, String, FrameKind);

/// A frame of one recording: its key, and whether its line is known to be in the other one, too.
struct Seen {
    key: Key,
    is_there: bool,
}

pub(super) fn join(
    (older, older_code): (&[Frame], Code<'_>),
    (newer, newer_code): (&[Frame], Code<'_>),
) -> Frames {
    let older_seen = seen(older, older_code, newer_code);
    let newer_seen = seen(newer, newer_code, older_code);
    let mut frames = Frames {
        all: Vec::new(),
        older: Vec::new(),
        newer: Vec::new(),
    };
    let mut known: HashMap<&Key, FrameId> = HashMap::new();
    let all = &mut frames.all;
    let mut place = |known: &mut HashMap<_, _>, frame: &Frame, key| {
        *known.entry(key).or_insert_with(|| {
            all.push(frame.clone());
            FrameId(all.len() as u32 - 1)
        })
    };
    for (frame, seen) in newer.iter().zip(&newer_seen) {
        frames.newer.push(place(&mut known, frame, &seen.key));
    }
    for (gone, new) in rewritten((older, &older_seen), (newer, &newer_seen)) {
        let id = known[new];
        known.insert(gone, id);
    }
    for (frame, seen) in older.iter().zip(&older_seen) {
        frames.older.push(place(&mut known, frame, &seen.key));
    }
    frames
}

fn seen(frames: &[Frame], one: Code<'_>, other: Code<'_>) -> Vec<Seen> {
    let shared = Shared { one, other };
    let frames = frames.iter().map(|frame| {
        let (line, is_there) = shared.line(&frame.function, &frame.file, frame.line);
        let file = shared.inside(&frame.file).to_owned();
        let function = (frame.function.clone(), file, frame.kind);
        let key = Key { function, line };
        Seen { key, is_there }
    });
    frames.collect()
}

/// The keys of lines that were rewritten, the older one first.
fn rewritten<'a>(
    (older, older_seen): (&[Frame], &'a [Seen]),
    (newer, newer_seen): (&[Frame], &'a [Seen]),
) -> impl Iterator<Item = (&'a Key, &'a Key)> {
    let keys = |seen: &'a [Seen]| -> HashSet<&'a Key> { seen.iter().map(|it| &it.key).collect() };
    let mut lone = Rewritten::default();
    for (frames, seen, others, is_newer) in [
        (older, older_seen, keys(newer_seen), false),
        (newer, newer_seen, keys(older_seen), true),
    ] {
        for (frame, Seen { key, is_there }) in frames.iter().zip(seen) {
            if !is_there && !others.contains(key) {
                lone.add(&key.function, is_newer, frame.line, key);
            }
        }
    }
    lone.pairs()
}
