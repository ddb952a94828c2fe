//! Retry: whether a try that failed is followed by another, and after how long.
//!
//! The same for a node, for an item with a child of its own and for one that a worker has in hand.
//! Unaware of what was tried.

use std::time::Duration;

use crate::event::{Exit, Verdict};
use crate::model::{Backoff, Retry, RetryOn};

/// The doubling of a backoff stops here: what a factor of 32 bits can hold.
const MOST_DOUBLINGS: u32 = 31;

/// Returns whether a try failed.
pub(super) fn verdict_fails(verdict: Verdict) -> bool {
    match verdict {
        Verdict::Failed | Verdict::TimedOut | Verdict::Killed => true,
        Verdict::Passed | Verdict::Stopped | Verdict::Ended => false,
    }
}

/// Returns whether this is a failure, of a kind that is tried again; `by_itself` says that nobody
/// but the child brought it about.
pub(super) fn is_retried(retry: &Retry, verdict: Verdict, exit: &Exit, by_itself: bool) -> bool {
    let never = by_itself && matches!(exit, Exit::Code(code) if retry.never.contains(code));
    if never || !verdict_fails(verdict) {
        return false;
    }
    retry.on.is_empty()
        || retry.on.iter().any(|on| match on {
            RetryOn::Code(code) => by_itself && *exit == Exit::Code(*code),
            RetryOn::Timeout => verdict == Verdict::TimedOut,
            RetryOn::Signal => by_itself && matches!(exit, Exit::Signal(_) | Exit::OutOfMemory),
        })
}

/// Returns the wait before the next try: doubled each time, and a random part less.
pub(super) fn wait_for(backoff: &Backoff, number: u32, seed: u64) -> Duration {
    let doubled = 2u32.saturating_pow(number.saturating_sub(1).min(MOST_DOUBLINGS));
    let wait = backoff.first.saturating_mul(doubled).min(backoff.most.max(backoff.first));
    let part = random_part(seed ^ (u64::from(number) << 32));
    wait.mul_f64(1.0 - backoff.jitter.clamp(0.0, 1.0) * part)
}

/// Returns a number from 0 to 1 that is the same in every run, so that a plan can be tested, and
/// differs between nodes, so that they don't all come back at once. (`SplitMix64`.)
#[expect(clippy::cast_precision_loss, reason = "53 bits are kept")]
fn random_part(seed: u64) -> f64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}
