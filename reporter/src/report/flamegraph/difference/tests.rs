use super::*;
use crate::profile::{Sources, Starts};

/// A program of one file.
struct Program {
    data: FlamegraphData,
    starts: Starts,
    sources: Sources,
}

impl Program {
    fn code(&self) -> Code<'_> {
        Code {
            folder: &self.data.recording.folder,
            starts: &self.starts,
            sources: &self.sources,
        }
    }

    fn saying(mut self, text: &str) -> Self {
        let file = format!("{}/app.py", self.data.recording.folder);
        self.sources = Sources::saying(&[(&file, text)]);
        self
    }
}

/// A program of one function, started in `folder`, that holds so much at a line of it.
fn program(folder: &str, first_line: u32, line: u32, bytes: u64) -> Program {
    let file = format!("{folder}/app.py");
    let mut starts = Starts::default();
    let mut frame = |function: &str, function_line, line| {
        starts.add(function, &file, function_line);
        Frame {
            function: function.into(),
            file: file.clone(),
            line,
            function_line,
            ..Frame::default()
        }
    };
    let mut data = FlamegraphData {
        frames: vec![frame("load", first_line, line), frame("main", 1, 2)],
        nodes: vec![
            Node {
                parent: None,
                frame: FrameId(1),
            },
            Node {
                parent: Some(NodeId(0)),
                frame: FrameId(0),
            },
        ],
        threads: vec![Thread {
            name: "MainThread".into(),
            tid: bytes as u32,
            process: None,
        }],
        views: vec![View {
            label: "Peak".into(),
            rows: vec![Row {
                place: Place {
                    node: Some(NodeId(1)),
                    thread: Some(ThreadId(0)),
                    type_of: None,
                },
                bytes,
                blocks: 1,
            }],
            ..View::default()
        }],
        ..FlamegraphData::default()
    };
    data.recording.folder = folder.into();
    data.recording.file = format!("/tmp/{bytes}.bin");
    Program {
        data,
        starts,
        sources: Sources::default(),
    }
}

fn joined(before: &Program, after: &Program) -> FlamegraphData {
    let before = (before.data.clone(), before.code());
    difference(before, (after.data.clone(), after.code()))
}

/// How many frames and stacks there are of both together: two of each, if all are the same code.
fn amounts(data: &FlamegraphData) -> (usize, usize) {
    (data.frames.len(), data.nodes.len())
}

#[test]
fn code_that_moved_is_the_same_code() {
    let joined = joined(&program("/old", 10, 13, 100), &program("/new", 40, 43, 250));
    assert_eq!((amounts(&joined), joined.threads.len()), ((2, 2), 1));
    let mut frames = joined.frames.iter();
    let load = frames.find(|frame| frame.function == "load");
    let load = load.expect("it is there");
    assert_eq!((load.file.as_str(), load.line), ("/new/app.py", 43));
    let view = &joined.views[0];
    let before = view.before.as_ref().expect("it is a difference");
    assert_eq!((view.rows[0].bytes, before[0].bytes), (250, 100));
    assert_eq!(view.rows[0].place, before[0].place);
    assert_eq!(joined.recording.title, "100.bin → 250.bin");
}

const OLD: &str = "def main():\n    load()\ndef load():\n    a = make()\n    b = make_more()\n";

#[test]
fn a_line_below_inserted_ones_is_known_by_what_it_says() {
    let new = OLD.replace(
        "    a = make()\n",
        "    # more\n    a = make()\n    if a:\n    ",
    );
    let before = program("/old", 3, 5, 100).saying(OLD);
    let after = program("/new", 3, 7, 250).saying(&new);
    let both = joined(&before, &after);
    assert_eq!(amounts(&both), (2, 2));
    assert_eq!(both.frames[0].line, 7);
    let back = joined(&after, &before);
    assert_eq!((amounts(&back), back.frames[0].line), ((2, 2), 5));
}

#[test]
fn a_line_that_both_have_is_other_code_and_one_that_was_rewritten_is_not() {
    let before = program("/old", 3, 4, 100).saying(OLD);
    let after = program("/new", 3, 5, 100).saying(OLD);
    let both = joined(&before, &after);
    assert_eq!(amounts(&both), (3, 3));
    let view = &both.views[0];
    let there = view.before.as_ref().expect("it is a difference");
    assert_ne!(view.rows[0].place.node, there[0].place.node);

    let rewritten = OLD.replace("a = make()", "a = make_much()");
    let after = program("/new", 3, 4, 100).saying(&rewritten);
    assert_eq!(amounts(&joined(&before, &after)), (2, 2));
}

#[test]
fn two_moments_of_one_recording() {
    let mut data = program("/old", 10, 13, 100).data;
    data.views.push(View {
        label: "End".into(),
        ..View::default()
    });
    let data = difference_of_moments(data);
    assert_eq!(data.views.len(), 3);
    assert_eq!(data.views[0].rows, []);
    assert_eq!(data.views[0].before.as_ref().map(Vec::len), Some(1));
}
