//! What a recording has to say about itself, in words.

use memprof_wire::event::Note;

/// Each note as a sentence for people.
pub fn sentences(notes: &[Note]) -> Vec<String> {
    notes
        .iter()
        .map(|&note| sentence(note).to_owned())
        .collect()
}

fn sentence(note: Note) -> &'static str {
    match note {
        Note::UnknownInterpreter => {
            "this interpreter is of a version that memprof does not know: no Python stacks, no types"
        }
        Note::FreeThreadedInterpreter => {
            "this interpreter is a free-threaded build, whose frames memprof does not read: no Python stacks"
        }
        Note::OwnAllocator => {
            "the program brings its own malloc, which cannot be seen: only what goes through the C library or CPython is here"
        }
        Note::StacksMerged => "there were so many stacks that some were merged into their callers",
        Note::StacksCut => "some stacks were so deep that their outer end is missing",
        Note::SignalEventsLost => "some allocations inside signal handlers are missing",
        Note::DeepBinding => {
            "a library was loaded with RTLD_DEEPBIND: what it allocates by itself cannot be seen"
        }
        Note::CensusLost => {
            "an interpreter was finalised and began again: what it still had at its end has no types"
        }
        Note::NoCensus => {
            "the interpreter uses an allocator of its own: what is alive at the end has no types"
        }
    }
}
