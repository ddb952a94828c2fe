//! Item: some bytes, and what is known of them on their way.
//!
//! All that decides where an item goes travels inside it, in 64 bytes, so that one which comes back
//! needs no book to find its place again. Unaware of where it lies.

use super::Slice;
use crate::model::NodeId;

/// An item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// `RUNNER_ITEM_INDEX`: counted from 0 in the order of arrival.
    pub index: u64,
    /// Its bytes, without a terminator.
    pub bytes: Slice,
    /// Which try it is, counted from 1.
    pub attempt: u32,
    /// Which producer made it.
    pub origin: Origin,
    /// What goes first.
    pub(super) rank: Rank,
}

impl Item {
    /// Returns what it counts against `capacity-bytes`.
    pub(super) fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Returns where it stands among others.
    pub(super) fn place(&self) -> Place {
        (self.rank, self.index)
    }
}

impl AsMut<Slice> for Item {
    fn as_mut(&mut self) -> &mut Slice {
        &mut self.bytes
    }
}

/// Which producer made an item: the number of its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin(pub u32);

impl Origin {
    /// None: the item was there from the start.
    pub const STATIC: Self = Self(u32::MAX);

    /// Returns the one of a node.
    pub fn of(node: NodeId) -> Self {
        Self(node.0)
    }
}

impl Default for Origin {
    fn default() -> Self {
        Self::STATIC
    }
}

/// Where an item stands among those that wait: what is less goes first.
pub(super) type Place = (Rank, u64);

/// The priority of an item, such that the highest number is the least rank.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(pub(super) u64);

impl Rank {
    /// Reads a priority as it is written in an item.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let said = String::from_utf8_lossy(text);
        match said.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Self::of(number)),
            Ok(_) | Err(_) => Err(format!("its priority `{}` is no number", said.escape_debug())),
        }
    }

    fn of(number: f64) -> Self {
        // Read as whole numbers the bits of positive floats are in order; those of negative ones
        // are in the opposite order. Adding 0 makes one zero of both.
        let bits = (number + 0.0).to_bits();
        let ascending = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
        Self(!ascending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_costs_what_the_broker_says() {
        assert_eq!(size_of::<Item>(), 64);
    }

    #[test]
    fn the_highest_number_goes_first() {
        let numbers = ["1e300", "12", "2.5", "2", "0.1", "0", "-0.5", "-3", "-1e9"];
        let ranks: Vec<_> = numbers.iter().map(|n| Rank::parse(n.as_bytes()).unwrap()).collect();
        assert!(ranks.is_sorted_by(|one, two| one < two), "{ranks:?}");
        assert_eq!(Rank::parse(b"-0"), Rank::parse(b"0"));
        assert_eq!(Rank::parse(b" 7 "), Rank::parse(b"7.0"));
    }

    #[test]
    fn what_is_no_number_has_no_rank() {
        for text in ["", "high", "NaN", "inf", "1,5", "\u{1b}"] {
            let told = Rank::parse(text.as_bytes()).unwrap_err();
            assert_eq!(told, format!("its priority `{}` is no number", text.escape_debug()));
        }
        assert!(Rank::parse(&[0xff]).is_err());
    }
}
