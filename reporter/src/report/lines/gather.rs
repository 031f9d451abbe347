//! The lines of functions, from one replay of a recording.

use super::ranges::Ranges;
use super::{Amounts, FunctionLines, Lines, SourceLine};
use crate::hashing::NumberMap;
use crate::profile::filter::Pattern;
use crate::profile::{FrameId, Moment, Passing, Resolver, StackId, Stacks};
use crate::recording::Recording;
use crate::replay::{Allocated, DetailedTotals, Replay, Snapshot};
use crate::symbols::{Origin, SourceLines};
use std::collections::{BTreeMap, HashMap};

/// Which functions are wanted, and from whom.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Those whose name or file is like this.
    pub pattern: Option<&'a Pattern>,
    /// Those whose name is like this.
    pub function: Option<&'a Pattern>,
    /// Those whose file is like this.
    pub file: Option<&'a Pattern>,
    /// How many at most.
    pub top: Option<usize>,
    /// The threads and the filter.
    pub passing: &'a Passing<'a>,
}

impl Wanted<'_> {
    /// Without any wish it is the user's own functions that are wanted.
    fn has(&self, function: &str, file: &str) -> bool {
        let fits = |pattern: Option<&Pattern>, text| pattern.is_none_or(|it| it.matches(text));
        let named = self.pattern.is_some() || self.function.is_some() || self.file.is_some();
        let either = self
            .pattern
            .is_none_or(|it| it.matches(function) || it.matches(file));
        either
            && fits(self.function, function)
            && fits(self.file, file)
            && (named || Origin::of(file) == Origin::Own)
    }
}

/// Lines without anything that are shown on either side of one with something, where a function is
/// too long to be shown whole.
const AROUND: u32 = 2;
/// The longest function that is shown whole, in lines.
const WHOLE: u32 = 60;

/// What has to be seen of a replay: the moment, the end, and what was ever allocated.
pub type LinesObserver = ((Snapshot, Snapshot), Allocated);

/// The lines of the wanted functions.
pub fn gather(
    recording: &Recording,
    moment: &Moment,
    replay: &Replay<LinesObserver>,
    wanted: &Wanted<'_>,
    source: &mut SourceLines,
) -> Lines {
    let native = recording.native_names();
    let mut resolver = Resolver::new(&replay.definitions, &native);
    let own = own(replay, wanted.passing, &mut resolver);
    let stacks = resolver.finish();
    let (total, frames) = amounts_of_frames(&stacks, own);
    let ranges = Ranges::new(&replay.definitions);
    let mut functions: HashMap<_, BTreeMap<u32, Amounts>> = HashMap::new();
    for (frame, amounts) in frames {
        let frame = stacks.frame(frame);
        let (function, file) = (stacks.name(frame.function), stacks.name(frame.file));
        if frame.line == 0 || !wanted.has(function, file) {
            continue;
        }
        let range = ranges.of(function, file, frame.line);
        let lines = functions.entry((function, file, range)).or_default();
        *lines.entry(frame.line).or_default() += amounts;
    }
    let mut functions: Vec<FunctionLines> = functions
        .into_iter()
        .map(|((function, file, range), lines)| {
            let amounts = lines.values().fold(Amounts::default(), |mut sum, line| {
                sum += *line;
                sum
            });
            let first = lines.keys().next().copied().unwrap_or(0);
            FunctionLines {
                function: function.to_owned(),
                file: file.to_owned(),
                line: range.map_or(first, |range| range.0),
                amounts,
                lines: shown(&lines, range),
            }
        })
        .collect();
    functions.sort_by(|a, b| {
        let size = |it: &FunctionLines| (it.amounts.alive.bytes, it.amounts.allocated.bytes);
        let name = |it: &FunctionLines| (it.file.clone(), it.line, it.function.clone());
        size(b).cmp(&size(a)).then_with(|| name(a).cmp(&name(b)))
    });
    let all = functions.len();
    functions.truncate(wanted.top.unwrap_or(all));
    for function in &mut functions {
        for line in &mut function.lines {
            line.source = source.line(&function.file, line.line);
        }
    }
    Lines {
        title: recording.facts().name.clone(),
        moment: moment.to_string(),
        complete: recording.condition().complete,
        total: total.alive,
        elided: all - functions.len(),
        functions,
    }
}

