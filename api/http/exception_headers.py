"""Errors as clients of iDDS read them: the class of the exception to raise and its sentence, both in headers; the body is empty.

A client takes the class from `idds.common.exceptions`; one that it does not know becomes IDDSException.
Source: docs/reference/idds.md, "Answers and errors".
"""

import json

MESSAGE_CHARACTERS_MAX = 2_000
OTHERWISE = "IDDSException"
#: By the status of the answer.
CLASSES = {
    400: "BadRequest",
    401: "AuthenticationException",
    403: "AuthenticationNoPermission",
    404: "NoObject",
    405: "BadRequest",
    409: "DuplicatedObject",
    413: "BadRequest",
    422: "ConflictRequestException",
    501: "NotImplementedException",
}


def exception_headers(status: int, detail: str, exception_class: str = "") -> dict[str, str]:
    """`ExceptionClass` and `ExceptionMessage` of an answer that is no success; every character is ASCII."""
    message = json.dumps({"msg": detail[:MESSAGE_CHARACTERS_MAX]})
    return {"ExceptionClass": exception_class or CLASSES.get(status, OTHERWISE), "ExceptionMessage": message}
