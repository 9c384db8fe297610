"""The OpenAPI document of the API, made from the handlers when the application is built; no function imports this.

    make openapi        python -m muster.edge.openapi functions events functions/meta/openapi.json

A route that is there is in the document: method, path, status and operationId are the endpoint's, parameters and bodies
those of its signature, the summary is the first line of its module, the tag its folder, the example of a body that of
its sample event. OpenAPI 3.1, because its schemas are those that pydantic writes (JSON Schema 2020-12); 3.0 would want
them translated. The same handlers make the same text, byte for byte.
"""

from muster.edge.openapi.document import document, text
from muster.edge.openapi.schemas import AmbiguousName

__all__ = ["AmbiguousName", "document", "text"]
