"""The feature files there are, read and judged as the service's own gate does."""

from pathlib import Path

from application.specifying.reading import examples, problems

ROOT = Path(__file__).parents[2]
FEATURES = (ROOT / "features", ROOT / "docs" / "tutorial")

__all__ = ["FEATURES", "ROOT", "examples", "files", "problems"]


def files() -> list[Path]:
    """All feature files there are."""
    return sorted(file for folder in FEATURES for file in folder.rglob("*.feature"))
