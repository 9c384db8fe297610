"""What an operation answers, read from the annotation of what it returns."""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from muster.edge.answers import Document, Media, Refuses
from muster.edge.endpoint import Endpoint


class Answers:
    """The model of the JSON answer if there is one, the content types and headers of documents, refusals declared;
    `others`: models by the other statuses that a success can have."""

    def __init__(self, endpoint: Endpoint) -> None:
        told = list(_parts(get_type_hints(endpoint.function, include_extras=True).get("return")))
        models = [one for one in told if isinstance(one, type) and issubclass(one, BaseModel)]
        self.models = [model for model in models if model not in endpoint.statuses]
        self.others = {status: model for model, status in endpoint.statuses.items()}
        media = [one for one in told if isinstance(one, Media)]
        self.content_types = [content_type for one in media for content_type in one.content_types]
        self.headers = {name: about for one in media for name, about in one.headers.items()}
        self.refuses = {status for one in told if isinstance(one, Refuses) for status in one.statuses}
        if (not self.models and not media) or (Document in told and not media):
            raise TypeError(f"{endpoint.operation} has to return a model, or Annotated[Document, Media(…)]")

    @property
    def model(self) -> Any:
        """One type for all JSON answers; None for none."""
        return Union[tuple(self.models)] if self.models else None  # noqa: UP007


def _parts(annotation: Any) -> Iterator[Any]:
    """Members of unions and what is annotated on them, to any depth."""
    if get_origin(annotation) is Annotated:
        inner, *extras = get_args(annotation)
        yield from _parts(inner)
        yield from extras
    elif get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from _parts(member)
    else:
        yield annotation
