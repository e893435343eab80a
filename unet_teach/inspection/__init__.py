"""Is it a U-Net? Recorder, graph, criteria, report: one file each."""
