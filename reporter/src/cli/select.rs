//! What most reports are asked alike: which recording, and what of it.

use super::symbols::SymbolArguments;
use crate::commands::{Input, Selection};
use crate::profile::{Filter, Grouping, Moment, Point};
use clap::Args;
use std::path::PathBuf;

/// Which recording.
#[derive(Args, Debug)]
pub(super) struct InputArguments {
    /// The recording
    file: PathBuf,
    /// Report on this process alone, with what it inherited; else on all together
    #[arg(long, value_name = "PID")]
    process: Option<u32>,
    #[command(flatten)]
    symbols: SymbolArguments,
}

impl From<InputArguments> for Input {
    fn from(arguments: InputArguments) -> Self {
        Self {
            path: arguments.file,
            process: arguments.process,
            symbols: arguments.symbols.into(),
        }
    }
}

/// What of it, whenever it was.
#[derive(Args, Debug)]
pub(super) struct PartArguments {
    #[command(flatten)]
    input: InputArguments,
    /// Only what this thread allocated: its number or its name
    #[arg(long, value_name = "THREAD")]
    thread: Option<String>,
    /// Only blocks for which this holds, such as: size>1KiB and type==dict and not file~"models/"
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<Filter>,
    /// How many rows to show
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl PartArguments {
    pub(super) fn selection(self, by: Option<Grouping>, moment: Moment) -> Selection {
        Selection {
            input: self.input.into(),
            moment,
            thread: self.thread,
            filter: self.filter,
            by,
            top: self.top,
            json: self.json,
        }
    }
}

/// What of it, at a moment.
#[derive(Args, Debug)]
pub(super) struct SelectArguments {
    #[command(flatten)]
    part: PartArguments,
    /// The moment: peak, end, main-end (where the program's own code ended, before Python's
    /// shutdown frees what it kept), a time such as 12.5s or 900ms, or mark:NAME [default: peak]
    #[arg(long, value_name = "MOMENT")]
    at: Option<Moment>,
    /// Allocated after the first mark or time and still alive at the second
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"], conflicts_with = "at")]
    pub(super) between: Option<Vec<String>>,
}

impl SelectArguments {
    pub(super) fn selection(self, by: Option<Grouping>, default: Moment) -> Selection {
        let between = self.between.as_deref().map(|points| match points {
            [after, until] => Moment::Between(Point::parse(after), Point::parse(until)),
            _ => unreachable!("clap takes exactly two"),
        });
        let moment = between.or(self.at).unwrap_or(default);
        self.part.selection(by, moment)
    }

    /// Whether a moment was named.
    pub(super) fn names_a_moment(&self) -> bool {
        self.at.is_some() || self.between.is_some()
    }
}

impl From<SelectArguments> for Selection {
    fn from(arguments: SelectArguments) -> Self {
        arguments.selection(None, Moment::Peak)
    }
}

/// What rows are added up by.
#[derive(Args, Debug)]
pub(super) struct GroupArguments {
    /// What rows are added up by: type, site, line, function, file, module, thread, size, age,
    /// domain, allocator; or two at once, as in type,site
    #[arg(long, value_name = "PROPERTY")]
    pub(super) by: Option<Grouping>,
}

/// Where a result goes.
#[derive(Args, Debug)]
pub(super) struct OutputArguments {
    /// Where to write to
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Overwrite a file that is there
    #[arg(short, long)]
    pub(super) force: bool,
}
