//! A Rust program: boxes, a vector that grows, threads, and a panic that is caught.
use std::thread;

fn main() {
    let boxed = vec![7u8; 300_007].into_boxed_slice();
    let threads: Vec<_> = (0..4usize)
        .map(|number| thread::spawn(move || vec![1u8; 400_009 + number].len()))
        .collect();
    let total: usize = threads.into_iter().map(|it| it.join().unwrap_or(0)).sum();
    std::panic::set_hook(Box::new(|_| ()));
    let caught = std::panic::catch_unwind(|| {
        let block = vec![0u8; 500_009];
        assert!(block.is_empty());
    });
    println!("{} {total} {}", boxed.len(), caught.is_err());
}
