//! The order in which nodes are packed: each directly before its descendants. A parent is then told by a small number, and the
//! page walks the tree by reading along.

use super::data::Node;

/// A tree's nodes in preorder.
pub(super) struct Preorder {
    /// For each place in the order, the node that stands there.
    pub(super) nodes: Vec<u32>,
    /// For each node, its place in the order.
    pub(super) places: Vec<u32>,
    /// For each place in the order, how many levels up from the place before the parent is: 0 when that is the parent itself.
    /// The first, and every other root, hangs under an unseen node above all.
    pub(super) ups: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Preorder {
    /// Orders the nodes. A node whose parent does not stand before it becomes a root.
    pub(super) fn of(nodes: &[Node]) -> Self {
        let parent_of = |index: usize| {
            nodes[index]
                .parent
                .map(|parent| parent.0)
                .filter(|&parent| (parent as usize) < index)
        };
        // Children as linked lists, built backwards so that they come out in the given order.
        let mut first_child = vec![NONE; nodes.len()];
        let mut next_sibling = vec![NONE; nodes.len()];
        let mut first_root = NONE;
        for index in (0..nodes.len()).rev() {
            let head = match parent_of(index) {
                Some(parent) => &mut first_child[parent as usize],
                None => &mut first_root,
            };
            next_sibling[index] = *head;
            *head = index as u32;
        }

        let mut order = Self {
            nodes: Vec::with_capacity(nodes.len()),
            places: vec![0; nodes.len()],
            ups: Vec::with_capacity(nodes.len()),
        };
        let mut pending = vec![(first_root, 0)];
        let mut previous_depth: u32 = 0;
        while let Some((index, depth)) = pending.pop() {
            if index == NONE {
                continue;
            }
            order.places[index as usize] = order.nodes.len() as u32;
            order.nodes.push(index);
            order.ups.push(previous_depth - depth);
            previous_depth = depth + 1;
            pending.push((next_sibling[index as usize], depth));
            pending.push((first_child[index as usize], depth + 1));
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::super::data::{FrameId, NodeId};
    use super::*;

    fn nodes(parents: &[Option<u32>]) -> Vec<Node> {
        parents
            .iter()
            .map(|parent| Node {
                parent: parent.map(NodeId),
                frame: FrameId(0),
            })
            .collect()
    }

    #[test]
    fn descendants_follow_their_node() {
        // 0 ── 1 ── 3        4 ── 5
        //   └─ 2
        let tree = nodes(&[None, Some(0), Some(0), Some(1), None, Some(4)]);
        let order = Preorder::of(&tree);
        assert_eq!(order.nodes, [0, 1, 3, 2, 4, 5]);
        assert_eq!(order.places, [0, 1, 3, 2, 4, 5]);
        assert_eq!(order.ups, [0, 0, 0, 2, 2, 0]);
    }

    #[test]
    fn a_parent_that_comes_later_makes_a_root() {
        let order = Preorder::of(&nodes(&[Some(1), None, Some(2)]));
        assert_eq!(order.nodes, [0, 1, 2]);
        assert_eq!(order.ups, [0, 1, 1]);
    }

    #[test]
    fn a_very_deep_stack_is_no_problem() {
        let parents: Vec<Option<u32>> = (0..200_000_u32).map(|n| n.checked_sub(1)).collect();
        let order = Preorder::of(&nodes(&parents));
        assert!(order.ups.iter().all(|&up| up == 0));
    }
}
