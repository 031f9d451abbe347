//! Keeps a vector that a generic method has asked for.

use std::fmt::Debug;

struct Shelf<T> {
    items: Vec<T>,
}

impl<T: Debug + Clone> Shelf<T> {
    #[inline(never)]
    fn fill(&mut self, item: T) {
        self.items.reserve_exact(555);
        self.items.push(item);
    }
}

fn main() {
    let mut numbers = Shelf { items: Vec::new() };
    numbers.fill(7u64);
    let boxed: Box<[u8; 3210]> = std::hint::black_box(Box::new([1; 3210]));
    println!("{:?} {}", numbers.items, boxed.len());
    std::mem::forget(numbers);
    std::mem::forget(boxed);
}
