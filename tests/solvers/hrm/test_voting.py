"""Votes and likelihoods decide; confidences follow the ranking."""

import numpy as np
import pytest

from arcsolve_hrm.voting import Ballot, Prediction

SOURCE = np.zeros((2, 2), np.int8)
A, B, C = (np.full((2, 2), colour, np.int8) for colour in (1, 2, 3))


def ballot_of(*predictions, planned=8, may_copy=False):
    ballot = Ballot(SOURCE, planned, may_copy=may_copy)
    for grid, log_probability in predictions:
        ballot.add(Prediction(grid, log_probability))
    return ballot


def test_votes_come_before_likelihood():
    ballot = ballot_of((A, -0.01), (B, -2.0), (B, -3.0), (C, -0.5))
    ranked = ballot.ranked()
    assert [answer.votes for answer in ranked] == [2, 1, 1]
    assert [answer.grid[0, 0] for answer in ranked] == [2, 1, 3]
    assert ranked[0].log_probability == pytest.approx(-2.5)


def test_views_without_a_rectangle_and_mere_copies_do_not_count():
    ballot = ballot_of((None, -9.0), (SOURCE, -0.1), (A, -1.0))
    assert [answer.grid[0, 0] for answer in ballot.ranked()] == [1]
    assert (ballot.asked, ballot.dropped) == (3, 2)
    assert ballot_of((SOURCE, -0.1), may_copy=True).ranked()[0].votes == 1


def test_a_grid_of_another_shape_with_the_same_bytes_is_another_answer():
    ballot = ballot_of((A, -1.0), (A.reshape(1, 4), -1.0))
    assert [answer.votes for answer in ballot.ranked()] == [1, 1]


def test_confidence_follows_the_ranking_and_rises_with_the_final_word():
    ballot = ballot_of((A, -0.01), (B, -2.0), (B, -3.0), (C, -0.5))
    confidences = [ballot.confidence(answer) for answer in ballot.ranked()]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 < confidence <= 1 for confidence in confidences)
    best = ballot.ranked()[0]
    assert ballot.confidence(best, is_final=True) > ballot.confidence(best)
    full = ballot_of(*[(A, 0.0)] * 8)
    assert full.confidence(full.ranked()[0], is_final=True) == 1.0


def test_what_the_network_finds_likelier_overtakes_a_vote_more():
    ballot = ballot_of((A, -0.01), (B, -2.0), (B, -3.0), (C, -0.5))
    answers = ballot.ranked()
    said = {answer.grid.tobytes(): ballot.confidence(answer) for answer in answers}
    ballot.weigh(answers[:2], [-9.0, -2.0])
    ranked = ballot.ranked()
    assert [answer.grid[0, 0] for answer in ranked] == [1, 2, 3]
    final = [ballot.confidence(answer, is_final=True) for answer in ranked]
    assert final == sorted(final, reverse=True)
    # A runner keeps the highest confidence it heard: no early word may stand above the final one.
    assert all(said[answer.grid.tobytes()] < value for answer, value in zip(ranked, final, strict=True))
