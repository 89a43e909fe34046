"""DMN decision tables: what they say as a policy, and what a policy says as one of them."""

from adapters.authoring.dmn.reading import LARGEST_DMN, import_dmn
from adapters.authoring.dmn.writing import export_dmn

__all__ = ["LARGEST_DMN", "export_dmn", "import_dmn"]
