//! Memory that a body takes once it is read as JSON, by an allocator that counts.

#![expect(unsafe_code, reason = "an allocator is unsafe to implement")]

use myelin_wire::{
    class::{Class, Field, Type},
    python::json,
};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

thread_local! {
    /// Bytes that this thread holds, the most at a time, and the largest block.
    static USE: Cell<(usize, usize, usize)> = const { Cell::new((0, 0, 0)) };
}

struct CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn count(freed: usize, taken: usize) {
    // While a thread ends, its counters may be gone already.
    let _ = USE.try_with(|cell| {
        let (held, most, largest) = cell.get();
        let held = held.saturating_sub(freed).saturating_add(taken);
        cell.set((held, most.max(held), largest.max(taken)));
    });
}

// SAFETY: every request goes to the allocator of the system, with the arguments as they came.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(0, layout.size());
        // SAFETY: the contract is the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(layout.size(), 0);
        // SAFETY: the contract is the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(layout.size(), size);
        // SAFETY: the contract is the caller's.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Returns what a function returns, the most bytes that it held at a time, and its largest block.
fn measured<T>(work: impl FnOnce() -> T) -> (T, usize, usize) {
    USE.set((0, 0, 0));
    let done = work();
    let (_, most, largest) = USE.get();
    (done, most, largest)
}

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Returns a list of this size whose text is one part over and over.
fn list_of(part: &str, size: usize) -> Vec<u8> {
    format!("[{}0]", part.repeat(size / part.len())).into_bytes()
}

const PARTS: [&str; 6] = ["0,", "[0],", "[[[[[[[[0]]]]]]]],", "{\"a\":0},", "\"\",", "9007199254740993,"];

#[test]
fn nh_1_many_values_are_refused_before_they_take_memory() {
    for part in PARTS {
        let body = list_of(part, 8 * MIB);
        let (read, most, _) = measured(|| json::read(&body));
        assert_eq!(read.map_err(|error| error.what), Err("too many values"), "{part}");
        assert!(most <= 16 * MIB, "{part}: {most}");
    }
}

#[test]
fn nh_1_the_most_values_that_pass_take_a_known_amount() {
    for part in PARTS {
        // An integer takes one value, and the deepest part ten.
        let body = list_of(part, part.len() * (json::DEFAULT_VALUES / 10));
        let (read, most, _) = measured(|| json::read(&body));
        assert!(read.is_ok(), "{part}");
        assert!(most <= 16 * body.len() + MIB, "{part}: {most} for {}", body.len());
    }
}

#[test]
fn nh_2_members_that_a_class_does_not_have_take_no_memory() {
    let class = Class::new("Echo", vec![Field::required("text", Type::Text)]).unwrap();
    let long = "\\u0061".repeat(MIB / 6);
    let parts = ["0,".repeat(MIB / 2) + "0", "[[{\"a\":\"b\"}]],".repeat(MIB / 16) + "0", format!("\"{long}\"")];
    let mut bodies = parts.map(|part| format!("{{\"x\":[{part}],\"text\":\"hello\"}}")).to_vec();
    let members: Vec<_> = (0..MIB / 16).map(|number| format!("\"{number:08}\":0,")).collect();
    bodies.push(format!("{{{}\"text\":\"hello\"}}", members.concat()));
    bodies.push(format!("{{\"{long}\":1,\"text\":\"hello\"}}"));
    bodies.push(format!("{{{}\"text\":\"hello\"}}", "\"\\u0061bc\":1,".repeat(MIB / 13)));
    for body in bodies {
        let start = body.get(..40).unwrap_or_default();
        let (read, most, largest) = measured(|| class.read_json(body.as_bytes()));
        assert_eq!(read.map(|value| value.to_python_repr()).as_deref(), Ok("{'text': 'hello'}"), "{start}");
        assert!(most <= 64 * KIB && largest <= 64 * KIB, "{start}: {most} and {largest}");
    }
}
