//! Start: what helps to begin: a first job file, a shell that completes, pages of a manual.

mod complete;
mod import;
mod init;
mod man;
mod taken;
