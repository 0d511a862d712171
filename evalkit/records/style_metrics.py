"""What the figures of style mean; each is read as the difference to the reference's on the same prompt."""

from __future__ import annotations

from evalkit.records.metrics import Metric, MetricGroup, MetricInfo


def _style(title: str, unit: str, definition: str) -> MetricInfo:
    return MetricInfo(title=title, unit=unit, group=MetricGroup.STYLE, definition=definition)


STYLE_METRICS: dict[Metric, MetricInfo] = {
    Metric.GRADE_LEVEL: _style(
        "Grade level",
        "school years",
        "Flesch-Kincaid grade by textstat with the CMU dictionary's syllables. Higher is harder.",
    ),
    Metric.DIALOGUE_SHARE: _style(
        "Dialogue",
        "share of words",
        "Share of words inside double quotation marks, straight or curly.",
    ),
    Metric.FIRST_PERSON: _style(
        "First person",
        "share of pronouns",
        "Share of I, we and their forms among the personal pronouns outside quotation marks.",
    ),
    Metric.SECOND_PERSON: _style(
        "Second person",
        "share of pronouns",
        "Share of you and its forms among the personal pronouns outside quotation marks.",
    ),
    Metric.THIRD_PERSON: _style(
        "Third person",
        "share of pronouns",
        'Share of he, she, they and their forms among the personal pronouns outside quotation marks; "it" is left out.',
    ),
    Metric.SENTENCE_LENGTH: _style("Sentence length", "words", "Mean words per sentence."),
    Metric.SENTENCE_LENGTH_SD: _style(
        "Sentence length, spread",
        "words",
        "Standard deviation of the words per sentence. Higher is a more varied rhythm.",
    ),
    Metric.FRAGMENT_SHARE: _style(
        "Fragments",
        "share of sentences",
        "Share of sentences outside quotation marks in which no finite verb was found, by a list of verbs and "
        "their endings.",
    ),
    Metric.SIGHT_WORDS: _style(
        "Sight words",
        "per 1000 words",
        "Words of seeing, light and colour per 1000 words, from a list.",
    ),
    Metric.SOUND_WORDS: _style(
        "Sound words",
        "per 1000 words",
        "Words of hearing, noise and silence per 1000 words, from a list.",
    ),
    Metric.TOUCH_WORDS: _style(
        "Touch words",
        "per 1000 words",
        "Words of touch, warmth, cold and pain per 1000 words, from a list.",
    ),
    Metric.SMELL_WORDS: _style("Smell words", "per 1000 words", "Words of smell per 1000 words, from a list."),
    Metric.TASTE_WORDS: _style("Taste words", "per 1000 words", "Words of taste per 1000 words, from a list."),
    Metric.CONTRAST_PATTERNS: _style(
        "Contrast pattern",
        "per 1000 words",
        '"Not X but Y", "it was not X; it was Y", "not just X" and their like, per 1000 words.',
    ),
    Metric.CLICHES: _style(
        "Cliches",
        "per 1000 words",
        "Worn phrases of fiction per 1000 words, from a list. Fewer is fresher.",
    ),
    Metric.MATTR_100: _style(
        "Vocabulary (MATTR)",
        "share",
        "Mean share of different words in every window of 100 words. Higher is richer.",
    ),
    Metric.SCI_FI: _style(
        "Science fiction",
        "sd",
        "How far the text leans to science fiction, in standard deviations of 461 passages of prose.",
    ),
    Metric.FANTASY: _style(
        "Fantasy",
        "sd",
        "How far the text leans to fantasy, in standard deviations of 461 passages of prose.",
    ),
    Metric.MYSTERY: _style(
        "Mystery",
        "sd",
        "How far the text leans to mystery and crime, in standard deviations of 461 passages of prose.",
    ),
    Metric.MELANCHOLY: _style(
        "Melancholy",
        "sd",
        "How far the text leans to melancholy, in standard deviations of 461 passages of prose.",
    ),
    Metric.HUMOUR: _style(
        "Humour",
        "sd",
        "How far the text leans to humour, in standard deviations of 461 passages of prose.",
    ),
}
