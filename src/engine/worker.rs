//! Worker: a long-lived child that is asked and replies, item by item.

mod protocol;
