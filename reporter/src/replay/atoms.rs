//! Questions about single blocks, answered while they go by: a profile only knows sums of many.

use super::definitions::MarkSeen;
use super::ledger::{Share, Stamp};
use memprof_wire::event::MarkKind;
use memprof_wire::units::Microseconds;

/// A yes-or-no question about a block.
#[derive(Clone, Debug, PartialEq)]
pub enum Atom {
    /// Its size is more than so many bytes.
    Larger(u64),
    /// It lived longer than this; what is never freed lives longer than anything.
    Outlived(Microseconds),
    /// At the moment of the report it was older than this.
    Older(Microseconds),
    /// It was allocated later than this.
    BornAfter(Microseconds),
    /// It was freed later than this, or never.
    DiedAfter(Microseconds),
    /// It was never freed.
    NeverDied,
    /// It was allocated after the mark of this name; within it, if it is a span.
    After(String),
}

/// The answers to all questions, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Answers(pub u16);

impl Answers {
    /// The answer to one question, by its place.
    pub fn get(self, place: usize) -> bool {
        self.0 >> place & 1 != 0
    }
}

/// So many questions can be asked at once.
pub const ATOMS: usize = 16;

/// Questions, and what has to be remembered to answer them.
#[derive(Debug, Default)]
pub struct Atoms {
    questions: Vec<Atom>,
    /// Of each question about a mark: when its spans began and ended.
    spans: Vec<Vec<(Stamp, Stamp)>>,
    /// How many births there had been when the time began to be this.
    times: Vec<(Stamp, Microseconds)>,
}

impl Atoms {
    /// At most [`ATOMS`] questions; those beyond are never answered by yes.
    pub fn new(mut atoms: Vec<Atom>) -> Self {
        atoms.truncate(ATOMS);
        Self {
            spans: vec![Vec::new(); atoms.len()],
            times: vec![(Stamp::START, Microseconds(0))],
            questions: atoms,
        }
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.questions.is_empty()
    }

    /// The clock has moved on.
    pub fn time(&mut self, births: Stamp, new: Microseconds) {
        if self.is_empty() {
            return;
        }
        match self.times.last_mut() {
            Some(last) if last.0 == births => last.1 = new,
            _ => self.times.push((births, new)),
        }
    }

    /// Somebody named this moment.
    pub fn mark(&mut self, mark: &MarkSeen) {
        for (atom, spans) in self.questions.iter().zip(&mut self.spans) {
            if !matches!(atom, Atom::After(name) if *name == mark.name) {
                continue;
            }
            match mark.kind {
                MarkKind::Point | MarkKind::Begin => spans.push((mark.stamp, Stamp::FOREVER)),
                MarkKind::End => {
                    // spans of one name nest: the innermost one ends first
                    let open = spans.iter_mut().rev();
                    if let Some(span) = open.into_iter().find(|span| span.1 == Stamp::FOREVER) {
                        span.1 = mark.stamp;
                    }
                }
            }
        }
    }

    /// The answers for a block that died at a time, or never, in a report about a moment.
    pub fn answers(
        &self,
        share: Share,
        died: Option<Microseconds>,
        moment: Microseconds,
    ) -> Answers {
        let mut answers = 0;
        for (place, atom) in self.questions.iter().enumerate() {
            let yes = match atom {
                Atom::Larger(bytes) => share.totals.bytes > *bytes as i64,
                Atom::Outlived(limit) => {
                    died.is_none_or(|died| died.0.saturating_sub(self.born(share.born).0) > limit.0)
                }
                Atom::Older(limit) => moment.0.saturating_sub(self.born(share.born).0) > limit.0,
                Atom::BornAfter(time) => self.born(share.born) > *time,
                Atom::DiedAfter(time) => died.is_none_or(|died| died > *time),
                Atom::NeverDied => died.is_none(),
                Atom::After(_) => self.spans[place]
                    .iter()
                    .any(|(from, until)| *from < share.born && share.born <= *until),
            };
            answers |= u16::from(yes) << place;
        }
        Answers(answers)
    }

    /// Until when the answers about the age of a block stay those that they are at a moment; `None`
    /// where they stay for ever.
    pub fn until(&self, born: Stamp, moment: Microseconds) -> Option<Microseconds> {
        let limits = self.questions.iter().filter_map(|atom| match atom {
            Atom::Older(limit) => Some(*limit),
            _ => None,
        });
        let birthdays = limits.map(|limit| Microseconds(self.born(born).0.saturating_add(limit.0)));
        birthdays.filter(|day| *day >= moment).min()
    }

    /// When a block was born.
    fn born(&self, born: Stamp) -> Microseconds {
        let later = self.times.partition_point(|(stamp, _)| *stamp < born);
        self.times[later.saturating_sub(1)].1
    }
}

#[cfg(test)]
mod tests {
    use super::{Answers, Atom, Atoms};
    use crate::profile::Totals;
    use crate::replay::{MarkSeen, RowId, Share, Stamp, StreamIndex};
    use memprof_wire::event::MarkKind;
    use memprof_wire::units::Microseconds;

    #[test]
    fn questions_are_answered_by_birth_death_and_size() {
        let time = |ms: u64| Microseconds(ms * 1000);
        let mut atoms = Atoms::new(vec![
            Atom::Larger(100),
            Atom::Outlived(time(10)),
            Atom::Older(time(5)),
            Atom::After("load".into()),
        ]);
        let mark = |kind, births| MarkSeen {
            kind,
            name: "load".into(),
            time: time(0),
            stamp: Stamp(births),
            stream: StreamIndex(0),
        };
        atoms.time(Stamp(10), time(20));
        atoms.mark(&mark(MarkKind::Begin, 15));
        atoms.time(Stamp(30), time(40));
        atoms.mark(&mark(MarkKind::End, 40));
        let share = |born, bytes| Share {
            row: RowId(1),
            born: Stamp(born),
            totals: Totals::block(bytes),
        };
        // born at 0, at 20 and at 40 ms, and looked at 41 ms after the start
        let ask = |born, bytes, died: Option<u64>| {
            atoms.answers(share(born, bytes), died.map(time), time(41))
        };
        let mut others = Atoms::new(vec![
            Atom::BornAfter(time(10)),
            Atom::DiedAfter(time(30)),
            Atom::NeverDied,
        ]);
        others.time(Stamp(10), time(20));
        let answers =
            |born, died: Option<u64>| others.answers(share(born, 1), died.map(time), time(41));
        assert_eq!(answers(5, Some(30)), Answers(0b000));
        assert_eq!(answers(20, Some(31)), Answers(0b011));
        assert_eq!(answers(5, None), Answers(0b110));
        assert_eq!(ask(5, 101, Some(10)), Answers(0b0101));
        assert_eq!(ask(5, 100, Some(11)), Answers(0b0110));
        assert_eq!(ask(20, 1, None), Answers(0b1110));
        assert_eq!(ask(40, 1, Some(41)), Answers(0b1000));
        assert_eq!(ask(41, 1, Some(41)), Answers(0));
        // five milliseconds after its birth it is as old as is asked for
        let until = |born, moment| atoms.until(Stamp(born), time(moment));
        assert_eq!(until(20, 24), Some(time(25)));
        assert_eq!(until(20, 25), Some(time(25)));
        assert_eq!(until(20, 26), None);
        assert_eq!(others.until(Stamp(5), time(41)), None);
    }
}
