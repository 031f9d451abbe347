//! What is asked of a recording from outside, while it runs: marks and censuses.

use crate::binaries::{INSTALLED, memprof};
use crate::interpreters::{self, Interpreter, usual};
use crate::scenario::{Folder, Scenario, finish};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};

/// A program that is being recorded and does what it is told.
pub struct Running {
    recorder: Child,
    /// Its number.
    pub process: u32,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// Its recording.
    pub file: PathBuf,
    folder: Folder,
}

impl Running {
    /// Of a scenario whose program says `ready` and its number.
    fn begin(scenario: &Scenario) -> Self {
        let folder = Folder::new();
        let file = folder.0.join("recording.bin");
        let mut recorder = scenario
            .recording(&file)
            .current_dir(&folder.0)
            .env_remove(INSTALLED)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut running = Self {
            input: recorder.stdin.take().unwrap(),
            output: BufReader::new(recorder.stdout.take().unwrap()),
            recorder,
            process: 0,
            file,
            folder,
        };
        let ready = running.line();
        let process = ready.strip_prefix("ready ").expect(&ready);
        running.process = process.parse().unwrap();
        running
    }

    /// Of `asked.py`.
    pub fn python(interpreter: &Interpreter) -> Self {
        Self::begin(&Scenario::script(interpreter, "asked.py"))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Tells the program something and waits for its answer.
    pub fn tell(&mut self, what: &str) {
        // one write, so that it is read as one line
        let line = format!("{what}\n");
        self.input.write_all(line.as_bytes()).unwrap();
        assert_eq!(self.line(), "done");
    }

    fn ask(&self, words: &[&str]) -> Output {
        ask(words, self.process)
    }

    fn asked(&self, words: &[&str]) -> String {
        let output = self.ask(words);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{words:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        said
    }

    /// Lets the program come to its end.
    pub fn end(mut self) -> Ended {
        drop(self.input);
        assert!(self.recorder.wait().unwrap().success());
        Ended {
            file: self.file,
            _folder: self.folder,
        }
    }

    /// Kills it.
    fn kill(mut self) -> Ended {
        let process = self.process.to_string();
        let killed = Command::new("kill").args(["-9", &process]).status();
        assert!(killed.unwrap().success());
        self.recorder.wait().unwrap();
        Ended {
            file: self.file,
            _folder: self.folder,
        }
    }
}

/// What is left of it.
pub struct Ended {
    file: PathBuf,
    _folder: Folder,
}

impl Ended {
    fn json(&self, words: &[&str]) -> Value {
        let mut command = Command::new(memprof());
        command.args(words).arg("--json").arg(&self.file);
        let output = finish(command, &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {said}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// `memprof WORD PID REST`.
fn ask(words: &[&str], process: u32) -> Output {
    let mut command = Command::new(memprof());
    command
        .arg(words[0])
        .arg(process.to_string())
        .args(&words[1..]);
    finish(command, &[])
}

/// What a request that fails says, in its one line.
fn refusal(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = std::str::from_utf8(&output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    said.strip_prefix("memprof: ").expect(said).trim_end()
}

#[test]
fn a_mark_from_outside_stands_where_it_was_asked_for() {
    let mut running = Running::python(usual());
    let said = running.asked(&["mark", "before"]);
    assert!(
        said.contains("marked \"before\" at ") && said.contains("recording.bin"),
        "{said}"
    );
    running.tell("hold 700001");
    running.asked(&["mark", "be tween ☃"]);
    running.tell("hold 800001");
    running.asked(&["mark", "after"]);
    let ended = running.end();

    let held = |moment: &str| {
        let filter = "size==700001 or size==800001";
        let report = ended.json(&["table", "--at", moment, "--filter", filter]);
        (
            report["total"]["bytes"].as_i64(),
            report["total"]["blocks"].as_i64(),
        )
    };
    assert_eq!(held("mark:before"), (Some(0), Some(0)));
    assert_eq!(held("mark:be tween ☃"), (Some(700_001), Some(1)));
    assert_eq!(held("mark:after"), (Some(1_500_002), Some(2)));
    let since = ended.json(&[
        "table",
        "--between",
        "be tween ☃",
        "after",
        "--filter",
        "size>500000",
    ]);
    assert_eq!(since["total"]["bytes"], 800_001);

    let info = ended.json(&["info"]);
    let marks = info["marks"].as_array().unwrap();
    let names: Vec<&str> = marks
        .iter()
        .map(|mark| mark["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["before", "be tween ☃", "after", "main-end"]);
    let times: Vec<f64> = marks
        .iter()
        .map(|mark| mark["time"].as_f64().unwrap())
        .collect();
    assert!(times.is_sorted() && times[0] > 0.0, "{times:?}");
    // the mark is no thread's, and no thread is made up for it
    assert_eq!(info["threads"].as_array().unwrap().len(), 1, "{info}");
    let stats = ended.json(&["stats"]);
    assert_eq!(stats["threads"].as_array().unwrap().len(), 1, "{stats}");
    assert_eq!(stats["complete"], true);
}

#[test]
fn a_program_that_is_stopped_can_be_marked() {
    let running = Running::python(usual());
    let signal = |name: &str| {
        let process = running.process.to_string();
        let sent = Command::new("kill").args([name, &process]).status();
        assert!(sent.unwrap().success());
    };
    signal("-STOP");
    running.asked(&["mark", "while it stands"]);
    signal("-CONT");
    let info = running.end().json(&["info"]);
    assert_eq!(info["marks"][0]["name"], "while it stands");
}

#[test]
fn who_cannot_be_asked_is_told_in_one_line() {
    let nobody = ask(&["mark", "here"], 4_194_305);
    assert_eq!(refusal(&nobody), "there is no process 4194305");
    let bystander = ask(&["mark", "here"], std::process::id());
    let said = refusal(&bystander);
    assert!(
        said.ends_with("is not being recorded: start it with memprof run"),
        "{said}"
    );

    // a child that is not followed has its parent's memory, and no recording
    let code = "import os, subprocess, sys\n\
                pipe = os.pipe()\n\
                child = os.fork()\n\
                if not child: os.read(pipe[0], 1); os._exit(0)\n\
                os.write(1, b'ready %d\\n' % child)\n\
                os.read(0, 1)\nos.write(pipe[1], b'x')\nos.wait()\n";
    let running = Running::begin(&Scenario::code(usual(), code));
    let said = running.ask(&["census"]);
    assert!(
        refusal(&said).contains("--follow-children records children, too"),
        "{said:?}"
    );
    running.end();
}

#[test]
fn a_census_can_be_asked_for_while_the_program_runs() {
    for interpreter in interpreters::all() {
        let mut running = Running::python(interpreter);
        running.tell("spin");
        let said = running.asked(&["census", "here", "--wait", "60s"]);
        assert!(said.contains("marked \"here\" in "), "{said}");
        let ended = running.kill();
        let rows = ended.json(&["partition", "--at", "mark:here", "--top", "1000000"]);
        let rows = rows["rows"].as_array().unwrap();
        let of = |kind: &str| {
            let found = rows.iter().filter(|row| row["kind"] == kind);
            found.map(|row| row["count"].as_i64().unwrap()).sum::<i64>()
        };
        // those that come and go are three at most at any moment, and as many wait to be used again
        let kept = of("__main__.Kept");
        assert!((321..=327).contains(&kept), "{interpreter}: {kept}");
        assert!(of("dict of module") > 10, "{interpreter}");
        assert_eq!(of("<alive at exit, type not read>"), 0, "{interpreter}");
        let censuses = &ended.json(&["info"])["censuses"];
        assert_eq!(
            censuses.as_array().unwrap().len(),
            1,
            "{interpreter}: {censuses}"
        );
        let took = censuses[0]["took"].as_f64().unwrap();
        assert!(took > 0.0 && took < 10.0, "{interpreter}: {took}");
    }
}

#[test]
fn a_program_that_sleeps_makes_a_census_wait_and_nothing_else() {
    let mut running = Running::python(usual());
    let idle = running.ask(&["census", "early", "--wait", "100ms"]);
    let said = refusal(&idle);
    assert!(
        said.contains("ran no Python code for 0.100 s: the request was taken back"),
        "{said}"
    );
    running.tell("hold 700001");
    let info = running.end().json(&["info"]);
    // what was taken back is not done later; at the end there is the usual one
    assert_eq!(info["marks"].as_array().unwrap().len(), 1, "{info}");
    assert_eq!(info["censuses"].as_array().unwrap().len(), 1, "{info}");
}

#[test]
fn what_has_no_types_says_so_at_once() {
    let native = Scenario::program("sh")
        .argument("-c")
        .argument("echo ready $$; read line");
    let untyped = Scenario::script(usual(), "asked.py").option("--no-types");
    for scenario in [native, untyped] {
        let running = Running::begin(&scenario);
        let said = running.ask(&["census"]);
        let said = refusal(&said);
        assert!(
            said.contains("has no objects whose types can be read"),
            "{said}"
        );
        running.asked(&["mark", "all the same"]);
        running.kill();
    }
}
