"""What can be known about a task before solving it, as numbers: from the demonstrations and test inputs only."""

from arcsolve_ensemble.features.landmarks import LANDMARK_NAMES, landmarks
from arcsolve_ensemble.features.task import FEATURE_NAMES, VERSION, task_features

__all__ = ["FEATURE_NAMES", "LANDMARK_NAMES", "VERSION", "landmarks", "task_features"]
