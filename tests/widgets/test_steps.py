"""The steps of a widget: what an author may write, and what the text form says."""

import pytest
import traitlets

from unet_teach.widgets import ConvExplorer, SizeLedger, Step


def test_a_sentence_is_a_step_and_stands_in_the_text_form():
    explorer = ConvExplorer(steps=["Watch one sum.", Step("How many cells?", answer=64)])
    assert repr(explorer).splitlines()[1:] == ["1. Watch one sum.", "2. How many cells?"]
    assert explorer.steps[1]["asked"]["answer"] == {"value": 64, "within": 0}


def test_a_step_waits_for_one_state_or_for_several():
    once = ConvExplorer(steps=[Step("Set `stride` to 1.", when={"stride": 1})])
    assert once.steps[0]["when"] == [{"stride": 1}]
    each = ConvExplorer(steps=[Step("Try both.", when=[{"input_size": 7}, {"input_size": 8}])])
    assert each.steps[0]["when"] == [{"input_size": 7}, {"input_size": 8}]


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ("Watch", r"steps='Watch' is no list"),
        ([3], r"steps has 3, a int\. A step is a sentence"),
        ([""], "text is empty"),
        ([Step("Look", when={"depth": 1})], r"asks for 'depth'\. This widget has .*stride"),
        ([Step("Look", when=["stride"])], r"when=\['stride'\] is no state"),
        ([Step("Look", answer=float("nan"))], "a finite number"),
        ([Step("Look", explain=3)], "explain=3 is not a text"),
    ],
)
def test_nonsense_gets_a_sentence(steps, sentence):
    with pytest.raises(traitlets.TraitError, match=sentence):
        ConvExplorer(steps=steps)


def test_steps_may_be_set_later_and_again():
    ledger = SizeLedger()
    ledger.steps = [Step("Set `depth` to 2.", when={"depth": 2})]
    ledger.steps = ledger.steps
    assert [step["text"] for step in ledger.steps] == ["Set `depth` to 2."]
