"""From votes to results: what counts, what is kept apart, and what must be said beside the figures."""

from evalkit.analyse.preferences import weigh_votes
from evalkit.records.blind import Darker, ItemKind, Outcome, UnaskedPair
from evalkit.records.preferences import Preferences, Question, Standing
from tests.preference_samples import vote

EQUAL = UnaskedPair(prompt_id="q", label_a="M2", label_b="M1", is_equal=True, reason="Both answers are the same text.")


def weigh(votes: list, unasked: tuple = ()) -> Preferences:
    return weigh_votes(votes, unasked, labels=("M1", "M2"), reference_label="M1")


def test_the_win_matrix_counts_votes_by_variant_not_by_side() -> None:
    votes = [
        vote("M1", "M2", Outcome.LEFT),
        vote("M2", "M1", Outcome.LEFT),
        vote("M2", "M1", Outcome.RIGHT),
        vote("M1", "M2", Outcome.TIE),
        vote("M1", "M2", Outcome.BOTH_BAD),
        vote("M1", "M1", Outcome.LEFT, kind=ItemKind.IDENTICAL),
        vote("M2", "M1", Outcome.LEFT, kind=ItemKind.REPEAT, repeats="i"),
    ]
    (cell,) = weigh(votes, (EQUAL,)).results[0].wins
    assert (cell.n_a, cell.n_b, cell.n_ties, cell.n_both_bad, cell.n_unasked_equal) == (2, 1, 1, 1, 1)


def test_darker_is_a_question_of_its_own_and_unanswered_ones_do_not_count() -> None:
    votes = [
        vote("M1", "M2", Outcome.TIE, darker=Darker.RIGHT),
        vote("M1", "M2", Outcome.LEFT, darker=Darker.SAME),
        vote("M1", "M2", Outcome.RIGHT),
    ]
    better, darker = weigh(votes).results
    assert (better.question, better.n_votes) == (Question.BETTER, 3)
    assert (darker.question, darker.n_votes) == (Question.DARKER, 2)
    assert (darker.wins[0].n_a, darker.wins[0].n_b, darker.wins[0].n_ties) == (0, 1, 1)


def test_a_question_that_nobody_answered_has_no_result() -> None:
    assert [result.question for result in weigh([vote("M1", "M2", Outcome.LEFT)]).results] == [Question.BETTER]
    assert weigh([]).results == ()
    assert weigh([]).checks == ()


def test_two_ties_are_shown_and_settle_nothing() -> None:
    (result,) = weigh([vote("M1", "M2", Outcome.TIE, judge=judge) for judge in ("ana", "ben")]).results
    assert result.ratings[0].standing is Standing.OPEN
    assert result.wins[0].n_ties == 2


def test_few_prompts_and_few_judges_are_said() -> None:
    notes = weigh([vote("M1", "M2", Outcome.LEFT)]).notes
    assert notes[0].startswith("The votes are on one prompt:")
    assert notes[1].startswith("One judge voted")
