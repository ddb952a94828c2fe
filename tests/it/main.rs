//! Tests of the whole program, and of the files beside it, in one binary.
//!
//! What a single room does is tested in the room. Here a real `runner` is started with a real job
//! file, and everything that it says is compared.

mod bad_input;
mod book;
mod codes;
mod dead;
mod events;
mod faults;
mod format;
mod formats;
mod harness;
mod invalid;
mod jobs;
mod lsp;
mod mistakes;
mod pages;
mod run;
mod start;
mod still;
mod tidy;
