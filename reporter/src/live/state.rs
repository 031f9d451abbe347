//! What the user has chosen, and what follows from it; nothing here draws.

mod tree;

pub use tree::Branch;
pub(crate) use tree::branches;

use super::follow::Condition;
use super::survey::{Entry, ProcessEntry, Shown, Survey};
use std::collections::HashSet;

/// A part of the screen that lists something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// Lines of code.
    #[default]
    Lines,
    /// Functions.
    Functions,
    /// Types of objects.
    Types,
    /// Who called whom.
    Tree,
    /// Threads.
    Threads,
    /// Processes.
    Processes,
    /// What the program wrote.
    Log,
}

impl Pane {
    /// All panes, in the order of their keys, with their titles. The last is only there when this
    /// terminal is the program's.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Lines, "Lines"),
        (Self::Functions, "Functions"),
        (Self::Types, "Types"),
        (Self::Tree, "Tree"),
        (Self::Threads, "Threads"),
        (Self::Processes, "Processes"),
        (Self::Log, "Output"),
    ];
}

/// What a table is sorted by, biggest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Bytes of the line's own.
    #[default]
    Own,
    /// Bytes with all that was called.
    Total,
    /// Blocks.
    Blocks,
    /// Bytes allocated a second.
    Churn,
    /// The name, from A to Z.
    Name,
}

impl Sort {
    /// All ways, in the order in which a key goes through them.
    pub const ALL: [Self; 5] = [
        Self::Own,
        Self::Total,
        Self::Blocks,
        Self::Churn,
        Self::Name,
    ];
}

/// All that the screen depends on.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Clone, Debug)]
pub struct State {
    /// What is recorded: the name of the program.
    pub program: String,
    /// The process that was started, or is looked at.
    pub process: u32,
    /// The file.
    pub file: String,
    /// How the recording is.
    pub condition: Condition,
    /// How far the replay is behind, in seconds.
    pub lag: Option<f64>,
    /// How much of the file was replayed, from 0 to 1.
    pub progress: f64,
    /// What there is to see.
    pub survey: Survey,
    /// The pane that is shown.
    pub pane: Pane,
    /// How tables are sorted.
    pub sort: Sort,
    /// Which values are shown.
    pub shown: Shown,
    /// Only what has this in its name is shown.
    pub filter: String,
    /// Keys go into the filter.
    pub typing: bool,
    /// Surveys are not renewed.
    pub paused: bool,
    /// The help is shown.
    pub help: bool,
    /// The chosen line of the pane.
    pub selected: usize,
    /// Lines of the pane that fit on the screen, as last drawn.
    pub page: usize,
    /// Branches of the tree that are open; `None` as long as nobody opened or closed any: the
    /// heaviest path is open then.
    pub open: Option<HashSet<u32>>,
    /// What the program wrote, when this terminal is the program's.
    pub log: Option<Vec<String>>,
    /// What happened to the last wish, until the next key.
    pub message: Option<String>,
    /// Whether colours may be used.
    pub colour: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            program: String::new(),
            process: 0,
            file: String::new(),
            condition: Condition::Running,
            lag: None,
            progress: 1.0,
            survey: Survey::default(),
            pane: Pane::default(),
            sort: Sort::default(),
            shown: Shown::default(),
            filter: String::new(),
            typing: false,
            paused: false,
            help: false,
            selected: 0,
            page: 10,
            open: None,
            log: None,
            message: None,
            colour: true,
        }
    }
}

