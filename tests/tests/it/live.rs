//! `memprof live` and `memprof run --live` where there is no terminal. What they show on one is
//! looked at by `scripts/live-terminal`.

use crate::binaries::memprof;
use crate::interpreters::usual;
use crate::outside::Running;
use crate::scenario::{Folder, Scenario, finish};
use memprof_reporter::live::ask::{Censuses, mark};
use memprof_reporter::live::follow::{Condition, Follower};
use memprof_reporter::live::survey::{Looked, ProcessEntry, Survey, Surveyor};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const NO_TERMINAL: &str = "memprof: this needs a terminal: ";

#[test]
fn without_a_terminal_nothing_is_drawn_and_one_line_says_so() {
    let run = Scenario::code(usual(), "kept = bytearray(1000)").recorded();
    let mut command = Command::new(memprof());
    command.arg("live").arg(&run.file);
    let output = finish(command, b"q");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with(NO_TERMINAL), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn without_a_terminal_run_live_starts_no_program() {
    let folder = Folder::new();
    let mut command = Command::new(memprof());
    let program = "open('ran', 'w')";
    command
        .args(["run", "--live"])
        .arg(&usual().path)
        .args(["-c", program])
        .current_dir(&folder.0);
    let output = finish(command, b"");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with(NO_TERMINAL), "{said}");
    let left: Vec<_> = std::fs::read_dir(&folder.0).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_tree_is_text_where_there_is_no_terminal() {
    let run = Scenario::code(usual(), "kept = bytearray(5_000_000)").recorded();
    let text = run.report(&["tree", "--top", "3"]);
    assert!(text.starts_with("Heap at peak: "), "{text}");
    assert!(text.contains("<module> (<string>:1)"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

/// So long one look at a recording may take, as on the screen.
const LOOK: Duration = Duration::from_millis(20);

/// Follows a recording to its end, as the screen does, and returns the last survey.
fn follow(follower: &mut Follower) -> Survey {
    let mut surveyor = Surveyor::default();
    while !follower.programs().is_finished() {
        if follower.advance(LOOK) {
            std::thread::sleep(LOOK);
        }
        surveyor.survey(follower);
        let condition = follower.condition();
        assert!(
            !matches!(condition, Condition::Broken { .. }),
            "{condition:?}"
        );
    }
    surveyor.survey(follower)
}

/// The end that is reported has also what processes left that ended before the last.
fn assert_as_reported(file: &Path, follower: &Follower, survey: &Survey, what: &str) {
    let mut command = Command::new(memprof());
    command.args(["stats", "--json"]).arg(file);
    let process = follower.chosen();
    command.args(process.map(|process| format!("--process={process}")));
    let output = finish(command, b"");
    let stats: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(stats["peak"]["bytes"], survey.peak.heap.bytes, "{what}");
    assert_eq!(stats["peak"]["blocks"], survey.peak.heap.blocks, "{what}");
    let end = survey.heap + follower.programs().replay.ledger.left;
    assert_eq!(stats["end"]["bytes"], end.bytes, "{what}");
    assert_eq!(stats["end"]["blocks"], end.blocks, "{what}");
    let lines: i64 = survey.lines.iter().map(|line| line.own.peak.bytes).sum();
    assert_eq!(lines, survey.peak.heap.bytes, "{what}");
}

/// The heaps and peaks of the programs that a process ran.
fn heaps_of(survey: &Survey, process: u32) -> Vec<Option<(i64, i64)>> {
    let entries = survey.processes.iter();
    let own = entries.filter(|entry: &&ProcessEntry| entry.process == process);
    let heap = |entry: &ProcessEntry| entry.heap.map(|(heap, peak, _)| (heap, peak));
    own.map(heap).collect()
}

#[test]
fn processes_that_are_followed_live_are_as_reported_together_and_one_by_one() {
    for way in ["fork", "fork_exec", "multiprocessing"] {
        let scenario = Scenario::script(usual(), "children.py")
            .argument(way)
            .option("--follow-children");
        let folder = Folder::new();
        let file = folder.0.join("live.bin");
        let mut command = scenario.recording(&file);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut recorder = command.spawn().unwrap();
        while !file.metadata().is_ok_and(|it| it.len() > 4096) {
            assert!(matches!(recorder.try_wait(), Ok(None)), "{way}");
            std::thread::sleep(LOOK);
        }
        let mut follower = Follower::open(&file, None).unwrap();
        let together = follow(&mut follower);
        assert!(recorder.wait().unwrap().success(), "{way}");
        assert_as_reported(&file, &follower, &together, way);
        let processes: BTreeSet<u32> = together.processes.iter().map(|it| it.process).collect();
        assert!(
            processes.len() >= 3 || way == "fork_exec",
            "{way}: {processes:?}"
        );
        // what is inherited is counted once: all own heaps are the heap
        let owned = together.processes.iter().map(|entry| entry.heap.unwrap().0);
        assert_eq!(owned.sum::<i64>(), together.heap.bytes, "{way}");
        for process in processes {
            follower.choose(Some(process));
            let alone = follow(&mut follower);
            let what = format!("{way}, process {process}");
            assert_as_reported(&file, &follower, &alone, &what);
            assert_eq!(alone.chosen, Some(process));
            let [sum, most] = [alone.heap.bytes, alone.peak.heap.bytes];
            let heaps: Vec<_> = heaps_of(&alone, process).into_iter().flatten().collect();
            assert_eq!(heaps.iter().map(|heap| heap.0).sum::<i64>(), sum, "{what}");
            let peak = heaps.iter().map(|heap| heap.1).max();
            assert_eq!(peak, Some(most), "{what}");
            let others = alone.processes.iter();
            let others = others.filter(|entry| entry.process != process);
            assert!(others.clone().all(|entry| entry.heap.is_none()), "{what}");
        }
        follower.choose(None);
        let again = follow(&mut follower);
        assert_as_reported(&file, &follower, &again, way);
    }
}

/// Waits for something to be so.
fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "it never happened"
        );
        std::thread::sleep(LOOK);
    }
}

#[test]
fn types_of_what_is_alive_are_seen_while_the_program_runs() {
    let mut running = Running::python(usual());
    let mut follower = Follower::open(&running.file, None).unwrap();
    let mut surveyor = Surveyor::default();
    follower.advance(LOOK);
    assert_eq!(surveyor.survey(&follower).looked, Looked::Never);
    running.tell("spin");
    let mut censuses = Censuses::default();
    censuses.ask(&[running.process]);
    let said = until(|| censuses.poll().filter(|said| !said.starts_with("waiting")));
    assert!(said.starts_with("a census was taken"), "{said}");
    let survey = until(|| {
        follower.advance(LOOK);
        let survey = surveyor.survey(&follower);
        (survey.looked != Looked::Never).then_some(survey)
    });
    let Looked::At { time, programs: 1 } = survey.looked else {
        panic!("{:?}", survey.looked);
    };
    assert!(time > 0.0 && time <= survey.elapsed, "{time}");
    let types = survey.types.iter();
    let kept: Vec<_> = types.filter(|it| it.name.ends_with("Kept")).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    // three more come and go all the time
    let alive = kept[0].total.now.blocks;
    assert!((321..=327).contains(&alive), "{alive}");
    let said = mark(running.process, "seen");
    assert!(said.starts_with("marked \"seen\" at "), "{said}");
    running.tell("done");
    running.end();
    let end = follow(&mut follower);
    assert_eq!(end.looked, Looked::AtEnd);
    let marks = &follower.programs().replay.marks;
    let names: Vec<&str> = marks.iter().map(|mark| mark.name.as_str()).collect();
    assert_eq!(names, ["live", "seen", "main-end"]);
}
