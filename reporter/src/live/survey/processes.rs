//! The processes of a recording that is followed.

use super::ProcessEntry;
use super::rates::Rates;
use crate::live::follow::{Condition, Follower};
use crate::live::places::printable;
use crate::live::resident::resident;
use crate::recording::add_up;
use memprof_recorder::capture::{ImageEnd, ImageStart, Observation};
use memprof_wire::units::Microseconds;
use std::collections::HashMap;

/// What the recorder saw of the resident memory of these images before somebody watched.
pub(super) fn observed(follower: &Follower, images: impl Iterator<Item = u32>) -> Vec<(f64, u64)> {
    let reader = follower.reader();
    let seen = images.map(|image| {
        let mut ends = reader.image_ends().iter();
        let end = ends.find(|end| end.image == image);
        (
            reader.observations(image).unwrap_or_default(),
            end.map(|end| Microseconds(end.time)),
        )
    });
    let sums = add_up(seen.collect());
    let sample = |seen: &Observation| (seen.time.0 as f64 / 1e6, seen.resident);
    sums.iter().map(sample).collect()
}

pub(super) fn processes(follower: &Follower, rates: &Rates) -> Vec<ProcessEntry> {
    let reader = follower.reader();
    let page = reader.facts().page_size.max(1);
    let running = follower.condition() == Condition::Running;
    let programs = follower.programs();
    let mut threads: HashMap<u32, usize> = HashMap::new();
    // what is said from outside has a stream that is no thread's
    for stream in reader.streams().iter().filter(|it| it.thread != 0) {
        *threads.entry(stream.image).or_default() += 1;
    }
    let ends: HashMap<u32, &ImageEnd> = reader
        .image_ends()
        .iter()
        .map(|end| (end.image, end))
        .collect();
    let entry = |image: &ImageStart| {
        let end = ends.get(&image.image);
        let runs = running && end.is_none();
        let space = programs.space(image.image);
        ProcessEntry {
            process: image.process,
            parent: image.parent,
            command: command(&image.arguments),
            heap: programs.totals(image.image).map(|totals| {
                let rate = space.map_or(0.0, |space| rates.events_of(space.0 as usize));
                let rate = if runs { rate } else { 0.0 };
                (totals.now.bytes, totals.peak, rate)
            }),
            resident: runs.then(|| resident(image.process, page)).flatten(),
            threads: threads.get(&image.image).copied().unwrap_or_default(),
            end: end.map(|end| match (end.status, end.signal) {
                (_, Some(signal)) => format!("signal {signal}"),
                (Some(status), None) => format!("exit {status}"),
                (None, None) => "ended".to_owned(),
            }),
            is_shown: follower.chosen() == Some(image.process),
        }
    };
    reader.images().iter().map(entry).collect()
}

/// A command line with the name alone of what is run: the folder is of less interest than what
/// follows.
fn command(arguments: &[String]) -> String {
    let Some((program, rest)) = arguments.split_first() else {
        return String::new();
    };
    let name = program.rsplit('/').next().unwrap_or(program);
    let words = std::iter::once(name).chain(rest.iter().map(String::as_str));
    printable(&words.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn commands_begin_with_a_name() {
        let words = |words: &[&str]| {
            words
                .iter()
                .map(|&word| word.to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            command(&words(&["/usr/bin/python3", "/a/b.py"])),
            "python3 /a/b.py"
        );
        assert_eq!(command(&words(&["sh", "-c", "x\ny"])), "sh -c x\u{fffd}y");
        assert_eq!(command(&[]), "");
    }
}
