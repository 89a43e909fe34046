"""Specifications: what a policy must do, in sentences that are run against it.

`vocabulary` has the sentences, `reading` the feature files, `playing` runs one example, `mutants`
changes a policy by one step to see whether anybody would notice, and `checking` judges the whole.
"""

from application.specifying.checking import Floor, SpecificationReport, check_specification

__all__ = ["Floor", "SpecificationReport", "check_specification"]
