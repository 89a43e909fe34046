"""Every event there is: the unions of the aggregates are the registry the codec reads."""

from typing import get_args

from domain import conflict, data_subject, halting, recalibration, silence, volume
from domain.decision import events as decision
from domain.decision_type import events as decision_type
from domain.model import Event
from domain.policy import events as policy

EVENTS: tuple[type[Event], ...] = (
    *get_args(decision.LifeEvent),
    decision.AttemptRejected,
    *get_args(decision_type.LifeEvent),
    *get_args(policy.LifeEvent),
    *get_args(conflict.LifeEvent),
    data_subject.Erased,
    *get_args(volume.LifeEvent),
    *get_args(halting.LifeEvent),
    *get_args(recalibration.LifeEvent),
    *get_args(silence.LifeEvent),
)
