//! What the screen shows, taken from the replay some times a second and then left alone, so that a
//! paused screen can still be sorted and searched.

mod gather;
mod processes;
mod rates;

pub use gather::Surveyor;

use crate::profile::Totals;
use crate::replay::{Peak, Sample};
use std::ops::AddAssign;
use std::rc::Rc;

/// Which of the values is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// What is alive now.
    #[default]
    Now,
    /// What was alive at the peak.
    Peak,
    /// How much more is alive than at the mark.
    SinceMark,
}

/// One quantity in all the ways that it can be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// Alive now.
    pub now: Totals,
    /// Alive at the peak.
    pub peak: Totals,
    /// Alive now, less what was alive at the mark.
    pub since: Totals,
}

impl Values {
    /// One of them.
    pub fn of(self, shown: Shown) -> Totals {
        match shown {
            Shown::Now => self.now,
            Shown::Peak => self.peak,
            Shown::SinceMark => self.since,
        }
    }
}

impl AddAssign for Values {
    fn add_assign(&mut self, other: Self) {
        self.now += other.now;
        self.peak += other.peak;
        self.since += other.since;
    }
}

/// How fast something is allocated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// Bytes a second.
    pub bytes: f64,
    /// Allocations a second.
    pub blocks: f64,
}

impl AddAssign for Rate {
    fn add_assign(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.blocks += other.blocks;
    }
}

/// A line of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What it is about.
    pub name: Rc<str>,
    /// Allocated here.
    pub own: Values,
    /// Allocated here and in all that was called from here.
    pub total: Values,
    /// What is allocated here.
    pub churn: Rate,
}

/// A node of the call tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The caller's place among the nodes, which is smaller; the root is its own.
    pub parent: u32,
    /// The innermost frame.
    pub name: Rc<str>,
    /// Allocated here.
    pub own: Values,
    /// Allocated here and in all that was called from here.
    pub total: Values,
}

/// When what is alive was looked at, for its types.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Looked {
    /// Never.
    #[default]
    Never,
    /// In a census, in seconds since the recording began; of several the oldest counts.
    At {
        /// When.
        time: f64,
        /// How many programs were looked at.
        programs: usize,
    },
    /// In the end.
    AtEnd,
}

/// A program that a process of the recording ran.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProcessEntry {
    /// Its number.
    pub process: u32,
    /// Its parent's.
    pub parent: u32,
    /// What it runs.
    pub command: String,
    /// Its heap, its peak, and its allocations and frees a second, where the other panes are about
    /// it. What it inherited is its parent's, if they are about both.
    pub heap: Option<(i64, i64, f64)>,
    /// Its resident bytes, while it runs on this machine.
    pub resident: Option<u64>,
    /// Its threads.
    pub threads: usize,
    /// How it ended, if it did.
    pub end: Option<String>,
    /// Whether the other panes are about it.
    pub is_shown: bool,
}

/// All that the panes show.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Seconds since the recording began.
    pub elapsed: f64,
    /// The live heap.
    pub heap: Totals,
    /// Bytes of mapped files.
    pub files: i64,
    /// The largest the heap was.
    pub peak: Peak,
    /// Resident bytes of the processes, while they run on this machine. What several share counts
    /// for each.
    pub resident: Option<u64>,
    /// Allocations and frees a second.
    pub events: f64,
    /// When the mark was set, in seconds since the recording began.
    pub mark: Option<f64>,
    /// The heap over time.
    pub samples: Vec<Sample>,
    /// Resident bytes over time, in seconds since the recording began.
    pub resident_samples: Vec<(f64, u64)>,
    /// By line.
    pub lines: Vec<Entry>,
    /// By function.
    pub functions: Vec<Entry>,
    /// By type: `own` is what has been freed, `total` what was alive when somebody looked.
    pub types: Vec<Entry>,
    /// When somebody looked at what is alive.
    pub looked: Looked,
    /// By thread.
    pub threads: Vec<Entry>,
    /// The call tree; the first node is its root.
    pub tree: Vec<Node>,
    /// The processes.
    pub processes: Vec<ProcessEntry>,
    /// The only process that all is about, if it is only one of them.
    pub chosen: Option<u32>,
}
