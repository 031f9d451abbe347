//! Which branches of the call tree are to be seen.

use crate::live::survey::{Node, Shown};
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

/// A line of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The node.
    pub node: u32,
    /// How far it is indented.
    pub depth: usize,
    /// Whether its calls are shown.
    pub is_open: bool,
    /// Whether it has any.
    pub has_calls: bool,
}

/// On the heaviest path a branch is open if it has at least this share of the whole, in percent.
const HEAVY: i64 = 20;

/// The branches in the order of the screen, brothers by size. With a filter, those whose name fits
/// and all on the way to them.
pub(crate) fn branches(
    nodes: &[Node],
    shown: Shown,
    open: Option<&HashSet<u32>>,
    fits: &dyn Fn(&str) -> bool,
) -> Vec<Branch> {
    let bytes = |node: u32| nodes[node as usize].total.of(shown).bytes;
    let filtered = !fits("");
    let mut visible = vec![!filtered; nodes.len()];
    if filtered {
        for node in (1..nodes.len()).rev() {
            if visible[node] || fits(&nodes[node].name) {
                visible[node] = true;
                visible[nodes[node].parent as usize] = true;
            }
        }
    }
    let mut calls: HashMap<u32, Vec<u32>> = HashMap::new();
    for node in 1..nodes.len() as u32 {
        let totals = nodes[node as usize].total.of(shown);
        if visible[node as usize] && !totals.is_zero() {
            let parent = nodes[node as usize].parent;
            calls.entry(parent).or_default().push(node);
        }
    }
    let heavy = nodes.first().map_or(0, |root| root.total.of(shown).bytes) / 100 * HEAVY;
    let mut lines = Vec::new();
    let mut waiting = vec![(0, 0)];
    while let Some((node, depth)) = waiting.pop() {
        let below = calls.get_mut(&node);
        let has_calls = below.is_some();
        let is_open = node == 0
            || has_calls
                && match open {
                    Some(open) => open.contains(&node),
                    None => filtered || bytes(node) > heavy,
                };
        if node != 0 {
            lines.push(Branch {
                node,
                depth,
                is_open,
                has_calls,
            });
        }
        if let Some(below) = below.filter(|_| is_open) {
            below.sort_by_key(|&call| Reverse((bytes(call), Reverse(call))));
            // a call that has no brothers stands below its caller: deep stacks stay narrow
            let deeper = depth + usize::from(node != 0 && below.len() > 1);
            waiting.extend(below.iter().rev().map(|&call| (call, deeper)));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::branches;
    use crate::live::survey::{Node, Shown, Values};
    use crate::profile::Totals;
    use std::collections::HashSet;

    fn node(parent: u32, name: &str, bytes: i64) -> Node {
        let now = Totals { bytes, blocks: 1 };
        let total = Values {
            now,
            ..Values::default()
        };
        Node {
            parent,
            name: name.into(),
            own: Values::default(),
            total,
        }
    }

    #[test]
    fn the_heaviest_path_is_open_until_somebody_chooses() {
        let nodes = [
            node(0, "", 1000),
            node(0, "main", 1000),
            node(1, "big", 900),
            node(1, "small", 100),
            node(2, "deep", 900),
            node(3, "leaf", 100),
        ];
        let seen = |open: Option<&HashSet<u32>>, filter: &str| {
            let fits = |name: &str| filter.is_empty() || name.contains(filter);
            let lines = branches(&nodes, Shown::Now, open, &fits);
            let line = |line: super::Branch| (line.node, line.depth, line.is_open);
            lines.into_iter().map(line).collect::<Vec<_>>()
        };
        let all = [(1, 0, true), (2, 1, true), (4, 1, false), (3, 1, false)];
        assert_eq!(seen(None, ""), all);
        assert_eq!(seen(Some(&HashSet::new()), ""), [(1, 0, false)]);
        let path = [(1, 0, true), (3, 0, true), (5, 0, false)];
        assert_eq!(seen(None, "leaf"), path);
    }
}
