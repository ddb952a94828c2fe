//! Steps: what can be done to a queue, drawn at random.

use proptest::prelude::*;

/// What a queue is like; its second lane is plain.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) lanes: u32,
    pub(super) shards: Option<u32>,
    pub(super) window: Option<u64>,
    pub(super) ranked: bool,
    pub(super) spills: bool,
    pub(super) unique: bool,
}

pub(super) fn setting() -> impl Strategy<Value = Setting> {
    let shape = (1..=2_u32, any::<bool>(), any::<bool>(), any::<bool>());
    let bounds = (prop::option::of(1..4_u32), prop::option::of(1..6_u64));
    (shape, bounds).prop_map(|((lanes, ranked, spills, unique), (shards, window))| Setting {
        lanes,
        shards,
        window,
        ranked,
        spills,
        unique,
    })
}

/// One thing that is done; numbers choose among what is there.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Priority, shard, key, and by whom.
    Put(i64, u8, u8, u32),
    Take,
    TakeMany(usize, usize),
    TakeBatch(Option<u64>, Option<u64>),
    Accept(usize),
    Bury(usize),
    Again(usize),
    Later(usize),
    GiveBack(usize),
    Suspect(usize),
    AcceptFirst(usize),
    AcceptBut(usize),
    Halve,
    Split,
    One,
    Keep(usize),
    SettleKept(u8),
    Replay,
    Open,
    Read(usize),
    LetGo,
    Ripen,
    Close,
    Discard(u32),
    DropRest,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let at = || 0..9_usize;
    let few = || 0..4_usize;
    prop_oneof![
        40 => (-2..3_i64, 0..4_u8, any::<u8>(), 0..3_u32)
            .prop_map(|(rank, shard, key, origin)| Step::Put(rank, shard, key, origin)),
        8 => Just(Step::Take),
        4 => (0..4_usize, 0..40_usize).prop_map(|(items, bytes)| Step::TakeMany(items, bytes)),
        4 => (prop::option::of(0..5_u64), prop::option::of(0..50_u64))
            .prop_map(|(items, bytes)| Step::TakeBatch(items, bytes)),
        8 => at().prop_map(Step::Accept),
        2 => at().prop_map(Step::Bury),
        3 => at().prop_map(Step::Again),
        2 => at().prop_map(Step::Later),
        2 => at().prop_map(Step::GiveBack),
        2 => at().prop_map(Step::Suspect),
        2 => few().prop_map(Step::AcceptFirst),
        4 => few().prop_map(Step::AcceptBut),
        4 => Just(Step::Halve),
        2 => Just(Step::Split),
        2 => Just(Step::One),
        3 => few().prop_map(Step::Keep),
        1 => (0..3_u8).prop_map(Step::SettleKept),
        1 => Just(Step::Replay),
        2 => Just(Step::Open),
        4 => at().prop_map(Step::Read),
        1 => Just(Step::LetGo),
        4 => Just(Step::Ripen),
        1 => Just(Step::Close),
        1 => (0..3_u32).prop_map(Step::Discard),
        1 => Just(Step::DropRest),
    ]
}
