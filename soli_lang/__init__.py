"""The Soli language, embeddable: parse, compile and run programs.

from soli_lang import Interpreter
from soli_stdlib import install

program = Interpreter(install).load('def handle(event) { "send": event["message"] } end')
program.call("handle", {"message": "hi"})        # {"send": "hi"}
"""

from .base.errors import LimitError, SoliError, SoliSyntaxError, render
from .base.limits import Capabilities, Limits
from .base.source import Source
from .interpreter import Interpreter, Program, Session

__all__ = [
    "Capabilities",
    "Interpreter",
    "LimitError",
    "Limits",
    "Program",
    "Session",
    "SoliError",
    "SoliSyntaxError",
    "Source",
    "render",
]
