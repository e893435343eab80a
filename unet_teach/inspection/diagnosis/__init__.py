"""Why a network could not be judged, in sentences."""
