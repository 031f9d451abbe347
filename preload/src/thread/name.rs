//! What a thread is called, by the kernel or by the interpreter.

use super::Thread;
use crate::raw;
use memprof_wire::event::Event;

impl Thread {
    /// Records the thread's name if it has changed: somebody outside may have changed it.
    #[cold]
    pub fn note_name(&mut self) {
        let name = raw::thread_name();
        if name != self.name && !self.named_by_python {
            self.name = name;
            let length = name
                .iter()
                .position(|&byte| byte == 0)
                .unwrap_or(name.len());
            self.event(&Event::ThreadName(&name[..length]));
        }
    }

    /// Records the name that the interpreter has for the thread, if it has changed.
    #[cold]
    pub fn note_python_name(&mut self, name: &[u8]) {
        let mut known = [0u8; 16];
        let length = name.len().min(15);
        known[..length].copy_from_slice(&name[..length]);
        // the last byte tells apart what only differs behind the fifteenth
        known[15] = name
            .iter()
            .fold(1u8, |sum, &byte| sum.wrapping_mul(31) ^ byte)
            | 0x80;
        if self.name != known {
            self.name = known;
            self.named_by_python = true;
            self.event(&Event::ThreadName(name));
        }
    }
}
