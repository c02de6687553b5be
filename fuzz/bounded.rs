//! Memory as a fuzz target may have it: one piece larger than any honest file calls for ends the run, also one that is
//! reserved and never touched, which the limit of libFuzzer does not see.

use std::alloc::{GlobalAlloc, Layout, System};

/// Far more than files of some ten thousand bytes need, far less than a length of 32 bits may claim.
const PIECE_BYTES_MAX: usize = 32 << 20;

struct Bounded;

#[global_allocator]
static BOUNDED: Bounded = Bounded;

fn check(bytes: usize) {
    if bytes > PIECE_BYTES_MAX {
        // Panicking would ask for memory.
        std::process::abort();
    }
}

// SAFETY: every call is handed on to the system's allocator as it is, or the process ends.
unsafe impl GlobalAlloc for Bounded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        check(bytes);
        unsafe { System.realloc(old, layout, bytes) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        unsafe { System.dealloc(old, layout) }
    }
}
