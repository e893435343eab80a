"""Why a network could not be judged, in sentences: `table.py` lists the reasons."""
