//! Laws: what holds for every plan and for every order in which things happen.
//!
//! Random jobs are played by a body that does whatever is possible next, in a random order: starts,
//! levels and settlements are told late, children end as they like, stops come at any time. The
//! referee of the tests asserts the laws at every step; here is what only a whole run can show: it
//! always ends, nothing hangs, and nothing fails by itself. Unaware of what is inside the core.

use proptest::prelude::*;

use super::Sharing;
use super::tests::body::Body;
use super::tests::player::{Player, Temper};
use super::tests::random::job;
use super::tests::story::planned;
use crate::event::{Node, NodeState, Outcome, Tally};

/// Cases of each law, about a second on a loaded machine. While the core was written, 40 000 of
/// each were played.
const CASES: u32 = 500;

fn config() -> ProptestConfig {
    ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() }
}

fn play(text: &str, seed: u64, temper: Temper) -> Body {
    let mut player = Player::new(planned(text), seed, temper);
    player.play();
    player.body
}

/// Found by the first law: the queue is full of static items, not of what the killed child printed.
#[test]
fn a_killed_consumer_beside_a_full_queue_is_no_standstill() {
    let text = "limits jobs 1\nqueue q0 0 | holds 1\nqueue q2 0 1 2 | holds 1\np0\np1 pipe p0\n\
                p2 reads q0 feeds q2 needs ended:p0 | timeout 2\nsink2 reads q2\n";
    let pools = "pool x 2\npool y 1 | rate 2\npool big 20\n";
    play(&(pools.to_owned() + text), 8_018_882_549_109_048_343, Temper::Wild);
}

/// Found by the first law: two readers that fail at the same time leave two sets of items.
#[test]
fn two_readers_that_fail_together_are_both_followed_by_another() {
    let text = "pool x 2\npool y 1 | rate 2\npool big 20\nqueue q1 0 1 2 | holds 2\n\
                p0 streams q1 retry 2 | backoff 1 4\np1\np2 pipe p1\np3\n\
                p4 retry 2 | on-failure\n";
    play(text, 4_050_883_475_400_481_211, Temper::Wild);
}

/// Found by the first law: a service fails for good while one that needs it is being ended for
/// another reason, and would be tried again.
#[test]
fn who_has_lost_its_service_is_not_tried_again() {
    let text = "pool x 2\npool y 1 | rate 2\npool big 20\nlimits continue\np0 service!\np1\n\
                p2 service!\np3 needs started:p0 retry 2\np4 service! needs p2\nuser0 needs p0\n\
                user2 needs p2\nuser4 needs p4\n";
    play(text, 11_326_995_496_736_377_787, Temper::Wild);
}

/// Found by the second law: two readers of one queue, of which one has items to read again.
#[test]
fn who_has_nothing_to_read_again_keeps_nobody_else_from_it() {
    let text = "pool x 2\npool y 1 | rate 2\npool big 20\nqueue q0 0 1 | holds 1\n\
                queue q1 0 1 | holds 1\nqueue q2 0 1 2 | holds 2\np0 reads q1\np1\n\
                p2 streams q0 retry 2\np3 streams q0 feeds q2 needs ended:p0\nsink2 reads q2\n";
    play(text, 1_483_765_401_934_687_658, Temper::Patient);
    let text = "pool x 2\npool y 1 | rate 2\npool big 20\nqueue q0 0 1 2 | holds 2\n\
                queue q1 0 | holds 2\nqueue q2 0 | holds 1\np0 feeds q0 | timeout 2\n\
                p1 streams q1 retry 2\np2 streams q1 needs p0 | always\np3 feeds q1\n\
                p4 feeds q2 needs p2\np5\np6\nsink0 reads q0\nsink2 reads q2\n";
    play(text, 15_791_143_258_333_845_882, Temper::Wild);
}

/// Found by the last law: whether a queue can be read may hang on a condition, which no plan knows.
const ON_A_CONDITION: &str = "pool x 2\npool y 1 | rate 2\npool big 20\nqueue q1 | holds 1\n\
    p0 service!\np1 feeds q1\np2 feeds q1\np3 reads q1 needs p2\np4\np5\np6 reads q1 | asks\n\
    user0 needs p0\n";

#[test]
fn a_queue_that_only_who_is_skipped_could_read_in_time_is_told() {
    let body = play(ON_A_CONDITION, 6_852_120_978_908_178_919, Temper::Faultless);
    assert_eq!(body.reason("p3"), "what it waits for can't end before queue `q1` is read");
    assert!(lacks_a_skipped_reader(&body.referee.tally), "{}", body.ends());
}

/// Returns whether somebody could not go on because a reader was skipped by its condition.
fn lacks_a_skipped_reader(tally: &Tally) -> bool {
    let is_skipped = |node: &Node| node.state == NodeState::Done(Outcome::Skipped);
    let waits = |reason: &String| reason.contains("can't end before queue");
    tally.nodes.iter().any(|node| node.consumes.is_some() && is_skipped(node))
        && tally.nodes.iter().any(|node| node.reason.as_ref().is_some_and(waits))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_happens_every_law_holds_and_it_ends(text in job(), seed: u64) {
        play(&text, seed, Temper::Wild);
    }

    #[test]
    fn slots_are_shared_with_make_and_all_go_back(
        text in job(),
        seed: u64,
        serves: bool,
        tokens in 0_u32..4,
    ) {
        let mut player = Player::new(planned(&text), seed, Temper::Patient);
        let (sharing, tokens) =
            if serves { (Sharing::Serves, tokens + 1) } else { (Sharing::Joins, tokens) };
        player.body.shares(sharing, tokens);
        player.play();
        // One that was waited for may come with the end; the body gives it back.
        prop_assert!(player.body.machine.hand <= 1);
    }

    #[test]
    fn nothing_hangs_although_every_child_waits_as_long_as_it_must(text in job(), seed: u64) {
        play(&text, seed, Temper::Patient);
    }

    #[test]
    fn what_does_not_fail_is_never_failed(text in job(), seed: u64) {
        let body = play(&text, seed, Temper::Faultless);
        prop_assume!(!lacks_a_skipped_reader(&body.referee.tally));
        prop_assert_eq!(body.referee.tally.failures(), 0, "{}\n{}", text, body.ends());
        prop_assert_eq!(body.referee.tally.exit(), 0);
    }
}
