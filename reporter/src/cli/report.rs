//! The reports on the command line.

use super::select::{GroupArguments, InputArguments, PartArguments, SelectArguments};
use crate::commands::{Selection, diff, leaks, partition};
use crate::profile::{Moment, parse_time};
use crate::replay::ShortLife;
use clap::Args;
use memprof_wire::units::Microseconds;
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  memprof info memprof-app.py.4711.bin")]
pub(super) struct InfoArguments {
    #[command(flatten)]
    pub(super) input: InputArguments,
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// `--top` is about the lines that allocated most, of which it shows five otherwise.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  memprof stats --json memprof-app.py.4711.bin\n  memprof stats --filter 'size>1MiB' memprof-app.py.4711.bin"
)]
pub(super) struct StatsArguments {
    #[command(flatten)]
    part: PartArguments,
}

impl From<StatsArguments> for Selection {
    fn from(arguments: StatsArguments) -> Self {
        arguments.part.selection(None, Moment::Peak)
    }
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  memprof summary --at end --top 10 memprof-app.py.4711.bin")]
pub(super) struct SummaryArguments {
    #[command(flatten)]
    pub(super) select: SelectArguments,
}

/// `line` is the innermost frame, `site` the innermost one in your own code: not in the standard
/// library or an installed package.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  memprof table memprof-app.py.4711.bin
  memprof table --by site --at 12.5s memprof-app.py.4711.bin")]
pub(super) struct TableArguments {
    #[command(flatten)]
    select: SelectArguments,
    #[command(flatten)]
    group: GroupArguments,
}

impl From<TableArguments> for Selection {
    fn from(arguments: TableArguments) -> Self {
        arguments.select.selection(arguments.group.by, Moment::Peak)
    }
}

/// Rows are joined by names: a line stays the same when only code above its function was changed.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  memprof diff before.bin after.bin
  memprof diff --by type --between loaded end memprof-app.py.4711.bin
  memprof diff --fail-on-growth 5% main.bin branch.bin")]
pub(super) struct DiffArguments {
    #[command(flatten)]
    select: SelectArguments,
    /// The newer recording
    #[arg(required_unless_present = "between", conflicts_with = "between")]
    newer: Option<PathBuf>,
    #[command(flatten)]
    group: GroupArguments,
    /// Exit with status 1 when the total has grown by more: a share such as 5%, or 10MB
    #[arg(long, value_name = "LIMIT")]
    fail_on_growth: Option<diff::Limit>,
}

impl From<DiffArguments> for diff::Options {
    fn from(mut arguments: DiffArguments) -> Self {
        // here it is two moments, each with all that was alive
        let between = arguments.select.between.take();
        let other = match (between.as_deref(), arguments.newer) {
            (Some([from, to]), _) => diff::Other::Moments(Moment::named(from), Moment::named(to)),
            (_, Some(newer)) => diff::Other::File(newer),
            _ => unreachable!("clap requires one of them"),
        };
        Self {
            selection: arguments.select.selection(arguments.group.by, Moment::Peak),
            other,
            limit: arguments.fail_on_growth,
        }
    }
}

/// Every block counts once: buffers that objects keep elsewhere, such as the items of a list, are
/// rows of their own. `--by type,site` says which line made what.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  memprof partition memprof-app.py.4711.bin
  memprof partition --by type,site --at main-end memprof-app.py.4711.bin")]
pub(super) struct PartitionArguments {
    #[command(flatten)]
    select: SelectArguments,
    #[command(flatten)]
    group: GroupArguments,
    /// Add what belongs to an object (items of a list, keys of a dictionary, buffers) to the size of
    /// its kind, as heapy does, and do not count it
    #[arg(long)]
    charge: bool,
}

impl From<PartitionArguments> for partition::Options {
    fn from(arguments: PartitionArguments) -> Self {
        Self {
            selection: arguments.select.selection(arguments.group.by, Moment::Peak),
            charge: arguments.charge,
        }
    }
}

/// On a terminal calls are opened and closed by keys, which `?` explains.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  memprof tree memprof-app.py.4711.bin
  memprof tree --no-interactive --top 40 memprof-app.py.4711.bin")]
pub(super) struct TreeArguments {
    #[command(flatten)]
    pub(super) select: SelectArguments,
    /// Text, also on a terminal
    #[arg(long)]
    pub(super) no_interactive: bool,
}

/// What grew through the whole run and was still growing at its end comes first, and of that what
/// grew most; then the rest, biggest first. Unless told otherwise this is about the moment when the program's own
/// code ended (main-end), where the recording tells it, because Python's shutdown frees most of
/// what a program forgot to; else about the end.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  memprof leaks memprof-app.py.4711.bin
  memprof leaks --by type,site memprof-app.py.4711.bin
  memprof leaks --at end --no-default-suppressions memprof-app.py.4711.bin")]
pub(super) struct LeaksArguments {
    #[command(flatten)]
    select: SelectArguments,
    #[command(flatten)]
    group: GroupArguments,
    /// Leave out what lines such as leak:PATTERN in this file name, as for the leak sanitizer of
    /// compilers
    #[arg(long, value_name = "FILE")]
    suppressions: Option<PathBuf>,
    /// Show what the interpreter and the C library keep for themselves, too
    #[arg(long)]
    no_default_suppressions: bool,
}

impl From<LeaksArguments> for leaks::Options {
    fn from(arguments: LeaksArguments) -> Self {
        let said = arguments.select.names_a_moment();
        Self {
            selection: arguments.select.selection(arguments.group.by, Moment::End),
            best_moment: !said,
            suppressions: arguments.suppressions,
            defaults: !arguments.no_default_suppressions,
        }
    }
}

/// The picture shows the bytes over the run: over the program's own work, the faster it allocates
/// the finer.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  memprof growth memprof-app.py.4711.bin
  memprof growth --by site --moments 10 --json memprof-app.py.4711.bin")]
pub(super) struct GrowthArguments {
    #[command(flatten)]
    part: PartArguments,
    #[command(flatten)]
    group: GroupArguments,
    /// How many moments to show, equally far apart
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(super) moments: usize,
}

impl From<GrowthArguments> for Selection {
    fn from(arguments: GrowthArguments) -> Self {
        arguments.part.selection(arguments.group.by, Moment::End)
    }
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  memprof temporary --within 10 memprof-app.py.4711.bin
  memprof temporary --lifetime 20ms --by type,site memprof-app.py.4711.bin")]
pub(super) struct TemporaryArguments {
    #[command(flatten)]
    part: PartArguments,
    #[command(flatten)]
    group: GroupArguments,
    /// Freed before the thread had made more than so many further allocations
    #[arg(
        long,
        visible_alias = "allocations",
        value_name = "N",
        default_value_t = 1
    )]
    within: usize,
    /// Freed no later than this after it was allocated, such as 20ms; the clock of a recording ticks
    /// about once a millisecond
    #[arg(long, value_name = "TIME", value_parser = lifetime, conflicts_with = "within")]
    lifetime: Option<Microseconds>,
}

fn lifetime(text: &str) -> Result<Microseconds, String> {
    parse_time(text).ok_or_else(|| format!("{text:?} is no time: write 1.5s, 20ms, 2min"))
}

impl TemporaryArguments {
    /// What a short life is.
    pub(super) fn short(&self) -> ShortLife {
        match self.lifetime {
            Some(time) => ShortLife::Lasting(time),
            None => ShortLife::Within(self.within),
        }
    }
}

impl From<TemporaryArguments> for Selection {
    fn from(arguments: TemporaryArguments) -> Self {
        arguments.part.selection(arguments.group.by, Moment::End)
    }
}
