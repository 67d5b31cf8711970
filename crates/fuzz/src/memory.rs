//! The memory that a thread allocates. The crate sets its allocator for each program that links it.

#![expect(unsafe_code, reason = "an allocator is unsafe to implement")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

thread_local! {
    /// Bytes that this thread allocated, less those that it freed. Wraps where it frees what others allocated.
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// The allocator of the system, which counts for each thread.
#[derive(Debug)]
struct CountingAllocator;

// Here and not in each program, so that no wrapper of libFuzzer leaves the memory of its target uncounted.
#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn count(change: isize) {
    // While a thread ends, its counters may be gone already.
    let _ = LIVE.try_with(|live| {
        let now = live.get().wrapping_add(change);
        live.set(now);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(now)));
    });
}

fn signed(size: usize) -> isize {
    isize::try_from(size).unwrap_or(isize::MAX)
}

// SAFETY: every request goes to the allocator of the system, with the arguments as they came.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(signed(layout.size()));
        // SAFETY: the contract is the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(signed(layout.size()));
        // SAFETY: the contract is the caller's.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(signed(layout.size()).wrapping_neg());
        // SAFETY: the contract is the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // The old block and the new one may be there at a time.
        count(signed(size));
        count(signed(layout.size()).wrapping_neg());
        // SAFETY: the contract is the caller's.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// The memory that this thread uses from a given time on.
#[derive(Debug)]
pub struct MemoryUse {
    start: isize,
}

impl MemoryUse {
    /// Begins the measurement.
    pub fn begin() -> Self {
        let start = LIVE.get();
        PEAK.set(start);
        Self { start }
    }

    /// Returns the most bytes at a time since the beginning.
    pub fn peak(&self) -> usize {
        usize::try_from(PEAK.get().wrapping_sub(self.start)).unwrap_or(0)
    }
}
