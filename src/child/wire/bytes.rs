//! Bytes: numbers and texts as they stand in a message.
//!
//! Reading trusts nothing: what is missing or too long is [`Garbled`]. Unaware of what they mean.

use std::ffi::CStr;

use super::{Garbled, Id};

pub(super) fn put_head(out: &mut Vec<u8>, kind: u8, id: Id) {
    out.push(kind);
    out.extend(id.to_le_bytes());
}

/// Writes a count; one that does not fit makes a message that the other side refuses.
pub(super) fn put_u32(out: &mut Vec<u8>, count: usize) {
    out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}

pub(super) fn put_text(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
    out.push(0);
}

pub(super) fn take_array<const N: usize>(from: &mut &[u8]) -> Result<[u8; N], Garbled> {
    let (array, rest) = from.split_first_chunk::<N>().ok_or(Garbled)?;
    *from = rest;
    Ok(*array)
}

pub(super) fn take_u8(from: &mut &[u8]) -> Result<u8, Garbled> {
    take_array(from).map(u8::from_le_bytes)
}

pub(super) fn take_u32(from: &mut &[u8]) -> Result<u32, Garbled> {
    take_array(from).map(u32::from_le_bytes)
}

pub(super) fn take_i32(from: &mut &[u8]) -> Result<i32, Garbled> {
    take_array(from).map(i32::from_le_bytes)
}

pub(super) fn take_u64(from: &mut &[u8]) -> Result<u64, Garbled> {
    take_array(from).map(u64::from_le_bytes)
}

pub(super) fn take_text<'a>(from: &mut &'a [u8]) -> Result<&'a CStr, Garbled> {
    let text = CStr::from_bytes_until_nul(from).map_err(|_| Garbled)?;
    *from = &from[text.count_bytes() + 1..];
    Ok(text)
}

/// Reads `count` texts. The room is taken as they come: a count is only a claim.
pub(super) fn take_texts<'a>(from: &mut &'a [u8], count: u32) -> Result<Vec<&'a CStr>, Garbled> {
    (0..count).map(|_| take_text(from)).collect()
}
