//! Records a program and says how it went: `record [--follow] [-o FILE] PROGRAM [ARGUMENT]…`.
//!
//! The smallest use of the crate; `memprof run` is the tool for people.

use memprof_recorder::{Launch, Options, Target, record};
use std::ffi::OsString;

fn main() {
    let mut arguments = std::env::args_os().skip(1).peekable();
    let follow_children = arguments
        .next_if(|argument| argument == "--follow")
        .is_some();
    let output = arguments
        .next_if(|argument| argument == "-o")
        .and_then(|_| arguments.next());
    let Some(program) = arguments.next() else {
        eprintln!("usage: record [--follow] [-o FILE] PROGRAM [ARGUMENT]…");
        std::process::exit(2);
    };
    let target = if program == "-c" {
        Target::Code(arguments.next().unwrap_or_default())
    } else if program == "-m" {
        Target::Module(arguments.next().unwrap_or_default())
    } else {
        Target::Program(program)
    };
    let arguments: Vec<OsString> = arguments.collect();
    let options = Options {
        launch: Launch {
            target,
            arguments,
            python: None,
        },
        output: output.map(Into::into),
        force: true,
        native: Some(false),
        python_allocators: true,
        follow_children,
        types: true,
        library: None,
    };
    match record(&options, |_| ()) {
        Ok(outcome) => {
            eprintln!("{}: {:?}", outcome.path.display(), outcome.ending);
            outcome.end_like_the_program()
        }
        Err(error) => {
            eprintln!("memprof: {error}");
            std::process::exit(1);
        }
    }
}
