"""The benchmark of widgets still runs; what it measures is not judged here."""

from benchmarks import widget_latency


def test_it_measures_both_sides_at_a_delay(browser, lab):
    # A processor that is slowed down works all the time: only the words of such a row are tested.
    results = widget_latency.compare(browser, lab, "mesh", [100], changes=2, sweeps=1)
    slowed = widget_latency.table([results[0] | {"slowdown": 2}])
    head, _, row = (line.split("|")[1:-1] for line in slowed.splitlines())
    assert len(head) == len(row) == 6
    assert row[0].strip() == "100, processor 2× slower"
    assert results[0]["shortest_round_trip"] >= 100
