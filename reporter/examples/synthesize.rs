//! Writes a large capture without a program: for measuring replays.
//!
//! ```text
//! cargo run --release -p memprof-reporter --example synthesize -- OUT.bin [EVENTS] [KEPT] [THREADS]
//! ```
//!
//! The events are like those of a busy interpreter: a few thousand stacks, small blocks of a few
//! dozen sizes from an allocator that hands out what was freed last, short lives nested in longer
//! ones. KEPT blocks are alive at the end.

use memprof_recorder::capture::{
    CaptureWriter, ChunkHead, ChunkKind, Ending, Facts, ImageStart, StreamStart,
};
use memprof_wire::allocator::Allocator;
use memprof_wire::codec::{Encoder, MAX_EVENT};
use memprof_wire::event::{Event, LineTable};
use memprof_wire::predictor::SitePair;
use memprof_wire::units::{Address, CodeId, Microseconds, Size, StackId, Turn};
use std::error::Error;
use std::path::Path;

const STACKS: u32 = 4000;
const CHUNK: usize = 256 << 10;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, default: u64| {
        arguments
            .get(place)
            .map_or(Ok(default), |text| text.replace('_', "").parse())
    };
    let path = arguments
        .first()
        .ok_or("usage: synthesize OUT.bin [EVENTS] [KEPT] [THREADS]")?;
    let (events, kept, threads) = (number(1, 25_000_000)?, number(2, 100_000)?, number(3, 1)?);
    let facts = Facts {
        root: 1,
        page_size: 4096,
        name: "synthetic".into(),
        ..Facts::default()
    };
    let mut file = CaptureWriter::create(Path::new(path), &facts, true)?;
    let image = ImageStart {
        image: 1,
        process: 1,
        ..ImageStart::default()
    };
    let head = ChunkHead {
        image: 1,
        ..ChunkHead::at(ChunkKind::Image, Microseconds(0))
    };
    file.write_chunk(&head, &serde_json::to_vec(&image)?);
    let mut writers: Vec<Thread> = (0..threads as u32)
        .map(|index| Thread::new(index + 1))
        .collect();
    for thread in &mut writers {
        let start = StreamStart {
            stream: thread.stream,
            image: 1,
            process: 1,
            thread: thread.stream,
            time: 0,
        };
        let head = ChunkHead {
            stream: thread.stream,
            image: 1,
            ..ChunkHead::at(ChunkKind::Stream, Microseconds(0))
        };
        file.write_chunk(&head, &serde_json::to_vec(&start)?);
        thread.define();
    }
    let mut heap = SmallBlocks::default();
    let mut random = Random(0x1234_5678_9abc_def1);
    let (mut turn, mut done) = (1, 0);
    let share = kept as f64 / (events as f64 / 2.0);
    while done < events {
        let time = Microseconds(done / 25);
        let index = random.below(threads) as usize;
        let thread = &mut writers[index];
        thread.write(Event::Turn {
            turn: Turn(turn),
            time,
        });
        // a thread runs for some 20,000 events, a tick of the clock or of the interpreter
        for _ in 0..20_000 / 16 {
            done += thread.burst(&mut heap, &mut random, share);
        }
        turn += 1;
        thread.flush(&mut file, turn, time, false);
    }
    for thread in &mut writers {
        thread.flush(&mut file, turn, Microseconds(done / 25), true);
    }
    let ending = Ending {
        complete: true,
        how: "exit".into(),
        status: Some(0),
        duration: done as f64 / 25e6,
        ..Ending::default()
    };
    let ending = file.finish(&ending);
    println!(
        "{done} events, {:.2} bytes an event raw, {:.2} stored",
        ending.raw_bytes as f64 / done as f64,
        ending.stored_bytes as f64 / done as f64
    );
    Ok(())
}

/// One thread's stream.
struct Thread {
    stream: u32,
    encoder: Encoder,
    sites: Vec<SitePair>,
    bytes: Vec<u8>,
    stack: u32,
    sizes: Vec<u64>,
}

