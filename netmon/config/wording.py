"""Say what is wrong in words of the file, not of the library that found it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

Path = tuple[int | str, ...]

_WRONG_TYPE: Mapping[str, str] = {
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list in square brackets",
    "list_type": "must be a list in square brackets",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}


def nearest(word: str, known: Iterable[str], *, listed: bool = True) -> str:
    """Return 'did you mean "x"?', else the list of what there is (if it is to be listed)."""
    names = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), names, n=1)
    if close:
        return f'did you mean "{names[close[0]]}"?'
    if not listed:
        return ""
    return f"there are: {', '.join(names.values())}" if names else "there are none"


def path_text(parts: Path) -> str:
    """Return keys with dots and list places in brackets, counted from 1."""
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".")


def problems(error: ValidationError, model: type[BaseModel]) -> Iterator[tuple[Path, str, str]]:
    """Yield path, problem and hint of each error. Inputs are compared, never shown: they may be secrets."""
    for detail in error.errors(include_url=False):
        problem, hint = _words(detail, model)
        yield detail["loc"], problem, hint


def _words(detail: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    kind, context = detail["type"], detail.get("ctx", {})
    *parents, key = detail["loc"] or ("",)
    if kind == "extra_forbidden":
        return "unknown key", nearest(str(key), fields_of(_model_at(model, parents)))
    if kind == "missing":
        return "is missing", _description(_model_at(model, parents), str(key))
    if kind == "value_error":
        return str(context["error"]), ""
    if kind in {"literal_error", "enum"}:
        return f"must be one of {context['expected']}", nearest(
            str(detail["input"]), str(context["expected"]).replace(" or ", ", ").replace("'", "").split(", "),
            listed=False,
        )  # fmt: skip
    if kind in _WRONG_TYPE:
        return _WRONG_TYPE[kind], _description(_model_at(model, parents), str(key))
    return detail["msg"][:1].lower() + detail["msg"][1:], ""


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the keys that a table may have, as the file writes them."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _description(model: type[BaseModel], key: str) -> str:
    field = fields_of(model).get(key)
    return (field.description or "") if field is not None else ""


def _model_at(model: type[BaseModel], path: Sequence[int | str]) -> type[BaseModel]:
    """Follow keys down to the model of the table they lead to; list places change nothing."""
    for part in path:
        field = fields_of(model).get(str(part))
        model = next(_models_in(field.annotation), model) if field is not None else model
    return model


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
