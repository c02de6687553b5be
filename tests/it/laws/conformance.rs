//! The laws on every home: what is said of a graph holds wherever it lives.
//!
//! A subset of streams for CI; `IDWEAVE_HOME_STREAMS` (streams a law and home) and `IDWEAVE_SEED` make a campaign of it.

use crate::laws;
use crate::support::homes::{Home, with_home};

/// Streams a law and home without `IDWEAVE_HOME_STREAMS`.
const STREAMS: u64 = 3;

fn streams() -> u64 {
    std::env::var("IDWEAVE_HOME_STREAMS").map_or(STREAMS, |text| text.parse().expect("a number"))
}

macro_rules! on_a_home {
    ($module:ident, $home:expr, { $($law:ident: $path:path,)* }) => {
        mod $module {
            use super::{Home, laws, streams, with_home};

            $(
                #[test]
                fn $law() {
                    with_home($home, streams(), || $path());
                }
            )*
        }
    };
}

macro_rules! on_every_home {
    ($laws:tt) => {
        on_a_home!(native, Home::Native, $laws);
        #[cfg(feature = "kv")]
        on_a_home!(memory, Home::Memory, $laws);
        #[cfg(feature = "sled")]
        on_a_home!(sled, Home::Sled, $laws);
    };
}

on_every_home!({
    the_engine_agrees_with_the_oracle_after_every_commit: laws::the_engine_agrees_with_the_oracle_after_every_commit,
    the_engine_agrees_with_the_oracle_at_the_end_of_long_streams: laws::the_engine_agrees_with_the_oracle_at_the_end_of_long_streams,
    every_order_of_the_facts_gives_the_same_graph: laws::every_order_of_the_facts_gives_the_same_graph,
    every_split_into_commits_gives_the_same_graph_and_the_same_numbers: laws::every_split_into_commits_gives_the_same_graph_and_the_same_numbers,
    two_graphs_are_merged_by_merging_their_facts: laws::two_graphs_are_merged_by_merging_their_facts,
    the_facts_of_a_graph_told_to_another_give_an_equal_one: laws::the_facts_of_a_graph_told_to_another_give_an_equal_one,
    a_graph_reopened_at_any_point_answers_as_before_and_goes_on: laws::a_graph_reopened_at_any_point_answers_as_before_and_goes_on,
    retracting_a_batch_is_a_graph_that_never_saw_it_but_for_lone_ids: laws::retracting_a_batch_is_a_graph_that_never_saw_it_but_for_lone_ids,
    an_erased_id_is_a_graph_that_never_saw_the_facts_naming_it: laws::an_erased_id_is_a_graph_that_never_saw_the_facts_naming_it,
    ids_erased_among_the_commits_stay_away_when_everything_is_told_again: laws::ids_erased_among_the_commits_stay_away_when_everything_is_told_again,
    what_was_told_before_is_already_known_and_changes_nothing: laws::what_was_told_before_is_already_known_and_changes_nothing,
    lifting_a_retraction_restores_exactly_what_was: laws::lifting_a_retraction_restores_exactly_what_was,
    the_number_of_an_entity_is_that_of_its_oldest_id_and_of_a_person_its_oldest_entity: laws::the_number_of_an_entity_is_that_of_its_oldest_id_and_of_a_person_its_oldest_entity,
    a_person_is_the_entities_that_bear_its_number: laws::a_person_is_the_entities_that_bear_its_number,
    the_answers_of_two_views_of_one_commit_are_equal: laws::the_answers_of_two_views_of_one_commit_are_equal,
    a_snapshot_answers_as_the_graph_did_in_every_way_of_reading: laws::a_snapshot_answers_as_the_graph_did_in_every_way_of_reading,
    who_follows_the_feed_knows_the_graph: laws::changes::who_follows_the_feed_knows_the_graph,
    what_if_tells_what_the_commit_then_does: laws::changes::what_if_tells_what_the_commit_then_does,
    every_act_that_is_suggested_closes_its_conflict: laws::conflicts::every_act_that_is_suggested_closes_its_conflict,
    a_large_change_is_as_any_commit_that_comes_behind_those_made_meanwhile: laws::large::a_large_change_is_as_any_commit_that_comes_behind_those_made_meanwhile,
    the_ids_of_a_space_are_the_oracles_in_order_of_first_appearance: laws::ids_in::the_ids_of_a_space_are_the_oracles_in_order_of_first_appearance,
    graphs_merged_either_way_know_what_one_that_saw_all_knows: laws::merge::graphs_merged_either_way_know_what_one_that_saw_all_knows,
    what_one_graph_erased_is_erased_in_the_other: laws::merge::what_one_graph_erased_is_erased_in_the_other,
    every_answer_as_of_a_commit_is_the_one_of_then: laws::past::every_answer_as_of_a_commit_is_the_one_of_then,
    an_alias_that_was_told_of_later_is_not_known_of_then: laws::past::an_alias_that_was_told_of_later_is_not_known_of_then,
    what_was_erased_since_is_not_there_of_then: laws::past::what_was_erased_since_is_not_there_of_then,
    history_tells_every_commit_that_changed_an_entity: laws::past::history_tells_every_commit_that_changed_an_entity,
    what_was_observed_until_a_moment_is_a_graph_that_saw_nothing_later: laws::past::what_was_observed_until_a_moment_is_a_graph_that_saw_nothing_later,
    relations_are_those_of_the_oracle_whatever_was_retracted_erased_or_restricted: laws::relations::relations_are_those_of_the_oracle_whatever_was_retracted_erased_or_restricted,
    relations_of_hubs_are_those_of_the_oracle: laws::relations::relations_of_hubs_are_those_of_the_oracle,
    what_an_undone_commit_told_is_as_never_told_but_for_lone_ids: laws::undo::what_an_undone_commit_told_is_as_never_told_but_for_lone_ids,
    what_lacks_a_unionid_is_told_without_what_was_undone: laws::undo::what_lacks_a_unionid_is_told_without_what_was_undone,
    an_alias_that_is_undone_means_nothing: laws::undo::an_alias_that_is_undone_means_nothing,
    an_undo_that_is_undone_is_as_never_done: laws::undo::an_undo_that_is_undone_is_as_never_done,
    every_answer_as_of_a_commit_is_the_one_of_then_whatever_was_undone: laws::undo::every_answer_as_of_a_commit_is_the_one_of_then_whatever_was_undone,
    history_and_feed_tell_what_undos_changed: laws::undo::history_and_feed_tell_what_undos_changed,
    what_was_undone_counts_when_it_is_told_again: laws::undo::what_was_undone_counts_when_it_is_told_again,
    graphs_with_undos_merge_either_way: laws::undo::graphs_with_undos_merge_either_way,
    of_an_evidence_told_twice_the_telling_that_counts_says_how_strong_it_is: laws::undo::of_an_evidence_told_twice_the_telling_that_counts_says_how_strong_it_is,
    a_restriction_and_a_retraction_are_undone_as_all_else: laws::undo::a_restriction_and_a_retraction_are_undone_as_all_else,
    what_cannot_be_undone_is_refused_and_leaves_no_trace: laws::undo::what_cannot_be_undone_is_refused_and_leaves_no_trace,
    facts_are_told_of_undone_ones_with_a_batch_that_is_retracted: laws::undo::facts_are_told_of_undone_ones_with_a_batch_that_is_retracted,
    a_negative_answer_that_is_undone_is_not_given: laws::undo::a_negative_answer_that_is_undone_is_not_given,
    an_erasure_keeps_every_telling_of_what_is_newer_than_it: laws::undo::an_erasure_keeps_every_telling_of_what_is_newer_than_it,
    a_snapshot_knows_what_was_undone: laws::undo::a_snapshot_knows_what_was_undone,
    what_lacks_a_unionid_is_what_the_oracle_says_in_its_order: laws::unresolved::what_lacks_a_unionid_is_what_the_oracle_says_in_its_order,
});
