//! Two pages' data as one that shows what changed between them.
//!
//! Nothing of a run is the same in the next one but names: stacks are joined frame by frame, by function, file and line, as
//! [`versions`](crate::report::versions) tells. Threads and types are joined by name.

mod frames;

use std::collections::HashMap;

use super::data::{
    FlamegraphData, Frame, FrameId, Node, NodeId, Place, Process, ProcessId, Row, Thread, ThreadId,
    TypeId, View,
};
use crate::report::versions::Code;

/// The page of what the first view of `after` holds that the first view of `before` does not. Both are there as views of
/// their own, too.
pub fn difference(
    (before, before_code): (FlamegraphData, Code<'_>),
    (after, after_code): (FlamegraphData, Code<'_>),
) -> FlamegraphData {
    let names = [name(&before), name(&after)];
    let frames = frames::join((&before.frames, before_code), (&after.frames, after_code));
    let mut joined = Joined {
        frames: frames.all,
        ..Joined::default()
    };
    let after_rows = joined.add(&after, &frames.newer);
    let before_rows = joined.add(&before, &frames.older);
    let label = |data: &FlamegraphData| {
        data.views
            .first()
            .map(|view| view.label.clone())
            .unwrap_or_default()
    };
    let view = |id: &str, label: String, name: &str, rows: &[Row]| View {
        id: id.to_owned(),
        note: format!("{label} of {name}."),
        label: format!("{label}, {id}"),
        moment: None,
        rows: rows.to_vec(),
        before: None,
    };
    let views = vec![
        View {
            id: "diff".to_owned(),
            label: "Difference".to_owned(),
            note: format!("What {} holds that {} does not.", names[1], names[0]),
            moment: None,
            rows: after_rows.clone(),
            before: Some(before_rows.clone()),
        },
        view("after", label(&after), &names[1], &after_rows),
        view("before", label(&before), &names[0], &before_rows),
    ];
    let mut recording = after.recording;
    recording.title = format!("{} → {}", names[0], names[1]);
    if let Some(reason) = before.recording.cut_short {
        recording
            .notes
            .push(format!("The first recording is incomplete: {reason}."));
    }
    recording.notes.extend(before.recording.notes);
    recording.notes.dedup();
    FlamegraphData {
        recording,
        frames: joined.frames,
        nodes: joined.nodes,
        processes: joined.processes,
        threads: joined.threads,
        types: joined.types,
        views,
        timelines: before
            .timelines
            .into_iter()
            .zip([&names[0]])
            .chain(after.timelines.into_iter().zip([&names[1]]))
            .map(|(mut timeline, name)| {
                timeline.label.clone_from(name);
                timeline
            })
            .collect(),
        lifetimes: None,
    }
}

/// Turns a page whose first two views show two moments into one whose first view is their difference.
pub fn difference_of_moments(mut data: FlamegraphData) -> FlamegraphData {
    if let [before, after, ..] = data.views.as_slice() {
        let view = View {
            id: "diff".to_owned(),
            label: "Difference".to_owned(),
            note: format!(
                "What there is at “{}” that was not there at “{}”.",
                after.label, before.label
            ),
            moment: None,
            rows: after.rows.clone(),
            before: Some(before.rows.clone()),
        };
        data.views.insert(0, view);
    }
    data
}

fn name(data: &FlamegraphData) -> String {
    let file = &data.recording.file;
    file.rsplit('/').next().unwrap_or(file).to_owned()
}

/// What two recordings have in common, each thing once.
#[derive(Default)]
struct Joined {
    frames: Vec<Frame>,
    nodes: Vec<Node>,
    processes: Vec<Process>,
    threads: Vec<Thread>,
    types: Vec<String>,
    known_nodes: HashMap<(Option<NodeId>, FrameId), NodeId>,
    known_threads: HashMap<String, ThreadId>,
    known_types: HashMap<String, TypeId>,
}

impl Joined {
    /// Adds a recording whose frames have these joined numbers; returns the rows of its first view in the joined numbers.
    fn add(&mut self, data: &FlamegraphData, frames: &[FrameId]) -> Vec<Row> {
        let mut nodes: Vec<NodeId> = Vec::with_capacity(data.nodes.len());
        for node in &data.nodes {
            let parent = node
                .parent
                .and_then(|parent| nodes.get(parent.0 as usize).copied());
            nodes.push(self.node(parent, frames[node.frame.0 as usize]));
        }
        let threads: Vec<ThreadId> = data
            .threads
            .iter()
            .map(|thread| self.thread(thread, data))
            .collect();
        let types: Vec<TypeId> = data.types.iter().map(|name| self.type_of(name)).collect();
        let rows = data.views.first().map_or(&[][..], |view| &view.rows);
        rows.iter()
            .map(|row| Row {
                place: Place {
                    node: row.place.node.map(|node| nodes[node.0 as usize]),
                    thread: row.place.thread.map(|thread| threads[thread.0 as usize]),
                    type_of: row.place.type_of.map(|type_of| types[type_of.0 as usize]),
                },
                ..*row
            })
            .collect()
    }

    fn node(&mut self, parent: Option<NodeId>, frame: FrameId) -> NodeId {
        *self.known_nodes.entry((parent, frame)).or_insert_with(|| {
            self.nodes.push(Node { parent, frame });
            NodeId(self.nodes.len() as u32 - 1)
        })
    }

    /// Threads without a name are joined by their order, and all of one name are one.
    fn thread(&mut self, thread: &Thread, data: &FlamegraphData) -> ThreadId {
        let place = data.threads.iter().position(|other| other == thread);
        let key = match thread.name.as_str() {
            "" => format!("#{}", place.unwrap_or(0)),
            name => name.to_owned(),
        };
        let process = thread
            .process
            .and_then(|process| data.processes.get(process.0 as usize));
        let process = process.map(|process| self.process(process));
        *self.known_threads.entry(key).or_insert_with(|| {
            self.threads.push(Thread {
                process,
                ..thread.clone()
            });
            ThreadId(self.threads.len() as u32 - 1)
        })
    }

    fn process(&mut self, process: &Process) -> ProcessId {
        let known = self
            .processes
            .iter()
            .position(|other| other.name == process.name);
        let number = known.unwrap_or_else(|| {
            self.processes.push(process.clone());
            self.processes.len() - 1
        });
        ProcessId(number as u32)
    }

    fn type_of(&mut self, name: &str) -> TypeId {
        *self.known_types.entry(name.to_owned()).or_insert_with(|| {
            self.types.push(name.to_owned());
            TypeId(self.types.len() as u32 - 1)
        })
    }
}

#[cfg(test)]
mod tests;
