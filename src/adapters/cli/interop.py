"""For authors' other tools: the schema that editors check a policy by."""

import json

from adapters.cli.common import print_json


def schema() -> None:
    """Print the JSON Schema of guardrail documents, for editors."""
    from adapters.authoring import guardrail_schema

    print_json(json.dumps(guardrail_schema(), indent=2))
