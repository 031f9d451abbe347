//! The thread that compresses and writes, so that draining never waits for a disk unless the disk
//! is slower than the program for long.

use crate::capture::{CaptureWriter, ChunkHead};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io;
use std::thread::{self, JoinHandle};

/// Chunks on their way to the disk: with the usual 256 KiB each, some eight megabytes.
const PARCELS: usize = 32;

/// A chunk on its way to the file.
#[derive(Debug)]
struct Parcel {
    head: ChunkHead,
    bytes: Vec<u8>,
}

/// The draining side of the writing thread.
#[derive(Debug)]
pub struct Writer {
    parcels: Sender<Parcel>,
    /// Buffers that were written and can be filled again.
    spent: Receiver<Vec<u8>>,
    thread: JoinHandle<CaptureWriter>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// When there can be no more threads.
    pub fn start(mut capture: CaptureWriter) -> io::Result<Self> {
        let (parcels, incoming) = bounded::<Parcel>(PARCELS);
        let (give_back, spent) = bounded(PARCELS);
        let thread = thread::Builder::new()
            .name("memprof-write".into())
            .spawn(move || {
                for Parcel { head, bytes } in incoming {
                    capture.write_chunk(&head, &bytes);
                    // One buffer too many is simply freed.
                    let _ = give_back.try_send(bytes);
                }
                capture
            })?;
        Ok(Self {
            parcels,
            spent,
            thread,
        })
    }

    /// Hands a chunk over; waits while the thread has too many.
    pub fn send(&self, head: ChunkHead, bytes: Vec<u8>) {
        // It ends only when this end of the channel is gone, so nothing is ever refused.
        let _ = self.parcels.send(Parcel { head, bytes });
    }

    /// The same for something small that is written as JSON.
    pub fn send_json(&self, head: ChunkHead, value: &impl serde::Serialize) {
        let bytes = serde_json::to_vec(value).expect("it has only keys that are text");
        self.send(head, bytes);
    }

    /// An empty buffer, with the room of one that was written before if there is one.
    pub fn buffer(&self) -> Vec<u8> {
        let mut buffer = self.spent.try_recv().unwrap_or_default();
        buffer.clear();
        buffer
    }

    /// Waits until all is written.
    pub fn finish(self) -> CaptureWriter {
        drop(self.parcels);
        self.thread
            .join()
            .expect("a panic of that thread would have ended the process")
    }
}
