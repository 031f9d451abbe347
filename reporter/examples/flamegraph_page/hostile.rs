//! A recording in which every name tries to become markup, script or something that breaks the page.

use memprof_reporter::report::flamegraph::FlamegraphData;

use crate::small;

/// What a hostile program could call its functions, files, threads and types.
const NAMES: [&str; 8] = [
    "<script>window.broken = 1</script>",
    "</script><script>window.broken = 2</script>",
    "<img src=x onerror=\"window.broken = 3\">",
    "\"><svg onload=window.broken=4>",
    "{{ recording.title }} ${window.broken=5} %s",
    "<!--<script>",
    "a\u{202e}gnp.exe\u{0}\u{7}\n\t\u{fffd}",
    "__proto__",
];

/// The small recording under hostile names.
pub fn recording() -> FlamegraphData {
    let mut data = small::recording();
    let name = |index: usize| NAMES[index % NAMES.len()].to_owned();
    data.recording.title = name(1);
    data.recording.command = NAMES.join(" ");
    data.recording.file = name(2);
    data.recording.cut_short = Some(name(1));
    data.recording.notes = NAMES.map(String::from).to_vec();
    for (index, frame) in data.frames.iter_mut().enumerate() {
        frame.function = format!("{}{index}", name(index));
        frame.file = name(index + 1);
        frame.module = name(index + 2);
        frame.source = Some(name(index + 3));
    }
    for (index, thread) in data.threads.iter_mut().enumerate() {
        thread.name = name(index);
    }
    for (index, process) in data.processes.iter_mut().enumerate() {
        process.name = name(index + 1);
    }
    for (index, type_of) in data.types.iter_mut().enumerate() {
        *type_of = name(index);
    }
    for (index, view) in data.views.iter_mut().enumerate() {
        view.label = name(index);
        view.note = name(index + 1);
    }
    for timeline in &mut data.timelines {
        timeline.label = name(3);
        for mark in &mut timeline.marks {
            mark.name = name(2);
        }
        for span in &mut timeline.spans {
            span.name = name(1);
        }
    }
    data
}
