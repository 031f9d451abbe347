//! What a recording has to say about itself, in words.

use super::measure::Count;
use crate::recording::Recording;
use memprof_wire::event::Note;

/// Each note of a recording as a sentence for people: those that its programs wrote, and those
/// that its recorder did.
pub fn sentences(recording: &Recording, notes: &[Note]) -> Vec<String> {
    let ending = recording.reader().ending();
    let merged = ending.map_or(0, |ending| ending.frames_merged);
    let written = notes.iter().map(|&note| match note {
        Note::StacksMerged if merged > 0 => {
            let count = Count(i64::try_from(merged).unwrap_or(i64::MAX));
            format!("{} ({count} times a frame)", sentence(note))
        }
        _ => sentence(note).to_owned(),
    });
    let other = recording.facts().other_allocator.as_ref();
    let other = other.map(|allocator| {
        format!(
            "the program is linked with {allocator}, to which nothing can be put in front: what \
             that hands out cannot be seen, what it maps can"
        )
    });
    written.chain(other).collect()
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
