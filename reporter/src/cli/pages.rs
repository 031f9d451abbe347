//! Pages, images and annotated source on the command line.

use super::select::{OutputArguments, SelectArguments};
use crate::commands::{Input, Selection, flamegraph, lines, timeline};
use crate::profile::filter::Pattern;
use crate::profile::{Filter, Moment};
use crate::symbols::SourcePolicy;
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  memprof flamegraph -o app.html memprof-app.py.4711.bin
  memprof flamegraph before.bin after.bin
  memprof flamegraph --diff --between loaded end memprof-app.py.4711.bin")]
pub(super) struct FlamegraphArguments {
    #[command(flatten)]
    select: SelectArguments,
    /// A newer recording: show what it holds that the first one does not
    #[arg(conflicts_with = "between")]
    newer: Option<PathBuf>,
    /// Show what changed between the two moments, not what was allocated between them
    #[arg(long, requires = "between")]
    diff: bool,
    /// Which source lines to put into the page: none, those of your own files, or all
    #[arg(long, value_name = "WHICH", value_enum, default_value_t = SourcePolicy::Own)]
    source: SourcePolicy,
    #[command(flatten)]
    output: OutputArguments,
}

impl ValueEnum for SourcePolicy {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::None, Self::Own, Self::All]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (word, help) = match self {
            Self::None => ("none", "None at all"),
            Self::Own => ("default", "Those of your own files"),
            Self::All => ("all", "Those of every file that can be read"),
        };
        Some(PossibleValue::new(word).help(help))
    }
}

impl From<FlamegraphArguments> for flamegraph::Options {
    fn from(mut arguments: FlamegraphArguments) -> Self {
        let compared = arguments.select.between.take_if(|_| arguments.diff);
        let moments = compared.as_deref().and_then(|moments| match moments {
            [from, to] => Some((Moment::named(from), Moment::named(to))),
            _ => None,
        });
        let mut selection = Selection::from(arguments.select);
        let earlier = moments.map(|(from, to)| {
            selection.moment = to;
            from
        });
        Self {
            selection,
            newer: arguments.newer,
            earlier,
            source: arguments.source,
            output: arguments.output.output,
            force: arguments.output.force,
        }
    }
}

/// What a line calls belongs to it. Patterns are parts of names: `*` stands for anything, `^` for the
/// beginning, `$` for the end. Without any, your own functions are shown that hold most.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  memprof lines memprof-app.py.4711.bin load
  memprof lines -o lines.html --file models.py memprof-app.py.4711.bin")]
pub(super) struct LinesArguments {
    #[command(flatten)]
    select: SelectArguments,
    /// Only functions whose name or file has this in it
    pattern: Option<String>,
    /// Only functions whose name has this in it
    #[arg(long, value_name = "PATTERN")]
    function: Option<String>,
    /// Only functions whose file has this in it
    #[arg(long = "file", id = "in_file", value_name = "PATTERN")]
    in_file: Option<String>,
    /// Whose source lines to show: none, those of your own files, or all
    #[arg(long, value_name = "WHICH", value_enum, default_value_t = SourcePolicy::Own)]
    source: SourcePolicy,
    #[command(flatten)]
    output: OutputArguments,
}

impl From<LinesArguments> for lines::Options {
    fn from(arguments: LinesArguments) -> Self {
        let pattern = |text: Option<String>| text.map(|text| Pattern::part(&text));
        Self {
            selection: arguments.select.into(),
            pattern: pattern(arguments.pattern),
            function: pattern(arguments.function),
            file: pattern(arguments.in_file),
            source: arguments.source,
            output: arguments.output.output,
            force: arguments.output.force,
        }
    }
}

/// Several recordings lie over one another, each from its own beginning.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  memprof timeline memprof-app.py.4711.bin
  memprof timeline -o growth.svg before.bin after.bin")]
pub(super) struct TimelineArguments {
    /// The recordings
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Of another process than the one that was started
    #[arg(long, value_name = "PID")]
    process: Option<u32>,
    /// Only what this thread allocated: its number or its name
    #[arg(long, value_name = "THREAD")]
    thread: Option<String>,
    /// Only blocks for which this holds, such as: type==dict and not file~"models/"; seen at a
    /// hundred moments or two
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<Filter>,
    #[command(flatten)]
    output: OutputArguments,
}

impl From<TimelineArguments> for timeline::Options {
    fn from(arguments: TimelineArguments) -> Self {
        let process = arguments.process;
        let inputs = arguments.files.into_iter();
        Self {
            inputs: inputs
                .map(|path| Input {
                    path,
                    process,
                    ..Input::default()
                })
                .collect(),
            thread: arguments.thread,
            filter: arguments.filter,
            output: arguments.output.output,
            force: arguments.output.force,
        }
    }
}
