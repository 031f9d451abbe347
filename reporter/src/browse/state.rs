//! What is shown, and what of it is open.

use super::Branch;
use crate::live::state::branches;
use crate::live::survey::{Node, Shown, Values};
use crate::profile::Totals;
use crate::report::tree::Tree;
use std::collections::HashSet;

/// The calls of a profile, and how far they are opened.
#[derive(Debug, Default)]
pub struct State {
    /// What the profile is of.
    pub title: String,
    /// What must not be overlooked: why the recording is incomplete.
    pub warning: Option<String>,
    /// The calls; the first is the root.
    pub nodes: Vec<Node>,
    /// Calls that are open; `None` as long as nobody opened or closed any: the heaviest path is
    /// open then.
    pub open: Option<HashSet<u32>>,
    /// Only calls with this in their name are shown, and what leads to them.
    pub filter: String,
    /// Keys go into the filter.
    pub typing: bool,
    /// The help is shown.
    pub help: bool,
    /// The chosen line.
    pub selected: usize,
    /// The first line on the screen, the row it stands in, and how many lines fit.
    pub window: (usize, u16, usize),
    /// Whether colours may be used.
    pub colour: bool,
}

impl State {
    /// Of a tree.
    pub fn new(tree: &Tree, title: String, warning: Option<String>, colour: bool) -> Self {
        let values = |bytes, blocks| Values {
            now: Totals { bytes, blocks },
            ..Values::default()
        };
        let root = Node {
            parent: 0,
            name: "".into(),
            own: Values::default(),
            total: values(tree.total.bytes, tree.total.blocks),
        };
        let calls = tree.nodes.iter().map(|node| Node {
            parent: node.parent.map_or(0, |parent| parent as u32 + 1),
            name: crate::live::places::printable(&node.place()).into(),
            own: values(node.own_bytes, 0),
            total: values(node.bytes, node.blocks),
        });
        Self {
            title,
            warning,
            nodes: std::iter::once(root).chain(calls).collect(),
            window: (0, 0, 10),
            colour,
            ..Self::default()
        }
    }

    /// The lines that there are.
    pub fn branches(&self) -> Vec<Branch> {
        let wanted = self.filter.to_lowercase();
        let fits = |name: &str| wanted.is_empty() || name.to_lowercase().contains(&wanted);
        branches(&self.nodes, Shown::Now, self.open.as_ref(), &fits)
    }

    /// Chooses another line, as far as there are any.
    pub fn select(&mut self, line: usize) {
        self.selected = line.min(self.branches().len().saturating_sub(1));
    }

    /// Opens the chosen call, or closes it; a closed one leads back to its caller.
    pub fn open(&mut self, open: bool) {
        let lines = self.branches();
        let Some(branch) = lines.get(self.selected) else {
            return;
        };
        let mut set = self.opened(&lines);
        if open {
            set.insert(branch.node);
        } else if branch.is_open {
            set.remove(&branch.node);
        } else {
            let caller = self.nodes[branch.node as usize].parent;
            let place = lines.iter().position(|line| line.node == caller);
            self.selected = place.unwrap_or(self.selected);
        }
        self.open = Some(set);
    }

    /// Opens the chosen call and all below it, or closes all of them.
    pub fn open_all(&mut self, open: bool) {
        let lines = self.branches();
        let Some(branch) = lines.get(self.selected) else {
            return;
        };
        let mut set = self.opened(&lines);
        let mut below = vec![false; self.nodes.len()];
        below[branch.node as usize] = true;
        // callers have smaller numbers
        for node in branch.node as usize..self.nodes.len() {
            below[node] |= node > branch.node as usize && below[self.nodes[node].parent as usize];
            match (below[node], open) {
                (true, true) => set.insert(node as u32),
                (true, false) => set.remove(&(node as u32)),
                (false, _) => false,
            };
        }
        self.open = Some(set);
    }

    fn opened(&self, lines: &[Branch]) -> HashSet<u32> {
        let open = lines.iter().filter(|line| line.is_open);
        let mut set: HashSet<u32> = open.map(|line| line.node).collect();
        set.extend(self.open.iter().flatten());
        set
    }
}
