//! What a census found out about a block, beyond the type of the object in it: told as types of
//! their own, so that every report can show them.

use memprof_wire::event::Role;
use memprof_wire::units::TypeId;
use std::collections::HashMap;
use std::ops::Range;

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Description {
    /// A `dict` that holds the attributes of an object of this type.
    DictOf(TypeId),
    /// A `dict` that holds nobody's attributes.
    DictOfNobody,
    /// A dead object of this type, kept by the interpreter to be used again.
    Waiting(TypeId),
    /// No object, but part of one.
    Part(Role, TypeId),
}

const PARTS: [&str; 6] = ["dict", "keys", "values", "items", "table", "buffer"];

impl Description {
    /// In words; `name` tells those of types.
    pub fn name<'a>(self, name: impl Fn(TypeId) -> &'a str) -> String {
        match self {
            Self::DictOf(owner) => format!("dict of {}", name(owner)),
            Self::DictOfNobody => "dict (no owner)".to_owned(),
            Self::Waiting(type_id) => format!("<{} in a free list>", name(type_id)),
            Self::Part(role, owner) => format!("<{} of {}>", PARTS[role as usize], name(owner)),
        }
    }
}

/// The kind of the object that a block belongs to, told by the [`Description::name`] of the block;
/// `None` for what is an object itself, or nobody's.
pub fn owner_of_part(name: &str) -> Option<&str> {
    let (part, owner) = name
        .strip_prefix('<')?
        .strip_suffix('>')?
        .split_once(" of ")?;
    PARTS.contains(&part).then_some(owner)
}

/// These numbers are descriptions; those of types are smaller, or greater (`super::numbers`).
const NUMBERS: Range<u32> = 1 << 22..1 << 23;
const FIRST: u32 = NUMBERS.start;

/// Descriptions with numbers, as types have them.
#[derive(Debug, Default)]
pub struct Descriptions {
    numbers: HashMap<Description, TypeId>,
    /// In the order of their numbers: what a description refers to comes before it.
    list: Vec<Description>,
}

impl Descriptions {
    /// The number of a description.
    pub fn number(&mut self, description: Description) -> TypeId {
        let new = TypeId(FIRST + self.list.len() as u32);
        let number = *self.numbers.entry(description).or_insert(new);
        if number == new {
            self.list.push(description);
        }
        number
    }

    /// Whether a number is that of a description.
    pub fn has(type_id: TypeId) -> bool {
        NUMBERS.contains(&type_id.0)
    }

    /// All but the first so many.
    pub fn since(&self, known: usize) -> impl Iterator<Item = (TypeId, Description)> {
        let numbered = self.list.iter().enumerate().skip(known);
        numbered.map(|(place, &description)| (TypeId(FIRST + place as u32), description))
    }
}

#[cfg(test)]
mod tests {
    use super::{Description, Descriptions, owner_of_part};
    use memprof_wire::event::Role;
    use memprof_wire::units::TypeId;

    #[test]
    fn the_owner_of_a_part_is_told_by_its_name() {
        let dict = "dict (no owner)";
        let keys = Description::Part(Role::Keys, TypeId(1)).name(|_| dict);
        assert_eq!(keys, "<keys of dict (no owner)>");
        assert_eq!(owner_of_part(&keys), Some(dict));
        let waiting = Description::Waiting(TypeId(1)).name(|_| "tuple");
        assert_eq!(waiting, "<tuple in a free list>");
        for nobodys in [&waiting, "<mem.malloc buffer>", "dict of module"] {
            assert_eq!(owner_of_part(nobodys), None);
        }
    }

    #[test]
    fn numbers_stay_and_are_no_types() {
        let mut all = Descriptions::default();
        let first = all.number(Description::DictOfNobody);
        let second = all.number(Description::Part(Role::Keys, first));
        assert_ne!(first, second);
        assert_eq!(all.number(Description::DictOfNobody), first);
        assert!(Descriptions::has(second) && !Descriptions::has(TypeId(70_000)));
        assert_eq!(
            all.since(1).collect::<Vec<_>>(),
            [(second, Description::Part(Role::Keys, first))]
        );
    }
}
