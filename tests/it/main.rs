//! Tests of the whole program and of the files beside it.

mod invalid;
