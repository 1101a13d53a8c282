"""Trained heads in files: JSON that pydantic checks, never pickle."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

Head = TypeVar("Head", bound=BaseModel)


def read_stored(shape: type[Head], file: Path, name: str, error: type[ValueError]) -> Head:
    """Read a trained head from its file.

    Args:
        shape: What the file must hold.
        file: Where it is.
        name: What the head is called in a message.
        error: The class of error that its readers expect.

    Raises:
        error: There is no such file, or its content is not sound; the message says where.
    """
    try:
        return shape.model_validate_json(file.read_bytes())
    except OSError as failure:
        raise error(f"cannot read {name} {file}: {failure.strerror}") from failure
    except ValidationError as failure:
        first = failure.errors()[0]
        where = ".".join(str(part) for part in first["loc"][:4]) or "file"
        raise error(f"{name} {file} is damaged: {where}: {first['msg'][:200]}") from failure
