//! `memprof run` on the command line.

use crate::commands::run;
use clap::Args;
use memprof_recorder::{Launch, Options, Target};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// Ends with the program's own status. Options of memprof stand before TARGET; what follows belongs
/// to the program.
#[derive(Args, Debug)]
#[command(after_help = "TARGET is one of
  script.py         a Python script
  -m MODULE         a Python module
  -c CODE           Python code
  PROGRAM           any other program on PATH, or by its path

Examples:
  memprof run script.py --its-own option
  memprof run -o load.bin -- -m pytest -q
  memprof run --native ./server
  memprof run python3 -X dev script.py")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(super) struct RunArguments {
    /// Where to record to [default: memprof-NAME.PID.bin in the current folder]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite a file that is there
    #[arg(short, long)]
    force: bool,
    /// Say nothing when the program has ended
    #[arg(short, long)]
    quiet: bool,
    /// Record native stacks, too [default for what is no Python interpreter]
    #[arg(long)]
    native: bool,
    /// Record no native stacks
    #[arg(long, conflicts_with = "native")]
    no_native: bool,
    /// Record the system's allocator alone, not CPython's own
    #[arg(long)]
    no_python_allocators: bool,
    /// Do not record the types of objects
    #[arg(long)]
    no_types: bool,
    /// Record child processes, too
    #[arg(long)]
    follow_children: bool,
    /// Watch it in this terminal while it runs; its own output is in a pane, and stays visible
    /// after leaving
    #[arg(long)]
    live: bool,
    /// The interpreter for scripts, modules and code [default: that of the active virtual
    /// environment, or python3]
    #[arg(long, value_name = "PYTHON")]
    python: Option<OsString>,
    /// What to run, and its arguments
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "TARGET",
        value_parser = clap::builder::OsStringValueParser::new()
    )]
    target: Vec<OsString>,
}

impl From<RunArguments> for run::Options {
    fn from(arguments: RunArguments) -> Self {
        let (target, rest) = target(&arguments.target).unwrap_or_else(|error| error.exit());
        let launch = Launch {
            target,
            arguments: rest.to_vec(),
            python: arguments.python,
        };
        Self {
            recording: Options {
                launch,
                output: arguments.output,
                force: arguments.force,
                native: match (arguments.native, arguments.no_native) {
                    (true, _) => Some(true),
                    (_, true) => Some(false),
                    _ => None,
                },
                python_allocators: !arguments.no_python_allocators,
                follow_children: arguments.follow_children,
                types: !arguments.no_types,
                library: None,
            },
            quiet: arguments.quiet,
            live: arguments.live,
        }
    }
}

/// Makes a target of what follows an option.
type MakeTarget = fn(OsString) -> Target;

/// What is to be run, and its arguments.
fn target(words: &[OsString]) -> Result<(Target, &[OsString]), clap::Error> {
    let wrong = |message: String| {
        let kind = clap::error::ErrorKind::InvalidValue;
        clap::Error::raw(
            kind,
            format!("{message}\n\nFor more information, try 'memprof run --help'.\n"),
        )
    };
    let (first, rest) = words.split_first().expect("clap requires one");
    let python: [(&str, MakeTarget); 2] = [("-m", Target::Module), ("-c", Target::Code)];
    for (option, target) in python {
        let Some(joined) = first.as_bytes().strip_prefix(option.as_bytes()) else {
            continue;
        };
        if !joined.is_empty() {
            return Ok((target(OsStr::from_bytes(joined).to_owned()), rest));
        }
        let Some((value, rest)) = rest.split_first() else {
            return Err(wrong(format!("{option} needs a value")));
        };
        return Ok((target(value.clone()), rest));
    }
    if first.as_bytes().starts_with(b"-") && first.len() > 1 {
        return Err(wrong(format!("there is no option {}", first.display())));
    }
    Ok((Target::Program(first.clone()), rest))
}

#[cfg(test)]
mod tests {
    use super::target;
    use crate::cli::{Cli, Command};
    use crate::commands::run;
    use clap::Parser;
    use memprof_recorder::Target;
    use std::ffi::OsString;

    fn options(line: &[&str]) -> run::Options {
        let line = ["memprof", "run"].iter().chain(line);
        match Cli::try_parse_from(line).expect("it is right").command {
            Command::Run(arguments) => arguments.into(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_follows_the_target_is_not_ours() {
        let options = options(&["-q", "-m", "pytest", "-q", "--force", "-o", "x"]);
        let launch = options.recording.launch;
        assert_eq!(launch.target, Target::Module("pytest".into()));
        assert_eq!(
            launch.arguments,
            ["-q", "--force", "-o", "x"].map(OsString::from)
        );
        assert!(options.quiet && !options.recording.force && options.recording.output.is_none());
    }

    #[test]
    fn targets_of_all_kinds() {
        let launch = |line: &[&str]| options(line).recording.launch;
        assert_eq!(
            launch(&["-c", "print(1)", "-x"]).target,
            Target::Code("print(1)".into())
        );
        assert_eq!(
            launch(&["-mjson.tool"]).target,
            Target::Module("json.tool".into())
        );
        let script = launch(&["--native", "--", "a.py", "--", "b"]);
        assert_eq!(script.target, Target::Program("a.py".into()));
        assert_eq!(script.arguments, ["--", "b"].map(OsString::from));
        let code = launch(&["--", "-c", "pass"]);
        assert_eq!(code.target, Target::Code("pass".into()));
    }

    #[test]
    fn unknown_options_are_no_programs() {
        assert!(target(&["--nativ".into(), "a.py".into()]).is_err());
        assert!(target(&["-m".into()]).is_err());
        assert!(target(&["-".into()]).is_ok());
    }
}
