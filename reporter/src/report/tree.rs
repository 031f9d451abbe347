//! `memprof tree`: who called whom to allocate, from the outermost frame inwards.

use super::columns::shorten;
use super::measure::{Bytes, Count, Share};
use crate::profile::{Profile, StackId, Stacks, Totals};
use serde::Serialize;
use std::fmt;

/// The calls of a profile as a tree, biggest first.
#[derive(Debug, Serialize)]
pub struct Tree {
    /// The moment.
    pub moment: String,
    /// Whether the recording holds everything that happened.
    pub complete: bool,
    /// The sum of everything.
    pub total: Totals,
    /// The nodes; each comes after its parent, and brothers are in the order of their size.
    pub nodes: Vec<TreeNode>,
    /// How wide a line may be.
    #[serde(skip)]
    pub width: Option<usize>,
}

/// A call, with all that was called from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TreeNode {
    /// The place of the caller among the nodes; none for the outermost frames.
    pub parent: Option<usize>,
    /// The function.
    pub function: String,
    /// Its file.
    pub file: String,
    /// The line that is executed.
    pub line: u32,
    /// Bytes allocated here and in all calls from here.
    pub bytes: i64,
    /// The same in blocks.
    pub blocks: i64,
    /// Bytes allocated here alone.
    pub own_bytes: i64,
    /// How many calls from here are too small to be among the nodes.
    pub elided: usize,
    /// Their bytes.
    pub elided_bytes: i64,
}

impl Tree {
    /// The biggest `top` calls of a profile, all without one.
    pub fn new(profile: &Profile, top: Option<usize>, width: Option<usize>) -> Self {
        let (own, totals) = sums(profile);
        let stacks = &profile.stacks;
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); totals.len()];
        for stack in (1..totals.len() as u32).map(StackId) {
            if let Some((parent, _)) = stacks.split(stack)
                && !totals[stack.0 as usize].is_zero()
            {
                children[parent.0 as usize].push(stack.0);
            }
        }
        let size = |stack: u32| {
            let totals = totals[stack as usize];
            std::cmp::Reverse((totals.bytes, totals.blocks))
        };
        for brothers in &mut children {
            brothers.sort_by_key(|&stack| size(stack));
        }
        let shown = biggest(&totals, top);
        let mut nodes: Vec<TreeNode> = Vec::new();
        let mut waiting: Vec<(u32, Option<usize>)> = children[0]
            .iter()
            .rev()
            .map(|&stack| (stack, None))
            .collect();
        while let Some((stack, parent)) = waiting.pop() {
            let place = stack as usize;
            if !shown[place] {
                if let Some(parent) = parent {
                    nodes[parent].elided += 1;
                    nodes[parent].elided_bytes += totals[place].bytes;
                }
                continue;
            }
            let node = nodes.len();
            nodes.push(tree_node(
                stacks,
                StackId(stack),
                parent,
                totals[place],
                own[place],
            ));
            waiting.extend(
                children[place]
                    .iter()
                    .rev()
                    .map(|&child| (child, Some(node))),
            );
        }
        Self {
            moment: profile.moment.clone(),
            complete: profile.complete,
            total: profile.total,
            nodes,
            width,
        }
    }
}

/// What was allocated in each stack itself, and in it and all that were called from there.
fn sums(profile: &Profile) -> (Vec<Totals>, Vec<Totals>) {
    let mut own = vec![Totals::ZERO; profile.stacks.count()];
    for row in &profile.rows {
        own[row.stack.0 as usize] += row.totals;
    }
    let mut totals = own.clone();
    // callers have smaller numbers
    for stack in (1..totals.len()).rev() {
        if let Some((parent, _)) = profile.stacks.split(StackId(stack as u32)) {
            let from_here = totals[stack];
            totals[parent.0 as usize] += from_here;
        }
    }
    (own, totals)
}

/// Which stacks are among the biggest; with one, so are all its callers, which are no smaller.
fn biggest(totals: &[Totals], top: Option<usize>) -> Vec<bool> {
    let Some(top) = top else {
        return vec![true; totals.len()];
    };
    let mut order: Vec<usize> = (1..totals.len()).collect();
    order.sort_by_key(|&stack| (std::cmp::Reverse(totals[stack].bytes), stack));
    let mut shown = vec![false; totals.len()];
    for &stack in order.iter().take(top) {
        shown[stack] = true;
    }
    shown
}

