//! Reading a stream for nothing but what it defines.

use super::super::source::Source;
use super::Stream;

impl Stream {
    /// Of so many chunks at the front only what they define is wanted.
    pub(in crate::replay) fn skim(&mut self, chunks: usize) {
        self.skimmed = chunks;
    }

    /// Whether the chunk that was begun last is one of those.
    #[inline(always)]
    pub(super) fn is_skimmed(&self) -> bool {
        self.begun > 0 && self.begun <= self.skimmed
    }

    /// Goes on to the next chunk in which something may be defined, of those that are skimmed or,
    /// when `all` are, of all.
    ///
    /// Turns are written as differences, so that a chunk is understood only with those before it,
    /// back to the last restart. They are passed over together or not at all. The last ones are not
    /// passed over, but when nothing more is wanted: nothing behind them would tell the time at
    /// their end.
    pub(super) fn pass_over(&mut self, source: &impl Source, all: bool) {
        while all || self.begun < self.skimmed {
            let rest = self.chunks.get(self.begun..).unwrap_or_default();
            let behind = rest.iter().skip(1);
            let next = behind
                .enumerate()
                .find(|(_, chunk)| source.outline(**chunk).restarts);
            let together = match next {
                Some((place, _)) => place + 1,
                None if all => rest.len(),
                None => return,
            };
            let passed = &rest[..together];
            let defines_nothing = |chunk: &usize| source.outline(*chunk).only_blocks;
            if passed.is_empty() || !passed.iter().all(defines_nothing) {
                return;
            }
            self.begun += together;
        }
    }
}
