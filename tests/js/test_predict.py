"""What Predict reads from a typed guess, and what it refuses to lock."""

import json

import pytest

SCRIPT = """
import { matches, readGuess } from './answers.js';
import { counted, readTally } from './room.js';
const [name, ...given] = JSON.parse(process.argv[1]);
const isGuess = (guess) => (guess > 0 ? guess : undefined);
const asked = { matches, readGuess, counted, readTally: (sent) => readTally(sent, isGuess) };
console.log(JSON.stringify(asked[name](...given)));
"""


@pytest.fixture
def ask(node):
    def ask(name, *given):
        run = node("--input-type=module", "-e", SCRIPT, json.dumps([name, *given]))
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    return ask


def task(kind, lengths=(2,), answer=None):
    return {"kind": kind, "lengths": lengths, "answer": {"value": answer}}


@pytest.mark.parametrize(
    ("kind", "typed", "guess"),
    [
        ("int", "16", 16),
        ("int", " 16 ", 16),
        ("int", "−3", -3),
        ("int", "16.0", 16),
        ("int", "73,728", 73728),
        ("int", "73_728", 73728),
        ("float", "0.5", 0.5),
        ("float", "0,5", 0.5),
        ("float", ".5", 0.5),
        ("float", "1e-3", 0.001),
        ("size", "16×16", [16, 16]),
        ("size", "16x16", [16, 16]),
        ("size", "16 X 11", [16, 11]),
        ("size", "16 11", [16, 11]),
        ("size", "(16, 11)", [16, 11]),
        ("size", "[16,11]", [16, 11]),
        ("size", "torch.Size([16, 11])", [16, 11]),
        ("text", "  a skip ", "a skip"),
        ("text", "−1", "−1"),
    ],
)
def test_it_reads(ask, kind, typed, guess):
    assert ask("readGuess", typed, task(kind)) == {"guess": guess}


@pytest.mark.parametrize(
    ("kind", "typed", "sentence"),
    [
        ("int", "", "Type a guess first. Any guess is worth more than none."),
        ("text", "   ", "Type a guess first. Any guess is worth more than none."),
        ("int", "16×16", "“16×16” has 2 numbers. It takes one whole number, in digits."),
        ("int", "128, 256", "“128, 256” has 2 numbers."),
        ("int", "15.5", "“15.5” is not a whole number"),
        ("int", "sixteen", "“sixteen” cannot be read as a number."),
        ("int", "9" * 30, "“99999999999999999999999…” is not a whole number of at most 15 digits."),
        ("float", "1/2", "“1/2” cannot be read as a number. It takes one number, such as 2.5."),
        ("float", "Infinity", "“Infinity” cannot be read as a number."),
        ("float", "0x10", "“0x10” has 2 numbers."),
        ("size", "16", "“16” has 1 number. It takes 2 numbers, such as 3×5."),
        ("size", "1, 2, 3", "“1, 2, 3” has 3 numbers."),
        ("size", "16×", "“16×” has 1 number."),
        ("size", "large", "“large” cannot be read as a size. It takes 2 numbers, such as 3×5."),
        ("size", "1.5×2", "“1.5×2” cannot be read as a size."),
    ],
)
def test_it_says_what_it_cannot_read(ask, kind, typed, sentence):
    assert ask("readGuess", typed, task(kind))["refusal"].startswith(sentence)


@pytest.mark.parametrize(
    ("typed", "answer", "guess"),
    [
        ("16", [16, 16], [16, 16]),
        (" (15) ", [16, 16], [15, 15]),
        ("8", [16, 16, 16], [8, 8, 8]),
    ],
)
def test_one_number_is_the_size_of_a_square_map(ask, typed, answer, guess):
    read = ask("readGuess", typed, task("size", [len(answer)], answer=answer))
    assert read == {"guess": guess}


def test_one_number_is_not_enough_where_height_and_width_differ(ask):
    refusal = ask("readGuess", "31", task("size", answer=[31, 32]))["refusal"]
    assert refusal == "“31” has 1 number. It takes 2 numbers, such as 3×5."


def test_its_example_is_never_the_answer(ask):
    assert "such as 5×3." in ask("readGuess", "?", task("size", answer=[3, 5]))["refusal"]


def test_a_size_may_be_as_long_as_the_answer_or_a_mistake(ask):
    assert ask("readGuess", "1 64 32 32", task("size", [2, 4])) == {"guess": [1, 64, 32, 32]}
    assert "2 or 4 numbers" in ask("readGuess", "1 2 3", task("size", [2, 4]))["refusal"]


@pytest.mark.parametrize(
    ("guess", "value", "within", "counts"),
    [
        (16, 16, 0, True),
        (15, 16, 0, False),
        (0.504, 0.5, 0.005, True),
        (0.506, 0.5, 0.005, False),
        ([16, 11], [16, 11], 0, True),
        ([11, 16], [16, 11], 0, False),
        ("Skip  Connection", "skip connection", 0, True),
        ("skip", "skip connection", 0, False),
    ],
)
def test_what_counts_as_a_target(ask, guess, value, within, counts):
    assert ask("matches", guess, {"value": value, "within": within}) is counts


@pytest.mark.parametrize(
    ("tally", "guess", "by", "after"),
    [
        ([], [15, 15], 1, [[[15, 15], 1]]),
        ([[[15, 15], 1]], [15, 15], 1, [[[15, 15], 2]]),
        ([[3, 1], [4, 2]], 4, -1, [[3, 1], [4, 1]]),
        ([[3, 1], [4, 2]], 3, -1, [[4, 2]]),
        ([], 3, -1, []),
        ([[3, 999]], 3, 1, [[3, 999]]),
    ],
)
def test_hands_are_counted_and_a_guess_without_any_is_taken_off(ask, tally, guess, by, after):
    assert ask("counted", tally, guess, by) == after


@pytest.mark.parametrize("sent", [None, 3, "many", {}, [3], [[3]], [[3, 0]], [[3, 1.5]], [[-1, 1]]])
def test_what_is_no_tally_is_left_out(ask, sent):
    assert ask("readTally", sent) == []


def test_a_tally_is_read(ask):
    assert ask("readTally", [[3, 2], [4, 5000]]) == [[3, 2], [4, 999]]