fn tree_node(
    stacks: &Stacks,
    stack: StackId,
    parent: Option<usize>,
    totals: Totals,
    own: Totals,
) -> TreeNode {
    let (_, frame) = stacks.split(stack).expect("the empty stack is no node");
    let frame = stacks.frame(frame);
    TreeNode {
        parent,
        function: stacks.name(frame.function).to_owned(),
        file: stacks.name(frame.file).to_owned(),
        line: frame.line,
        bytes: totals.bytes,
        blocks: totals.blocks,
        own_bytes: own.bytes,
        elided: 0,
        elided_bytes: 0,
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bytes, blocks) = (Bytes(self.total.bytes), Count(self.total.blocks));
        writeln!(out, "Heap at {}: {bytes} in {blocks} blocks\n", self.moment)?;
        let depths = self.depths();
        let mut open: Vec<usize> = Vec::new();
        for (place, node) in self.nodes.iter().enumerate() {
            while let Some(&last) = open.last()
                && Some(last) != node.parent
            {
                self.write_elided(out, last, depths[last])?;
                open.pop();
            }
            open.push(place);
            let share = Share {
                part: node.bytes,
                whole: self.total.bytes,
            }
            .to_string();
            let bytes = Bytes(node.bytes).to_string();
            let blocks = Count(node.blocks).to_string();
            let indent = "  ".repeat(depths[place]);
            let room = self
                .width
                .map_or(usize::MAX, |width| width.saturating_sub(35 + indent.len()));
            let name = shorten(&node.place(), room.max(20));
            writeln!(out, "{share:>6}  {bytes:>10}  {blocks:>11}  {indent}{name}")?;
        }
        for place in open.into_iter().rev() {
            self.write_elided(out, place, depths[place])?;
        }
        Ok(())
    }
}

impl Tree {
    /// How far each node is indented. Only where a call has several ways on does the tree get
    /// deeper: a thousand nested calls are a thousand lines, and not a thousand columns.
    fn depths(&self) -> Vec<usize> {
        let mut children = vec![0usize; self.nodes.len()];
        for parent in self.nodes.iter().filter_map(|node| node.parent) {
            children[parent] += 1;
        }
        let mut depths: Vec<usize> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            depths.push(node.parent.map_or(0, |parent| {
                let several = children[parent] > 1 || self.nodes[parent].elided > 0;
                depths[parent] + usize::from(several)
            }));
        }
        depths
    }

    /// Says what of a node's calls was too small, after those that are shown.
    fn write_elided(
        &self,
        out: &mut fmt::Formatter<'_>,
        place: usize,
        depth: usize,
    ) -> fmt::Result {
        let node = &self.nodes[place];
        if node.elided == 0 {
            return Ok(());
        }
        let share = Share {
            part: node.elided_bytes,
            whole: self.total.bytes,
        }
        .to_string();
        let bytes = Bytes(node.elided_bytes).to_string();
        let (indent, number) = ("  ".repeat(depth + 1), node.elided);
        let calls = if number == 1 { "call" } else { "calls" };
        writeln!(
            out,
            "{share:>6}  {bytes:>10}  {:>11}  {indent}… {number} smaller {calls}",
            ""
        )
    }
}

impl TreeNode {
    /// `function (file:line)`
    pub fn place(&self) -> String {
        match (self.file.as_str(), self.line) {
            ("", _) => self.function.clone(),
            (file, 0) => format!("{} ({file})", self.function),
            (file, line) => format!("{} ({file}:{line})", self.function),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tree;
    use crate::profile::sample;

    #[test]
    fn calls_are_indented_where_they_part() {
        let tree = Tree::new(&sample::branches(), None, None);
        let expected = "\
Heap at peak: 1.1 KiB in 4 blocks

100.0%     1.1 KiB            4  main (/home/me/a.py:1)
 89.9%      1000 B            1    big (/home/me/a.py:2)
 89.9%      1000 B            1    deep (/home/me/a.py:4)
  9.0%       100 B            1    small (/home/me/a.py:3)
";
        assert_eq!(tree.to_string(), expected);
    }

    #[test]
    fn what_is_too_small_is_counted() {
        let tree = Tree::new(&sample::branches(), Some(2), None);
        let expected = "\
Heap at peak: 1.1 KiB in 4 blocks

100.0%     1.1 KiB            4  main (/home/me/a.py:1)
 89.9%      1000 B            1    big (/home/me/a.py:2)
 89.9%      1000 B                   … 1 smaller call
  9.0%       100 B                 … 1 smaller call
";
        assert_eq!(tree.to_string(), expected);
        let json = serde_json::to_value(&tree).expect("plain data");
        assert_eq!(json["nodes"][1]["parent"], 0);
        assert_eq!(json["nodes"][0]["own_bytes"], 12);
    }

    #[test]
    fn a_hundred_thousand_nested_calls_are_no_trouble() {
        let tree = Tree::new(&sample::nested(100_000), None, None);
        assert_eq!(tree.nodes.len(), 100_000);
        assert_eq!(tree.to_string().lines().count(), 100_002);
    }
}
