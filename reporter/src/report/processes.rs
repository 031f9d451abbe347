//! The tree of processes of a recording.

use super::endings;
use super::measure::Seconds;
use crate::recording::Recording;
use memprof_recorder::capture::{ImageEnd, ImageStart};
use serde::Serialize;
use std::collections::HashMap;
use std::fmt;

/// A program that was recorded.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ProcessInfo {
    /// Its process.
    pub process: u32,
    /// The parent of that.
    pub parent: u32,
    /// How many of its ancestors are in the recording.
    pub depth: u32,
    /// The program.
    pub executable: String,
    /// Its command line.
    pub arguments: Vec<String>,
    /// Whether it began as a copy of its parent, with all that was alive there.
    pub forked: bool,
    /// Whether the process ran another program before, which this one replaced.
    pub executed: bool,
    /// Whether it recorded anything.
    pub recorded: bool,
    /// When it was first seen, in seconds from the start.
    pub began: f64,
    /// When it was seen to have ended.
    pub ended: Option<f64>,
    /// Its exit status, where that is known.
    pub status: Option<i32>,
    /// The signal that killed it, where that is known.
    pub signal: Option<i32>,
}

/// All programs of a recording, those of children behind that of their parent.
pub fn tree(recording: &Recording) -> Vec<ProcessInfo> {
    let reader = recording.reader();
    let recorded = recording.recorded_images();
    let forks = recording.forks();
    let ends: HashMap<u32, &ImageEnd> = reader
        .image_ends()
        .iter()
        .map(|end| (end.image, end))
        .collect();
    let mut images: Vec<&ImageStart> = reader.images().iter().collect();
    images.sort_by_key(|image| image.image);
    let process_of: HashMap<u32, u32> = images
        .iter()
        .map(|image| (image.image, image.process))
        .collect();
    let parent = |image: &ImageStart| {
        let forked_from = forks
            .get(&image.image)
            .and_then(|from| process_of.get(from));
        forked_from.copied().unwrap_or(image.parent)
    };
    let information = |image: &ImageStart, depth, executed| {
        let end = ends.get(&image.image);
        // a child that ended at once was gone before anybody could ask what it ran
        let origin = forks.get(&image.image);
        let origin = origin.and_then(|from| images.iter().find(|other| other.image == *from));
        let told = origin.filter(|_| image.arguments.is_empty());
        let told = told.map_or(image, |origin| *origin);
        ProcessInfo {
            process: image.process,
            parent: parent(image),
            depth,
            executable: told.executable.clone(),
            arguments: told.arguments.clone(),
            forked: forks.contains_key(&image.image),
            executed,
            recorded: recorded.contains_key(&image.image),
            began: image.time as f64 / 1e6,
            ended: end.map(|end| end.time as f64 / 1e6),
            status: end.and_then(|end| end.status),
            signal: end.and_then(|end| end.signal),
        }
    };
    // a process hangs on the parent that its first program had
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut programs: HashMap<u32, Vec<&ImageStart>> = HashMap::new();
    let mut roots = Vec::new();
    for image in &images {
        let known = programs.entry(image.process).or_default();
        known.push(image);
        if known.len() > 1 {
            continue;
        }
        let above = parent(image);
        let has_parent = images
            .iter()
            .any(|other| other.process == above && other.image < image.image);
        if has_parent {
            children.entry(above).or_default().push(image.process);
        } else {
            roots.push(image.process);
        }
    }
    let mut tree = Vec::new();
    let mut waiting: Vec<(u32, u32)> = roots.into_iter().rev().map(|root| (root, 0)).collect();
    while let Some((process, depth)) = waiting.pop() {
        let programs = programs.get(&process).into_iter().flatten();
        for (number, image) in programs.enumerate() {
            tree.push(information(image, depth, number > 0));
        }
        let below = children.remove(&process).unwrap_or_default();
        waiting.extend(below.into_iter().rev().map(|child| (child, depth + 1)));
    }
    tree
}

/// Writes the tree, one line a program.
pub(super) fn write(processes: &[ProcessInfo], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(out, "\nProcesses")?;
    for process in processes {
        let indent = 2 * process.depth as usize;
        let how = match (process.executed, process.forked) {
            (true, _) => "executed ",
            (false, true) => "forked ",
            (false, false) => "",
        };
        let name = command_line(process);
        write!(out, "  {:indent$}{:>8}  {how}{name}", "", process.process)?;
        let began = Seconds(process.began);
        match process.ended {
            Some(ended) => write!(out, "  ({began} to {})", Seconds(ended))?,
            None => write!(out, "  (from {began})")?,
        }
        match (process.status, process.signal) {
            (_, Some(signal)) => write!(out, ", killed by {}", endings::signal(signal))?,
            (Some(status), None) if status != 0 => write!(out, ", status {status}")?,
            _ => {}
        }
        if !process.recorded {
            write!(out, ", recorded nothing")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The program and its arguments on one line; or what the process calls itself: servers write a title
/// over their arguments, such as `postgres: checkpointer`.
fn command_line(process: &ProcessInfo) -> String {
    let mut arguments = process.arguments.iter().filter(|it| !it.trim().is_empty());
    let first = arguments.next().map(|first| first.trim());
    let rest: Vec<&str> = arguments.map(String::as_str).collect();
    match first {
        Some(title) if rest.is_empty() && title.contains(": ") => shortened(title),
        _ => {
            let name = match process.executable.as_str() {
                "" => "?",
                executable => executable,
            };
            let rest = shortened(&rest.join(" "));
            format!("{name} {rest}").trim_end().to_owned()
        }
    }
}

/// A command line on one line.
fn shortened(arguments: &str) -> String {
    const MOST: usize = 100;
    let line = arguments.replace(['\n', '\r', '\t'], " ");
    if line.chars().count() <= MOST {
        return line;
    }
    line.chars().take(MOST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::{ProcessInfo, command_line};

    #[test]
    fn a_process_is_called_what_it_calls_itself() {
        let line = |arguments: &[&str]| {
            command_line(&ProcessInfo {
                executable: "/bin/postgres".into(),
                arguments: arguments.iter().map(|&it| it.into()).collect(),
                ..ProcessInfo::default()
            })
        };
        assert_eq!(line(&["postgres", "-D", "data"]), "/bin/postgres -D data");
        assert_eq!(line(&["postgres"]), "/bin/postgres");
        assert_eq!(line(&[]), "/bin/postgres");
        let title = ["postgres: walwriter ", "", "", " "];
        assert_eq!(line(&title), "postgres: walwriter");
    }
}
