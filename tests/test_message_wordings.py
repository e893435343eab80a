"""Other versions of torch word their messages otherwise; all of them are explained."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.message_wordings import TABLES
from tests.test_operand_messages import PROVOKED, raised
from tests.test_training_messages import TEXTS
from unet_teach import explain
from unet_teach.shared.torch_messages import MESSAGES, explain_message

WORDINGS = Path(__file__).with_name("message_wordings.json")
COLLECTED = json.loads(WORDINGS.read_text(encoding="utf-8"))


PAIRS = [(version, table) for version, tables in COLLECTED.items() for table in tables]


def test_the_oldest_version_that_is_allowed_was_asked_for_everything() -> None:
    project = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    oldest = re.search(r'"torch>=([\d.]+)"', project)
    assert oldest
    assert COLLECTED[f"{oldest[1]}.0"].keys() == TABLES.keys()


@pytest.mark.parametrize(
    ("table", "name"),
    [(table, name) for table in TABLES if table != "layers" for name in TABLES[table]],
)
def test_a_message_is_explained(table: str, name: str) -> None:
    call, part = TABLES[table][name]
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of many types; the text is read
        call()
    said = explain(caught.value)
    assert said.known, said.message
    assert part in said.sentence
    assert said.check or table == "tensors"  # some of whose sentences say all there is to check


@pytest.mark.parametrize(("version", "table"), PAIRS)
def test_a_wording_of_another_version_is_explained(version: str, table: str) -> None:
    """Collected once in clean environments; those of the pinned torch are provoked anew."""
    rows, messages = TABLES[table], COLLECTED[version][table]
    assert messages.keys() == rows.keys()
    unknown = {}
    for name, message in messages.items():
        known = explain_message(message)
        if not known or rows[name][1] not in known.sentence:
            unknown[name] = (message, known and known.sentence)
    assert not unknown


# What a clean environment without a GPU, a fast path and einops does not say.
OTHER_TEXTS = [
    "No module named 'einops'",
    "Torch not compiled with CUDA enabled",
    "passed-in embed_dim 4 didn't match last dim of query 10",
    ' Error while processing rearrange-reduction pattern "b c -> b c h".\n Input tensor shape: '
    "torch.Size([2, 3, 4]). Additional info: {}.\n Identifiers only on one side of expression",
]


def test_every_row_is_tried() -> None:
    collected = [table.values() for version in COLLECTED.values() for table in version.values()]
    provoked = [str(raised(call)) for call, _ in PROVOKED.values()]
    texts = [*TEXTS, *OTHER_TEXTS, *provoked, *(text for table in collected for text in table)]
    tried = {next((r for r in MESSAGES if re.search(r.pattern, t, re.S)), None) for t in texts}
    assert [row.pattern for row in MESSAGES if row not in tried] == []