/// What was allocated in each stack itself.
fn own(
    replay: &Replay<LinesObserver>,
    passing: &Passing<'_>,
    resolver: &mut Resolver<'_>,
) -> NumberMap<u32, Amounts> {
    let mut own: NumberMap<u32, Amounts> = NumberMap::default();
    let mut asking = passing.ask();
    let mut add = |found: &DetailedTotals, amounts: Amounts| {
        if asking.found(found) {
            let call = replay.rows.get(found.row).call;
            *own.entry(resolver.stack(call).0).or_default() += amounts;
        }
    };
    let ((moment, end), ever) = &replay.observer;
    for found in ever.totals(&replay.rows) {
        let allocated = found.totals;
        add(
            &found,
            Amounts {
                allocated,
                ..Amounts::default()
            },
        );
    }
    for found in moment.totals() {
        let alive = found.totals;
        add(
            &found,
            Amounts {
                alive,
                ..Amounts::default()
            },
        );
    }
    for found in end.totals() {
        let net = found.totals;
        add(
            &found,
            Amounts {
                net,
                ..Amounts::default()
            },
        );
    }
    own
}

/// What each frame and all that it called allocated, and the sum of everything. A frame that is
/// among its own callers counts once.
fn amounts_of_frames(
    stacks: &Stacks,
    own: NumberMap<u32, Amounts>,
) -> (Amounts, Vec<(FrameId, Amounts)>) {
    let mut sums = vec![Amounts::default(); stacks.count()];
    for (stack, amounts) in own {
        sums[stack as usize] += amounts;
    }
    let mut called: Vec<Vec<u32>> = vec![Vec::new(); stacks.count()];
    // callers have smaller numbers
    for stack in (1..sums.len()).rev() {
        if let Some((caller, _)) = stacks.split(StackId(stack as u32)) {
            let from_here = sums[stack];
            sums[caller.0 as usize] += from_here;
            called[caller.0 as usize].push(stack as u32);
        }
    }
    let mut found = vec![Amounts::default(); stacks.frames().len()];
    let mut above = vec![0u32; stacks.frames().len()];
    // each stack twice: on the way in, and on the way out
    let mut waiting: Vec<(u32, bool)> = called[0].iter().map(|&stack| (stack, true)).collect();
    while let Some((stack, enters)) = waiting.pop() {
        let Some((_, frame)) = stacks.split(StackId(stack)) else {
            continue;
        };
        let place = frame.0 as usize;
        if !enters {
            above[place] -= 1;
            continue;
        }
        if above[place] == 0 {
            found[place] += sums[stack as usize];
        }
        above[place] += 1;
        waiting.push((stack, false));
        waiting.extend(called[stack as usize].iter().map(|&stack| (stack, true)));
    }
    let frames = found.into_iter().enumerate();
    let frames = frames
        .filter(|(_, amounts)| !amounts.is_zero())
        .map(|(frame, amounts)| (FrameId(frame as u32), amounts));
    (sums[0], frames.collect())
}

/// The lines of a function that are shown.
fn shown(lines: &BTreeMap<u32, Amounts>, range: Option<(u32, u32)>) -> Vec<SourceLine> {
    let line = |line: u32, amounts: Amounts| SourceLine {
        line,
        amounts,
        source: None,
    };
    let Some((first, last)) = range else {
        let lines = lines.iter();
        return lines
            .map(|(&number, &amounts)| line(number, amounts))
            .collect();
    };
    let whole = last - first < WHOLE;
    let near = |number: u32| {
        let around = number.saturating_sub(AROUND)..=number + AROUND;
        lines.range(around).next().is_some()
    };
    (first..=last)
        .filter(|&number| whole || number == first || near(number))
        .map(|number| line(number, lines.get(&number).copied().unwrap_or_default()))
        .collect()
}
