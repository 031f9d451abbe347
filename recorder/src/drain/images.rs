//! The programs that attached: who they are, whether they live, how much memory they use.

use crate::capture::{ChunkHead, ChunkKind, ImageEnd};
use crate::clock::Clock;
use crate::observe::{self, BuildIds, MemoryWatch, ModuleWatch};
use crate::process::Process;
use crate::writer::Writer;
use memprof_wire::session::SessionPage;
use memprof_wire::units::Microseconds;
use std::sync::atomic::Ordering;

/// One program image that has not ended.
#[derive(Debug)]
struct Image {
    number: u32,
    process: Process,
    memory: MemoryWatch,
    modules: ModuleWatch,
    /// Streams that have not ended.
    streams: usize,
    /// The process was dead, or ran another image, before the rings were last visited.
    is_gone: bool,
}

/// All images of a session that have not ended.
#[derive(Debug)]
pub(super) struct Images {
    known: Vec<Image>,
    build_ids: BuildIds,
    page_size: u64,
    native: bool,
    /// The last image whose modules were seen, and the changes of modules that were; programs may
    /// know it when they have been told a later time.
    seen: Option<(u32, u32)>,
}

impl Images {
    pub(super) fn new(native: bool) -> Self {
        // SAFETY: the call takes an integer and touches no memory.
        let page_size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        let page_size = u64::try_from(page_size).unwrap_or(4096);
        Self {
            known: Vec::new(),
            build_ids: BuildIds::default(),
            page_size,
            native,
            seen: None,
        }
    }

    /// A thread of an image has a ring.
    pub(super) fn stream_began(
        &mut self,
        number: u32,
        process: u32,
        now: Microseconds,
        writer: &Writer,
    ) {
        if let Some(image) = self.known.iter_mut().find(|image| image.number == number) {
            image.streams += 1;
            return;
        }
        for earlier in &mut self.known {
            // The process runs another program now.
            earlier.is_gone |= earlier.process.number() == process;
        }
        let head = ChunkHead::at(ChunkKind::Image, now).of_image(number);
        writer.send_json(head, &observe::identify(number, process, now));
        self.known.push(Image {
            number,
            process: Process::watch(process),
            memory: MemoryWatch::new(process, self.page_size),
            modules: ModuleWatch::new(process, now, self.native),
            streams: 1,
            is_gone: false,
        });
    }

    pub(super) fn stream_ended(&mut self, number: u32) {
        if let Some(image) = self.known.iter_mut().find(|image| image.number == number) {
            image.streams -= 1;
        }
    }

    /// The process that runs an image which has not ended.
    pub(super) fn process_of(&self, number: u32) -> Option<u32> {
        let image = self.known.iter().find(|image| image.number == number);
        image.map(|image| image.process.number())
    }

    /// Whether a thread of an image is gone, as far as is known without asking about its process.
    pub(super) fn thread_is_dead(&mut self, number: u32, thread: u32) -> bool {
        let image = self.known.iter_mut().find(|image| image.number == number);
        image.is_none_or(|image| image.process.thread_is_dead(thread))
    }

    /// Whether there is more than one that has not ended.
    pub(super) fn are_several(&self) -> bool {
        self.known.len() > 1
    }

    pub(super) fn look_for_deaths(&mut self) {
        if !Process::any_died(self.known.iter().map(|image| &image.process)) {
            return;
        }
        for image in &mut self.known {
            image.is_gone |= image.process.is_dead();
        }
    }

    pub(super) fn all_are_dead(&mut self) -> bool {
        self.known.iter_mut().all(|image| image.process.is_dead())
    }

    /// Observes whatever is due, and tells programs that wait for it. The time has been told.
    ///
    /// Which of two modules was at an address when code ran there is found by the time. So a list is
    /// later than any time that was told before, and who waits until it was seen goes on at a time
    /// that is later still.
    pub(super) fn observe(&mut self, clock: &Clock, page: &SessionPage, writer: &Writer) {
        if let Some((image, changes)) = self.seen.take() {
            page.changes_seen.store(changes, Ordering::Release);
            page.images_seen.fetch_max(image, Ordering::Release);
        }
        let changes = page.module_changes.load(Ordering::Acquire);
        let now = clock.now();
        let count = self.known.len();
        for image in self.known.iter_mut().filter(|image| !image.is_gone) {
            image.memory.look(now, count);
            image.send_observations(false, writer);
            if let Some(modules) = image.modules.look(now, changes, &mut self.build_ids) {
                let head = ChunkHead::at(ChunkKind::Modules, now).of_image(image.number);
                writer.send_json(head, &modules);
            }
        }
        let mut all = self.known.iter().filter(|image| !image.is_gone);
        if all.all(|image| image.modules.has_seen(changes)) {
            let last = self.known.iter().map(|image| image.number).max();
            self.seen = Some((last.unwrap_or(0), changes));
        }
    }

    /// Whether a program may be waiting for modules to be seen: before it unloads some of them, or
    /// ends.
    pub(super) fn is_awaited(&self, page: &SessionPage) -> bool {
        let changes = page.changes_seen.load(Ordering::Relaxed);
        let image = page.images_seen.load(Ordering::Relaxed);
        let is_news = |&(last, seen): &(u32, u32)| last > image || seen != changes;
        self.native
            && (page.module_changes.load(Ordering::Relaxed) != changes
                || self.seen.as_ref().is_some_and(is_news))
    }

    /// Ends the images that are gone and whose streams have all ended.
    pub(super) fn end_the_dead(&mut self, now: Microseconds, writer: &Writer) {
        self.known.retain_mut(|image| {
            let has_ended = image.is_gone && image.streams == 0;
            if has_ended {
                image.send_observations(true, writer);
                let (status, signal) = image.process.exit().unwrap_or_default();
                let end = ImageEnd {
                    image: image.number,
                    time: now.0,
                    status,
                    signal,
                };
                writer.send_json(
                    ChunkHead::at(ChunkKind::ImageEnd, now).of_image(image.number),
                    &end,
                );
            }
            !has_ended
        });
    }

    /// Writes what has not been written.
    pub(super) fn finish(&mut self, now: Microseconds, writer: &Writer) {
        self.end_the_dead(now, writer);
        for image in &mut self.known {
            image.send_observations(true, writer);
        }
    }
}

impl Image {
    fn send_observations(&mut self, all: bool, writer: &Writer) {
        if let Some((records, first, last)) = self.memory.take(all) {
            let head = ChunkHead::at(ChunkKind::Observations, first).of_image(self.number);
            writer.send(ChunkHead { last, ..head }, records);
        }
    }
}
