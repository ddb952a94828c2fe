//! Standard: the three standard descriptors, where this program was started without one of them.
//!
//! Rust opens the null device for what is closed, before `main`, and a run whose report went there
//! would look as if it had been told. So that descriptor is taken before: for output by the device
//! on which nothing fits, so that a write fails where there is one. Unaware of what is written.

#![expect(unsafe_code, reason = "only what the loader calls comes before Rust's own start")]

use std::ffi::CStr;

use libc::c_int;

/// What is opened in place of a descriptor. Each is opened as the lowest that is free, which is the
/// closed one itself.
const DEVICES: [(c_int, &CStr); 3] = [(0, c"/dev/null"), (1, c"/dev/full"), (2, c"/dev/full")];

// SAFETY: the loader calls what stands in this section with one thread, before anything of ours.
#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
static FILL: extern "C" fn() = fill;

extern "C" fn fill() {
    for (fd, device) in DEVICES {
        // SAFETY: both calls take a number and a text that ends in a zero, and keep neither.
        unsafe {
            if libc::fcntl(fd, libc::F_GETFD) == -1 {
                libc::open(device.as_ptr(), libc::O_RDWR);
            }
        }
    }
}
