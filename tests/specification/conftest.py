"""What every feature finds in place: the vocabulary, and a scene to play in."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The parts of this vocabulary are one conversation and no package.
sys.path.append(str(Path(__file__).parent))

from doors import Door
from scene import Scene
from steps_audit import *  # noqa: F403 - as below
from steps_clocks import *  # noqa: F403 - as below
from steps_delivering import *  # noqa: F403 - as below
from steps_metrics import *  # noqa: F403 - as below
from steps_people import *  # noqa: F403 - as below
from steps_stopping import *  # noqa: F403 - as below
from steps_telling import *  # noqa: F403 - as below
from steps_thresholds import *  # noqa: F403 - as below
from vocabulary import *  # noqa: F403 - a feature may use every sentence there is


@pytest.fixture
def scene(door: Door) -> Iterator[Scene]:
    """The scene. Something refused that the scenario never mentions fails it."""
    scene = Scene(door, door.desk, door.clock)
    yield scene
    scene.unnoticed_refusal()