impl State {
    /// The panes that there are.
    pub fn panes(&self) -> &'static [(Pane, &'static str)] {
        let hidden = usize::from(self.log.is_none());
        &Pane::ALL[..Pane::ALL.len() - hidden]
    }

    /// Shows another pane.
    pub fn show(&mut self, pane: Pane) {
        if self.pane != pane {
            self.pane = pane;
            self.selected = 0;
        }
    }

    /// The lines of the pane that is shown, where it is a table: filtered and sorted.
    pub fn entries(&self) -> Vec<&Entry> {
        let all = match self.pane {
            Pane::Lines => &self.survey.lines,
            Pane::Functions => &self.survey.functions,
            Pane::Types => &self.survey.types,
            Pane::Threads => &self.survey.threads,
            Pane::Tree | Pane::Processes | Pane::Log => return Vec::new(),
        };
        // of types it is of interest that they die
        let is_there = |entry: &&Entry| {
            let nothing = self.own(entry).is_zero() && self.total(entry).is_zero();
            self.pane == Pane::Types || !nothing || entry.churn.blocks > 0.0
        };
        let fits = all.iter().filter(|entry| self.fits(&entry.name));
        let mut entries: Vec<&Entry> = fits.filter(is_there).collect();
        entries.sort_by(|a, b| {
            let order = match self.sort {
                Sort::Own => self.own(b).bytes.cmp(&self.own(a).bytes),
                Sort::Total => self.total(b).bytes.cmp(&self.total(a).bytes),
                Sort::Blocks => self.own(b).blocks.cmp(&self.own(a).blocks),
                Sort::Churn => b.churn.bytes.total_cmp(&a.churn.bytes),
                Sort::Name => std::cmp::Ordering::Equal,
            };
            order.then_with(|| a.name.cmp(&b.name))
        });
        entries
    }

    /// The branches of the tree that are to be seen.
    pub fn branches(&self) -> Vec<Branch> {
        tree::branches(&self.survey.tree, self.shown, self.open.as_ref(), &|name| {
            self.fits(name)
        })
    }

    /// The lines of the processes: where there are several, the first is for all of them together.
    pub fn processes(&self) -> Vec<Option<&ProcessEntry>> {
        let all = &self.survey.processes;
        let together = (self.process_count() > 1).then_some(None);
        let fits = all.iter().filter(|entry| self.fits(&entry.command));
        together.into_iter().chain(fits.map(Some)).collect()
    }

    /// How many processes were recorded by now.
    pub fn process_count(&self) -> usize {
        let processes = self.survey.processes.iter().map(|entry| entry.process);
        processes.collect::<HashSet<u32>>().len()
    }

    /// How many lines the pane has.
    pub fn count(&self) -> usize {
        match self.pane {
            Pane::Tree => self.branches().len(),
            Pane::Processes => self.processes().len(),
            Pane::Log => self.log.as_ref().map_or(0, Vec::len),
            _ => self.entries().len(),
        }
    }

    /// Chooses another line, as far as there are any.
    pub fn select(&mut self, line: usize) {
        self.selected = line.min(self.count().saturating_sub(1));
    }

    /// Opens or closes the chosen branch of the tree.
    pub fn open_branch(&mut self, open: bool) {
        let branches = self.branches();
        let Some(branch) = branches.get(self.selected) else {
            return;
        };
        let is_open = |branch: &&Branch| branch.is_open;
        let mut set: HashSet<u32> = branches
            .iter()
            .filter(is_open)
            .map(|branch| branch.node)
            .collect();
        set.extend(self.open.iter().flatten());
        if open {
            set.insert(branch.node);
        } else if branch.is_open {
            set.remove(&branch.node);
        } else {
            // a closed branch leads back to the one that it is on
            let parent = branches[..self.selected]
                .iter()
                .rposition(|other| other.depth < branch.depth);
            self.selected = parent.unwrap_or(self.selected);
        }
        self.open = Some(set);
    }

    fn fits(&self, name: &str) -> bool {
        let wanted = self.filter.to_lowercase();
        wanted.is_empty() || name.to_lowercase().contains(&wanted)
    }

    fn own(&self, entry: &Entry) -> crate::profile::Totals {
        entry.own.of(self.values())
    }

    fn total(&self, entry: &Entry) -> crate::profile::Totals {
        entry.total.of(self.values())
    }

    /// Types are only known when objects die, so theirs are the same at any moment.
    pub fn values(&self) -> Shown {
        match self.pane {
            Pane::Types => Shown::Now,
            _ => self.shown,
        }
    }
}
