"""The two questions at the end: did a follower see exactly the log, and was every answer true?"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


def faults_of_sight(name: str, log: Sequence[str], seen: Sequence[str]) -> list[str]:
    """What a follower saw too little, too often or in the wrong order."""
    if list(seen) == list(log):
        return []
    found: list[str] = []
    times = Counter(seen)
    if missed := [line for line in log if line not in times]:
        found.append(f"{name} missed {len(missed)} of {len(log)} events, the first is {missed[0]}")
    if again := [line for line, count in times.items() if count > 1]:
        found.append(f"{name} saw {len(again)} events more than once, such as {again[0]}")
    if strange := times.keys() - set(log):
        found.append(f"{name} saw {len(strange)} events that are not in the log")
    return found or [f"{name} saw the log out of order"]


@dataclass
class Answers:
    """What writers noted about their appends: tried, and then written, refused, or nothing."""

    tried: dict[str, int] = field(default_factory=dict[str, int])
    """Each append's name, and of how many events it is."""
    written: dict[str, int] = field(default_factory=dict[str, int])
    """And the position that was given for its last event."""
    refused: set[str] = field(default_factory=set[str])

    def note(self, lines: Iterable[str]) -> None:
        """Take in a journal."""
        for line in lines:
            match line.split():
                case ["try", name, count]:
                    self.tried[name] = int(count)
                case ["written", name, position]:
                    self.written[name] = int(position)
                case ["refused", name]:
                    self.refused.add(name)
                case _:
                    raise ValueError(f"no line of a writer's journal: {line}")


def faults_of_answers(answers: Answers, log: Mapping[int, str]) -> list[str]:
    """Where the log, by position the name of the append an event is of, gives an answer the lie."""
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for position, name in sorted(log.items()):
        positions[name].append(position)
    found: list[str] = []
    for name, at in positions.items():
        if name not in answers.tried:
            found.append(f"{name} is there, and nobody wrote it")
        elif len(at) != answers.tried[name]:
            found.append(f"{name} is there in part: {len(at)} of {answers.tried[name]} events")
        if name in answers.refused:
            found.append(f"{name} was refused, and is there")
    for name, position in answers.written.items():
        if name not in positions:
            found.append(f"{name} was acknowledged at {position}, and is not there")
        elif positions[name][-1] != position:
            found.append(f"{name} was acknowledged at {position}, and is at {positions[name][-1]}")
    return found
