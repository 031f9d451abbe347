//! Which programs of a recording a report is about, and from which others they were forked.

use crate::replay::{SpaceIndex, SpacePlan, StackTable};
use memprof_recorder::capture::{CaptureReader, ChunkKind, Observation};
use memprof_wire::codec::Decoder;
use memprof_wire::event::Event;
use memprof_wire::units::{Microseconds, Turn};
use std::collections::{HashMap, HashSet};

/// A program to be replayed.
#[derive(Debug)]
pub(super) struct Program {
    /// Its number in the recording.
    pub(super) image: u32,
    pub(super) plan: SpacePlan,
}

/// The programs that one process ran, or all; and those that they were forked from. Only those that
/// recorded anything.
pub(super) fn choose(reader: &CaptureReader, process: Option<u32>) -> Vec<Program> {
    let processes = with_events(reader);
    let mut wanted: Vec<u32> = processes
        .iter()
        .filter(|(_, owner)| process.is_none_or(|process| process == **owner))
        .map(|(&image, _)| image)
        .collect();
    wanted.sort_unstable();
    let counted: HashSet<u32> = wanted.iter().copied().collect();
    let mut images = wanted;
    let mut forks: HashMap<u32, (u32, Turn)> = HashMap::new();
    // one program alone can have been forked from one that is asked for or recorded nothing
    let mut looked_at = 0;
    while processes.len() > 1 && looked_at < images.len() {
        let image = images[looked_at];
        looked_at += 1;
        let Some((parent, turn)) = inheritance(reader, image) else {
            continue;
        };
        // only an older program can have been forked from: a circle would have no end
        if parent < image && processes.contains_key(&parent) {
            forks.insert(image, (parent, turn));
            if !images.contains(&parent) {
                images.push(parent);
            }
        }
    }
    images.sort_unstable();
    let place = |image: u32| SpaceIndex(images.partition_point(|&other| other < image) as u32);
    let ends: HashMap<u32, u64> = reader
        .image_ends()
        .iter()
        .map(|end| (end.image, end.time))
        .collect();
    let plan = |&image: &u32| SpacePlan {
        process: processes[&image],
        counts: counted.contains(&image),
        inherits: forks
            .get(&image)
            .map(|&(parent, turn)| (place(parent), turn)),
        ended: ends.get(&image).copied().map(Microseconds),
    };
    images
        .iter()
        .map(|image| Program {
            image: *image,
            plan: plan(image),
        })
        .collect()
}

/// The images that recorded events, and the process of each.
pub(super) fn with_events(reader: &CaptureReader) -> HashMap<u32, u32> {
    let chunks = reader.chunks().iter();
    let images: HashSet<u32> = chunks
        .filter(|chunk| chunk.head.kind == ChunkKind::Events)
        .map(|chunk| chunk.head.image)
        .collect();
    let streams = reader.streams().iter();
    streams
        .filter(|stream| images.contains(&stream.image))
        .map(|stream| (stream.image, stream.process))
        .collect()
}

/// The images that began as a fork, each with the image that it was forked from.
pub(super) fn forks(reader: &CaptureReader) -> HashMap<u32, u32> {
    let images = with_events(reader).into_keys();
    images
        .filter_map(|image| Some((image, inheritance(reader, image)?.0)))
        .collect()
}

/// The images of other processes from which a process was forked, or they from others.
pub(crate) fn ancestors(reader: &CaptureReader, process: Option<u32>) -> HashSet<u32> {
    let programs = choose(reader, process).into_iter();
    programs
        .filter(|program| !program.plan.counts)
        .map(|program| program.image)
        .collect()
}

/// What an image was forked from, and when. Its first thread says so before anything else.
pub(crate) fn inheritance(reader: &CaptureReader, image: u32) -> Option<(u32, Turn)> {
    /// Behind so many events it was not said.
    const FIRST: usize = 8;
    let of_image = |stream: &&memprof_recorder::capture::StreamStart| {
        stream.image == image && stream.process == stream.thread
    };
    let first = reader.streams().iter().find(of_image)?.stream;
    let chunk = reader
        .chunks()
        .iter()
        .find(|chunk| chunk.head.kind == ChunkKind::Events && chunk.head.stream == first)?;
    let mut bytes = Vec::new();
    reader.read(chunk, &mut bytes).ok()?;
    let (mut input, mut sites) = (&bytes[..], StackTable::default());
    let mut decoder = Decoder::new();
    let mut began = None;
    for _ in 0..FIRST {
        match decoder.next(&mut input, &mut sites).ok()? {
            Event::Turn { turn, .. } => {
                began.get_or_insert(turn);
            }
            Event::Inherits { image, turn } => {
                let seen = turn != Turn::default();
                return Some((
                    image,
                    if seen {
                        turn
                    } else {
                        began.unwrap_or_default()
                    },
                ));
            }
            _ => {}
        }
    }
    None
}

/// The sums of what was last observed of each process, whenever something was observed of any.
/// With each the time of its end, if it had one.
pub(crate) fn add_up(seen: Vec<(Vec<Observation>, Option<Microseconds>)>) -> Vec<Observation> {
    if seen.len() < 2 {
        return seen.into_iter().next().unwrap_or_default().0;
    }
    let mut events: Vec<(Microseconds, usize, Option<Observation>)> = Vec::new();
    for (place, (observed, ended)) in seen.into_iter().enumerate() {
        events.extend(observed.into_iter().map(|one| (one.time, place, Some(one))));
        events.extend(ended.map(|time| (time, place, None)));
    }
    events.sort_by_key(|(time, place, _)| (*time, *place));
    let mut sum = Observation::default();
    let mut last: HashMap<usize, Observation> = HashMap::new();
    events
        .into_iter()
        .map(|(time, place, now)| {
            let now = now.unwrap_or_default();
            let before = last.insert(place, now).unwrap_or_default();
            sum.time = time;
            let change = |sum: &mut u64, before: u64, now: u64| *sum = *sum - before + now;
            change(&mut sum.resident, before.resident, now.resident);
            change(
                &mut sum.private_anonymous,
                before.private_anonymous,
                now.private_anonymous,
            );
            change(&mut sum.file_backed, before.file_backed, now.file_backed);
            change(&mut sum.shared, before.shared, now.shared);
            change(&mut sum.huge_pages, before.huge_pages, now.huge_pages);
            sum
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::add_up;
    use memprof_recorder::capture::Observation;
    use memprof_wire::units::Microseconds;

    #[test]
    fn observations_of_processes_are_added_while_they_live() {
        let one = |time, resident| Observation {
            time: Microseconds(time),
            resident,
            ..Observation::default()
        };
        let sums = add_up(vec![
            (vec![one(1, 100), one(5, 150)], None),
            (vec![one(2, 7), one(4, 9)], Some(Microseconds(6))),
        ]);
        let sums: Vec<_> = sums.iter().map(|sum| (sum.time.0, sum.resident)).collect();
        assert_eq!(sums, [(1, 100), (2, 107), (4, 109), (5, 159), (6, 150)]);
    }
}
