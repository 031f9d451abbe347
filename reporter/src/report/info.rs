//! `memprof info`: what a recording is.

use super::measure::{Bytes, Count, Seconds};
use super::processes::{self, ProcessInfo};
use serde::Serialize;
use std::fmt;

/// What a recording is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Info {
    /// The file.
    pub file: String,
    /// Its size in bytes.
    pub file_bytes: u64,
    /// What was started.
    pub command: Vec<String>,
    /// Where it was started.
    pub folder: String,
    /// When, as RFC 3339.
    pub started: String,
    /// Seconds from the start to the end, or as far as is known.
    pub duration: f64,
    /// Whether the recording holds everything that happened.
    pub complete: bool,
    /// Why it does not.
    pub reason: Option<String>,
    /// How the program ended: its exit status.
    pub status: Option<i32>,
    /// How the program ended: the signal that killed it.
    pub signal: Option<i32>,
    /// What is known of that, in words.
    pub killed: Option<String>,
    /// The process that reports are about.
    pub process: u32,
    /// The program that ran in it.
    pub executable: String,
    /// The interpreter, if the program is one.
    pub interpreter: Option<InterpreterInfo>,
    /// The programs of the recording: children behind their parents, and what a process executed
    /// behind what it was before.
    pub processes: Vec<ProcessInfo>,
    /// The threads of the program that reports are about.
    pub threads: Vec<ThreadInfo>,
    /// The marks of that program; `null` where the recording is so large that it is not read for
    /// this.
    pub marks: Option<Vec<MarkInfo>>,
    /// The censuses of that program; `null` as for the marks.
    pub censuses: Option<Vec<CensusInfo>>,
    /// What has to be known of this recording, one sentence each.
    pub notes: Vec<String>,
    /// Events that were not recorded.
    pub lost: u64,
    /// Whether native stacks were recorded.
    pub native: bool,
    /// Whether CPython's allocators were recorded.
    pub python_allocators: bool,
    /// Whether children were recorded.
    pub follow_children: bool,
    /// The machine's name.
    pub host: String,
    /// The kernel's name and release.
    pub system: String,
    /// Its kind.
    pub machine: String,
    /// The version of memprof that recorded.
    pub version: String,
}

/// An interpreter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InterpreterInfo {
    /// `3.11.7`
    pub version: String,
    /// The allocator below the hooks.
    pub allocator: String,
    /// Whether Python stacks were recorded.
    pub stacks: bool,
}

/// A thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ThreadInfo {
    /// The kernel's number.
    pub id: u32,
    /// Its last name.
    pub name: String,
}

/// A moment that somebody named.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MarkInfo {
    /// What it is called on the command line.
    pub name: String,
    /// Seconds from the start.
    pub time: f64,
}

/// A look at everything alive.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CensusInfo {
    /// Seconds from the start.
    pub time: f64,
    /// For how many seconds the program stood still.
    pub took: f64,
}

/// `PY_VERSION_HEX` as people write it.
pub fn python_version(hexadecimal: u32) -> String {
    let [major, minor, micro, level] = hexadecimal.to_be_bytes();
    let serial = level & 15;
    let suffix = match level >> 4 {
        0xa => format!("a{serial}"),
        0xb => format!("b{serial}"),
        0xc => format!("rc{serial}"),
        _ => String::new(),
    };
    format!("{major}.{minor}.{micro}{suffix}")
}

impl fmt::Display for Info {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "File         {} ({})",
            self.file,
            Bytes(self.file_bytes as i64)
        )?;
        writeln!(out, "Command      {}", self.command.join(" "))?;
        writeln!(out, "In           {}", self.folder)?;
        writeln!(out, "Started      {}", self.started)?;
        writeln!(out, "Duration     {}", Seconds(self.duration))?;
        match (self.status, &self.killed) {
            (Some(status), None) => writeln!(out, "Ended        with status {status}")?,
            (Some(status), Some(others)) => {
                writeln!(out, "Ended        with status {status}; {others}")?;
            }
            (None, Some(killed)) => writeln!(out, "Ended        {killed}")?,
            (None, None) => {}
        }
        match &self.reason {
            None => writeln!(out, "Complete     yes")?,
            Some(reason) => writeln!(out, "Complete     no: {reason}")?,
        }
        if self.lost > 0 {
            writeln!(out, "Lost         {} events", Count(self.lost as i64))?;
        }
        writeln!(out, "Process      {} {}", self.process, self.executable)?;
        if let Some(InterpreterInfo {
            version,
            allocator,
            stacks,
        }) = &self.interpreter
        {
            let stacks = if *stacks { "" } else { ", no Python stacks" };
            let allocator = if allocator.is_empty() {
                "not known"
            } else {
                allocator
            };
            writeln!(
                out,
                "Interpreter  CPython {version}, allocator {allocator}{stacks}"
            )?;
        }
        let yes = |wanted: bool| if wanted { "yes" } else { "no" };
        writeln!(
            out,
            "Recorded     Python allocators: {}, native stacks: {}, children: {}",
            yes(self.python_allocators),
            yes(self.native),
            yes(self.follow_children)
        )?;
        writeln!(
            out,
            "Machine      {}, {}, {}",
            self.host, self.system, self.machine
        )?;
        writeln!(out, "Version      {}", self.version)?;
        for note in &self.notes {
            writeln!(out, "Note         {note}")?;
        }
        if self.processes.len() > 1 {
            processes::write(&self.processes, out)?;
        }
        writeln!(out, "\nThreads")?;
        for ThreadInfo { id, name } in &self.threads {
            writeln!(out, "  {id:>8}  {name}")?;
        }
        match &self.marks {
            Some(marks) if !marks.is_empty() => {
                writeln!(out, "\nMarks")?;
                for MarkInfo { name, time } in marks {
                    writeln!(out, "  {:>12}  {name}", Seconds(*time).to_string())?;
                }
            }
            _ => {}
        }
        match &self.censuses {
            Some(censuses) if !censuses.is_empty() => {
                writeln!(
                    out,
                    "\nCensuses, and how long the program stood still for each"
                )?;
                for CensusInfo { time, took } in censuses {
                    let (time, took) = (Seconds(*time).to_string(), Seconds(*took));
                    writeln!(out, "  {time:>12}  {took}")?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::python_version;

    #[test]
    fn versions_are_written_as_python_does() {
        assert_eq!(python_version(0x030b_07f0), "3.11.7");
        assert_eq!(python_version(0x030f_00b2), "3.15.0b2");
        assert_eq!(python_version(0x030e_00c1), "3.14.0rc1");
    }
}