impl Thread {
    fn new(stream: u32) -> Self {
        Self {
            stream,
            encoder: Encoder::new(),
            sites: vec![SitePair::EMPTY; STACKS as usize + 1],
            bytes: Vec::with_capacity(2 * CHUNK),
            stack: 1,
            sizes: (0..=u64::from(STACKS))
                .map(|stack| 16 + stack * 7 % 31 * 16)
                .collect(),
        }
    }

    fn define(&mut self) {
        self.write(Event::Turn {
            turn: Turn(0),
            time: Microseconds(0),
        });
        for number in 1..=STACKS {
            let (file, name) = (
                format!("/app/module{}.py", number % 50),
                format!("function{number}"),
            );
            self.write(Event::Code {
                code: CodeId(number),
                first_line: number % 1000 + 1,
                table: LineTable::Lnotab,
                file: file.len() as u32,
                name: name.len() as u32,
                lines: 0,
            });
            self.write(Event::Bytes(file.as_bytes()));
            self.write(Event::Bytes(name.as_bytes()));
            self.write(Event::PythonFrame {
                stack: StackId(number),
                parent: StackId(number / 3),
                code: CodeId(number),
                instruction: number % 40,
            });
        }
    }

    fn write(&mut self, event: Event<'_>) {
        let mut buffer = [0; MAX_EVENT];
        let mut unused = SitePair::EMPTY;
        let site = match event {
            Event::Allocation { stack, .. } => &mut self.sites[stack.0 as usize],
            _ => &mut unused,
        };
        let bytes = self.encoder.write_to(&mut buffer, &event, site);
        self.bytes.extend_from_slice(bytes);
    }

    /// A call: eight allocations at neighbouring stacks, of which few stay. Returns the events.
    fn burst(&mut self, heap: &mut SmallBlocks, random: &mut Random, share: f64) -> u64 {
        let mut live = [(0, 0); 8];
        for slot in &mut live {
            if random.below(4) == 0 {
                self.stack = 1 + (self.stack + random.below(60) as u32) % STACKS;
            }
            let size = self.sizes[self.stack as usize];
            let address = heap.take(size);
            *slot = (address, size);
            self.write(Event::Allocation {
                address: Address(address),
                size: Size(size),
                allocator: Allocator::ObjMalloc,
                stack: StackId(self.stack),
            });
        }
        let mut events = 8;
        for (address, size) in live.into_iter().rev() {
            if random.unit() >= share {
                self.write(Event::Free {
                    address: Address(address),
                    type_id: None,
                });
                heap.give(address, size);
                events += 1;
            }
        }
        events
    }

    fn flush(&mut self, file: &mut CaptureWriter, turn: u64, time: Microseconds, all: bool) {
        if self.bytes.len() < CHUNK && (!all || self.bytes.is_empty()) {
            return;
        }
        let head = ChunkHead {
            kind: ChunkKind::Events,
            stream: self.stream,
            image: 1,
            starts_with_restart: false,
            only_blocks: false,
            turn: Turn(turn),
            first: time,
            last: time,
        };
        file.write_chunk(&head, &self.bytes);
        self.bytes.clear();
    }
}

/// Hands out what was given back last, or else the next block of a pool.
#[derive(Default)]
struct SmallBlocks {
    classes: Vec<(Vec<u64>, u64, u64)>,
    next_pool: u64,
}

impl SmallBlocks {
    const POOL: u64 = 16 << 10;

    fn take(&mut self, size: u64) -> u64 {
        let class = (size.div_ceil(16)) as usize;
        if self.classes.len() <= class {
            self.classes.resize(class + 1, (Vec::new(), 0, 0));
        }
        let (free, next, end) = &mut self.classes[class];
        if let Some(address) = free.pop() {
            return address;
        }
        if *next + size > *end {
            self.next_pool += Self::POOL;
            *next = 0x7f00_0000_0000 + self.next_pool;
            *end = *next + Self::POOL;
        }
        let address = *next;
        *next += size.next_multiple_of(16);
        address
    }

    fn give(&mut self, address: u64, size: u64) {
        self.classes[size.div_ceil(16) as usize].0.push(address);
    }
}

/// xorshift
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}
