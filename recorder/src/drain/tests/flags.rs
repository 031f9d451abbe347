//! What the head of a chunk says of what is in it, against what is in it: readers pass over chunks
//! on the word of their heads.

use super::program::{Producer, Recording, event_chunks};
use crate::capture::{CaptureReader, Chunk};
use memprof_wire::allocator::Allocator;
use memprof_wire::codec::{Decoder, Sites};
use memprof_wire::event::{Event, MappingKind, MarkKind};
use memprof_wire::predictor::SitePair;
use memprof_wire::transport::{self, MAX_RECORD};
use memprof_wire::units::{Address, CodeId, Microseconds, Size, StackId, TypeId};

/// Rounds of blocks that fill more than a chunk.
const MORE_THAN_A_CHUNK: u64 = 18_000;

/// Writes runs with two blocks each, in all forms: those that are written short, and those that are
/// written in full because a size or a type is too large for that.
fn blocks(producer: &mut Producer, rounds: u64) {
    let mut words = Vec::new();
    for round in 0..rounds {
        let turn = producer.session.page().next_turn();
        let (near, far) = (Address(0x1000 + round * 16), Address((7 << 44) + round));
        let (stack, large) = (StackId(1), Size(5 << 32));
        let type_id = Some(TypeId(3));
        append(&mut words, |out| {
            // SAFETY: `append` gives each of them the room of an event.
            unsafe {
                match round % 50 {
                    0 => {
                        let time = Microseconds(round);
                        transport::any(out, &Event::Turn { turn, time })
                    }
                    _ => transport::turn_again(out, turn),
                }
            }
        });
        // SAFETY: as above.
        append(&mut words, |out| unsafe {
            transport::allocation(out, near, Size(48), Allocator::ObjMalloc, stack)
        });
        // SAFETY: as above.
        append(&mut words, |out| unsafe {
            transport::allocation(out, far, large, Allocator::Malloc, stack)
        });
        // SAFETY: as above.
        append(&mut words, |out| unsafe {
            transport::free(out, near, type_id)
        });
        // SAFETY: as above.
        append(&mut words, |out| unsafe {
            transport::free(out, far, Some(TypeId(u32::MAX)))
        });
        if words.len() > 16 << 10 {
            producer.write(&words);
            words.clear();
        }
    }
    producer.write(&words);
}

fn append(words: &mut Vec<u8>, write: impl FnOnce(*mut u8) -> *mut u8) {
    let mut room = [0u64; MAX_RECORD / 8];
    let out = room.as_mut_ptr().cast::<u8>();
    let length = write(out).addr() - out.addr();
    words.extend(room.iter().flat_map(|word| word.to_ne_bytes()).take(length));
}

/// Events that are none of blocks: of each kind that a reader could miss.
fn others() -> Vec<Event<'static>> {
    let (stack, kind) = (StackId(1), MappingKind::Anonymous);
    let (address, length) = (Address(1 << 20), Size(4096));
    vec![
        Event::PythonFrame {
            stack,
            parent: StackId(0),
            code: CodeId(1),
            instruction: 0,
        },
        Event::Bytes(b"a text"),
        Event::ThreadName(b"worker"),
        Event::Mark {
            kind: MarkKind::Point,
            name: b"here",
        },
        Event::Type {
            type_id: TypeId(3),
            name: b"dict",
        },
        Event::Map {
            address,
            length,
            kind,
            stack,
        },
        Event::Unmap { address, length },
        Event::FreeCancelled,
        Event::CensusBegin,
        Event::Exits,
    ]
}

/// One site for each stack, of which there is one.
#[derive(Default)]
struct OneStack([SitePair; 2]);

impl Sites for OneStack {
    fn site(&mut self, stack: StackId) -> &mut SitePair {
        &mut self.0[stack.0 as usize]
    }
}

/// What is in each chunk beside blocks, turns and restarts, and how many blocks there are in all.
fn contents(reader: &CaptureReader, chunks: &[Chunk]) -> (Vec<Vec<String>>, u64) {
    let (mut decoder, mut sites) = (Decoder::new(), OneStack::default());
    let (mut bytes, mut blocks) = (Vec::new(), 0);
    let found = chunks.iter().map(|chunk| {
        reader.read(chunk, &mut bytes).expect("it is whole");
        let mut input = &bytes[..];
        let mut others = Vec::new();
        while !input.is_empty() {
            match decoder.next(&mut input, &mut sites).expect("an event") {
                Event::Turn { .. } | Event::Restart { .. } => {}
                Event::Allocation { .. } | Event::Free { .. } => blocks += 1,
                other => others.push(format!("{other:?}")),
            }
        }
        others
    });
    let found = found.collect();
    (found, blocks)
}

#[test]
fn a_chunk_is_marked_when_it_holds_nothing_but_blocks_and_only_then() {
    let recording = Recording::begin();
    let mut producer = Producer::claim(&recording.session, 1);
    let others = others();
    for event in &others {
        let mut words = Vec::new();
        // SAFETY: `append` gives it the room of an event.
        append(&mut words, |out| unsafe { transport::any(out, event) });
        producer.write(&words);
        blocks(&mut producer, MORE_THAN_A_CHUNK);
    }
    blocks(&mut producer, MORE_THAN_A_CHUNK);
    let (_, reader) = recording.end();
    let chunks = event_chunks(&reader, 1);
    let (found, count) = contents(&reader, &chunks);
    assert_eq!(count, (others.len() as u64 + 1) * MORE_THAN_A_CHUNK * 4);
    // where chunks end depends on the time too, so each is held against what is in it
    for (chunk, found) in chunks.iter().zip(&found) {
        assert_eq!(chunk.head.only_blocks, found.is_empty(), "{found:?}");
    }
    // more than a chunk of blocks lies behind each of the others, so no two of them meet in one
    let written: Vec<Vec<String>> = others.iter().map(|it| vec![format!("{it:?}")]).collect();
    let unmarked: Vec<_> = found.iter().filter(|it| !it.is_empty()).cloned().collect();
    assert_eq!(unmarked, written);
    assert!(!chunks[0].head.only_blocks && chunks[1].head.only_blocks);
    // a restart takes the mark from no chunk
    let mut restarts = chunks.iter().filter(|it| it.head.starts_with_restart);
    assert!(restarts.any(|chunk| chunk.head.only_blocks));
}
