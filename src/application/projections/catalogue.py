"""All projections there are: a new one is one module and a line here."""

from typing import Any

from application.projections import Projection
from application.projections.audit_trail import AuditTrail
from application.projections.breakers import Breakers
from application.projections.deliveries import Deliveries
from application.projections.feedback import Feedback
from application.projections.past_cases import PastCases
from application.projections.review_queue import ReviewQueue
from application.projections.volumes import Volumes

ALL: tuple[Projection[Any], ...] = (
    ReviewQueue(),
    Deliveries(),
    Feedback(),
    AuditTrail(),
    PastCases(),
    Volumes(),
    Breakers(),
)
