//! Start: what helps to begin: a shell that completes, and pages of a manual.

mod complete;
mod man;
